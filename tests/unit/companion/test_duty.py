"""companion.duty: when the companion answers, and what."""
from __future__ import absolute_import, division, print_function

import os
import re
import select
import socket
import subprocess
import sys
import threading

import pytest

from Products.ZServerViews.companion import __main__, duty
from Products.ZServerViews.companion.duty import IN_TIME, LINGER, SILENCE, Duty
from Products.ZServerViews.config.values import address
from Products.ZServerViews.runtime import handover
from Products.ZServerViews.runtime.shared_page import new_page
from tests.checkout import free_port
from tests.platforms import companion_can_run
from tests.unit.dummies import ManualClock, received, split

pytestmark = companion_can_run


class Page(object):
    latest_beat = 1000.0
    is_ending = False

    def paths(self):
        return {'/-/live': False, '/-/threads': True}


class Parent(object):
    is_gone = is_stopped = False
    fileno = None
    ended = 9, None

    def exit_signal(self):
        return self.ended


class Stacks(object):
    taken = 'faulthandler', u'Thread caf\xe9'

    def take(self):
        return self.taken


class Memory(object):
    killed = False
    looks = 0

    def has_killed(self):
        return self.killed

    def look(self):
        self.looks += 1


class World(object):
    """A companion whose process has beaten at the moment at which the clock
    stands."""

    def __init__(self, unix=None):
        self.wanted = address(unix or '127.0.0.1:%d' % free_port())
        self.listening = socket.socket(self.wanted.family)
        self.listening.bind(self.wanted.address)
        self.listening.listen(64)
        self.listening.setblocking(False)
        self.page, self.parent, self.memory = Page(), Parent(), Memory()
        self.stacks = Stacks()
        self.clock = ManualClock()
        self.waits = []
        self.clients = []
        self.duty = Duty(
            self.listening, self.page, self.parent, self.stacks,
            handover.meeting_point(self.wanted), self.clock, self.memory,
            lambda descriptors, seconds: self.waits.append(
                (descriptors, seconds)))

    def connect(self, data=b''):
        client = socket.socket(self.wanted.family)
        client.settimeout(20)
        client.connect(self.wanted.address)
        self.clients.append(client)
        client.sendall(data)
        return client

    def pass_time(self, seconds, step=0.2):
        """As much as passes while the companion wakes in time."""
        while seconds > 0:
            self.duty.sleep()
            self.clock.now += min(step, seconds)
            seconds -= step
            if not self.duty.turn():
                return False
        return True

    def ask(self, target='/-/live', method='GET', version='1.1'):
        client = self.connect(('%s %s HTTP/%s\r\n\r\n' % (
            method, target, version)).encode())
        self.duty.turn()
        return split(received(client))


@pytest.fixture
def make():
    made = []

    def make(unix=None):
        made.append(World(unix))
        return made[-1]

    yield make
    for world in made:
        for sock in [world.listening] + world.clients:
            sock.close()
        if world.duty._offering is not None:
            world.duty._offering.close()


@pytest.fixture
def world(make):
    return make()


def waits_in(world):
    """Whether a client is left to the process."""
    world.duty.turn()
    return bool(select.select([world.listening], [], [], 0)[0])


# When it answers

def test_a_process_that_beats(world):
    world.connect(b'GET /-/live HTTP/1.1\r\n\r\n')
    for _time in range(20):
        assert world.pass_time(0.3)
        world.page.latest_beat = world.clock.now
        assert waits_in(world)


def test_a_process_that_beats_no_more(world):
    world.connect()
    assert world.pass_time(SILENCE - 0.01)
    assert waits_in(world)
    world.pass_time(0.02)
    assert not waits_in(world)


def test_it_sleeps_until_then(world):
    world.duty.sleep()
    assert world.waits == [([], SILENCE)]
    world.clock.now += 0.3
    world.duty.turn()
    world.duty.sleep()
    assert round(world.waits[-1][1], 6) == SILENCE - 0.3


def test_a_process_that_beats_again(world):
    world.pass_time(2)
    status, _headers, body = world.ask()
    assert status == 'HTTP/1.1 503 Service Unavailable'
    assert body == b'interpreter held for 2.0 s\n'
    accepted = world.connect()
    world.duty.turn()
    world.page.latest_beat = world.clock.now
    world.connect()
    assert waits_in(world)
    # Who was accepted before is answered.
    accepted.sendall(b'GET /-/live HTTP/1.1\r\n\r\n')
    world.duty.turn()
    assert b'interpreter held' in received(accepted)


def test_a_suspended_machine(world):
    """Both have slept: the companion knows nothing of its process."""
    world.connect()
    world.duty.sleep()
    world.clock.now += SILENCE + IN_TIME + 100
    assert waits_in(world)
    world.pass_time(SILENCE - 0.01)
    assert waits_in(world)
    world.pass_time(0.02)
    assert not waits_in(world)


def test_a_little_late_is_in_time(world):
    world.duty.sleep()
    world.clock.now += SILENCE + IN_TIME / 2
    world.duty.turn()
    assert world.ask()[0].startswith('HTTP/1.1 503 ')


def test_a_full_companion_does_not_wait_for_clients(world):
    world.pass_time(2)
    listening = world.listening.fileno()
    world.duty.sleep()
    assert listening in world.waits[-1][0]
    for _number in range(20):
        world.connect()
    world.duty.turn()
    world.duty.sleep()
    assert listening not in world.waits[-1][0]
    assert len(world.waits[-1][0]) == 16


def test_nobody_waits_for_a_listener_that_was_shut_down(world):
    world.listening.shutdown(socket.SHUT_RDWR)
    world.pass_time(2)
    world.duty.sleep()
    assert world.waits[-1][0] == []


def test_the_end_of_the_process_wakes_it(world):
    world.parent.fileno = 77
    world.duty.sleep()
    assert world.waits[-1][0] == [77]


def test_waiting():
    reading, writing = os.pipe()
    duty.wait_for([reading], 0.001)
    os.write(writing, b'x')
    duty.wait_for([reading], 1000)
    os.close(reading)
    os.close(writing)


# What it answers

def test_an_answer(world):
    world.pass_time(3.2)
    status, headers, body = world.ask('/-/live?verbose')
    assert status == 'HTTP/1.1 503 Service Unavailable'
    assert body == b'interpreter held for 3.2 s\n'
    assert re.match(r'\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\Z',
                    headers.pop('date'))
    assert headers == {
        'content-type': 'text/plain; charset=utf-8',
        'content-length': str(len(body)), 'cache-control': 'no-store',
        'x-content-type-options': 'nosniff', 'connection': 'close',
        'retry-after': '1'}


def test_head(world):
    world.pass_time(2)
    status, headers, body = world.ask(method='HEAD')
    assert status.startswith('HTTP/1.1 503')
    assert headers['content-length'] == '27'
    assert body == b''


@pytest.mark.parametrize('version', ['1.0', '2.0', 'x'])
def test_another_version(world, version):
    world.pass_time(2)
    status, _headers, body = world.ask(method='OPTIONS', version=version)
    assert status == 'HTTP/1.0 503 Service Unavailable'
    assert body.startswith(b'interpreter held')


@pytest.mark.parametrize('target', ['/', '/-/live/', '/-/nothing', '*'])
def test_no_view(world, target):
    world.pass_time(2)
    status, headers, _body = world.ask(target)
    assert status == 'HTTP/1.1 404 Not Found'
    assert 'retry-after' not in headers


def test_rubbish(world):
    world.pass_time(2)
    client = world.connect(b'rubbish\r\n\r\n')
    world.duty.turn()
    assert received(client).startswith(b'HTTP/1.0 400 Bad Request\r\n')


def test_a_stopped_process(world):
    world.parent.is_stopped = True
    world.pass_time(2)
    assert world.ask()[2] == b'stopped\n'


# Stacks

def test_stacks_on_a_unix_socket(make, tmpdir):
    world = make(str(tmpdir.join('views')))
    world.pass_time(2)
    status, _headers, body = world.ask('/-/threads?limit=1')
    assert status == 'HTTP/1.1 200 OK'
    assert body.decode('utf-8') == (
        u'interpreter held for 2.0 s; the stacks from outside, by faulthandler:'
        u'\n\nThread caf\xe9')
    assert world.ask('/-/live')[0].startswith('HTTP/1.1 503')
    assert world.ask('/-/threads', 'POST')[0].startswith('HTTP/1.1 503')
    world.stacks.taken = None
    assert world.ask('/-/threads')[0].startswith('HTTP/1.1 503')


def test_no_stacks_of_a_process_that_runs_again(make, tmpdir):
    world = make(str(tmpdir.join('views')))
    world.pass_time(2)
    client = world.connect(b'GET /-/threads HTTP/1.1\r\n')
    world.duty.turn()
    world.page.latest_beat = world.clock.now
    client.sendall(b'\r\n')
    world.duty.turn()
    status, _headers, body = split(received(client))
    assert status.startswith('HTTP/1.1 503')
    assert b'Thread' not in body


def test_no_stacks_on_a_port(world):
    world.pass_time(2)
    status, _headers, body = world.ask('/-/threads')
    assert status.startswith('HTTP/1.1 503')
    assert b'Thread' not in body


def test_no_stacks_of_a_process_that_has_gone(make, tmpdir):
    world = make(str(tmpdir.join('views')))
    world.parent.is_gone = True
    assert world.ask('/-/threads')[0].startswith('HTTP/1.1 503')


# The end of the process

def test_an_orderly_end(world):
    world.page.is_ending = True
    assert world.duty.turn()
    world.parent.is_gone = True
    assert not world.duty.turn()


@pytest.mark.parametrize('number', [1, 2, 15])
def test_one_that_was_told_to_end_and_has_no_handler(world, number):
    world.parent.is_gone = True
    world.parent.ended = number, None
    assert not world.duty.turn()


@pytest.mark.parametrize('ended, for_memory, said', [
    ((9, None), False, b'killed by signal 9\n'),
    ((9, None), True, b'out of memory\n'), (None, True, b'out of memory\n'),
    ((11, None), True, b'killed by signal 11\n'),
    ((None, 3), True, b'ended with exit code 3\n'),
    (None, False, b'ended, or was killed\n')])
def test_another_end(world, ended, for_memory, said):
    world.parent.is_gone = True
    world.parent.ended = ended
    world.memory.killed = for_memory
    assert world.ask()[2] == said
    world.parent.ended = None  # somebody has asked the kernel
    assert world.pass_time(LINGER - 0.1)
    assert world.ask()[2] == said
    assert not world.pass_time(0.2)


def test_what_was_killed_is_counted_from_time_to_time(world):
    for minute in range(4):
        assert world.memory.looks == minute
        for _time in range(120):
            world.page.latest_beat = world.clock.now
            world.pass_time(0.5, 0.5)


def test_the_next_instance(world):
    world.parent.is_gone = True
    accepted = world.connect()
    assert world.duty.turn()
    taken = []
    thread = threading.Thread(
        target=lambda: taken.append(handover.take(world.wanted)))
    thread.start()
    duty.wait_for([world.duty._offering.fileno()], 20)
    assert world.duty.turn()  # for who is connected
    thread.join(20)
    late = world.connect(b'GET /-/live HTTP/1.1\r\n\r\n')
    world.duty.sleep()
    assert len(world.waits[-1][0]) == 1
    accepted.sendall(b'GET /-/live HTTP/1.1\r\n\r\n')
    world.duty.turn()
    assert b'killed by signal 9' in received(accepted)
    accepted.close()
    assert not world.duty.turn()
    # That one is the next instance's.
    taken[0].accept()[0].sendall(b'x')
    assert late.recv(1) == b'x'
    taken[0].close()


# The program

def test_a_companion_whose_process_has_gone_in_order():
    page = new_page()
    page.end()
    listening = socket.socket()
    # It has no parent of this number.
    duty.run([str(number) for number in (
        listening.detach(), page.fileno, -1, -1, os.getpid(), 'name')])
    page.forget()


def test_it_needs_nothing_but_the_standard_library():
    code = ('import runpy, sys\n'
            'program = runpy.run_path(%r)\n'
            'program["stand_for_packages"](sys.modules)\n'
            'from Products.ZServerViews.companion import duty\n'
            'assert "ZConfig" not in sys.modules\n'
            'assert not [path for path in sys.path if "site-packages" in path]'
            % __main__.__file__)
    subprocess.check_call([sys.executable, '-I', '-S', '-c', code])
