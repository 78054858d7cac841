"""monitor.readings: what the system says of this process."""
from __future__ import absolute_import, division, print_function

import os
import sys

import pytest

from Products.ZServerViews.monitor import readings as readings_module
from Products.ZServerViews.monitor.readings import NUMBERS, Readings
from tests.unit.dummies import ManualClock


@pytest.mark.skipif(not sys.platform.startswith('linux'),
                    reason='only Linux tells all')
def test_of_this_process():
    readings = Readings()
    readings.read()
    assert set(readings.numbers) == set(name for name, _help in NUMBERS)
    assert readings.numbers['process_threads'] >= 1
    with open('/proc/self/statm') as statm:
        pages = int(statm.read().split()[1])
    resident = pages * os.sysconf('SC_PAGE_SIZE')
    assert 0.5 < readings.numbers['process_resident_memory_bytes'] / resident < 2


def test_their_age():
    clock = ManualClock()
    readings = Readings(clock)
    assert readings.age() is None
    readings.read()
    clock.now += 7
    assert readings.age() == 7
    readings.begin_anew()
    assert (readings.age(), readings.numbers) == (None, {})


def test_the_name_of_the_program_may_be_no_text(tmpdir):
    # Linux cuts it behind 15 bytes.
    tmpdir.join('stat').write(
        b'17 (caf\xc3) S ' + b' '.join([b'7'] * 40), 'wb')
    tmpdir.join('status').write(b'Name:\tcaf\xc3\nVmHWM:\t 5 kB\n', 'wb')
    readings = Readings(folder=str(tmpdir))
    readings.read()
    assert readings.numbers['process_threads'] == 7
    assert readings.numbers['process_resident_memory_peak_bytes'] == 5120


def test_a_system_that_tells_nothing(monkeypatch, tmpdir):
    monkeypatch.setattr(readings_module, 'resource', None)
    readings = Readings(folder=str(tmpdir))
    readings.read()
    assert readings.numbers == {}
    tmpdir.join('stat').write('1 (a) b) S 1')
    readings.read()
    assert readings.numbers == {} and readings.when is not None


def test_no_limit(monkeypatch):

    class Resource(object):
        RLIMIT_NOFILE, RLIM_INFINITY = 7, -1
        getrlimit = staticmethod(lambda which: (-1, -1))

    monkeypatch.setattr(readings_module, 'resource', Resource)
    readings = Readings()
    readings.read()
    assert readings.numbers['process_max_fds'] == float('inf')
