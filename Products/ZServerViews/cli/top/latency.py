"""How long requests take: the difference of two readings of one histogram."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._tallies import quantile

FAMILY = 'http_server_request_duration_seconds'
# Tells processes apart that answer at one address.
STARTED = 'process_start_time_seconds'
# Seconds that the older reading is to be back, so that there is enough between.
WINDOW = 30


class Latency(object):
    """Of one address, from the answers of ``/-/metrics``; of all processes there
    that have answered twice.

    ``p50``, ``p95``
        In seconds; None where none has finished between the two readings.
    """

    def __init__(self):
        self._readings = {}  # {process: [(moment, row)]}
        self.p50 = self.p95 = None

    def read(self, reading, now):
        """Take what `reading_of` has made of the document of a moment."""
        process, row = reading
        known = self._readings.setdefault(process, [])
        if known and row[-1][1] < known[-1][1][-1][1]:
            del known[:]  # it counts from the beginning
        known.append((now, row))
        while len(known) > 2 and known[1][0] <= now - WINDOW:
            del known[0]
        for process in list(self._readings):
            if self._readings[process][-1][0] < now - 2 * WINDOW:
                del self._readings[process]
        between = self._between()
        self.p50, self.p95 = (quantile(between, share) for share in (0.5, 0.95))

    def _between(self):
        sums, count = {}, 0
        for readings in self._readings.values():
            first, row = dict(readings[0][1]), readings[-1][1]
            for bound, up_to in row[:-1]:
                sums[bound] = sums.get(bound, 0) + up_to - first.get(bound, 0)
            count += row[-1][1] - first[None]
        return sorted(sums.items()) + [(None, count)]


def reading_of(document):
    """(when the process has started, [(bound, number of requests up to it)]);
    the bound of all is None."""
    sums, count, started = {}, 0, None
    for family in document['families']:
        if family['name'] == FAMILY:
            for series in family['series']:
                count += series['count']
                for bound, up_to in series['buckets']:
                    sums[bound] = sums.get(bound, 0) + up_to
        elif family['name'] == STARTED:
            started = family['series'][0]['value']
    return started, sorted(sums.items()) + [(None, count)]
