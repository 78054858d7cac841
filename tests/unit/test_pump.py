"""hooks.pump: what it measures, and what comes of that."""
from __future__ import absolute_import, division, print_function

import socket

import pytest

from Products.ZServerViews.hooks import pump as pump_module
from Products.ZServerViews.hooks.pump import Pump

from . import dummies


class Time(object):
    """The clock of the pump; views move it."""

    now = 0.0

    def __call__(self):
        return self.now


class Channel(object):
    """Takes everything; each send lasts for long."""

    def __init__(self, time):
        self._time = time
        self.sent = []
        self.broken = False

    def send(self, data):
        if self.broken:
            raise socket.error('broken')
        self._time.now += 1000
        self.sent.append(bytes(data))
        return len(data)


class Work(dummies.Iterable):
    """Parts that each take so many seconds, and so does the end."""

    def __init__(self, time, seconds, *parts):
        dummies.Iterable.__init__(self, *parts)
        self._time = time
        self._seconds = seconds

    def __next__(self):
        self._time.now += self._seconds
        return dummies.Iterable.__next__(self)

    next = __next__

    def close(self):
        self._time.now += self._seconds
        dummies.Iterable.close(self)


class Budget(object):
    """Keeps what it is told; sets the view aside if it has had enough."""

    def __init__(self):
        self.told = []
        self.enough = False

    def spent(self, mount, seconds):
        self.told.append((mount, round(seconds, 6)))
        mount.tally.runs_aside = self.enough


class World(object):
    """A site with one view."""

    def __init__(self, monkeypatch):
        self.time = Time()
        monkeypatch.setattr(pump_module, 'stopwatch', self.time)
        self.site = dummies.Site()
        self.site.budget = Budget()
        self.site.set_aside = self.set_aside
        self.mount = dummies.mount()
        self.channel = Channel(self.time)
        self.aside = []

    def set_aside(self, mount, exchange):
        self.aside.append((mount, exchange))
        return dummies.Driver(dummies.view(result=[b'aside'])).exchange

    def pump(self, seconds, *parts):
        self.parts = Work(self.time, seconds, *parts)
        driver = dummies.Driver(dummies.view(result=self.parts))
        return Pump(driver.exchange, self.mount, {}, self.site)

    @property
    def seconds(self):
        assert all(mount is self.mount
                   for mount, _seconds in self.site.budget.told)
        return [seconds for _mount, seconds in self.site.budget.told]


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def test_the_time_of_the_view_is_told_for_each_turn(world):
    pump = world.pump(0.008, b'one', b'two')
    assert pump.turn(world.channel) is False
    # Three calls. What the socket has taken is not the view's.
    assert world.seconds == [0.024]
    assert pump.turn(world.channel) is True
    assert world.seconds == [0.024, 0.0]
    pump.close()
    assert world.seconds == [0.024, 0.0, 0.008]
    assert world.parts.closed == 1
    assert world.aside == []


def test_a_slow_part_ends_the_turn(world):
    pump = world.pump(0.05, b'one', b'two')
    for turn in range(1, 4):
        assert pump.turn(world.channel) is False
        assert len(world.channel.sent) == turn
    assert pump.turn(world.channel) is True
    assert world.seconds == [0.05] * 3 + [0.0]


def test_what_is_left_of_a_block_costs_the_view_nothing(world):
    pump = world.pump(0.05, b'one')
    world.channel.send = lambda data: 1
    pump.turn(world.channel)
    pump.turn(world.channel)
    assert world.seconds == [0.05, 0.0]


def test_a_socket_that_fails_is_no_way_out(world):
    pump = world.pump(0.3, b'one')
    world.channel.broken = True
    world.site.budget.enough = True
    with pytest.raises(socket.error):
        pump.turn(world.channel)
    assert world.seconds == [0.3]
    assert world.aside == []


def test_a_view_that_is_too_slow_goes_on_aside(world):
    pump = world.pump(0.3, b'one', b'two')
    exchange = pump.exchange
    world.site.budget.enough = True
    assert pump.turn(world.channel) is False
    assert world.aside == []
    assert pump.turn(world.channel) is True
    assert world.aside == [(world.mount, exchange)]
    assert pump.exchange is not exchange
    assert [sent[-3:] for sent in world.channel.sent] == [b'e\r\n', b'ide']


def test_a_clock_that_is_set_back_takes_no_time(world):
    pump = world.pump(-5.0, b'one')
    pump.turn(world.channel)
    pump.close()
    assert world.seconds == [0.0, 0.0]
