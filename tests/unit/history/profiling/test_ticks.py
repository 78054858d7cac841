"""profiling.ticks: a grid of which each tick is accounted for."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.history.profiling.ticks import Ticks


def test_in_time():
    ticks = Ticks(100.0, 2, 10)
    assert ticks.planned == 20
    assert ticks.next == pytest.approx(100.1)
    for number in range(1, 21):
        assert not ticks.are_over
        assert ticks.look(100.0 + number * 0.1) == 1
    assert ticks.are_over
    assert (ticks.due, ticks.taken) == (20, 20)
    assert ticks.late_p99() == pytest.approx(0.0, abs=1e-9)
    assert ticks.longest_gap == pytest.approx(0.1)


def test_too_early():
    ticks = Ticks(100.0, 2, 10)
    assert ticks.look(100.05) == 0
    assert (ticks.due, ticks.taken, ticks.late_p99()) == (0, 0, None)


def test_ticks_that_were_missed_are_due():
    ticks = Ticks(100.0, 2, 10)
    ticks.look(100.1)
    assert ticks.look(100.95) == 8
    assert ticks.next == pytest.approx(101.0)
    assert ticks.longest_gap == pytest.approx(0.85)
    ticks.look(101.5)
    assert ticks.late_p99() == pytest.approx(0.75)


def test_no_more_are_due_than_were_planned():
    ticks = Ticks(100.0, 1, 10)
    assert ticks.look(105.0) == 10
    assert ticks.are_over


def test_a_request_gets_no_tick_from_before_it_began():
    ticks = Ticks(100.0, 2, 10)
    number = ticks.look(100.85)  # at .1, .2, ... .8
    assert number == 8
    assert ticks.of(number, None) == (8, pytest.approx(0.1))
    assert ticks.of(number, 90.0) == (8, pytest.approx(0.1))
    assert ticks.of(number, 100.55) == (3, pytest.approx(0.6))
    # It began behind the last tick: at none of them it was there.
    assert ticks.of(number, 100.82)[0] == 0


def test_what_was_late_is_kept_in_a_bounded_number(monkeypatch):
    monkeypatch.setattr('Products.ZServerViews.history.profiling.ticks.MOST', 2)
    ticks = Ticks(100.0, 2, 10)
    for number in range(1, 10):
        ticks.look(100.0 + number * 0.1 + (0.05 if number > 2 else 0))
    assert ticks.taken == 9
    assert ticks.late_p99() == pytest.approx(0.0, abs=1e-9)
