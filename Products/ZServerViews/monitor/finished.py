"""How many requests this process has finished, in all and lately."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import get_ident, monotonic
from Products.ZServerViews._daemons import make_lock

# Seconds.
WINDOWS = (10, 60, 300)


class Finished(object):
    """Counts finished requests, in all and in the last seconds.

    Without a lock and without a loss: each thread has a `_Ring` of its own,
    which it alone writes, and a reader adds them up. So `add` costs one look
    in a dictionary and some steps in lists. There are as many rings as there
    were threads that finish requests. Above ``most`` of them, which servers
    with a pool of workers do not reach, a reader takes out those of threads
    that have finished nothing in the longest window; what they had counted is
    kept. Readers take a lock, for a few steps in lists.
    """

    def __init__(self, clock=monotonic, most=200):
        self._clock = clock
        self._most = most
        self._rings = {}
        self._total = 0
        self._latest = None
        self._reading = make_lock()

    def add(self, ident=None, now=None):
        """The calling thread, which is the one of ``ident``, has finished a request
        at this moment."""
        if ident is None:
            ident = get_ident()
        ring = self._rings.get(ident)
        if ring is None:
            ring = self._rings.setdefault(ident, _Ring())
        if now is None:
            now = self._clock()
        if now >= ring.end:
            ring.begin_second(int(now))
        ring.counts[ring.place] += 1
        ring.total += 1
        ring.latest = now

    def counts(self, windows=WINDOWS):
        """{seconds: how many in them}; this second is one of them.

        No window may be longer than the last of `WINDOWS`.
        """
        now = int(self._clock())
        rings, _total, _latest = self._read()
        return dict((window, sum(ring.count(now - window) for ring in rings))
                    for window in windows)

    def total(self):
        """How many since the process has started."""
        rings, total, _latest = self._read()
        return sum(ring.total for ring in rings) + total

    def idle_seconds(self):
        """Seconds since the latest one; None if there has been none."""
        rings, _total, latest = self._read()
        moments = [ring.latest for ring in rings if ring.latest is not None]
        if latest is not None:
            moments.append(latest)
        return max(0.0, self._clock() - max(moments)) if moments else None

    def _read(self):
        """(rings, and of those that are out: total, latest)"""
        with self._reading:
            # Copied in one step of the interpreter: a worker may add a ring.
            rings = self._rings.copy()
            if len(rings) > self._most:
                old = self._clock() - _Ring.SIZE
                for ident, ring in rings.items():
                    if ring.latest is not None and ring.latest < old:
                        self._retire(self._rings.pop(ident))
            return (list(self._rings.copy().values()), self._total,
                    self._latest)

    def _retire(self, ring):
        self._total += ring.total
        self._latest = ring.latest if self._latest is None else max(
            ring.latest, self._latest)


class _Ring(object):
    """Buckets of one second each; one thread writes, any thread reads."""

    # A little longer than the longest window.
    SIZE = max(WINDOWS) + 5

    def __init__(self):
        self.total = 0
        self.latest = None
        self.counts = [0] * self.SIZE
        self._seconds = [-1] * self.SIZE
        # The bucket of this second, and when the second is over.
        self.place = self.end = 0

    def begin_second(self, second):
        self.place = place = second % self.SIZE
        # In this order: a reader sees no old count under a new second.
        self.counts[place] = 0
        self._seconds[place] = second
        self.end = second + 1

    def count(self, after):
        """How many in the seconds after this one."""
        return sum(self.counts[place]
                   for place, second in enumerate(self._seconds)
                   if second > after)
