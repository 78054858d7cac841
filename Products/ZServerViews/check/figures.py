"""Percentiles and verdicts. No clock and no sockets in here."""
from __future__ import absolute_import, division, print_function

OK, SLOW, LOST, NOT_JUDGED = 'ok', 'slow', 'lost', '-'


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
        How many requests were sent, and the seconds of those answered.
    """

    def __init__(self, scenario, view, goal):
        self.scenario = scenario
        self.view = view
        self.goal = goal
        self.asked = 0
        self.times = []

    @property
    def answered(self):
        return len(self.times)

    def milliseconds(self, percent):
        """None without any answer."""
        return 1000 * percentile(self.times, percent) if self.times else None

    @property
    def verdict(self):
        if self.goal is None:
            return NOT_JUDGED
        if not self.asked or self.answered < self.asked:
            return LOST
        return SLOW if self.milliseconds(99) > self.goal else OK

    @property
    def is_good(self):
        return self.verdict in (OK, NOT_JUDGED)
