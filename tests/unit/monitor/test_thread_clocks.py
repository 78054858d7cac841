"""monitor.thread_clocks: by hand, and of this process."""
from __future__ import absolute_import, division, print_function

import os
import re
import subprocess
import sys
import threading
import time

import pytest

from Products.ZServerViews.monitor import thread_clocks
from Products.ZServerViews.monitor.thread_clocks import (
    MOST_ASKED,
    NoClocks,
    ThreadClocks,
    available,
    calls_of,
    clock_of,
    fine_clock,
    native_id_of,
    of_this_process,
)
from Products.ZServerViews.monitor.thread_states import (
    FILE,
    LOCK,
    RUNNING,
    SLEEPING,
    SOCKET,
    WAITING,
)

LONG = 10
ONE = 4711
SECOND = 10 ** 9


class World(object):
    """Clocks, a kernel and a table of files, all by hand."""

    def __init__(self):
        self.now = 100.0
        self.clock = {ONE: 5 * SECOND}
        self.call = '202 0x1 0x189 0x0'
        self.files = {}
        self.interval = 0.005
        self.asked = []
        self.clocks = ThreadClocks(
            lambda: self.now, self.clock.get, self.said, self.files.__getitem__,
            calls_of('x86_64'), lambda: self.interval)

    def said(self, native_id):
        self.asked.append(native_id)
        return self.call.split()

    def look(self, seconds=0.25, used=0.0):
        self.pass_by(seconds, used)
        self.clocks.look(sorted(self.clock))

    def pass_by(self, seconds, used=0.0):
        self.now += seconds
        self.clock[ONE] += int(used * SECOND)

    @property
    def state(self):
        return self.clocks.state(ONE)


@pytest.fixture
def world():
    return World()


def test_without_a_look_nothing_is_known(world):
    assert world.state is None
    assert world.clocks.state(None) is None


def test_after_one_look(world):
    world.look()
    assert world.state is None  # no time has passed
    world.pass_by(0.01, 0.01)
    assert world.state is None  # too little
    world.pass_by(0.1)
    assert world.state is None or world.state == RUNNING


def test_a_clock_that_stands_still(world):
    world.look()
    world.pass_by(0.1)
    # The whole process may have been without a processor for so long.
    assert world.state is None
    assert world.asked == []
    world.look()
    assert world.state == LOCK
    world.look()
    world.look()
    assert world.state == LOCK
    assert world.asked == [ONE]  # once for each wait


def test_a_long_switch_interval(world):
    world.interval = 0.1
    world.look()
    world.look(0.3)
    assert world.asked == []
    world.look(0.3)
    assert world.state == LOCK


def test_a_thread_that_only_lacks_a_processor(world):
    world.call = 'running'
    for _look in range(5):
        world.look()
        assert world.state is None
    assert len(world.asked) == 4


def test_what_the_kernel_has_said_is_for_that_wait(world):
    world.look()
    world.look()
    world.pass_by(0.1, 0.000001)
    assert world.state is None
    world.call = '45 0x3 0x0'
    world.look()
    assert world.state is None
    world.look()
    assert world.state == SOCKET
    assert world.asked == [ONE, ONE]


def test_a_clock_that_moves_while_the_kernel_is_asked(world):
    def said(native_id):
        world.clock[ONE] += 1
        return ['202']

    world.clocks._call = said
    world.look()
    world.look()
    assert world.clocks._seen[ONE].word is None


@pytest.mark.parametrize('used, expected', [
    (0.25, RUNNING), (0.1, RUNNING), (0.013, RUNNING), (0.012, None),
    (0.0001, None)])
def test_a_clock_that_moves(world, used, expected):
    world.look()
    world.pass_by(0.25, used)
    assert world.state == expected
    world.look(0)
    # Just after a look the one before it counts.
    world.pass_by(0.001, 0.0001)
    assert world.state == expected


def test_a_thread_that_asks_for_the_interpreter_again_and_again(world):
    for _look in range(10):
        world.look(0.25, 0.0005)
    assert world.state is None
    assert world.asked == []


def test_a_thread_that_has_ended(world):
    world.look()
    world.look()
    world.clock.clear()
    assert world.state is None
    world.clocks.look([ONE])
    assert world.clocks._seen == {}


def test_few_are_asked_at_once_and_all_in_the_end(world):
    world.clock.update((number, 7) for number in range(1, 21))
    world.look()
    world.look()
    assert len(world.asked) == MOST_ASKED
    world.look()
    world.look()
    assert sorted(world.asked) == sorted(world.clock)


def test_not_more_threads_than_that_are_known(world, monkeypatch):
    monkeypatch.setattr(thread_clocks, 'MOST_KNOWN', 3)
    world.clock.update((number, 7) for number in range(1, 21))
    world.look()
    assert sorted(world.clocks._seen) == [1, 2, 3]


@pytest.mark.parametrize('call, expected', [
    ('202 0x5 0x189', LOCK), ('230 0x1 0x1', SLEEPING), ('35 0x1', SLEEPING),
    ('270 0x0 0x0', SLEEPING), ('270 0x4 0x7ff0', SOCKET),
    ('23 0x4 0x7ff0', SOCKET), ('7 0x7ff0 0x1', SOCKET),
    ('7 0x7ff0 0x0', SLEEPING), ('271 0x0 0x0', SLEEPING),
    ('232 0x4 0x7ff0', SOCKET), ('45 0x3', SOCKET), ('42 0x3', SOCKET),
    ('0 0x7 0x7ff0', SOCKET), ('1 0x8 0x7ff0', FILE), ('0 0x9', WAITING),
    ('0 0xa', WAITING), ('74 0x8', FILE), ('73 0x8', FILE),
    ('61 0x36', WAITING), ('99999 0x0', WAITING), ('-1 0x7f 0x7f', WAITING),
    ('running', None), ('', WAITING), ('7 0x1', WAITING), ('0 x', WAITING)])
def test_the_words_of_the_kernel(world, call, expected):
    world.files.update({7: 'socket:[123]', 8: '/srv/Data.fs',
                        9: 'pipe:[99]'})
    world.call = call
    world.look()
    world.look()
    assert world.clocks._seen[ONE].word == expected


def test_files_that_cannot_be_read(world):
    def said(native_id):
        world.asked.append(native_id)
        raise IOError

    world.clocks._call = said
    for _look in range(4):
        world.look()
    assert world.state == WAITING
    assert world.asked == [ONE]


def test_other_machines():
    assert calls_of('x86_64')['202'] == LOCK
    assert calls_of('aarch64')['98'] == calls_of('riscv64')['98'] == LOCK
    assert calls_of('sparc64') == {}


HEADERS = [('x86_64', '/usr/include/x86_64-linux-gnu/asm/unistd_64.h'),
           ('aarch64', '/usr/include/asm-generic/unistd.h')]
NAMES = {
    LOCK: 'futex futex_waitv futex_wait', SLEEPING: 'nanosleep clock_nanosleep',
    'select': 'select pselect6', 'poll': 'poll ppoll',
    SOCKET: 'epoll_wait epoll_pwait epoll_pwait2 connect accept accept4 sendto '
            'recvfrom sendmsg recvmsg recvmmsg sendmmsg sendfile',
    'on a file': 'read write readv writev',
    FILE: 'open stat lstat fstat openat newfstatat statx getdents64 fcntl '
          'flock fsync fdatasync msync pread64 pwrite64 ftruncate unlink '
          'unlinkat rename renameat renameat2 fstatat'}


@pytest.mark.parametrize('machine, path', [
    header for header in HEADERS if os.path.exists(header[1])])
def test_numbers_as_the_headers_of_the_system_have_them(machine, path):
    with open(path) as source:
        found = re.findall(r'^#define __NR(?:3264)?_(\w+)\s+(\d+)\s*$',
                           source.read(), re.MULTILINE)
    names = dict((name, meaning) for meaning, words in NAMES.items()
                 for name in words.split())
    # Headers may be older than a call is.
    expected = dict((number, names[name]) for name, number in found
                    if name in names)
    assert len(expected) > 30
    known = calls_of(machine)
    assert expected == dict((number, known[number]) for number in expected)


@pytest.mark.parametrize('platform, module, expected', [
    ('linux', time, sys.version_info[0] > 2), ('darwin', time, False),
    ('linux', object(), False), ('linux2', object(), False)])
def test_where_there_are_clocks(platform, module, expected):
    assert available(platform, module) is expected


class Ticks(object):
    """A module time whose clocks show this, one after the other."""

    clock_gettime_ns = None

    def __init__(self, *shown):
        self._shown = list(shown)

    def thread_time_ns(self):
        return self._shown.pop(0)


@pytest.mark.parametrize('is_available, shown, expected', [
    (True, [10000000, 10000250], clock_of), (True, [10000000, 10000000], None),
    (False, [], None)])
def test_a_clock_that_moves_whenever_its_thread_runs(
        monkeypatch, is_available, shown, expected):
    monkeypatch.setattr(thread_clocks, 'available', lambda: is_available)
    monkeypatch.setattr(thread_clocks, 'time', Ticks(*shown))
    assert fine_clock() is expected


def test_where_there_are_none(monkeypatch):
    clocks = NoClocks()
    clocks.look([1])
    assert clocks.state(1) is None
    monkeypatch.setattr(thread_clocks, 'available', lambda: False)
    assert isinstance(of_this_process(), NoClocks)
    monkeypatch.setattr(thread_clocks, 'available', lambda: True)
    assert isinstance(of_this_process(), ThreadClocks)


@pytest.mark.skipif(not available(), reason='Python 3 on Linux has clocks of '
                    'threads; elsewhere test_where_there_are_none holds')
class TestThisProcess(object):

    def test_the_clock_is_that_of_the_standard_library(self):
        me = threading.current_thread()
        other = time.pthread_getcpuclockid(me.ident)
        assert other == (~me.native_id << 3) | 6
        before = time.clock_gettime_ns(other)
        assert before <= clock_of(me.native_id) <= time.clock_gettime_ns(other)

    def test_a_number_that_is_no_thread_of_this_process(self):
        thread = threading.Thread(target=int)
        thread.start()
        thread.join(LONG)
        for _look in range(100):
            if clock_of(thread.native_id) is None:
                break
            time.sleep(0.01)  # it has ended for Python first
        else:
            raise AssertionError('its clock goes on')
        assert clock_of(os.getppid()) is None
        assert clock_of(-1) is clock_of(0) is None


# Numbers of threads

def test_the_number_of_a_thread():
    assert native_id_of(object()) is None
    if hasattr(threading, 'get_native_id'):
        assert native_id_of(threading.current_thread()) == (
            threading.get_native_id())


@pytest.mark.skipif(not hasattr(threading, 'get_native_id'),
                    reason='this Python does not know the numbers')
def test_the_number_of_the_main_thread_in_a_forked_child():
    # Fork in a fresh process: this one has threads of other tests.
    output = subprocess.check_output([sys.executable, '-W', 'ignore', '-c', """
import os, threading
from Products.ZServerViews.monitor.thread_clocks import native_id_of
pid = os.fork()
if pid == 0:
    print(native_id_of(threading.current_thread()) == threading.get_native_id())
else:
    os.waitpid(pid, 0)
"""])
    assert output.split() == [b'True']
