"""Percentiles and verdicts. No clock and no sockets in here."""
from __future__ import absolute_import, division, print_function

OK, SLOW, FAILED, LOST, NOT_JUDGED = 'ok', 'slow', 'failed', 'lost', '-'


def percentile(values, percent):
    """The nearest-rank percentile: always a value that was measured."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(int(rank), 1) - 1]


class Row(object):
    """How one view fared in one scenario.

    ``goal``
        Milliseconds, or None where nothing can answer: then the row is
        reported and not judged.
    ``asked``, ``times``
        How many requests were sent, and the seconds of those that were
        answered as they should.
    ``failed``
        How many others were answered in time.
    """

    def __init__(self, scenario, view, goal):
        self.scenario = scenario
        self.view = view
        self.goal = goal
        self.asked = 0
        self.times = []
        self.failed = 0

    @property
    def answered(self):
        return len(self.times) + self.failed

    def milliseconds(self, percent):
        """None if nothing was answered as it should."""
        return 1000 * percentile(self.times, percent) if self.times else None

    @property
    def verdict(self):
        if self.goal is None:
            return NOT_JUDGED
        if not self.asked or self.answered < self.asked:
            return LOST
        if self.failed:
            return FAILED
        return SLOW if self.milliseconds(99) > self.goal else OK

    @property
    def is_good(self):
        return self.verdict in (OK, NOT_JUDGED)
