"""runtime.draining: when a process that is asked to end does so."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.runtime.draining import SETTLE, Drain
from tests.unit.dummies import ManualClock


def begun(timeout=30):
    clock = ManualClock()
    drain = Drain(clock)
    assert not drain.active
    drain.begin(timeout)
    assert drain.active and drain.draining
    return clock, drain


def test_behind_the_last_request():
    clock, drain = begun()
    assert not drain.over(2)
    clock.now += 10
    assert not drain.over(0)
    clock.now += SETTLE
    assert drain.over(0)


def test_a_late_request_is_waited_for():
    clock, drain = begun()
    assert not drain.over(0)
    clock.now += SETTLE / 2
    assert not drain.over(1)
    clock.now += SETTLE
    assert not drain.over(0)
    clock.now += SETTLE
    assert drain.over(0)


def test_at_most_the_time_given():
    clock, drain = begun(5)
    clock.now += 4
    drain.begin(50)
    assert not drain.over(1)
    clock.now += 1
    assert drain.over(1)


def test_held_and_released():
    drain = Drain()
    drain.hold()
    assert drain.draining and drain.held and not drain.active
    drain.release()
    assert not drain.draining and not drain.held


def test_from_the_end_there_is_no_way_back():
    _clock, drain = begun()
    drain.hold()
    drain.release()
    assert drain.active and drain.draining and not drain.held


def test_the_end_is_news_once():
    drain = Drain()
    assert drain.is_news()
    assert not drain.is_news()
