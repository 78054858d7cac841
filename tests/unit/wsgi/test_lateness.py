"""wsgi.lateness: how late a thread runs that wants nothing else."""
from __future__ import absolute_import, division, print_function

import os
import threading
import time

import pytest

from Products.ZServerViews.wsgi import lateness as lateness_module
from Products.ZServerViews.wsgi.lateness import (
    IN_TIME,
    KEPT,
    NAME,
    PAUSE,
    Lateness,
)
from tests.unit import dummies

WAIT = 20


@pytest.fixture
def clock():
    return dummies.ManualClock()


@pytest.fixture
def log_queue():
    return dummies.LogQueue()


@pytest.fixture
def begun(monkeypatch):
    """What would run in threads."""
    found = []
    monkeypatch.setattr(lateness_module, 'start_thread',
                        lambda run, args: found.append(run))
    return found


@pytest.fixture
def lateness(clock, log_queue, begun):
    made = Lateness(log_queue, clock)
    made.expect(1000)
    return made


def pass_time(lateness, clock, *steps):
    """It turns behind each of these steps; what that has added."""
    before = lateness.at(clock.now)
    for seconds in steps:
        clock.now += seconds
        assert lateness.turn() is True
    return pytest.approx(lateness.at(clock.now) - before)


def test_in_time(lateness, clock):
    lateness.turn()
    assert 0.0 == pass_time(lateness, clock, PAUSE, PAUSE + IN_TIME / 2)


def test_late(lateness, clock):
    lateness.turn()
    late = PAUSE + IN_TIME + KEPT / 2
    assert KEPT == pass_time(lateness, clock, late, PAUSE, late)


def test_what_keeps_it_for_long_may_have_begun_while_it_slept(lateness, clock):
    lateness.turn()
    late = PAUSE + IN_TIME + 0.5
    assert 2 * late == pass_time(lateness, clock, late, PAUSE, late)


def test_it_is_late_before_it_runs_again(lateness, clock):
    lateness.turn()
    before = lateness.at(clock.now)
    clock.now += PAUSE + IN_TIME + 0.25
    assert lateness.at(clock.now) - before == pytest.approx(
        PAUSE + IN_TIME + 0.25)
    clock.now += 0.25
    lately = lateness.at(clock.now)
    assert lately - before == pytest.approx(PAUSE + IN_TIME + 0.5)
    lateness.turn()
    assert lateness.at(clock.now) == pytest.approx(lately)


def test_until_it_begins_it_is_late(lateness, clock):
    before = lateness.at(clock.now)
    clock.now += KEPT / 2
    assert lateness.at(clock.now) - before == pytest.approx(KEPT / 2)


def test_there_is_one_thread(lateness, begun):
    lateness.expect(2000)
    assert len(begun) == 1


def test_it_ends_when_nobody_expects_it_any_more(clock, log_queue, begun):
    def sleep(seconds):
        slept.append(seconds)
        clock.now += 100

    slept = []
    lateness = Lateness(log_queue, clock, sleep)
    lateness.expect(1000)
    name = threading.current_thread().name
    try:
        begun.pop()()
        assert threading.current_thread().name == NAME
    finally:
        threading.current_thread().name = name
    assert slept == [PAUSE] * 10
    # What it has missed since then is no lateness.
    clock.now += 500
    lateness.expect(1000)
    assert len(begun) == 1
    before = lateness.at(clock.now)
    lateness.turn()
    assert lateness.at(clock.now) == before


def test_it_ends_when_the_clock_was_set_back(lateness, clock):
    clock.now -= 900
    assert lateness.turn() is True
    clock.now -= 86400
    assert lateness.turn() is False


def test_it_ends_without_views(lateness):
    lateness.stop()
    assert lateness.turn() is False


def test_a_forked_process_has_a_thread_of_its_own(lateness, begun, monkeypatch):
    monkeypatch.setattr(os, 'getpid', lambda: -1)
    lateness.expect(1000)
    assert len(begun) == 2


def test_no_thread_can_be_started(clock, log_queue, monkeypatch):
    def fail(run, args):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(lateness_module, 'start_thread', fail)
    lateness = Lateness(log_queue, clock)
    lateness.expect(1000)
    (_level, text, exc_info), = log_queue.logged
    assert text.startswith('No thread can be started')
    assert exc_info[0] is RuntimeError
    before = lateness.at(clock.now)
    clock.now += 5
    assert lateness.at(clock.now) - before >= 5


def test_a_real_thread(log_queue):
    lateness = Lateness(log_queue)
    lateness.expect(WAIT)
    end = time.time() + WAIT
    while not any(thread.name == NAME for thread in threading.enumerate()):
        assert time.time() < end
    lateness.stop()
    while lateness._pid is not None:
        assert time.time() < end
    assert log_queue.logged == []
