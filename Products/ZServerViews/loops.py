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
        True inside a turn, and while it waits for sockets; False behind the
        last one; None where the hook cannot tell.
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
        loop.wake = wake
        return loop

    def counted(self, poll):
        """A poll function that does the same and says that the loop runs.

        ``poll(timeout, map)`` is one turn of a loop.
        """

        by_thread = self._by_thread

        def counting_poll(timeout=0.0, map=None):
            loop = by_thread.get(get_ident())
            if loop is None:  # the first turn
                return poll(timeout, map)
            loop.running = True
            try:
                return poll(timeout, map)
            finally:
                loop.running = False

        return counting_poll


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
            log(logging.WARNING, 'More files are open than select() can take '
                '(%s): poll() is used from now on', error)

    return poll
