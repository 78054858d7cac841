"""The ticks of a profile: a fixed grid, of which each is accounted for.

A thread that takes samples does not run when it wants to: while C code holds the
interpreter, it waits. If it merely counted what it sees it would see such code
once, however long that takes. So each tick that has become due is credited to
the stack seen then: whoever kept the sampler from looking is still there when
it looks.
"""
from __future__ import absolute_import, division, print_function

# Of how late looks were, so many are kept for the percentile.
MOST = 60000


class Ticks(object):
    """``planned``
        Of a profile that runs to its end.
    ``due``, ``taken``
        How many have become due so far, and how many looks there were.
    ``longest_gap``
        Between two looks, in seconds.
    ``late``
        By how many seconds the latest look was.
    """

    def __init__(self, begin, seconds, rate):
        self.period = 1.0 / rate
        self.planned = int(round(seconds * rate))
        self.due = self.taken = 0
        self.longest_gap = self.late = 0.0
        self._begin = self._before = begin
        self._late = []

    @property
    def are_over(self):
        return self.due >= self.planned

    @property
    def next(self):
        """When the next look is planned."""
        return self._begin + (self.due + 1) * self.period

    def elapsed(self, now):
        return max(0.0, now - self._begin)

    def look(self, now):
        """Somebody looks: how many ticks are due by now.

        Nought if it is too early.
        """
        # Not a tick less for what floats cannot hold.
        passed = int((now - self._begin) / self.period + 1e-6)
        number = min(passed, self.planned) - self.due
        if number <= 0:
            return 0
        self.late = max(0.0, now - self.next)
        if len(self._late) < MOST:
            self._late.append(self.late)
        self.longest_gap = max(self.longest_gap, now - self._before)
        self._before = now
        self.due += number
        self.taken += 1
        return number

    def of(self, number, since):
        """(how many of the last ticks are at or behind a moment, when the first
        of these was, from the begin on); ``since`` may be None."""
        last = self.due * self.period
        if since is not None:
            behind = last - (since - self._begin)
            number = (0 if behind < 0
                      else min(number, int(behind / self.period) + 1))
        return number, last - (number - 1) * self.period

    def late_p99(self):
        """The 99th percentile of how late looks were, in seconds."""
        late = sorted(self._late)
        return late[int(0.99 * len(late))] if late else None
