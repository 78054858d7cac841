"""All instances at one moment, as rows of values; no thread changes it."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.cli.top import asking
from Products.ZServerViews.cli.top.judging import SILENT, STATES, judged

# Of what /-/workers counts: finished requests of so many seconds are a rate.
RATE_SECONDS = 10
# Troubles in which the last requests that were known are shown still.
KEEP = frozenset([asking.DEAD, asking.SILENT, asking.BLOCKED])


class Row(object):
    """An instance. None for each number that is not known.

    ``number``
        Its place in the command, from 1 on.
    ``state``, ``reasons``
        See `judging.judged`.
    ``busy``, ``total``, ``waiting``, ``oldest``, ``rate``, ``p50``, ``p95``
        Workers, requests that wait, seconds, requests finished a second, seconds.
    """

    busy = total = waiting = oldest = rate = p50 = p95 = None

    def __init__(self, number, watcher, now):
        self.number = number
        self.name = watcher.place.name
        self.state, self.reasons = judged(watcher, now)
        seen = watcher.answered if self.state == SILENT else watcher.seen
        if seen is not None and seen.workers is not None:
            self._take(seen.workers, watcher.latency)

    def _take(self, workers, latency):
        self.busy, self.total = workers['busy'], workers['workers']
        self.waiting = workers['waiting']
        self.oldest = workers['oldest_wait_seconds']
        self.rate = (workers['finished_by_seconds'][str(RATE_SECONDS)]
                     / RATE_SECONDS)
        self.p50, self.p95 = latency.p50, latency.p95

    @property
    def rank(self):
        """By which rows are in order: the worst first."""
        return STATES.index(self.state), self.number


class Picture(object):
    """What is known now.

    ``rows``
        Of all instances, the worst first.
    ``requests``
        In no order.
    ``omitted``
        How many requests are not among these.
    """

    def __init__(self, watchers, now, clock_time):
        self.clock_time = clock_time
        self._watchers = watchers
        self.rows = sorted((Row(number, watcher, now) for number, watcher
                            in enumerate(watchers, 1)), key=lambda row: row.rank)
        self.requests, self.omitted = [], 0
        self.threads, self.missing = {}, {}
        for number, watcher in enumerate(watchers, 1):
            self._add(number, watcher, now)

    def _add(self, number, watcher, now):
        seen, old = watcher.seen, None
        if seen is None:
            return
        self.missing[number] = seen.missing
        if seen.trouble is not None and seen.trouble.kind in KEEP and (
                watcher.answered is not None):
            # What it did then is what one wants to know now.
            seen, old = watcher.answered, now - watcher.answered_at
        if seen.requests is not None:
            for request in seen.requests.all:
                request.number, request.old = number, old
            self.requests += seen.requests.all
            self.omitted += seen.requests.omitted
        if seen.threads is not None:
            for thread in seen.threads:
                self.threads[number, thread['ident']] = thread

    def thread_of(self, request):
        """The document of the thread that has the request; None if not known."""
        return self.threads.get((request.number, request.ident))

    def counts(self):
        """[(state, how many)], the worst first, without those of no instance."""
        states = [row.state for row in self.rows]
        return [(state, states.count(state)) for state in STATES
                if state in states]
