"""One instance, asked again and again in a thread of its own.

What the thread has seen is replaced as a whole, so others read it without a lock.
A question that hangs delays nobody else.
"""
from __future__ import absolute_import, division, print_function

import threading

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.cli.top import asking
from Products.ZServerViews.cli.top.latency import Latency
from Products.ZServerViews.cli.top.same_line import same_line

# A worker that has one request for so long, in seconds, may be stuck.
STILL = 5.0
# Of the requests of an instance the oldest are shown.
MOST_REQUESTS = 200
# Seconds from one reading of the metrics, which are many, to the next.
METRICS_EACH = 5.0
PROBES = 'live', 'ready'


class Seen(object):
    """What one look has found; None is what is not known.

    ``trouble``
        The `asking.Trouble` of the first question.
    ``workers``, ``requests``, ``threads``
        Documents of these views.
    ``failed``
        {probe: [reasons]} for each of `PROBES` that fails.
    ``missing``
        {name: Trouble} of views that did not answer.
    ``same_line``
        Where stuck workers are together.
    """

    def __init__(self):
        self.trouble = self.workers = self.requests = self.threads = None
        self.same_line = None
        self.failed, self.missing = {}, {}


class Watcher(object):
    """Asks one `places.Place`.

    ``seen``, ``seen_at``
        The latest look, and when it ended; None before the first.
    ``answered``, ``answered_at``
        The latest in which the workers were told.
    ``asking_since``
        Since when the look goes on that is made now; else None.
    ``wants_stacks``
        Whether somebody wants to see a stack; set by the screen.
    """

    def __init__(self, place, interval, timeout, ask=asking.ask,
                 clock=monotonic):
        self.place = place
        self.timeout = timeout
        self.latency = Latency()
        self.seen = self.seen_at = self.answered = self.answered_at = None
        self.asking_since = None
        self.wants_stacks = False
        self._interval = interval
        self._ask_place = ask
        self._clock = clock
        self._metrics_at = None
        self._at_once = threading.Event()

    def start(self):
        """Begin; the thread ends with the program."""
        thread = threading.Thread(target=self._run)
        thread.daemon = True
        thread.start()

    def hurry(self):
        """Look again now."""
        self._at_once.set()

    def _run(self):
        while True:
            begun = self._clock()
            self.look()
            left = begun + self._interval - self._clock()
            self._at_once.wait(max(0.05, left))
            self._at_once.clear()

    def look(self):
        """Ask for everything once."""
        self.asking_since = begun = self._clock()
        seen = Seen()
        try:
            self._look(seen, begun + self.timeout)
        except Exception:
            # Whoever answers there, it is no suite that we know.
            seen.trouble = asking.Trouble(
                asking.ODD, 'its answer is not understood; is it the suite of '
                'another version?')
        now = self._clock()
        if seen.trouble is None:
            self.answered, self.answered_at = seen, now
        self.seen, self.seen_at, self.asking_since = seen, now, None

    def _look(self, seen, end):
        try:
            seen.workers = _checked(self._ask('workers', end, '&siblings=no'))
        except asking.Trouble as trouble:
            seen.trouble = trouble
            if trouble.kind != asking.NO_ACCESS:
                return
        for probe in PROBES:
            found = self._optional(seen, probe, end)
            if found is not None and found['status'] == 'fail':
                seen.failed[probe] = _reasons(found)
        if seen.trouble is not None:
            return
        seen.requests = self._optional(seen, 'requests', end,
                                       '&limit=%d' % MOST_REQUESTS)
        if self.wants_stacks or seen.failed or still_seconds(seen) >= STILL:
            seen.threads = self._optional(seen, 'threads', end)
        if seen.threads is not None:
            seen.same_line = same_line(seen.threads['threads'], STILL)
        self._read_metrics(seen, end)

    def _read_metrics(self, seen, end):
        now = self._clock()
        if self._metrics_at is not None and now < self._metrics_at + METRICS_EACH:
            return
        self._metrics_at = now
        found = self._optional(seen, 'metrics', end)
        if found is not None:
            self.latency.read(found, now)

    def _ask(self, name, end, query=''):
        left = end - self._clock()
        if left <= 0:
            raise asking.late(self.timeout)
        return self._ask_place(self.place, name, query, left)

    def _optional(self, seen, name, end, query=''):
        try:
            return self._ask(name, end, query)
        except asking.Trouble as trouble:
            seen.missing[name] = trouble
            return None


def _checked(workers):
    """The document, if it is one of ``/-/workers``."""
    workers['busy'] + workers['finished_by_seconds']['10']
    return workers


def _reasons(document):
    """The texts of the checks that failed."""
    checks = document.get('checks') or {}
    return [check['output'] for name in sorted(checks)
            for check in checks[name] if check['status'] == 'fail']


def still_seconds(seen):
    """For how long, at least, no worker has taken a request, while all are busy;
    0.0 if one is free, or where that is not known."""
    total, busy = seen.workers['workers'], seen.workers['busy']
    if total is None or busy < total or not total:
        return 0.0
    if seen.requests is None:
        return 0.0 if seen.workers['finished_by_seconds']['10'] else 10.0
    worked = [request['worked_seconds'] for request in seen.requests['requests']
              if request['worked_seconds'] is not None]
    return min(worked) if len(worked) >= total else 0.0
