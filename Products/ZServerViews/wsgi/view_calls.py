"""Lets views of the site run one at a time, whichever event loop calls them.

The server's loop has its own port, and the loop of our own has the listener. A
view need not know that there are two: the lock of a `ViewCalls` is held while it
is called, and while each part of its answer is made. No loop waits for it: who
does not get it does something else, and is told once it is free.

The views of the suite are safe in several threads and do not take it. An
offloaded view has a thread of its own, and does not either.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews._daemons import make_lock


class ViewCalls(object):
    """The lock, and who wants it; for any thread.

    ``acquire(False)``
        Take it; whether it was free.
    ``free()``
        Give it back; if anybody is ``waiting``, `tell` is to be called then.
    """

    def __init__(self):
        self.begin_anew()

    def begin_anew(self):
        """Let nobody have it; in a forked child it may be the parent's."""
        self._lock = make_lock()
        self.acquire, self.free = self._lock.acquire, self._lock.release
        # Each operation is a single step. No queue: who has been told may find
        # it taken again, and asks once more.
        self.waiting = {}
        self._telling = set()  # threads that are in `tell`

    @property
    def is_wanted(self):
        """Whether somebody waits for it."""
        return bool(self.waiting)

    def release(self):
        """Give it back; whoever wants it is told."""
        self.free()
        if self.waiting:
            self.tell()

    def wait(self, waiting):
        """Have waiting.go_on() called once when it is free; in any thread."""
        self.waiting[waiting] = True
        if not self._lock.locked():
            # It was given back before anybody could know.
            self.tell()

    def forget(self, waiting):
        """That one does not want it any more."""
        self.waiting.pop(waiting, None)

    def tell(self):
        """Tell those that wait, until one of them or another loop has it: who
        gives that back tells the others."""
        here = get_ident()
        if here in self._telling:
            return  # by one that was told; further out it goes on
        self._telling.add(here)
        try:
            while self.waiting and not self._lock.locked():
                self._tell_one()
        finally:
            self._telling.discard(here)

    def _tell_one(self):
        try:
            waiting, _true = self.waiting.popitem()
        except KeyError:
            return  # another thread has been faster
        waiting.go_on()
