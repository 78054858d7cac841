"""runtime.watchdog: what it sees of a loop, and what it does about it."""
from __future__ import absolute_import, division, print_function

import logging
import socket
import threading

import pytest

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.runtime import companion_keeper
from Products.ZServerViews.config.mounts import Usage
from Products.ZServerViews.runtime import watchdog as watchdog_module
from Products.ZServerViews.runtime.routes import Routes
from Products.ZServerViews.runtime.watchdog import REPORT, TICK, Watchdog
from tests.unit import dummies
from tests.waiting import awaited


class World(object):
    """A watchdog without its thread, and the loop of this thread."""

    def __init__(self):
        self.now = 100.0
        self.wakes = 0
        self.site = dummies.Site()
        self.site.table = Routes()
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
                in self.site.log_queue.logged]

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


class Clocks(object):
    def __init__(self):
        self.looks = []

    def look(self, native_ids):
        self.looks.append(native_ids)


def test_it_looks_at_the_clocks_of_all_threads(world):
    world.site.thread_clocks = Clocks()
    world.ticks(3)
    me = getattr(threading.current_thread(), 'native_id', None)
    assert len(world.site.thread_clocks.looks) == 3
    for looked in world.site.thread_clocks.looks:
        assert (me in looked) is (me is not None)
        assert None not in looked


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
    assert text.startswith('The event loop has been blocked for 1.0 s; '
                           'stack, innermost call last:\n  File "')
    assert ', in test_a_loop_that_stands_still\n    world.ticks(9)' in text
    assert world.wakes == 1


def test_the_view_that_the_loop_is_in_is_named(world):
    def usage(thread):
        made = Usage()
        made.thread = thread
        return made

    world.site.budget.usages = {
        ('/idle', 'some.idle'): usage(None),
        ('/other', 'some.other'): usage(world.loop.thread + 1),
        ('/slow', 'some.slow'): usage(world.loop.thread)}
    world.answers = False
    world.ticks(10)
    text, = world.texts
    assert text.startswith('The event loop has been blocked for 1.0 s, in the '
                           'view some.slow at /slow; stack, innermost call '
                           'last:\n')


@pytest.fixture
def views_loop(world):
    """That of the views, of a thread that goes on for as long as the test."""
    begun, ends = [], threading.Event()

    def run():
        begun.append(world.site.loops.begin(lambda: None, is_for_views=True))
        ends.wait(60)

    thread = threading.Thread(target=run)
    thread.start()
    awaited(lambda: begun)
    yield begun[0]
    ends.set()
    thread.join()


def elsewhere(call):
    """What it returns in another thread."""
    found = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    thread.join()
    return found[0]


def test_the_loop_of_the_site_stands_still_beside_another(world, views_loop):
    """The listener has its own: nobody has to answer in its place."""
    world.answers = False
    watchdog = world.site.watchdog
    for _tick in range(10):
        views_loop.turns += 1
        assert not world.tick()
    assert watchdog.stalled_for is None
    assert elsewhere(watchdog.site_stands_for) == 2.25
    # Who asks in it sees that it runs.
    assert watchdog.site_stands_for() is None
    # At once, and not when the watchdog looks again.
    world.loop.turns += 1
    assert elsewhere(watchdog.site_stands_for) is None


def test_the_loop_of_the_views_stands_still(world, views_loop):
    watchdog = world.site.watchdog
    world.ticks(1)
    seen = [(world.tick(), watchdog.stalled_for) for _tick in range(3)]
    assert seen == [(False, None), (True, 0.5), (True, 0.75)]
    assert elsewhere(watchdog.site_stands_for) is None
    world.ticks(2)
    text, = world.texts
    assert text.startswith('The event loop of the views (zserver-views-loop) '
                           'has been blocked for 1.0 s; stack')
    views_loop.turns += 1
    world.ticks(1)
    assert world.texts[1].startswith(
        'The event loop of the views (zserver-views-loop) runs again after')
    # Once it is over, the site's has the listener, if anybody.
    views_loop.running = False
    world.answers = False
    world.ticks(10)
    assert watchdog.stalled_for


def test_it_moves_again(world):
    world.answers = False
    world.ticks(10)
    world.loop.turns += 1
    assert not world.tick()
    assert world.site.watchdog.stalled_for is None
    assert world.logged[1:] == [
        (logging.INFO, 'The event loop runs again after 2.2 s')]
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
    other = OtherLoop(world.site)
    world.tick()
    other.end()
    world.ticks(40)
    assert world.logged == []
    # Another one begins: the first is forgotten.
    other = OtherLoop(world.site)
    world.ticks(2)
    assert len(world.site.watchdog._watches) == 2
    other.end()


class OtherLoop(object):
    """Of a thread that does nothing."""

    def __init__(self, site):
        self._site = site
        self._begun, self._ends = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._begun.wait(60)

    def _run(self):
        self.loop = self._site.loops.begin(lambda: None)
        self.loop.running = True
        self._begun.set()
        self._ends.wait(60)

    def end(self):
        self._ends.set()
        self._thread.join()
        awaited(lambda: self.loop.has_ended)


def test_two_loops(world):
    world.tick()
    other = OtherLoop(world.site)
    world.ticks(3)
    assert world.site.watchdog.stalled_for == 0.5
    other.loop.turns += 1
    world.tick()
    assert world.site.watchdog.stalled_for is None
    other.end()


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
        logging.WARNING, 'No Python code could run for 59.8 s: other code '
        'held the lock of the interpreter, or the process did not get the '
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
    assert text.startswith('Stacks of all threads, requested by SIGUSR1:\n')
    assert 'MainThread' in text


# hang-dump


def test_the_hang_dump_of_a_loop(world, tmpdir):
    path = str(tmpdir.join('dump'))
    world.site.settings.hang_dump = path
    world.site.settings.hang_after = 3.0
    world.site.watchdog.equip()
    world.answers = False
    world.ticks(12)
    del world.site.log_queue.logged[:]
    world.ticks(10)
    assert world.logged == [(
        logging.ERROR, 'The event loop has been blocked for 3.0 s; the stacks '
        'of all threads are in %s' % path)]
    with open(path) as dump:
        written = dump.read()
    assert 'the event loop has been blocked for 3.0 s\n' in written
    assert 'test_the_hang_dump_of_a_loop\n' in written


# The fallback responder


def test_requests_are_answered_in_the_loops_place(world):
    world.site.views_socket = socket.socket()
    world.site.views_socket.bind(('127.0.0.1', 0))
    world.site.views_socket.listen(5)
    world.site.views_socket.setblocking(False)
    world.site.settings.listen = world.site.views_socket.getsockname()
    world.site.watchdog.equip()
    client = socket.create_connection(world.site.views_socket.getsockname(), 20)
    client.sendall(b'GET /a HTTP/1.1\r\n\r\n')
    client.shutdown(socket.SHUT_WR)
    assert not world.tick()
    world.answers = False
    world.ticks(3)
    assert client.recv(12) == b'HTTP/1.1 404'
    client.close()
    world.site.views_socket.close()


# The companion


class Keeper(object):
    """Keeps nothing but what it is told to do."""

    def __init__(self, site):
        self.did = []

    def tick(self):
        self.did.append('tick')

    def close(self):
        self.did.append('close')

    def begin_anew(self):
        self.did.append('begin anew')


@pytest.fixture
def keepers(monkeypatch):
    """Those that were made."""
    made = []

    def keeper_for(site):
        made.append(Keeper(site))
        return made[-1]

    monkeypatch.setattr(companion_keeper, 'keeper_for', keeper_for)
    return made


def test_the_companion_has_a_beat_each_tick(world, keepers):
    world.site.settings.companion = True
    world.site.watchdog.equip()
    world.site.watchdog.equip()
    keeper, = keepers
    world.ticks(2)
    world.answers = False
    world.ticks(5)  # the fallback responder answers
    world.site.watchdog.close()
    assert keeper.did == ['tick'] * 7 + ['close']


def test_a_forked_child_leaves_the_companion_alone(world, keepers):
    world.site.settings.companion = True
    world.site.watchdog.equip()
    world.site.watchdog.begin_anew()
    assert keepers[0].did == ['begin anew']


def test_there_is_a_companion_only_if_it_is_wanted(world, keepers):
    world.site.watchdog.equip()
    world.tick()
    assert keepers == []


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
    running.site.watchdog._daemon.thread = dead  # as the child has it
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
    awaited(lambda: watchdog_module.QUICK in running.naps.lengths)
    stopped(running)
    assert set(running.naps.lengths) == {TICK, watchdog_module.QUICK}
    assert running.site.watchdog.stalled_for is None


def test_a_failure_is_logged_once_and_it_goes_on(running):
    running.site.loops = None
    running.naps.go_on.set()
    count = len(running.naps.lengths)
    awaited(lambda: len(running.naps.lengths) >= count + 5)
    stopped(running)
    (level, text, exc_info), = [
        logged for logged in running.site.log_queue.logged if logged[2]]
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


class Metrics(object):

    def __init__(self):
        self.told = []

    def looked(self, late, loops):
        self.told.append((round(late, 3), len(loops)))


def test_metrics_are_told_how_late_it_is(world):
    metrics = world.site.metrics = Metrics()
    world.ticks(2)
    world.tick(3.35)
    # Of the first one it cannot know.
    assert metrics.told == [(0.0, 0), (0.0, 1), (3.1, 1)]
