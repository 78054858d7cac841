"""monitor.metrics: what is measured, and by whom."""
from __future__ import absolute_import, division, print_function

import gc
import threading

import pytest

from Products.ZServerViews.monitor.metrics import INTERVAL, NAME, Metrics
from Products.ZServerViews.runtime.loops import Loop
from tests.unit.dummies import ManualClock
from tests.waiting import awaited


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def metrics(clock):
    made = Metrics(None, clock)
    yield made
    made.stop()


def test_the_lag_of_a_loop(metrics, clock):
    woken = []
    loop = Loop(lambda: woken.append(True))
    metrics.looked(0.0, [loop])
    # It does not run: no second wake, for a pipe can be full.
    clock.now += 3
    metrics.looked(0.0, [loop])
    assert woken == [True]
    loop.tell()
    loop.tell()
    total = metrics.lag.total()
    assert (sum(total.row[:-1]), total.row[-1]) == (1, 3.0)
    assert total.longest.within(60) == 3.0
    metrics.looked(0.0, [loop])
    assert woken == [True] * 2
    loop.tell()
    assert sum(metrics.lag.total().row[:-1]) == 2


def test_a_loop_that_has_ended_is_not_asked(metrics):
    loop = Loop(None)
    loop.running = False
    metrics.looked(0.0, [loop])
    assert loop.asked is None


def test_how_late_the_watchdog_is(metrics):
    for late in -0.1, 0.0, 3.1:
        metrics.looked(late, [])
    assert sum(metrics.late.row[:-1]) == 3
    assert metrics.late.row[-1] == metrics.late.longest.within(60) == 3.1


def names():
    return [thread.name for thread in threading.enumerate()]


def test_a_thread_reads_what_the_system_says():
    sleeping, slept = threading.Event(), []

    def sleep(seconds):
        slept.append(seconds)
        sleeping.wait(60)

    metrics = Metrics(None, sleep=sleep)
    metrics.start()
    metrics.start()
    try:
        awaited(lambda: slept)
        assert names().count(NAME) == 1
        assert slept == [INTERVAL] and metrics.readings.when is not None
        assert metrics.pauses in getattr(gc, 'callbacks', [metrics.pauses])
    finally:
        metrics.stop()
        sleeping.set()
    awaited(lambda: NAME not in names())
    assert metrics.pauses not in getattr(gc, 'callbacks', [])


def test_what_fails_is_reported_once():
    reports = []

    class Broken(object):

        def read(self):
            raise KeyError('broken')

    metrics = Metrics(reports.append)
    metrics.readings = Broken()
    metrics.read()
    metrics.read()
    assert [report[0] for report in reports] == [KeyError]


def test_a_fork(metrics, clock):
    metrics.looked(1.0, [])
    metrics.lagged(Loop(None), clock.now)
    metrics.readings.read()
    metrics.begin_anew()
    assert sum(metrics.late.row) == sum(metrics.lag.total().row) == 0
    assert metrics.readings.when is None
