"""monitor.memory.system_memory: the files of the system, and psutil."""
from __future__ import absolute_import, division, print_function

import collections
import gc
import os
import sys
import types

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.monitor.memory import system_memory
from Products.ZServerViews.monitor.pauses import Pauses

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

Heap = collections.namedtuple('Heap', 'heap_used mmap_used')


def test_files(tmp_path):
    (tmp_path / 'statm').write_bytes(b'900 411 300 1 0 200 0\n')
    (tmp_path / 'smaps_rollup').write_bytes(ROLLUP)
    assert system_memory.system_memory(str(tmp_path)) == {
        'rss_bytes': 411 * os.sysconf('SC_PAGE_SIZE'), 'pss_bytes': 238 << 10,
        'private_dirty_bytes': 115 << 10, 'anonymous_bytes': 114 << 10,
        'swap_bytes': 7 << 10}


def test_a_system_that_does_not_tell(tmp_path):
    found = system_memory.system_memory(str(tmp_path))
    assert len(found) == 5 and set(found.values()) == {None}
    (tmp_path / 'statm').write_bytes(b'900')
    (tmp_path / 'smaps_rollup').write_bytes(b'Pss:\n')
    assert system_memory.system_memory(str(tmp_path)) == found


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
