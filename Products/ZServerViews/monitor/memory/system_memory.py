"""What the system and the C library say of the memory of this process.

Read from files, so never in an event loop.
"""
from __future__ import absolute_import, division, print_function

import gc
import os
import sys

from Products.ZServerViews._compat import monotonic

FOLDER = '/proc/self'

# What a line of smaps_rollup is called here; see proc(5).
_ROLLUP = {b'Pss': 'pss_bytes', b'Private_Dirty': 'private_dirty_bytes',
           b'Anonymous': 'anonymous_bytes', b'Swap': 'swap_bytes'}

# Seconds for which the numbers of smaps_rollup stay; or so many times as long as it
# took to read them.
FRESH = 5.0
SELDOM = 100

NO_PSUTIL = u'install psutil 7.2 or newer, see the extra "memory"'


def resident(folder=FOLDER):
    """The resident memory (RSS) in bytes; None where the system does not tell.

    ``folder``
        Below /proc, of this process or of another one.
    """
    try:
        with open(os.path.join(folder, 'statm'), 'rb') as statm:
            return int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
    except (EnvironmentError, ValueError, IndexError):
        return None


class SystemMemory(object):
    """What the system says of a process.

    For smaps_rollup it walks through all pages of the process, which waits meanwhile
    for what changes its memory: some 10 ms for each GiB. So it is read seldom.
    """

    def __init__(self, clock=monotonic, folder=FOLDER):
        self._clock = clock
        self._folder = folder
        self.begin_anew()

    def begin_anew(self):
        """Know nothing; also in a forked child, which is another process."""
        self._until, self._rolled_up = None, {}

    def read(self):
        """{name: bytes}; None for what this system does not tell."""
        now = self._clock()
        if self._until is None or now >= self._until:
            self._rolled_up = _rollup(self._folder)
            took = self._clock() - now
            self._until = now + max(FRESH, took * SELDOM)
        return dict(self._rolled_up, rss_bytes=resident(self._folder))


def _rollup(folder):
    found = dict((name, None) for name in _ROLLUP.values())
    try:
        with open(os.path.join(folder, 'smaps_rollup'), 'rb') as rollup:
            for line in rollup:
                name, _, value = line.partition(b':')
                if name in _ROLLUP:
                    found[_ROLLUP[name]] = int(value.split()[0]) * 1024
    except (EnvironmentError, ValueError, IndexError):
        pass  # an older kernel, or no Linux
    return found


def find_heap_info():
    """psutil's function `heap_info`, or None; imports."""
    try:
        from psutil import heap_info
    except Exception:  # whatever is wrong with it: the site must start
        return None
    return heap_info


def heap(heap_info):
    """What C code has from malloc, or None for each number.

    ``heap_info``
        What `find_heap_info` has returned.
    """
    found = None
    if heap_info is not None:
        try:
            found = heap_info()
        except Exception:  # another C library
            pass
    blocks = getattr(sys, 'getallocatedblocks', None)  # PY2
    return {'used_bytes': getattr(found, 'heap_used', None),
            'mapped_bytes': getattr(found, 'mmap_used', None),
            'python_blocks': None if blocks is None else blocks(),
            'unknown': NO_PSUTIL if found is None else None}


def collector(pauses, lately):
    """What the garbage collector has done, by generation.

    ``pauses``
        The `monitor.pauses.Pauses`, or None.
    ``lately``
        For how many seconds the longest pause is told.
    """
    counts, thresholds = gc.get_count(), gc.get_threshold()
    stats = gc.get_stats() if hasattr(gc, 'get_stats') else []  # PY2
    rows = []
    for number, (count, threshold) in enumerate(zip(counts, thresholds)):
        row = {'count': count, 'threshold': threshold}
        stat = stats[number] if number < len(stats) else {}
        for name in 'collections', 'collected', 'uncollectable':
            row[name] = stat.get(name)
        row.update(_paused(pauses, number, lately))
        rows.append(row)
    return {'enabled': gc.isenabled(), 'garbage': len(gc.garbage),
            'generations': rows}


def _paused(pauses, number, lately):
    if (pauses is None or not pauses.are_known
            or number >= len(pauses.by_generation)):
        return {'pauses': None, 'pause_seconds': None,
                'longest_pause_seconds': None}
    timings = pauses.by_generation[number]
    return {'pauses': sum(timings.row[:-1]),
            'pause_seconds': round(timings.row[-1], 4),
            'longest_pause_seconds': round(timings.longest.within(lately), 4)}
