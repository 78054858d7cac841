"""Packs of a database: the one in progress, and the last one."""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews._compat import get_ident, monotonic


class Pack(object):
    """One pack.

    ``thread``, ``request``
        Who runs it.
    ``began``
        In seconds since the epoch.
    ``seconds``
        How long it took; None while it runs.
    ``error``
        The name of the exception that ended it, or None.
    """

    def __init__(self, request, clock):
        self.thread = get_ident()
        self.request = request
        self.began = time.time()
        self.seconds = self.error = None
        self._clock = clock
        self._since = clock()

    def end(self, error=None):
        self.error = None if error is None else type(error).__name__
        self.seconds = self.so_far()

    def so_far(self):
        """Seconds until now, or all of them."""
        return (self._clock() - self._since if self.seconds is None
                else self.seconds)


class Packs(object):
    """Those that this process has asked for, by `DB.pack`.

    ``last``
        The `Pack` that has ended last, or None.
    """

    def __init__(self, here, clock=monotonic):
        self.last = None
        self._running = {}  # {ident: its Pack}
        self._here = here
        self._clock = clock

    def running(self):
        """The oldest `Pack` that runs, or None."""
        running = self._running.copy().values()
        return min(running, key=lambda pack: pack.began) if running else None

    def wrap(self, original):
        """What stands in the place of `DB.pack`."""

        def pack(*args, **kw):
            found = Pack(self._here(), self._clock)
            self._running[found.thread] = found
            error = None
            try:
                return original(*args, **kw)
            except BaseException as raised:
                error = raised
                raise
            finally:
                found.end(error)
                self._running.pop(found.thread, None)
                self.last = found

        return pack
