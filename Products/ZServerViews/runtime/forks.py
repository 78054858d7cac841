"""Forked children: what a process has started is not in them.

Threads are not copied, locks stay as they were in that moment, and what was
queued is the parent's to write. So a child forgets all that, and starts nothing:
it may run another program, or end. If it serves, the first iteration of its
event loop starts everything anew.

Python 3 calls us at each fork. Python 2.7 has no such hooks, and a fork by code
in C calls none: there the number of the process tells, which is looked at where
an event loop begins, where something is logged, and where the configuration
changes.
"""
from __future__ import absolute_import, division, print_function

import os
import threading
import weakref
from functools import partial

# All that are told of forks. Python has no way to take a hook back, so there
# is one for the life of the process.
_followers = weakref.WeakSet()
_hooked = []


class Forks(object):
    """Tells one site of the forks of its process.

    ``site``
        Its ``before_fork()`` and ``after_fork()`` are called around each fork
        in the parent, ``begin_anew()`` in the child.
    """

    def __init__(self, site):
        self._site = site
        self._pid = os.getpid()
        self._beginning = threading.Lock()

    def follow(self):
        """Have Python call us, if it can; may be called again."""
        _followers.add(self)
        if not _hooked and hasattr(os, 'register_at_fork'):
            _hooked.append(True)
            os.register_at_fork(
                before=partial(_tell, 'before'),
                after_in_parent=partial(_tell, 'after_in_parent'),
                after_in_child=partial(_tell, 'after_in_child'))

    def look(self):
        """Begin anew if this is a child that nobody has told of; in any thread.

        Usually that is one question to the system.
        """
        if os.getpid() != self._pid and self._beginning.acquire(False):
            try:
                # Else another thread has been faster.
                if os.getpid() != self._pid:
                    self._begin()
            finally:
                self._beginning.release()

    # Called by Python, in the thread that forks:

    def before(self):
        self._site.before_fork()

    def after_in_parent(self):
        self._site.after_fork()

    def after_in_child(self):
        self._beginning = threading.Lock()
        self._begin()

    def _begin(self):
        # First: whoever looks meanwhile need not begin.
        self._pid = os.getpid()
        self._site.begin_anew()


def _tell(what):
    failed = None
    for follower in list(_followers):
        try:
            getattr(follower, what)()
        except Exception as error:  # the others have to be told
            failed = error
    if failed is not None:
        raise failed  # Python prints it, and forks
