"""For how long it would hold all threads to list the objects.

Nobody tells that, nor their number, before they are listed.
"""
from __future__ import absolute_import, division, print_function

import math
import os

# Seconds for which a look may hold the interpreter, unless more is allowed; and
# what an object takes of a processor's time, roughly, until a look has measured it.
HELD = 0.04
EACH = 1.5e-8
# In how many parts a crowded machine divides that time at most.
MOST_PARTS = 8.0
# With fewer objects a look is not refused, and measures nothing: the time is that of
# whatever the processor did meanwhile.
FEW = 500000
# Each object takes a block of memory, and in a site it is every third one. PY2 tells
# no blocks: so many bytes of memory there is for an object, roughly.
BLOCKS = 3
BYTES = 300


class ListingTime(object):
    """``blocks``, ``resident``
        Functions: how many blocks Python has, or None; and the bytes of memory.
    ``crowd``
        A function like `crowding`.
    """

    def __init__(self, blocks, resident, crowd=None):
        self._blocks = blocks
        self._resident = resident
        self._crowd = crowd or crowding

    def judged(self, last, hold):
        """How much memory there is, and why nothing can be listed, or None.

        ``last``
            The `object_counts.Look` before, or None.
        ``hold``
            For how many seconds all threads may be held.
        """
        size, number = self._expected(last)
        each = (EACH * self._crowd() if last is None or last.total < FEW
                else last.held_seconds / last.total)
        if number <= FEW or number * each <= hold:
            return size, None
        return size, _refusal(number, number * each, hold)

    def _expected(self, last):
        """How much memory there is, and how many objects in it, presumably."""
        # Nought where PYTHONMALLOC names another allocator than Python's own.
        size, each = (None if self._blocks is None else self._blocks()), BLOCKS
        if not size:
            size, each = self._resident() or 0, BYTES
        if last is None or not last.size:
            return size, size // each
        return size, int(last.total * size / last.size)


def crowding(load=getattr(os, 'getloadavg', None), cpus=None):
    """How many times as long all takes, since the processors are shared: by the load
    of the last minute."""
    try:
        wanted = load()[0] / (cpus or os.sysconf('SC_NPROCESSORS_ONLN'))
    except Exception:  # not told here
        return 1.0
    return min(MOST_PARTS, max(1.0, wanted))


def _refusal(number, seconds, hold):
    expected, allowed = int(math.ceil(1000 * seconds)), int(1000 * hold)
    return (u'there seem to be %.1f million objects: to list them would hold all '
            u'threads for about %d ms, and %d ms are allowed; hold=%d allows as much'
            % (number / 1e6, expected, allowed, expected + expected // 5 + 1))
