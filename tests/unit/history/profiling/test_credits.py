"""profiling.credits: what a late look is credited to."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.history.looks import Seen
from Products.ZServerViews.history.profiling import credits as credits_module
from Products.ZServerViews.history.profiling.credits import (
    UNSEEN,
    Credits,
    PlainCredits,
    credits_here,
)
from Products.ZServerViews.history.stack_table import StackTable
from Products.ZServerViews.monitor import thread_clocks
from Products.ZServerViews.monitor.thread_states import RUNNING

COMPUTES, SORTS, WAITS, LOST = 1, 2, 3, 99


class World(object):
    """One worker, and the clocks."""

    def __init__(self):
        self.now = 100.0
        self.thread = self.process = 5.0
        self.request = 'the first request'
        self.credits = Credits(self.clock, lambda: self.process,
                               lambda: 0.005, lambda: LOST)

    def clock(self, native_id):
        assert native_id == 77
        return None if self.thread is None else int(self.thread * 1e9)

    def passes(self, seconds, thread=0.0, process=None):
        """The worker, and the process, need so much processor time."""
        self.now += seconds
        self.thread += thread
        self.process += thread if process is None else process

    def look(self, stack, late, seconds):
        """{stack: seconds}; all but ``stack`` were running."""
        self.credits.begin(self.now, late)
        found = self.credits.divide(
            Seen(7, 'w', self.request, stack, 'its state', 77), seconds)
        assert all(state == ('its state' if number == stack else RUNNING)
                   for number, state, _seconds in found)
        assert sum(part[2] for part in found) == pytest.approx(seconds)
        # In the order of time.
        assert stack not in [part[0] for part in found[:-1]]
        return dict((number, pytest.approx(seconds))
                    for number, _state, seconds in found)

    def learns(self, stack, thread, times=4):
        """It stays there, and needs so much processor time each time."""
        for _number in range(times):
            self.passes(0.01, thread)
            self.look(stack, 0.0, 0.01)


@pytest.fixture
def world():
    return World()


def test_a_look_in_time(world):
    assert world.look(COMPUTES, 0.0, 0.01) == {COMPUTES: 0.01}
    world.passes(0.01, 0.01)
    assert world.look(SORTS, 0.0, 0.01) == {SORTS: 0.01}


def test_who_was_there_a_moment_before_the_sampler_could_ask(world):
    world.look(COMPUTES, 0.0, 0.01)
    world.passes(0.05, 0.05)
    assert world.look(SORTS, 0.04, 0.05) == {COMPUTES: 0.005, SORTS: 0.045}


def test_of_another_request_nothing_is_taken(world):
    world.look(COMPUTES, 0.0, 0.01)
    world.request = 'the second'
    world.passes(0.05, 0.05)
    assert world.look(SORTS, 0.04, 0.05) == {SORTS: 0.05}


def test_who_has_begun_to_wait_has_computed_before(world):
    world.learns(WAITS, 0.0)
    world.passes(0.01, 0.01)
    world.look(SORTS, 0.0, 0.01)
    world.passes(0.05, 0.03, 0.04)
    # The delay is divided as the processor time is: 40 ms, three quarters.
    assert world.look(WAITS, 0.04, 0.05) == {SORTS: 0.03, WAITS: 0.02}


def test_what_nobody_has_seen_is_told_as_such(world):
    world.learns(WAITS, 0.0)
    world.request = 'the second'
    world.passes(0.05, 0.04)
    assert world.look(WAITS, 0.04, 0.05) == {LOST: 0.04, WAITS: 0.01}


def test_no_more_is_moved_than_there_is(world):
    world.learns(WAITS, 0.0)
    world.request = 'the second'
    world.passes(0.05, 0.05)
    assert world.look(WAITS, 0.04, 0.02) == {LOST: 0.02}
    assert world.look(WAITS, 0.0, 0.0) == {}


def test_who_waits_for_the_interpreter_does_not_wait_there(world):
    # Its clock moves a little, for it asks again and again.
    world.learns(SORTS, 0.00002)
    world.passes(0.01)
    world.look(COMPUTES, 0.0, 0.01)
    world.passes(0.05, 0.05)
    assert world.look(SORTS, 0.04, 0.05) == {COMPUTES: 0.005, SORTS: 0.045}


def test_a_clock_that_stands_still_now_and_then_tells_nothing(world):
    # A busy machine has not let it run.
    for _number in range(5):
        world.learns(SORTS, 0.01, 30)
        world.learns(SORTS, 0.0, 1)
    world.passes(0.01)
    world.look(COMPUTES, 0.0, 0.01)
    world.passes(0.05, 0.05)
    assert world.look(SORTS, 0.04, 0.05) == {COMPUTES: 0.005, SORTS: 0.045}


def test_a_still_clock_for_a_short_time_tells_nothing(world):
    for _number in range(9):
        world.passes(0.001)
        world.look(SORTS, 0.0, 0.0)
    world.passes(0.01)
    world.look(COMPUTES, 0.0, 0.01)
    world.passes(0.05, 0.05)
    assert world.look(SORTS, 0.04, 0.05) == {COMPUTES: 0.005, SORTS: 0.045}


def test_a_place_is_forgotten_where_there_are_too_many(world, monkeypatch):
    monkeypatch.setattr(credits_module, 'MOST', 1)
    world.learns(WAITS, 0.0)
    world.learns(COMPUTES, 0.01)
    world.passes(0.05, 0.04)
    # Not known for waits any more.
    assert world.look(WAITS, 0.04, 0.05) == {COMPUTES: 0.005, WAITS: 0.045}


def test_a_thread_without_a_clock(world):
    world.thread = None
    assert world.look(COMPUTES, 0.0, 0.01) == {COMPUTES: 0.01}
    assert world.look(SORTS, 0.04, 0.05) == {SORTS: 0.05}


def test_where_there_are_no_clocks():
    plain = PlainCredits()
    plain.begin(100.0, 0.04)
    seen = Seen(7, 'w', 'request', SORTS, 'its state')
    assert plain.divide(seen, 0.05) == [(SORTS, 'its state', 0.05)]
    assert plain.divide(seen, 0.0) == []


def test_here(monkeypatch):
    table = StackTable()
    made = credits_here(table)
    assert isinstance(made, Credits) == thread_clocks.available()
    if thread_clocks.available():
        assert table.frames(made._unseen()) == UNSEEN
    monkeypatch.setattr(thread_clocks, 'available', lambda: False)
    assert isinstance(credits_here(table), PlainCredits)
