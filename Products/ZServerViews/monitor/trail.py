"""How the last ten minutes went: what the counters had gained every ten seconds.

The helper thread of `monitor.metrics` looks; any thread reads.
"""
from __future__ import absolute_import, division, print_function

import time
from collections import deque

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews._tallies import added, new_row, quantile
from Products.ZServerViews.format.text import text
from Products.ZServerViews.format.units import seconds
from Products.ZServerViews.monitor.tally import DURATIONS, grouped

# So many intervals are told of: with one look each ten seconds, ten minutes.
INTERVALS = 60


class Look(object):
    """What the counters had reached at one moment.

    ``moment``, ``time``
        Of the monotonic clock, and in seconds since the epoch.
    ``row``
        The durations of all requests that had finished.
    ``failed``
        How many of these had a status of the server's errors.
    ``lag``
        The longest of the event loops since about the look before.
    """

    __slots__ = 'moment', 'time', 'row', 'failed', 'lag'

    def __init__(self, moment, wall, tally, lag):
        self.moment = moment
        self.time = wall
        rows = grouped(tally.total(), _is_failure)
        self.row = added(rows.get(False), rows.get(True) or
                         new_row(DURATIONS))
        self.failed = sum(rows.get(True, (0,))[:-1])
        self.lag = lag


def _is_failure(key):
    return text(key[1])[:1] == u'5'


class Trail(object):
    """Looks, the latest ones.

    ``tally``, ``lag``
        Those of `monitor.metrics.Metrics`.
    """

    def __init__(self, tally, lag, clock=monotonic, wall=time.time):
        self._tally = tally
        self._lag = lag
        self._clock = clock
        self._wall = wall
        self.begin_anew()

    def begin_anew(self):
        """Have looked at nothing; in a forked child that was the parent."""
        self._looks = deque(maxlen=INTERVALS + 1)

    def look(self):
        """In one thread."""
        now = self._clock()
        looks = self._looks
        since = now - looks[-1].moment if looks else 0.0
        looks.append(Look(now, self._wall(), self._tally,
                          self._lag.total().longest.within(since)))

    def intervals(self):
        """A document for each, the oldest first: [] before the second look.

        ``p50`` and ``p95`` are None where no request has finished in it.
        """
        looks = list(self._looks)
        return [_document(*pair) for pair in zip(looks, looks[1:])]


def _document(before, after):
    gains = [max(0, one - other)
             for one, other in zip(after.row, before.row)][:-1]
    up_to, count = [], 0
    for bound, number in zip(DURATIONS + (None,), gains):
        count += number
        up_to.append((bound, count))
    return {'time': int(after.time),
            'seconds': seconds(after.moment - before.moment),
            'requests': count,
            'failed': max(0, after.failed - before.failed),
            'p50_seconds': seconds(quantile(up_to, 0.5)),
            'p95_seconds': seconds(quantile(up_to, 0.95)),
            'longest_lag_seconds': seconds(after.lag)}
