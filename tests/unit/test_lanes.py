"""lanes: the threads of views that run aside. The clock is a dummy."""
from __future__ import absolute_import, division, print_function

import logging
import threading

import pytest

from Products.ZServerViews import lanes as lanes_module
from Products.ZServerViews.lanes import MOST_STEPS, REST, Lanes

from . import dummies

WAIT = 20
VIEW = 'The view package.view at /a '


class World(object):
    """Lanes whose time is looked at by the test alone."""

    def __init__(self):
        self.clock = dummies.ManualClock()
        self.site = dummies.Site()
        self.site.settings.aside_timeout = 30
        self.lanes = Lanes(self.site, self.clock)
        self.lane = self.lanes.lane(dummies.mount())
        self.gates = []

    def pass_time(self, seconds):
        self.clock.now += seconds
        return self.lanes.tick()

    def block(self, wake=None, first=True):
        """Keep the lane's thread in a call; the Step and how to end it."""
        begun, gate = threading.Event(), threading.Event()
        self.gates.append(gate)

        def call():
            begun.set()
            assert gate.wait(WAIT)
            return 'done'

        step = self.lane.put(call, wake, first)
        assert begun.wait(WAIT)
        return step, gate

    def settle(self):
        """Return when all that was put before has been done."""
        done = threading.Event()
        self.lane.put(lambda: None, done.set)
        assert done.wait(WAIT)

    @property
    def logged(self):
        return [line[:2] for line in self.site.journal.logged]


@pytest.fixture
def world(monkeypatch):
    watchers = []
    start_thread = lanes_module.start_thread

    def start_but_the_watcher(name, run):
        if name == 'zserver-views-aside':
            watchers.append(name)
            return threading.current_thread()
        return start_thread(name, run)

    monkeypatch.setattr(lanes_module, 'start_thread', start_but_the_watcher)
    world = World()
    world.watchers = watchers
    yield world
    for gate in world.gates:
        gate.set()
    end_threads(world)


def end_threads(world):
    """Let all threads of the lane rest for long, until there is none."""
    threads = [thread for thread in threading.enumerate()
               if thread.name.startswith('zserver-views-aside /')]
    if world.lane.has_thread:
        world.settle()
    for _time in range(1000):
        world.pass_time(REST + 1)
        for thread in threads:
            thread.join(0.02)
        if not any(thread.is_alive() for thread in threads):
            break
    assert not any(thread.is_alive() for thread in threads)


def test_steps_are_done_in_their_order_by_one_thread(world):
    done, all_done = [], threading.Event()

    def step(number):
        done.append((number, threading.current_thread()))
        return number

    steps = [world.lane.put(lambda number=number: step(number))
             for number in range(20)]
    world.lane.put(lambda: None, all_done.set)
    assert all_done.wait(WAIT)
    assert [number for number, _thread in done] == list(range(20))
    assert [step.result for step in steps] == [
        (number,) for number in range(20)]
    thread, = set(thread for _number, thread in done)
    assert thread.name == 'zserver-views-aside /a'
    assert thread.daemon
    assert world.watchers == ['zserver-views-aside']
    assert world.lane.length == 0


def test_each_mount_has_one_lane(world):
    mounts = dummies.mount(), dummies.mount('/b')
    first, second = [world.lanes.lane(mount) for mount in mounts]
    assert first is not second
    assert world.lanes.lane(mounts[0]) is first
    assert mounts[0].tally.lane is first


def test_a_thread_that_rests_ends_and_another_one_begins(world):
    world.settle()
    before, = [thread for thread in threading.enumerate()
               if thread.name == 'zserver-views-aside /a']
    assert world.pass_time(REST - 1) is True
    assert world.lane.has_thread
    end_threads(world)
    assert not before.is_alive()
    assert world.lanes.tick() is False
    world.settle()
    assert world.lane.has_thread
    assert world.lanes.tick() is True


def test_a_call_that_fails_does_not_end_the_thread(world):
    def fail():
        raise SystemExit('on purpose')

    step = world.lane.put(fail)
    world.settle()
    assert step.result is None
    (level, text, exc_info), = world.site.journal.logged
    assert (level, text) == (logging.ERROR, VIEW + 'failed aside')
    assert exc_info[0] is SystemExit


def test_a_server_that_has_been_closed_cannot_be_woken(world):
    def wake():
        raise OSError('closed')

    step = world.lane.put(lambda: 1, wake)
    world.settle()
    assert step.result == (1,)


def test_the_loop_is_woken_by_the_thread_behind_the_step(world):
    woken = []

    def wake():
        woken.append((threading.current_thread().name, step.result))

    _step, gate = world.block()
    step = world.lane.put(lambda: 1, wake)
    gate.set()
    world.settle()
    assert woken == [('zserver-views-aside /a', (1,))]


# Late ones

def test_a_call_that_is_late_is_logged_once_and_comes_back(world):
    woken = []
    step, gate = world.block(lambda: woken.append('late'))
    assert world.pass_time(30) is True
    assert not world.lane.is_over(step)
    assert world.lane.stuck_since is None
    assert not world.lane.is_busy
    assert woken == []
    world.pass_time(1)
    assert world.lane.is_over(step)
    assert world.lane.is_busy
    assert world.lane.stuck_since == 1000.0
    assert woken == ['late']
    late = (logging.WARNING, VIEW + 'has not come back after 31.0 s; its '
            'client gets 504, and others 503 until it has')
    assert world.logged == [late]
    assert world.lane.give_up(step) is False
    world.pass_time(1)
    assert woken == ['late']
    assert world.logged == [late]
    gate.set()
    world.settle()
    assert world.logged == [late, (
        logging.WARNING, VIEW + 'has come back after 32.0 s and is called '
        'again')]
    assert world.lane.stuck_since is None
    assert not world.lane.is_busy
    assert woken == ['late']


def test_first_steps_behind_a_late_call_are_over_at_once(world):
    woken = []
    world.block()
    world.clock.now += 29
    first = world.lane.put(lambda: 1, lambda: woken.append('first'), True)
    later = world.lane.put(lambda: 1, lambda: woken.append('later'))
    closing = world.lane.put(lambda: 1)
    world.pass_time(1)
    assert woken == []
    world.pass_time(1)
    assert woken == ['first']
    assert world.lane.is_over(first)
    assert not world.lane.is_over(later)
    assert world.lane.give_up(first) is True
    world.pass_time(29)
    assert woken == ['first', 'later']
    assert world.lane.give_up(later) is True
    assert world.lane.length == 1
    world.gates[0].set()
    world.settle()
    assert closing.result == (1,)
    assert first.result is later.result is None


def test_the_time_is_read_from_the_settings_each_time(world):
    step, _gate = world.block()
    world.pass_time(10)
    assert not world.lane.is_over(step)
    world.site.settings.aside_timeout = 5
    assert world.lane.is_over(step)


def test_there_is_room_for_so_many_steps(world):
    world.block()
    for _step in range(MOST_STEPS):
        assert not world.lane.is_busy
        world.lane.put(lambda: 1)
    assert world.lane.is_busy
    assert world.lane.stuck_since is None


# Threads that cannot be had, or are not there any more

def test_a_thread_that_cannot_be_started(world, monkeypatch):
    start_thread = lanes_module.start_thread

    def none(name, run):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(lanes_module, 'start_thread', none)
    step = world.lane.put(lambda: 1, first=True)
    assert not world.lane.has_thread
    (level, text, exc_info), = world.site.journal.logged
    assert level == logging.ERROR
    assert text == VIEW + 'lacks a thread to run aside'
    assert exc_info[0] is RuntimeError
    monkeypatch.setattr(lanes_module, 'start_thread', start_thread)
    world.settle()
    assert step.result == (1,)


def test_a_watcher_that_cannot_be_started(world, monkeypatch):
    start_thread = lanes_module.start_thread

    def none_but_lanes(name, run):
        if name == 'zserver-views-aside':
            raise RuntimeError("can't start new thread")
        return start_thread(name, run)

    monkeypatch.setattr(lanes_module, 'start_thread', none_but_lanes)
    world.settle()
    assert world.logged == [
        (logging.ERROR, VIEW + 'lacks a thread to run aside')]
    assert world.lane.has_thread


class Gone(object):
    """A thread that a fork has left behind."""

    def is_alive(self):
        return False


def test_a_fork_leaves_no_thread(world, monkeypatch):
    start_thread = lanes_module.start_thread
    monkeypatch.setattr(lanes_module, 'start_thread',
                        lambda name, run: Gone())
    step = world.lane.put(lambda: 1)
    assert world.lane.has_thread
    monkeypatch.setattr(lanes_module, 'start_thread', start_thread)
    world.settle()
    assert step.result == (1,)


def test_the_watcher_looks_while_a_lane_has_a_thread(monkeypatch):
    monkeypatch.setattr(lanes_module, 'TICK', 0)
    before = threading.enumerate()
    world = World()
    late = threading.Event()
    _step, gate = world.block(late.set)
    world.clock.now += 31
    assert late.wait(WAIT)
    gate.set()
    names = [thread.name for thread in threading.enumerate()
             if thread not in before]
    assert names.count('zserver-views-aside') == 1
    end_threads(world)
