"""The loops of this process, as its other threads see them.

A hook says in each turn of its server's loop that it turns; that is one
addition. Who else wants to know reads the number.
"""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews._compat import get_ident


class Loop(object):
    """One server's loop.

    ``turns``
        How often it has turned so far; counted by the loop alone.
    ``running``
        True until the last turn is over, then False; None where the hook
        cannot tell.
    ``thread``
        The identifier of the thread that it runs in.
    ``wake``
        Call it, from another thread, to have the loop turn now.
    """

    def __init__(self, wake):
        self.turns = 0
        self.running = None
        self.thread = get_ident()
        self.wake = wake


class Loops(object):
    """All that turn, or have turned, in this process."""

    def __init__(self):
        self.all = ()
        # Read for each record that anybody logs: a set, never changed.
        self.threads = frozenset()
        self._by_thread = {}
        self._bounded = set()  # threads inside a function of `bounded`

    def here(self):
        """The Loop of the calling thread, or None."""
        return self._by_thread.get(get_ident())

    def begin(self, wake):
        """The Loop of the calling thread, at its first turn."""
        loop = self.here()
        if loop is None:
            loop = Loop(wake)
            self.all += (loop,)
            self.threads |= frozenset([loop.thread])
            self._by_thread[loop.thread] = loop
        if loop.thread in self._bounded:
            loop.running = True
        loop.wake = wake
        return loop

    def bounded(self, run):
        """A function that does the same and says until when a loop runs.

        ``run()``, with whatever arguments, is all turns of a loop.
        """

        def bounded_run(*args, **kw):
            self._bounded.add(get_ident())
            self._say(True)
            try:
                return run(*args, **kw)
            finally:
                self._bounded.discard(get_ident())
                self._say(False)

        return bounded_run

    def _say(self, running):
        loop = self.here()
        if loop is not None:
            loop.running = running


def beyond_select(library, log):
    """The poll(timeout, map) of an asyncore, with select() while that can.

    Its own raises an error that ends the server when there are more
    descriptors than select() takes. ``log(level, message, *args)`` is told.
    """
    original, without_limit = library.poll, library.poll2
    used = [original]

    def poll(timeout, map):
        try:
            used[0](timeout, map)
        except ValueError as error:
            if used[0] is without_limit:
                raise
            used[0] = without_limit
            _say_why(error, log)

    return poll


def loop_beyond_select(run, log):
    """The same for the function ``loop`` of an asyncore, as all its turns.

    No turn costs more for it.
    """

    def loop(timeout=30.0, use_poll=False, map=None, count=None):
        if not use_poll:
            try:
                return run(timeout, False, map, count)
            except ValueError as error:
                _say_why(error, log)
        return run(timeout, True, map, count)

    return loop


def _say_why(error, log):
    log(logging.WARNING, 'More files are open than select() can take (%s): '
        'poll() is used from now on', error)
