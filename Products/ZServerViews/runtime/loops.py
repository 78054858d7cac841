"""The event loops of this process, as other threads see them.

A hook counts each iteration of its server's event loop, by one addition. Other
threads read the number.
"""
from __future__ import absolute_import, division, print_function

import logging
import threading
import weakref

from Products.ZServerViews._compat import get_ident


class Loop(object):
    """One server's event loop.

    ``turns``
        Its number of iterations; only the event loop itself counts.
    ``running``
        True until the last iteration has ended, then False; None if the hook
        cannot know. False too while no view is served.
    ``has_ended``
        Whether it or its thread has ended, as far as is known.
    ``thread``
        The identifier of the thread that it runs in.
    ``wake``
        Call it, from another thread, to have the next iteration now. It
        returns False if the server has been closed.
    ``asked``
        (told, since when) of somebody who waits for the next iteration, which
        calls `tell`; or None. Whoever sets it wakes the loop.
    ``state``
        The `servers.contracts.IServerState` of its server, for whoever asks in
        this loop; or None.
    ``is_for_views``
        Whether it is that of `servers.views_loop`, which serves views alone,
        and no server of the site's.
    """

    is_for_views = False

    def __init__(self, wake):
        self.turns = 0
        # Each iteration looks; an attribute of the class takes longer.
        self.asked = None
        self.state = None
        self.running = None
        self.thread = get_ident()
        self.wake = wake
        self._life = None

    def ends_with(self, life):
        """Have it ended when this object is no more."""
        self._life = weakref.ref(life)

    def tell(self):
        """In the event loop, at an iteration: that it runs, told(loop, since).
        """
        asked, self.asked = self.asked, None
        if asked is not None:
            told, since = asked
            told(self, since)

    @property
    def has_ended(self):
        return self.running is False or self.thread_has_ended

    @property
    def thread_has_ended(self):
        return self._life is not None and self._life() is None


class BeatingLoop(Loop):
    """A `Loop` each iteration of which calls each of ``beats``, with itself."""

    _beats = ()

    def __init__(self, beats, wake):
        Loop.__init__(self, wake)
        self._beats = beats

    @property
    def turns(self):
        return self._turns

    @turns.setter
    def turns(self, number):
        self._turns = number
        for beat in self._beats:
            beat(self)


class _Life(object):
    """Kept by the locals of a thread alone. The number of a thread that has
    ended says nothing: the system soon gives it to another."""


class Loops(object):
    """All event loops that run, or have run, in this process."""

    def __init__(self):
        self._beats = ()
        self.all = ()
        self._local = threading.local()
        self._bounded = set()  # threads inside a function of `bounded`

    def begin_anew(self):
        """In a forked child: the parent's loops do not run here."""
        self.all, self._local = (), threading.local()
        # The thread that has forked may go on.
        self._bounded = self._bounded & set([get_ident()])

    @property
    def threads(self):
        """The identifiers of their threads, which have not ended."""
        return frozenset(loop.thread for loop in self.all
                         if not loop.thread_has_ended)

    @property
    def of_servers(self):
        """Those of the site's own servers."""
        return [loop for loop in self.all if not loop.is_for_views]

    def here(self):
        """The Loop of the calling thread, or None."""
        # Asked for each log record of any thread.
        return getattr(self._local, 'loop', None)

    def begin(self, wake, is_for_views=False):
        """The Loop of the calling thread, at its first iteration."""
        loop = self.here()
        if loop is None:
            loop = BeatingLoop(self._beats, wake) if self._beats else Loop(wake)
            loop.is_for_views = is_for_views
            self._local.loop, self._local.life = loop, _Life()
            loop.ends_with(self._local.life)
            self.all = tuple(other for other in self.all
                             if not other.thread_has_ended) + (loop,)
        loop.running = True if loop.thread in self._bounded else None
        loop.wake = wake
        return loop

    def call_each_turn(self, beat):
        """Have ``beat(loop)`` called at each iteration of the loops that begin from
        now on. They raise nothing, and need next to no time."""
        self._beats += (beat,)

    def leave(self, loop):
        """Nothing of ours is in that event loop any more: nothing shows
        whether it still runs."""
        loop.running = False

    def bounded(self, run):
        """A function that does the same and notes when a loop ends.

        ``run()``, with any arguments, is all iterations of an event loop.
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


# What CPython's select() says, of any version.
_OUT_OF_RANGE = 'out of range in select()'


def beyond_select(library, log):
    """The poll(timeout, map) of an asyncore, with select() while possible.

    Its own raises an error that ends the server when there are more
    descriptors than select() supports. ``log(level, message, *args)`` logs it.
    """
    original, without_limit = library.poll, library.poll2
    used = [original]

    def poll(timeout, map):
        try:
            used[0](timeout, map)
        except ValueError as error:
            if (used[0] is without_limit
                    or _OUT_OF_RANGE not in str(error)):
                raise
            used[0] = without_limit
            _say_why(error, log)

    return poll


def loop_beyond_select(run, log):
    """The same for the function ``loop`` of an asyncore, all iterations in
    one call. No iteration costs more for it.
    """

    def loop(timeout=30.0, use_poll=False, map=None, count=None):
        if not use_poll:
            try:
                return run(timeout, False, map, count)
            except ValueError as error:
                if _OUT_OF_RANGE not in str(error):
                    raise
                _say_why(error, log)
        return run(timeout, True, map, count)

    return loop


def _say_why(error, log):
    log(logging.WARNING, 'More files are open than select() supports '
        '(%s): poll() is used from now on', error)
