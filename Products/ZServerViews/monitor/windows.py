"""How much counters have grown in the last seconds.

One thread adds what they have reached, at intervals; any thread reads.
"""
from __future__ import absolute_import, division, print_function

from collections import deque

from Products.ZServerViews.monitor.finished import WINDOWS


class Windows(object):
    """The past of some counters, as long as the longest window.

    ``interval``
        Seconds between two `add`.
    """

    def __init__(self, interval, windows=WINDOWS):
        self.windows = windows
        # One more: it is as old as the longest window at least.
        self._past = deque(maxlen=int(max(windows) / interval) + 2)

    def add(self, now, counts):
        """They are at ``counts``, {name: number}, by now."""
        self._past.append((now, dict(counts)))

    def per_second(self, now, counts):
        """{window: {name: growth per second}}, from the past until now.

        The time is at least that of the window, and a little more as a rule.
        None for a window that is longer than the past.
        """
        past = list(self._past)
        return dict((window, self._rates(past, window, now, counts))
                    for window in self.windows)

    @staticmethod
    def _rates(past, window, now, counts):
        older = [one for one in past if one[0] <= now - window]
        if not older:
            return None
        moment, before = older[-1]
        return dict((name, round(max(0, counts[name] - before.get(name, 0))
                                 / (now - moment), 3)) for name in counts)
