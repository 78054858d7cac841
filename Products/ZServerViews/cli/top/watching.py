"""One instance, asked again and again in a thread of its own.

What the thread has seen is replaced as a whole, so others read it without a lock.
A question that hangs delays nobody else.
"""
from __future__ import absolute_import, division, print_function

import threading

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.cli.top import asking, told
from Products.ZServerViews.cli.top.latency import Latency, reading_of
from Products.ZServerViews.monitor import condition
from Products.ZServerViews.monitor.condition import STILL
from Products.ZServerViews.monitor.same_line import same_line

# Of the requests of an instance the oldest are asked for: so many, or as many as
# there are workers; the suite tells no more than a thousand.
MOST_REQUESTS, MOST_OF_WORKERS = 200, 1000
# Seconds from one reading of the metrics, which are many, to the next.
METRICS_EACH = 5.0
PROBES = 'live', 'ready'


class Seen(object):
    """What one look has found; None is what is not known.

    ``trouble``
        The `asking.Trouble` of the first question.
    ``workers``, ``requests``, ``threads``
        What these views say, see `told`.
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
            seen.trouble = _odd()
        now = self._clock()
        if seen.trouble is None:
            self.answered, self.answered_at = seen, now
        self.seen, self.seen_at, self.asking_since = seen, now, None

    def _look(self, seen, end):
        try:
            seen.workers = told.workers(
                self._ask('workers', end, '&siblings=no'))
        except asking.Trouble as trouble:
            seen.trouble = trouble
            if trouble.kind != asking.NO_ACCESS:
                return
        for probe in PROBES:
            reasons = self._optional(seen, probe, end, told.failures)
            if reasons is not None:
                seen.failed[probe] = reasons
        if seen.trouble is not None:
            return
        seen.requests = self._optional(
            seen, 'requests', end, told.Requests, '&limit=%d' % max(
                MOST_REQUESTS, min(MOST_OF_WORKERS, seen.workers['workers'] or 0)))
        if self.wants_stacks or seen.failed or still_seconds(seen) >= STILL:
            seen.threads = self._optional(seen, 'threads', end, told.threads)
        if seen.threads is not None:
            seen.same_line = same_line([
                thread['stack'] for thread in seen.threads
                if thread['role'] == 'worker'
                and (thread['request_age_seconds'] or 0) >= STILL])
        self._read_metrics(seen, end)

    def _read_metrics(self, seen, end):
        now = self._clock()
        if self._metrics_at is not None and now < self._metrics_at + METRICS_EACH:
            return
        self._metrics_at = now
        reading = self._optional(seen, 'metrics', end, reading_of)
        if reading is not None:
            self.latency.read(reading, now)

    def _ask(self, name, end, query=''):
        left = end - self._clock()
        if left <= 0:
            raise asking.late(self.timeout)
        return self._ask_place(self.place, name, query, left)

    def _optional(self, seen, name, end, made, query=''):
        """What ``made`` makes of the document; None without one."""
        try:
            return made(self._ask(name, end, query))
        except asking.Trouble as trouble:
            seen.missing[name] = trouble
        except Exception:  # whatever is in it
            seen.missing[name] = _odd()
        return None


def _odd():
    return asking.Trouble(asking.ODD, 'its answer is not understood; is it the '
                          'suite of another version?')


def still_seconds(seen):
    """See `condition.still_seconds`. Where no requests are told, what has finished
    tells the least."""
    workers, requests = seen.workers, seen.requests
    if requests is None:
        worked = ([] if workers['finished_by_seconds']['10']
                  else [10.0] * workers['busy'])
        return condition.still_seconds(workers['workers'], workers['busy'], worked)
    worked = [request.worked for request in requests.all
              if request.worked is not None]
    return condition.still_seconds(workers['workers'], workers['busy'], worked,
                                   requests.omitted)
