"""runtime.systemd: what is told, when, and by which process."""
from __future__ import absolute_import, division, print_function

import errno
import fcntl
import os
import socket

import pytest

from Products.ZServerViews.runtime import systemd
from Products.ZServerViews.runtime.systemd import AGAIN, Systemd
from tests.notify_socket import SECONDS, NotifySocket
from tests.unit.dummies import ManualClock, Site


class World(object):

    def __init__(self, **further):
        self.manager = NotifySocket()
        self.site, self.clock, self.at_exit = Site(), ManualClock(), []
        self.told = self.make(**further)

    def make(self, **further):
        return Systemd(self.site, self.manager.environ(**further), self.clock,
                       self.at_exit.append)

    def turn(self, seconds=0.0, loop=None):
        """What is heard of one iteration, so much later."""
        self.clock.now += seconds
        loop = loop or self.site.loops.begin(None)
        loop.running = True
        loop.turns += 1
        return self.manager.listen()


@pytest.fixture
def make():
    made = []

    def make_world(**further):
        made.append(World(**further))
        return made[-1]

    yield make_world
    for world in made:
        world.told.begin_anew()
        world.manager.close()


@pytest.fixture
def world(make):
    return make()


def test_from_the_first_iteration_to_the_last(world):
    assert world.told.period == SECONDS
    assert world.at_exit == []
    assert world.turn() == ['READY=1', 'WATCHDOG=1']
    assert world.turn() == []
    assert world.turn(SECONDS / 3 + 0.01) == ['WATCHDOG=1']
    world.site.exit_guard.begin('SIGTERM', 0, True)
    assert world.turn() == ['STOPPING=1']
    assert world.turn() == []
    stop, = world.at_exit
    stop()
    assert world.manager.listen() == []


def test_the_end_without_a_signal(world):
    world.turn()
    stop, = world.at_exit
    stop()
    assert world.manager.listen() == ['STOPPING=1']


@pytest.mark.parametrize('period', ['0', '', '-1', 'often', '\xb2', '9' * 400])
def test_without_a_period(make, period):
    world = make(WATCHDOG_USEC=period)
    assert world.told.period is None
    assert world.turn() == ['READY=1']
    assert world.turn(1000) == []
    world.told.left()
    assert world.manager.listen() == []


def test_an_abstract_address(world):
    with_name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    with_name.bind('\0zserver-views-test-%d' % os.getpid())
    told = world.make(NOTIFY_SOCKET='@zserver-views-test-%d' % os.getpid())
    told.beat(world.site.loops.begin(None))
    assert with_name.recv(100) == b'READY=1\nWATCHDOG=1'
    with_name.close()
    told.begin_anew()


@pytest.mark.parametrize('further', [
    {'NOTIFY_SOCKET': ''}, {'NOTIFY_SOCKET': 'vsock:2:1'},
    {'WATCHDOG_PID': '1'}, {'SYSTEMD_EXEC_PID': '1'}])
def test_who_tells_nothing(make, further):
    world = make(**further)
    assert world.turn() == []
    assert type(world.site.loops.here()).__name__ == 'Loop'


@pytest.mark.parametrize('name', ['WATCHDOG_PID', 'SYSTEMD_EXEC_PID'])
def test_the_process_that_systemd_has_started(make, name):
    assert make(**{name: str(os.getpid())}).turn() == ['READY=1', 'WATCHDOG=1']


def test_a_forked_child_tells_nothing(world):
    world.turn()
    world.told.begin_anew()
    assert world.turn(1000) == []
    world.told.begin_anew()


def test_all_loops_of_servers_have_to_turn(world):
    first = world.site.loops.begin(None)
    other = systemd_loop(world)
    assert world.turn(loop=first) == []
    assert world.turn(loop=other) == ['READY=1', 'WATCHDOG=1']
    assert world.turn(SECONDS, first) == world.turn(0, first) == []
    other.running = False
    assert world.turn(0, first) == ['WATCHDOG=1']


def systemd_loop(world):
    """One more loop of this thread."""
    loops = world.site.loops
    loops._local.loop, before = None, loops._local.loop
    loops._local.life, life = None, loops._local.life
    made = loops.begin(None)
    loops._local.loop, loops._local.other = before, life
    made.running = True
    return made


def test_the_loop_for_views_tells_only_where_there_is_no_other(world):
    views = world.site.loops.begin(None, is_for_views=True)
    assert world.turn(loop=views) == ['READY=1', 'WATCHDOG=1']
    server = systemd_loop(world)
    assert world.turn(1000, views) == []
    assert world.turn(0, server) == ['WATCHDOG=1']
    # It has turned since, and stands still when the next word is due.
    assert world.turn(0, server) == world.turn(SECONDS, views) == []


def test_views_go_and_come(world):
    world.turn()
    loop = world.site.loops.here()
    world.told.left()
    assert world.manager.listen() == []  # another loop may be there
    world.site.loops.leave(loop)
    world.told.left()
    world.told.left()
    assert world.manager.listen() == ['WATCHDOG_USEC=0']
    assert world.turn() == ['WATCHDOG_USEC=900000', 'WATCHDOG=1']
    assert world.turn() == []


def test_one_that_was_forked_and_not_told_so_does_not_end_the_service(
        world, monkeypatch):
    """As by a fork in C, whose child ends like any other process."""
    world.turn()
    stop, = world.at_exit
    with monkeypatch.context() as context:
        context.setattr(systemd.os, 'getpid', lambda: 1)
        stop()
    assert world.manager.listen() == []
    stop()
    assert world.manager.listen() == ['STOPPING=1']


def test_the_socket_never_waits_and_is_not_inherited(world):
    world.turn()
    sender = world.told._sender
    assert fcntl.fcntl(sender, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    assert fcntl.fcntl(sender, fcntl.F_GETFL) & os.O_NONBLOCK
    with pytest.raises((socket.error, OSError)) as caught:
        for _time in range(100000):
            sender.sendto(b'x', world.manager.path)
    # Of a full queue, which is no failure.
    assert caught.value.errno in systemd._FULL
    assert world.turn(SECONDS) == [b'x'.decode('ascii')] * len(world.manager.heard[2:])


class Full(object):
    """A socket whose reader does not read."""

    def __init__(self, number):
        self.number = number

    def sendto(self, data, address):
        raise socket.error(self.number, os.strerror(self.number))

    def close(self):
        pass


@pytest.mark.parametrize('number', sorted({
    errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS}))
def test_what_is_not_taken_is_told_again(world, number):
    world.told._sender = Full(number)
    assert world.turn() == world.turn() == []
    world.told._sender = None
    assert world.turn() == []
    assert world.turn(AGAIN) == ['READY=1', 'WATCHDOG=1']
    assert world.site.log_queue.logged == []


def test_a_socket_that_has_gone(world):
    os.unlink(world.manager.path)
    for _time in range(3):
        assert world.turn(AGAIN) == []
    (_level, text, _exc_info), = world.site.log_queue.logged
    assert text.startswith('systemd cannot be told how the site is, at the socket '
                           'that NOTIFY_SOCKET names: ')
