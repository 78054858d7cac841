"""monitor.pauses: how long collections of garbage take."""
from __future__ import absolute_import, division, print_function

import gc

import pytest

from Products.ZServerViews.monitor.pauses import PAUSES, Pauses
from tests.unit.dummies import ManualClock


def test_collections_are_measured():
    clock, callbacks = ManualClock(), [print]
    pauses = Pauses(callbacks, clock, clock)
    assert pauses.are_known
    pauses.install()
    pauses.install()
    assert callbacks == [print, pauses]
    for generation, seconds in ((0, 0.00005), (0, 0.0005), (2, 0.3), (7, 5)):
        pauses('start', {'generation': generation})
        clock.now += seconds
        pauses('stop', {'generation': generation})
    rows = [timings.row for timings in pauses.by_generation]
    assert [sum(row[:-1]) for row in rows] == [2, 0, 2]
    assert rows[0][:2] == [1, 1]
    assert rows[2][PAUSES.index(0.5)] == rows[2][len(PAUSES)] == 1
    assert pauses.by_generation[2].longest.within(60) == pytest.approx(5)
    assert pauses.by_generation[0].longest.within(60) == 0.0
    pauses.uninstall()
    pauses.uninstall()
    assert callbacks == [print]
    pauses.begin_anew()
    assert sum(pauses.by_generation[2].row) == 0


def test_one_that_began_before():
    pauses = Pauses([])
    pauses('stop', {'generation': 1})
    assert sum(pauses.by_generation[1].row) == 0


def test_a_python_that_tells_nothing():
    pauses = Pauses(None)
    assert not pauses.are_known
    pauses.install()
    pauses.uninstall()


@pytest.mark.skipif(not hasattr(gc, 'callbacks'),
                    reason='this Python tells of no collection')
def test_a_real_collection():
    pauses = Pauses()
    pauses.install()
    try:
        gc.collect()
    finally:
        pauses.uninstall()
    assert sum(pauses.by_generation[2].row[:-1]) == 1
    assert pauses != Pauses() and pauses in {pauses}
