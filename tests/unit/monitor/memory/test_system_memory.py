"""monitor.memory.system_memory: the files of the system, and psutil."""
from __future__ import absolute_import, division, print_function

import collections
import gc
import os
import sys
import types

from Products.ZServerViews._compat import PY2, monotonic
from Products.ZServerViews.monitor.memory import system_memory
from Products.ZServerViews.monitor.memory.system_memory import SystemMemory
from Products.ZServerViews.monitor.pauses import Pauses
from tests.unit import dummies

ROLLUP = b"""\
55e0314bf000-7fffc2425000 ---p 00000000 00:00 0                          [rollup]
Rss:                1644 kB
Pss:                 238 kB
Pss_Dirty:           116 kB
Private_Dirty:       115 kB
Anonymous:           114 kB
Swap:                  7 kB
SwapPss:               6 kB
"""


def of_folder(path, clock=monotonic):
    return SystemMemory(clock, str(path))


Heap = collections.namedtuple('Heap', 'heap_used mmap_used')


def test_files(tmp_path):
    (tmp_path / 'statm').write_bytes(b'900 411 300 1 0 200 0\n')
    (tmp_path / 'smaps_rollup').write_bytes(ROLLUP)
    assert of_folder(tmp_path).read() == {
        'rss_bytes': 411 * os.sysconf('SC_PAGE_SIZE'), 'pss_bytes': 238 << 10,
        'private_dirty_bytes': 115 << 10, 'anonymous_bytes': 114 << 10,
        'swap_bytes': 7 << 10}


def test_a_system_that_does_not_tell(tmp_path):
    found = of_folder(tmp_path).read()
    assert len(found) == 5 and set(found.values()) == {None}
    (tmp_path / 'statm').write_bytes(b'900')
    (tmp_path / 'smaps_rollup').write_bytes(b'Pss:\n')
    assert of_folder(tmp_path).read() == found


def test_what_takes_long_is_read_seldom(tmp_path, monkeypatch):
    clock, reads = dummies.ManualClock(), []
    rollup = system_memory._rollup

    def read(folder):
        reads.append(clock.now)
        clock.now += took
        return rollup(folder)

    monkeypatch.setattr(system_memory, '_rollup', read)
    (tmp_path / 'smaps_rollup').write_bytes(ROLLUP)
    made = of_folder(tmp_path, clock)
    for took, fresh in (0.001, system_memory.FRESH), (
            0.5, 0.5 * system_memory.SELDOM):
        del reads[:]
        made.begin_anew()
        began = clock.now
        for seconds, number in (0, 1), (fresh - 0.75, 1), (fresh, 2):
            clock.now = max(clock.now, began + seconds)
            assert made.read()['pss_bytes'] == 238 << 10
            assert len(reads) == number, (took, seconds)


def test_the_resident_memory_is_always_new(tmp_path):
    made = of_folder(tmp_path)
    for pages in 411, 412:
        (tmp_path / 'statm').write_bytes(b'900 %d 300 1 0 200 0\n' % pages)
        assert made.read()['rss_bytes'] == pages * os.sysconf('SC_PAGE_SIZE')


def test_this_process():
    assert system_memory.resident() > 1 << 20


def test_psutil(monkeypatch):
    psutil = types.ModuleType('psutil')
    monkeypatch.setitem(sys.modules, 'psutil', psutil)
    assert system_memory.find_heap_info() is None  # an older version
    psutil.heap_info = lambda: Heap(5, 6)
    found = system_memory.heap(system_memory.find_heap_info())
    assert (found['used_bytes'], found['mapped_bytes'],
            found['unknown']) == (5, 6, None)


def test_without_psutil(monkeypatch):
    monkeypatch.setitem(sys.modules, 'psutil', None)
    assert system_memory.find_heap_info() is None

    def fails():
        raise OSError('another C library')

    for heap_info in None, fails:
        found = system_memory.heap(heap_info)
        assert found['used_bytes'] is found['mapped_bytes'] is None
        assert 'psutil' in found['unknown']
        assert (found['python_blocks'] is None) == PY2


def test_the_collector():
    pauses = Pauses(callbacks=[])
    pauses.by_generation[1].observe(0.25)
    pauses.by_generation[1].observe(0.5)
    found = system_memory.collector(pauses, 300)
    assert found['enabled'] == gc.isenabled()
    rows = found['generations']
    assert [row['pauses'] for row in rows[:2]] == [0, 2]
    assert (rows[1]['pause_seconds'], rows[1]['longest_pause_seconds']) == (
        0.75, 0.5)
    assert rows[0]['threshold'] == gc.get_threshold()[0]
    assert (rows[0]['collections'] is None) == PY2


def test_without_pauses():
    for pauses in None, Pauses(callbacks=None):
        rows = system_memory.collector(pauses, 300)['generations']
        assert [row['pauses'] for row in rows] == [None] * len(rows)
