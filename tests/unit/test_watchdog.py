"""watchdog: what it sees of a loop, and what it does about it."""
from __future__ import absolute_import, division, print_function

import logging
import socket
import threading
import time

import pytest

from Products.ZServerViews import watchdog as watchdog_module
from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.table import ViewTable
from Products.ZServerViews.watchdog import REPORT, TICK, Watchdog

from . import dummies


class World(object):
    """A watchdog without its thread, and the loop of this thread."""

    def __init__(self):
        self.now = 100.0
        self.wakes = 0
        self.site = dummies.Site()
        self.site.table = ViewTable()
        self.site.heads = dummies.stopped_heads()
        self.site.watchdog = Watchdog(self.site, clock=lambda: self.now)
        self.loop = self.site.loops.begin(self.wake)
        self.loop.running = True
        self.answers = True

    def wake(self):
        self.wakes += 1
        if self.answers:
            self.loop.turns += 1

    def tick(self, seconds=TICK):
        self.now += seconds
        return self.site.watchdog.tick()

    def ticks(self, number):
        for _tick in range(number):
            self.tick()

    @property
    def logged(self):
        return [(level, text) for level, text, _exc_info
                in self.site.journal.logged]

    @property
    def texts(self):
        return [text for _level, text in self.logged]


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr(watchdog_module.atexit, 'register', lambda call: None)
    made = World()
    yield made
    made.site.watchdog.stop()
    made.site.watchdog.close()


def test_an_idle_loop_is_woken_twice_a_second(world):
    world.ticks(41)
    assert 19 <= world.wakes <= 21
    assert world.logged == []
    assert world.site.watchdog.stalled_for is None


def test_a_busy_loop_is_left_alone(world):
    for _tick in range(20):
        world.loop.turns += 7
        assert not world.tick()
    assert world.wakes == 0


def test_a_loop_that_stands_still(world):
    world.tick()
    world.loop.turns += 1
    world.answers = False
    seen = []
    for _tick in range(4):
        seen.append((world.tick(), world.site.watchdog.stalled_for))
    assert seen == [(False, None), (False, None), (True, 0.5), (True, 0.75)]
    assert world.logged == []
    world.ticks(9)
    (level, text), = world.logged  # once
    assert level == logging.ERROR
    assert text.startswith("The server's loop has not moved for 1.0 s; its "
                           'stack, the innermost call last:\n  File "')
    assert ', in test_a_loop_that_stands_still\n    world.ticks(9)' in text
    assert world.wakes == 1


def test_it_moves_again(world):
    world.answers = False
    world.ticks(10)
    world.loop.turns += 1
    assert not world.tick()
    assert world.site.watchdog.stalled_for is None
    assert world.logged[1:] == [
        (logging.INFO, "The server's loop moves again after 2.2 s")]
    world.ticks(10)
    assert len(world.logged) == 3  # it stands again


def test_a_short_stall_is_not_logged(world):
    world.answers = False
    world.ticks(4)
    assert world.site.watchdog.stalled_for
    world.loop.turns += 1
    world.tick()
    assert world.logged == []


def test_a_loop_that_has_ended(world):
    world.answers = False
    world.loop.running = False
    world.ticks(20)
    assert world.logged == []
    assert world.wakes == 0


def test_a_loop_whose_server_is_closed(world):
    def closed():
        raise OSError(9, 'Bad file descriptor')

    world.loop.wake = closed
    world.ticks(20)
    assert world.logged == []


def test_a_loop_whose_thread_has_ended(world):
    world.answers = False
    world.loop.thread = -1
    world.ticks(40)
    assert world.logged == []


def test_two_loops(world):
    other = []

    def run():
        loop = world.site.loops.begin(lambda: None)
        loop.running = True
        other.append(loop)

    thread = threading.Thread(target=run)
    world.tick()
    thread.start()
    thread.join()
    world.ticks(3)
    assert world.site.watchdog.stalled_for == 0.5
    other[0].turns += 1
    world.tick()
    assert world.site.watchdog.stalled_for is None


def test_a_pause_of_everything_is_no_fault_of_the_loop(world):
    world.tick()
    world.answers = False
    world.tick(60.0)
    world.tick()
    assert world.site.watchdog.stalled_for is None
    world.answers = True
    world.loop.turns += 1
    world.ticks(10)
    assert world.logged == [(
        logging.WARNING, 'For 59.8 s no Python code could run: other code '
        'kept the lock of the interpreter, or the process did not get the '
        'processor')]


def test_a_busy_interpreter_gives_the_loop_more_time(world):
    world.tick()
    world.answers = False
    for _tick in range(2):
        world.tick(TICK + 0.15)
    assert world.site.watchdog.stalled_for is None
    for _tick in range(20):
        world.tick(TICK + 0.5)
    assert world.site.watchdog.stalled_for > REPORT
    assert len(world.logged) == 1


def test_all_stacks_when_somebody_asks(world):
    world.site.watchdog.ask_for_dump()
    world.ticks(2)
    (level, text), = world.logged
    assert level == logging.WARNING
    assert text.startswith('The stacks of all threads, as SIGUSR1 has asked '
                           'for:\n')
    assert 'MainThread' in text


# hang-dump


def test_the_hang_dump_of_a_loop(world, tmpdir):
    path = str(tmpdir.join('dump'))
    world.site.settings.hang_dump = path
    world.site.settings.hang_after = 3.0
    world.site.watchdog.equip()
    world.answers = False
    world.ticks(12)
    del world.site.journal.logged[:]
    world.ticks(10)
    assert world.logged == [(
        logging.ERROR, "The server's loop has not moved for 3.0 s; the stacks "
        'of all threads are in %s' % path)]
    with open(path) as dump:
        written = dump.read()
    assert "the server's loop has not moved for 3.0 s\n" in written
    assert 'test_the_hang_dump_of_a_loop\n' in written


# The stand-in


def test_requests_are_answered_in_the_loops_place(world):
    world.site.reserved = socket.socket()
    world.site.reserved.bind(('127.0.0.1', 0))
    world.site.reserved.listen(5)
    world.site.reserved.setblocking(False)
    world.site.settings.listen = world.site.reserved.getsockname()
    world.site.watchdog.equip()
    client = socket.create_connection(world.site.reserved.getsockname(), 20)
    client.sendall(b'GET /a HTTP/1.1\r\n\r\n')
    client.shutdown(socket.SHUT_WR)
    assert not world.tick()
    world.answers = False
    world.ticks(3)
    assert client.recv(12) == b'HTTP/1.1 404'
    client.close()
    world.site.reserved.close()


# The thread


class Naps(object):
    """A sleep that ends at once, until somebody waits for one."""

    def __init__(self, world):
        self.world = world
        self.lengths = []
        self.napped = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, seconds):
        self.lengths.append(seconds)
        self.world.now += seconds
        self.napped.set()
        if not self.go_on.is_set():
            self.go_on.wait(20)

    def next(self):
        assert self.napped.wait(20)
        self.napped.clear()


@pytest.fixture
def running(world):
    world.naps = Naps(world)
    world.site.watchdog = Watchdog(world.site, clock=lambda: world.now,
                                   sleep=world.naps)
    world.site.watchdog.start()
    world.naps.next()
    yield world
    stopped(world)


def thread_of():
    return [thread for thread in threading.enumerate()
            if thread.name == watchdog_module.NAME]


def stopped(world):
    threads = thread_of()
    world.site.watchdog.stop()
    world.naps.go_on.set()
    for thread in threads:
        thread.join(20)
    assert thread_of() == []


def wait_until(condition):
    end = time.time() + 20
    while not condition():
        assert time.time() < end


def test_one_daemon_thread(running):
    thread, = thread_of()
    assert thread.daemon
    running.site.watchdog.start()
    assert thread_of() == [thread]
    stopped(running)
    assert running.naps.lengths[0] == TICK
    running.site.watchdog.start()
    assert thread_of() != [thread]


def test_a_thread_that_a_fork_has_left_behind(running):
    stopped(running)
    dead = threading.Thread()
    running.site.watchdog._thread = dead  # as the child has it
    running.site.watchdog.start()
    assert len(thread_of()) == 1


def test_started_again_before_the_old_one_has_ended(running):
    old, = thread_of()
    running.site.watchdog.stop()
    running.site.watchdog.start()
    running.naps.go_on.set()
    old.join(20)
    assert len(thread_of()) == 1
    assert thread_of() != [old]


def test_it_looks_more_often_for_clients(running):
    running.answers = False
    running.naps.go_on.set()
    wait_until(lambda: watchdog_module.QUICK in running.naps.lengths)
    stopped(running)
    assert set(running.naps.lengths) == {TICK, watchdog_module.QUICK}
    assert running.site.watchdog.stalled_for is None


def test_a_failure_is_logged_once_and_it_goes_on(running):
    running.site.loops = None
    running.naps.go_on.set()
    count = len(running.naps.lengths)
    wait_until(lambda: len(running.naps.lengths) >= count + 5)
    stopped(running)
    (level, text, exc_info), = [
        logged for logged in running.site.journal.logged if logged[2]]
    assert (level, text) == (logging.ERROR, 'The watchdog failed')
    assert exc_info[0] is AttributeError


def test_the_thread_is_told_to_end_at_exit(monkeypatch):
    registered = []
    monkeypatch.setattr(watchdog_module.atexit, 'register', registered.append)
    made = World()
    made.naps = Naps(made)
    watchdog = made.site.watchdog = Watchdog(
        made.site, clock=lambda: made.now, sleep=made.naps)
    watchdog.start()
    made.naps.next()
    stop, = registered
    assert get_ident() != thread_of()[0].ident
    made.naps.go_on.set()
    thread, = thread_of()
    stop()
    thread.join(20)
    assert thread_of() == []
