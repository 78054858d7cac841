"""monitor.slow_readings: values that take long to read."""
from __future__ import absolute_import, division, print_function

import threading

import pytest

from Products.ZServerViews.monitor.slow_readings import SlowReading
from tests.unit.dummies import ManualClock
from tests.waiting import awaited


@pytest.fixture
def make():
    made = []

    def make(call, **options):
        reading = SlowReading('test', call, interval=0.01, **options)
        made.append(reading)
        return reading

    yield make
    for reading in made:
        reading.stop()


def test_before_the_first_one(make):
    assert make(lambda: 7).document() == {
        'value': None, 'age_seconds': None, 'state': u'has not run yet'}


def test_a_value_and_its_age(make):
    clock = ManualClock()
    reading = make(lambda: {'bytes': 7}, clock=clock)
    reading.start()
    reading.start()
    found = awaited(lambda: reading.document()['value'])
    assert found == {'bytes': 7}
    awaited(lambda: reading.document()['state'] == u'ok')
    reading.stop()
    reading._check._daemon.thread.join(60)
    clock.now += 5
    assert reading.document()['age_seconds'] == 5.0
    assert reading.document()['value'] == {'bytes': 7}
    reading.begin_anew()
    assert reading.document()['value'] is None


def test_a_failure_keeps_the_value_before(make):
    values = [7]
    reading = make(lambda: values[0] if values else {}['password'])
    reading.start()
    awaited(lambda: reading.document()['value'] == 7)
    values.pop()
    awaited(lambda: reading.document()['state'] == u'raised KeyError')
    assert reading.document()['value'] == 7
    assert reading.document()['age_seconds'] is not None
    values.append(8)
    awaited(lambda: reading.document()['value'] == 8)
    awaited(lambda: reading.document()['state'] == u'ok')


def test_one_that_hangs(make):
    goes_on = threading.Event()
    hangs = threading.Event()

    def call():
        hangs.set()
        goes_on.wait(60)
        return 7

    clock = ManualClock()
    reading = make(call, timeout=3, clock=clock)
    reading.start()
    assert hangs.wait(60)
    clock.now += 8
    assert reading.document() == {
        'value': None, 'age_seconds': None, 'state': u'no result for 8.0 s'}
    goes_on.set()
    awaited(lambda: reading.document()['value'] == 7)
