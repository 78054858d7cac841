"""monitor.backlog: since when requests wait; an hour of load, simulated."""
from __future__ import absolute_import, division, print_function

import random

import pytest

from Products.ZServerViews.monitor.backlog import Backlog
from Products.ZServerViews.monitor.liveness import Live, passed

TIMEOUT = 60
GAP = TIMEOUT / 2


def test_nobody_waits():
    backlog = Backlog()
    assert backlog.look([], None, 100, GAP) is None
    assert backlog.look([], 90, 110, GAP) is None


def test_the_oldest_of_those_that_wait():
    backlog = Backlog()
    assert backlog.look([95, 90, 99], None, 100, GAP) == 10
    assert backlog.look([95, 90, 99], 80, 105, GAP) == 15


def test_a_new_wait_behind_a_pause():
    backlog = Backlog()
    assert backlog.look([90], None, 100, GAP) == 10
    assert backlog.look([], None, 105, GAP) is None
    assert backlog.look([108], None, 110, GAP) == 2


def test_clients_that_give_up():
    """Each waits for 10 s, and nobody is served."""
    backlog = Backlog()
    assert [backlog.look([now - 10], 50, now, GAP)
            for now in (100, 120, 140)] == [10, 30, 50]


def test_a_worker_that_moves_begins_a_new_wait():
    backlog = Backlog()
    assert backlog.look([90], 95, 100, GAP) == 5
    assert backlog.look([98], 110, 115, GAP) == 5
    assert backlog.look([112], 110, 120, GAP) == 10


def test_an_older_one_turns_up():
    # It waited for another of its own connection before.
    backlog = Backlog()
    assert backlog.look([95], None, 100, GAP) == 5
    assert backlog.look([80], None, 101, GAP) == 21


def test_of_a_long_gap_nothing_is_known():
    backlog = Backlog()
    assert backlog.look([0], None, 1, GAP) == 1
    assert backlog.look([99], None, 1 + GAP + 0.1, GAP) == 0
    assert backlog.look([99], None, 110, GAP) == 11


def test_a_moment_in_the_future_is_none():
    assert Backlog().look([101], None, 100, GAP) == 0


class Simulation(object):
    """Four workers and their queue, in steps of a second.

    Clients give up after ``patience``, but only while they wait; ``take``
    says how long a worker needs.
    """

    def __init__(self, seed, take, patience):
        self.random = random.Random(seed)
        self.take = take
        self.patience = patience
        self.now = 0
        self.workers = [None] * 4  # when each will be done
        self.queue = []
        self.latest = self.moved = None
        self.finished = 0
        self.backlog = Backlog()
        self.live = Live(TIMEOUT)

    def step(self, arrivals):
        self.now += 1
        self.workers = [self._work(ends) for ends in self.workers]
        self.queue += [self.now] * arrivals
        self.queue = [since for since in self.queue
                      if self.now - since < self.patience]

    def _work(self, ends):
        if ends is not None and ends <= self.now:
            self.finished += 1
            self.latest = self.moved = self.now
            ends = None
        if ends is None and self.queue:
            self.queue.pop(0)
            self.moved = self.now
            ends = self.now + self.take(self.random)
        return ends

    def is_live(self):
        waiting = self.backlog.look(self.queue, self.moved, self.now, GAP)
        idle = None if self.latest is None else self.now - self.latest
        return passed(self.live.checks(waiting, idle))


def slow(chance):
    """Up to 55 s for each request: slow, but it ends."""
    return chance.choice([1, 5, 20, 55])


@pytest.mark.parametrize('patience', [5, 30, 10 ** 6])
@pytest.mark.parametrize('every', [1, 10, 29, 47])
@pytest.mark.parametrize('seed', range(3))
def test_an_hour_of_load_that_is_slow_but_moves(seed, every, patience):
    world = Simulation(seed, slow, patience)
    saturated = 0
    for second in range(3600):
        # Rush hours and quiet ones.
        chance = 0.5 if second % 900 < 600 else 0.02
        world.step(int(world.random.random() < chance))
        saturated += bool(world.queue)
        if second % every == 0:
            assert world.is_live(), second
    assert saturated > 1200 and world.finished > 300


@pytest.mark.parametrize('patience', [5, 10 ** 6])
@pytest.mark.parametrize('every', [1, 10, 25])
@pytest.mark.parametrize('seed', range(3))
def test_a_real_stall_behind_half_an_hour(seed, every, patience):
    world = Simulation(seed, slow, patience)
    for second in range(1800):
        world.step(int(world.random.random() < 0.5))
        if second % every == 0:
            assert world.is_live(), second
    # From here on nothing ends, and the oldest has had 55 s already.
    world.workers = [10 ** 9] * 4
    verdicts = {}
    for second in range(TIMEOUT + 2 * every + 55):
        # Somebody always waits.
        world.step(1)
        if second % every == 0:
            verdicts[second] = world.is_live()
    assert verdicts[0]
    assert not verdicts[max(verdicts)]
    fell = min(second for second in verdicts if not verdicts[second])
    assert fell <= TIMEOUT + 2 * every
