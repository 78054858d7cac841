"""How long requests take: the difference of two readings of one histogram."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._tallies import quantile

FAMILY = 'http_server_request_duration_seconds'
# Seconds that the older reading is to be back, so that there is enough between.
WINDOW = 30


class Latency(object):
    """Of one process, from the answers of ``/-/metrics``.

    ``p50``, ``p95``
        In seconds; None where none has finished between the two readings.
    """

    def __init__(self):
        self._readings = []
        self.p50 = self.p95 = None

    def read(self, document, now):
        """Take the document of a moment."""
        row = row_of(document)
        if self._readings and row[-1][1] < self._readings[-1][1][-1][1]:
            # Another process: it counts from the beginning.
            self._readings = []
        self._readings.append((now, row))
        while len(self._readings) > 2 and self._readings[1][0] <= now - WINDOW:
            del self._readings[0]
        first = dict(self._readings[0][1])
        between = [(bound, up_to - first.get(bound, 0)) for bound, up_to in row]
        self.p50, self.p95 = (quantile(between, share) for share in (0.5, 0.95))


def row_of(document):
    """[(bound, number of requests up to it)]; the bound of all is None."""
    sums, count = {}, 0
    for family in document['families']:
        if family['name'] == FAMILY:
            for series in family['series']:
                count += series['count']
                for bound, up_to in series['buckets']:
                    sums[bound] = sums.get(bound, 0) + up_to
    return sorted(sums.items()) + [(None, count)]
