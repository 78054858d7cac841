"""The summary of a minute: what the counters have gained in it.

A record of the kind ``minute`` has

``requests``
    {class of status, as ``2xx`` or ``other``: how many have finished}
``durations``
    How many of them took up to each of `monitor.tally.DURATIONS`, and longer.
``waited``
    How many waited for a worker.
``conflicts``, ``errors``
    {kind or class: how many}; ``retries`` and ``commits`` are numbers.
``most_in_work``, ``most_waiting``, ``longest_wait``
    As the looks and ticks have found it; None where it is not known.
``lag``, ``late``
    The longest of the event loops, and of the watchdog: see docs/metrics.rst.
``gc_pauses``, ``gc_seconds``, ``gc_longest``
    Of the collector of garbage; None on Python 2.
``rss``, ``threads``, ``descriptors``, ``cpu``
    At its end, as far as the system tells; the processor time in seconds.
``databases``
    {name: {what: how many}}, see `zopeapp.storage_calls.COUNTED`.
``looks``, ``own_cpu``
    How many looks there were, and the processor time of the recorder's thread;
    None where that is not known.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.format.text import text
from Products.ZServerViews.history import records
from Products.ZServerViews.monitor.tally import grouped, named

INTERVAL = 60.0
# Classes of errors that are named.
MOST_CLASSES = 20

# What a reading of `monitor.readings` is called here.
_READINGS = (('rss', 'process_resident_memory_bytes'),
             ('threads', 'process_threads'),
             ('descriptors', 'process_open_fds'))


def own_seconds():
    """The processor time of the calling thread, or None."""
    clock = getattr(time, 'thread_time', None)  # PY2
    return None if clock is None else clock()


class Minutes(object):
    """Counts for one thread; all that it reads others write, without a lock.

    ``site``
        Whose ``databases`` are read.
    ``metrics``
        Those of the site.
    ``wall(moment)``
        The wall clock at a moment of the monotonic one.
    """

    def __init__(self, site, metrics, wall, own=own_seconds):
        self._site = site
        self._metrics = metrics
        self._wall = wall
        self._own = own
        self._began = self._before = None
        self._forget()

    def begin(self, now):
        """What is counted from now on belongs to the first minute."""
        self._began, self._before = now, self._counters()

    def _forget(self):
        self.looks = 0
        self._in_work = 0
        self._waiting = self._wait = None

    def see(self, in_work, waiting, longest_wait):
        """What a tick has found."""
        self._in_work = max(self._in_work, in_work)
        if waiting is not None:
            self._waiting = max(self._waiting or 0, waiting)
            self._wait = max(self._wait or 0.0, longest_wait or 0.0)

    def rss(self):
        """The memory in bytes, as of the latest reading; or None."""
        return self._metrics.readings.numbers.get(_READINGS[0][1])

    def conflicts(self):
        """How many there have been so far."""
        return sum(named(self._metrics.tally.errors.total(),
                          'conflict').values())

    def is_over(self, now):
        return now - self._began >= INTERVAL

    def take(self, now):
        """The record of the minute that ends now."""
        seen = self._counters()
        before, self._before = self._before, seen
        began, self._began = self._began, now
        record = {'kind': records.MINUTE, 'time': self._wall(now),
                  'seconds': round(now - began, 3), 'looks': self.looks,
                  'most_in_work': self._in_work,
                  'most_waiting': self._waiting,
                  'longest_wait': _rounded(self._wait)}
        self._forget()
        record.update(_gains(seen, before))
        record.update(self._levels())
        return record

    def _counters(self):
        metrics, databases = self._metrics, self._site.databases
        total, errors = metrics.tally.total(), metrics.tally.errors.total()
        return {'requests': _by_status(total), 'durations': _durations(total),
                'waited': total.waited,
                'commits': total.committed,
                'conflicts': named(errors, 'conflict'),
                'errors': named(errors, 'error'),
                'retries': sum(named(errors, 'retry').values()),
                'databases': {} if databases is None else databases.counts(),
                'gc': [[sum(timings.row[:-1]), timings.row[-1]] for timings
                       in metrics.pauses.by_generation],
                'own_cpu': self._own(),
                'cpu': metrics.readings.numbers.get(
                    'process_cpu_seconds_total')}

    def _levels(self):
        metrics = self._metrics
        numbers, pauses = metrics.readings.numbers, metrics.pauses
        found = dict((name, numbers.get(long_name))
                     for name, long_name in _READINGS)
        found['lag'] = _rounded(metrics.lag.total().longest.within(INTERVAL))
        found['late'] = _rounded(metrics.late.longest.within(INTERVAL))
        found['gc_longest'] = None if not pauses.are_known else _rounded(
            max(timings.longest.within(INTERVAL)
                for timings in pauses.by_generation))
        return found


def _gains(seen, before):
    found = dict((name, _gain(seen[name], before[name])) for name in (
        'requests', 'waited', 'commits', 'conflicts', 'errors', 'retries',
        'own_cpu', 'cpu'))
    earlier = before['durations'] or [0] * len(seen['durations'])
    found['durations'] = [one - other for one, other
                          in zip(seen['durations'], earlier)]
    found['databases'] = dict(
        (name, _gain(counts, before['databases'].get(name, {})))
        for name, counts in seen['databases'].items())
    pauses = [[one - other for one, other in zip(*pair)]
              for pair in zip(seen['gc'], before['gc'])]
    found['gc_pauses'] = sum(count for count, _seconds in pauses)
    found['gc_seconds'] = _rounded(sum(seconds for _count, seconds in pauses))
    return found


def _gain(seen, before):
    if not isinstance(seen, dict):
        if seen is None or before is None:
            return None
        gained = max(0, seen - before)
        return gained if isinstance(gained, int) else round(gained, 4)
    gains = dict((name, max(0, seen[name] - before.get(name, 0)))
                 for name in seen)
    return dict((name, number) for name, number in sorted(
        gains.items(), key=lambda item: -item[1])[:MOST_CLASSES] if number)


def _rounded(value):
    return None if value is None else round(value, 4)


def _by_status(total):
    rows = grouped(total, _class_of_status)
    return dict((name, sum(rows[name][:-1])) for name in rows)


def _class_of_status(key):
    digit = text(key[1])[:1]
    return digit + u'xx' if digit else u'other'


def _durations(total):
    return grouped(total, lambda key: None).get(None, [])[:-1]
