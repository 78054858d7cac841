"""monitor.liveness: the verdicts, from numbers alone."""
from __future__ import absolute_import, division, print_function

import heapq
import random
from collections import deque

import pytest

from Products.ZServerViews.monitor.liveness import Live, Ready, passed, startup
from Products.ZServerViews.monitor.finished import Finished


@pytest.mark.parametrize('waiting, idle, alive', [
    (None, None, True), (None, 1000, True), (0, None, True),
    (59.9, None, True), (60, None, False), (1000, 59, True),
    (1000, 60, False), (59, 1000, True)])
def test_live(waiting, idle, alive):
    checks = Live().checks(waiting, idle)
    assert [check.name for check in checks] == ['progress']
    assert passed(checks) is alive


def test_what_live_says():
    assert Live().checks(None, 5)[0].line() == u'[+]progress ok'
    assert Live(10).checks(30, 20)[0].line() == (
        u'[-]progress failed: requests wait, and none has finished for 20.0 s')


@pytest.mark.parametrize('changes, failed', [
    ({}, []), ({'started': False}, ['started']),
    ({'draining': True}, ['not-draining']),
    ({'oldest_wait_seconds': 5}, []), ({'oldest_wait_seconds': 5.1}, ['wait']),
    ({'queue_depth': 100}, []), ({'queue_depth': 101}, ['queue']),
    ({'started': False, 'draining': True, 'oldest_wait_seconds': 9,
      'queue_depth': 999}, ['started', 'not-draining', 'wait', 'queue'])])
def test_ready(changes, failed):
    numbers = dict(started=True, draining=False, oldest_wait_seconds=None,
                   queue_depth=0)
    numbers.update(changes)
    checks = Ready().checks(**numbers)
    assert [check.name for check in checks if not check.ok] == failed
    assert passed(checks) is not bool(failed)


def test_what_ready_says():
    checks = Ready(max_wait=2, max_queue=1).checks(
        False, True, 2.5, 3, in_flight=7)
    assert [check.line() for check in checks] == [
        u'[-]started failed: still starting',
        u'[-]not-draining failed: draining, 7 in flight',
        u'[-]wait failed: the oldest request has waited 2.5 s, at most 2.0 s',
        u'[-]queue failed: 3 requests wait, at most 1']
    assert Ready(max_wait=2).checks(True, False, 2.001, 0)[2].line() == (
        u'[-]wait failed: the oldest request has waited more than 2.0 s')
    assert Ready(max_wait=2).checks(True, False, 1.999, 0)[2].detail == (
        u'the oldest request has waited 2.0 s, at most 2.0 s')
    assert [check.detail for check in Ready().checks(True, False, None, 0)
            ][:2] == [u'started', u'not draining']


def test_startup():
    (check,) = startup(False)
    assert check.name == 'started' and not check.ok
    assert check.detail == u'still starting'
    assert passed(startup(True))


class Site(object):
    """Workers and a queue in simulated time."""

    def __init__(self, workers=4):
        self.now = 0.0
        self.finished = Finished(lambda: self.now)
        self.idle = workers
        self.queue = deque()
        self.ends = []
        self.served = 0

    def receive(self, lasts):
        self.queue.append((self.now, lasts))
        self._begin()

    def _begin(self):
        while self.idle and self.queue:
            _received, lasts = self.queue.popleft()
            self.idle -= 1
            heapq.heappush(self.ends, self.now + lasts)

    def run_until(self, moment):
        while self.ends and self.ends[0] <= moment:
            self.now = heapq.heappop(self.ends)
            self.idle += 1
            self.served += 1
            self.finished.add()
            self._begin()
        self.now = moment

    def wait(self):
        return self.now - self.queue[0][0] if self.queue else None

    def live(self):
        return passed(Live().checks(self.wait(), self.finished.idle_seconds()))

    def ready(self):
        return passed(Ready().checks(True, False, self.wait(),
                                     len(self.queue)))


def test_an_hour_that_is_slow_but_moves():
    chance = random.Random(5)
    site = Site()
    unready = 0
    for second in range(3600):
        site.run_until(float(second))
        # More than the workers can do, and requests of up to 55 seconds.
        if chance.random() < 0.3:
            site.receive(chance.choice([0.1, 1, 10, 30, 55]))
        assert site.live(), second
        unready += not site.ready()
    assert site.served > 200
    # The load was heavy enough for the other verdict.
    assert unready > 1000


def test_a_deadlock_and_its_end():
    site = Site()
    site.receive(0.5)
    site.run_until(10.0)
    for _request in range(10):
        site.receive(200.0)
    verdicts = []
    for second in range(10, 240):
        site.run_until(float(second))
        verdicts.append((second, site.live(), site.ready()))
    dead = [second for second, live, _ready in verdicts if not live]
    unready = [second for second, _live, ready in verdicts if not ready]
    # The first one waits from second 10 on; workers come back at 210.
    assert dead == list(range(70, 210))
    assert unready[0] == 16


def test_stuck_workers_for_whom_nobody_waits():
    site = Site()
    for _request in range(4):
        site.receive(1000.0)
    site.run_until(900.0)
    assert site.live() and site.ready()


def test_ready_recovers_with_the_queue():
    site = Site(1)
    site.receive(20.0)
    site.receive(1.0)
    site.run_until(19.0)
    assert not site.ready()
    site.run_until(20.5)
    assert site.ready()
