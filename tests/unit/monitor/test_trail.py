"""monitor.trail: what the counters have gained in each interval."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.monitor.metrics import Metrics
from Products.ZServerViews.monitor.requests import Request
from Products.ZServerViews.monitor.trail import INTERVALS, Trail
from tests.unit.dummies import ManualClock


class World(object):

    def __init__(self):
        self.clock = ManualClock()
        self.metrics = Metrics(None, self.clock)
        self.trail = Trail(self.metrics.tally, self.metrics.lag, self.clock,
                           lambda: 1000000000.0 + self.clock.now)

    def finish(self, seconds, status='200'):
        request = Request('GET', '/', self.clock.now - seconds)
        request.start(self.clock.now - seconds, 1)
        request.status = status
        self.metrics.tally.add(1, request, self.clock.now)

    def pass_time(self, seconds=10):
        self.clock.now += seconds
        self.trail.look()


@pytest.fixture
def world():
    return World()


def test_nothing_before_the_second_look(world):
    assert world.trail.intervals() == []
    world.pass_time()
    assert world.trail.intervals() == []


def test_what_has_finished_in_each_interval(world):
    world.finish(1)
    world.pass_time()
    world.finish(0.06)
    world.finish(0.06, '404')
    world.finish(2, b'500')
    world.metrics.lag.here().observe(0.25)
    world.pass_time()
    world.pass_time()
    first, second = world.trail.intervals()
    assert first == {
        'time': int(1000000000.0 + world.clock.now - 10), 'seconds': 10.0,
        'requests': 3, 'failed': 1, 'p50_seconds': 0.069,
        'p95_seconds': 2.275, 'longest_lag_seconds': 0.25}
    assert (second['requests'], second['failed']) == (0, 0)
    assert second['p50_seconds'] is second['p95_seconds'] is None


def test_the_past_is_limited(world):
    for _number in range(INTERVALS + 5):
        world.finish(0.01)
        world.pass_time()
    found = world.trail.intervals()
    assert [one['requests'] for one in found] == [1] * INTERVALS


def test_counters_that_begin_anew(world):
    world.pass_time()
    world.finish(0.01)
    world.pass_time()
    world.metrics.tally.begin_anew()
    world.pass_time()
    assert [one['requests'] for one in world.trail.intervals()] == [1, 0]


def test_in_a_forked_child(world):
    world.metrics.follow(True)
    world.metrics.trail.look()
    world.metrics.trail.look()
    world.metrics.begin_anew()
    assert world.metrics.trail.intervals() == []


def test_only_where_a_view_shows_it(world):
    metrics = world.metrics
    assert metrics.trail is None
    metrics.read()
    metrics.follow(True)
    trail = metrics.trail
    metrics.read()
    metrics.read()
    assert len(trail.intervals()) == 1
    metrics.follow(True)
    assert metrics.trail is trail
    metrics.follow(False)
    assert metrics.trail is None
