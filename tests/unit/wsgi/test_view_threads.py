"""wsgi.view_threads: the threads of views that run aside. The clock is a dummy."""
from __future__ import absolute_import, division, print_function

import logging
import os
import threading

import pytest

from Products.ZServerViews._daemons import Daemon
from Products.ZServerViews.wsgi import view_threads as view_threads_module
from Products.ZServerViews.wsgi.view_threads import MOST_STEPS, REST, ViewThreads
from tests.unit import dummies

WAIT = 20
VIEW = 'The view package.view at /a '


class World(object):
    """View threads whose time is looked at by the test alone."""

    def __init__(self):
        self.clock = dummies.ManualClock()
        self.site = dummies.Site()
        self.site.settings.aside_timeout = 30
        self.view_threads = ViewThreads(self.site, self.clock)
        self.view_thread = self.view_threads.view_thread(dummies.mount())
        self.admissions = []

    def pass_time(self, seconds):
        self.clock.now += seconds
        return self.view_threads.tick()

    def block(self, wake=None, first=True):
        """Keep the view thread's thread in a call; the Step and how to end it."""
        begun, admission = threading.Event(), threading.Event()
        self.admissions.append(admission)

        def call():
            begun.set()
            assert admission.wait(WAIT)
            return 'done'

        step = self.view_thread.put(call, wake, first)
        assert begun.wait(WAIT)
        return step, admission

    def settle(self):
        """Return when all that was put before has been done."""
        done = threading.Event()
        self.view_thread.put(lambda: None, done.set)
        assert done.wait(WAIT)

    @property
    def logged(self):
        return [line[:2] for line in self.site.log_queue.logged]


@pytest.fixture
def world(monkeypatch):
    watchers = []
    start = Daemon.start

    def start_but_the_watcher(daemon, run):
        if daemon.name == 'zserver-views-offload':
            watchers.append(daemon.name)
            daemon.thread = threading.current_thread()
            daemon._pid = os.getpid()
        else:
            start(daemon, run)

    monkeypatch.setattr(Daemon, 'start', start_but_the_watcher)
    world = World()
    world.watchers = watchers
    yield world
    for admission in world.admissions:
        admission.set()
    end_threads(world)


def end_threads(world):
    """Let all threads of the view thread rest for long, until there is none."""
    threads = [thread for thread in threading.enumerate()
               if thread.name.startswith('zserver-views-offload /')]
    if world.view_thread.has_thread:
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

    steps = [world.view_thread.put(lambda number=number: step(number))
             for number in range(20)]
    world.view_thread.put(lambda: None, all_done.set)
    assert all_done.wait(WAIT)
    assert [number for number, _thread in done] == list(range(20))
    assert [step.result for step in steps] == [
        (number,) for number in range(20)]
    thread, = set(thread for _number, thread in done)
    assert thread.name == 'zserver-views-offload /a'
    assert thread.daemon
    assert world.watchers == ['zserver-views-offload']
    assert world.view_thread.length == 0


def test_each_mount_has_one_lane(world):
    mounts = dummies.mount(), dummies.mount('/b')
    first, second = [world.view_threads.view_thread(mount) for mount in mounts]
    assert first is not second
    assert world.view_threads.view_thread(mounts[0]) is first
    assert mounts[0].usage.view_thread is first


def test_a_thread_that_rests_ends_and_another_one_begins(world):
    world.settle()
    before, = [thread for thread in threading.enumerate()
               if thread.name == 'zserver-views-offload /a']
    assert world.pass_time(REST - 1) is True
    assert world.view_thread.has_thread
    end_threads(world)
    assert not before.is_alive()
    assert world.view_threads.tick() is False
    world.settle()
    assert world.view_thread.has_thread
    assert world.view_threads.tick() is True


def test_a_call_that_fails_does_not_end_the_thread(world):
    def fail():
        raise SystemExit('on purpose')

    step = world.view_thread.put(fail)
    world.settle()
    assert step.result is None
    (level, text, exc_info), = world.site.log_queue.logged
    assert (level, text) == (logging.ERROR, VIEW + 'failed in its view thread')
    assert exc_info[0] is SystemExit


def test_a_server_that_has_been_closed_cannot_be_woken(world):
    def wake():
        raise OSError('closed')

    step = world.view_thread.put(lambda: 1, wake)
    world.settle()
    assert step.result == (1,)


def test_the_loop_is_woken_by_the_thread_behind_the_step(world):
    woken = []

    def wake():
        woken.append((threading.current_thread().name, step.result))

    _step, admission = world.block()
    step = world.view_thread.put(lambda: 1, wake)
    admission.set()
    world.settle()
    assert woken == [('zserver-views-offload /a', (1,))]


# Late ones

def test_a_call_that_is_late_is_logged_once_and_comes_back(world):
    woken = []
    step, admission = world.block(lambda: woken.append('late'))
    assert world.pass_time(30) is True
    assert not world.view_thread.is_over(step)
    assert world.view_thread.stuck_since is None
    assert not world.view_thread.is_busy
    assert woken == []
    world.pass_time(1)
    assert world.view_thread.is_over(step)
    assert world.view_thread.is_busy
    assert world.view_thread.stuck_since == 1000.0
    assert woken == ['late']
    late = (logging.WARNING, VIEW + 'has not returned after 31.0 s '
            '(aside-timeout); its client gets 504, further requests 503 '
            'until it returns')
    assert world.logged == [late]
    assert world.view_thread.give_up(step) is False
    world.pass_time(1)
    assert woken == ['late']
    assert world.logged == [late]
    admission.set()
    world.settle()
    assert world.logged == [late, (
        logging.WARNING, VIEW + 'has returned after 32.0 s and is called '
        'again')]
    assert world.view_thread.stuck_since is None
    assert not world.view_thread.is_busy
    assert woken == ['late']


def test_first_steps_behind_a_late_call_are_over_at_once(world):
    woken = []
    world.block()
    world.clock.now += 29
    first = world.view_thread.put(lambda: 1, lambda: woken.append('first'), True)
    later = world.view_thread.put(lambda: 1, lambda: woken.append('later'))
    closing = world.view_thread.put(lambda: 1)
    world.pass_time(1)
    assert woken == []
    world.pass_time(1)
    assert woken == ['first']
    assert world.view_thread.is_over(first)
    assert not world.view_thread.is_over(later)
    assert world.view_thread.give_up(first) is True
    world.pass_time(29)
    assert woken == ['first', 'later']
    assert world.view_thread.give_up(later) is True
    assert world.view_thread.length == 1
    world.admissions[0].set()
    world.settle()
    assert closing.result == (1,)
    assert first.result is later.result is None


def test_the_time_is_read_from_the_settings_each_time(world):
    step, _admission = world.block()
    world.pass_time(10)
    assert not world.view_thread.is_over(step)
    world.site.settings.aside_timeout = 5
    assert world.view_thread.is_over(step)


def test_there_is_room_for_so_many_steps(world):
    world.block()
    for _step in range(MOST_STEPS):
        assert not world.view_thread.is_busy
        world.view_thread.put(lambda: 1)
    assert world.view_thread.is_busy
    assert world.view_thread.stuck_since is None


# Threads that cannot be had, or are not there any more

def test_a_thread_that_cannot_be_started(world, monkeypatch):
    start = Daemon.start

    def none(daemon, run):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Daemon, 'start', none)
    step = world.view_thread.put(lambda: 1, first=True)
    assert not world.view_thread.has_thread
    (level, text, exc_info), = world.site.log_queue.logged
    assert level == logging.ERROR
    assert text == VIEW + 'cannot be offloaded: no thread could be started'
    assert exc_info[0] is RuntimeError
    monkeypatch.setattr(Daemon, 'start', start)
    world.settle()
    assert step.result == (1,)


def test_a_watcher_that_cannot_be_started(world, monkeypatch):
    start = Daemon.start

    def none_but_lanes(daemon, run):
        if daemon.name == 'zserver-views-offload':
            raise RuntimeError("can't start new thread")
        start(daemon, run)

    monkeypatch.setattr(Daemon, 'start', none_but_lanes)
    world.settle()
    assert world.logged == [
        (logging.ERROR, VIEW + 'cannot be offloaded: no thread could be '
         'started')]
    assert world.view_thread.has_thread


def test_a_fork_leaves_no_thread(world):
    _step, admission = world.block()
    world.view_thread._daemon._pid = 1  # its parent's, for a child
    step = world.view_thread.put(lambda: 1)
    world.settle()
    assert step.result == (1,)
    admission.set()


def test_a_forked_child_begins_with_new_threads(world):
    mount = dummies.mount()
    world.site.budget.adopt([mount])
    before = world.view_threads.view_thread(mount)
    world.view_threads.begin_anew()
    assert world.view_threads.view_thread(mount) is not before
    assert not world.view_threads.tick()


def test_what_was_late_in_the_parent_counts_for_no_child(world):
    mount = dummies.mount()
    mount.usage.is_offloaded, mount.usage.timeouts = True, 3
    world.view_threads.view_thread(mount).timeouts = 3
    world.site.budget.adopt([mount])
    mount.usage.offloaded_until = 0.0  # its hour is over
    world.view_threads.begin_anew()
    assert not world.site.budget.keeps_offloaded(mount)


def test_the_watcher_looks_while_a_lane_has_a_thread(monkeypatch):
    monkeypatch.setattr(view_threads_module, 'TICK', 0)
    before = threading.enumerate()
    world = World()
    late = threading.Event()
    _step, admission = world.block(late.set)
    world.clock.now += 31
    assert late.wait(WAIT)
    admission.set()
    names = [thread.name for thread in threading.enumerate()
             if thread not in before]
    assert names.count('zserver-views-offload') == 1
    end_threads(world)


def test_whether_a_step_runs_or_waits(world):
    assert not world.view_thread.is_working
    _step, admission = world.block()
    assert world.view_thread.is_working
    admission.set()
    world.settle()
    while world.view_thread.is_working:
        pass  # it has told before it looks for more
