"""What threads wait for, as fine as the looks of a profile.

The watchdog looks at the clocks of threads four times a second, which finds
waits that last. Between two looks of a profile, a thread whose clock has moved
has computed.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.monitor.thread_clocks import SHARE, clock_of
from Products.ZServerViews.monitor.thread_states import RUNNING


class FineClocks(object):
    """Says the same as the watchdog's `ThreadClocks`, of shorter times too."""

    def __init__(self, clocks, now, clock=clock_of):
        self._clocks = clocks
        self._now = now
        self._clock = clock
        self._seen = {}  # {native id: (its clock, when)}

    def state(self, native_id):
        """`RUNNING`, what the thread waits for, or None."""
        told = self._clocks.state(native_id)
        if told is None or told != RUNNING:
            self._seen.pop(native_id, None)
            return told
        clock, now = self._clock(native_id), self._now()
        if clock is None:
            return None
        before = self._seen.get(native_id)
        self._seen[native_id] = clock, now
        if before is None:
            return told
        used = (clock - before[0]) / 1e9
        return told if used >= SHARE * (now - before[1]) else None
