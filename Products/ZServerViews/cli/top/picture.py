"""All instances at one moment, as rows of values; no thread changes it."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.cli.top.judging import SILENT, STATES, judged

# Of what /-/workers counts: finished requests of so many seconds are a rate.
RATE_SECONDS = 10


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


class Request(object):
    """A request, as ``/-/requests`` has it, and of which instance it is."""

    def __init__(self, number, document):
        self.number = number
        self.age = document['age_seconds']
        self.worked = document['worked_seconds']
        self.phase = document['phase']
        self.worker = document['worker_name']
        self.ident = document['worker_ident']
        self.user = document['user']
        self.gone = document['client_gone']
        host, path = document['asked_host'], document['asked_path']
        self.path = (host or u'') + (document['path'] if path is None else path)
        self.title = (u'%s %s' % (document['method'], self.path)).strip()

    @property
    def key(self):
        """The same for the same request in another picture, as far as known."""
        return self.number, self.ident, self.title


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
            self._add(number, watcher.seen)

    def _add(self, number, seen):
        if seen is None:
            return
        self.missing[number] = seen.missing
        if seen.requests is not None:
            self.requests += [Request(number, document)
                              for document in seen.requests['requests']]
            self.omitted += seen.requests['omitted_requests']
        if seen.threads is not None:
            for thread in seen.threads['threads']:
                self.threads[number, thread['ident']] = thread

    def thread_of(self, request):
        """The document of the thread that has the request; None if not known."""
        return self.threads.get((request.number, request.ident))

    def counts(self):
        """[(state, how many)], the worst first, without those of no instance."""
        states = [row.state for row in self.rows]
        return [(state, states.count(state)) for state in STATES
                if state in states]
