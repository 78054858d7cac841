"""runtime.hang_dump: the file of all stacks, and the timer behind it."""
from __future__ import absolute_import, division, print_function

import errno
import fcntl
import logging
import os
import stat
import subprocess
import sys
import threading

import pytest

from Products.ZServerViews.runtime import hang_dump
from Products.ZServerViews.runtime.hang_dump import HangDump
from tests.unit import dummies


class Timer(object):
    """In the place of faulthandler."""

    def __init__(self):
        self.calls = []
        self.error = None

    def dump_traceback_later(self, seconds, file):
        os.fstat(file)
        self.calls.append(seconds)
        if self.error:
            raise self.error

    def cancel_dump_traceback_later(self):
        self.calls.append('cancel')


class World(object):

    def __init__(self, path, **kw):
        self.path = path
        self.now = 100.0
        self.log_queue = dummies.LogQueue()
        self.timer = Timer()
        kw.setdefault('timer', self.timer)
        self.dump = HangDump(self.log_queue, clock=lambda: self.now, **kw)

    def beat(self, after=0.0):
        self.now += after
        self.dump.beat()

    @property
    def content(self):
        with open(self.path) as dump:
            return dump.read()

    @property
    def logged(self):
        return [text for _level, text, _exc_info in self.log_queue.logged]


@pytest.fixture
def world(tmpdir):
    made = World(str(tmpdir.join('dump')))
    yield made
    made.dump.close()


def test_the_file(world):
    before = os.umask(0)
    try:
        world.dump.adopt(world.path, 30.0)
    finally:
        os.umask(before)
    assert world.dump.is_open
    assert stat.S_IMODE(os.stat(world.path).st_mode) == 0o600
    assert ('process %d: this file gets the stacks of all threads when '
            'the process has been blocked for 30 s' % os.getpid()) in world.content
    assert world.logged == []


def test_what_is_there_stays(world):
    with open(world.path, 'w') as dump:
        dump.write('older\n')
    world.dump.adopt(world.path, 30.0)
    assert world.content.startswith('older\n\n')


def test_children_do_not_inherit_it(world, monkeypatch):
    opened = []
    original = os.open
    monkeypatch.setattr(os, 'open', lambda *args: opened.append(
        original(*args)) or opened[-1])
    world.dump.adopt(world.path, 30.0)
    assert fcntl.fcntl(opened[0], fcntl.F_GETFD) & fcntl.FD_CLOEXEC


@pytest.mark.parametrize('make', [
    lambda path: os.mkdir(path), lambda path: os.mkfifo(path),
    lambda path: os.symlink('/dev/null', path),
    lambda path: os.symlink('/nowhere/at/all', path)])
def test_an_unusable_file(world, make):
    make(world.path)
    world.dump.adopt(world.path, 30.0)
    assert not world.dump.is_open
    (level, text, _exc_info), = world.log_queue.logged
    assert level == logging.ERROR
    assert world.path in text
    world.dump.adopt(world.path, 30.0)
    assert len(world.logged) == 1  # not each time
    world.beat()
    assert world.timer.calls == []
    assert world.dump.write('title', 'text') is None


def test_a_pipe_that_somebody_reads(world):
    os.mkfifo(world.path)
    reader = os.open(world.path, os.O_RDONLY | os.O_NONBLOCK)
    world.dump.adopt(world.path, 30.0)
    os.close(reader)
    assert not world.dump.is_open
    assert 'is not a regular file' in world.logged[0]


def test_without_the_setting(world):
    world.dump.adopt(None, 30.0)
    world.beat()
    assert not world.dump.is_open
    assert not os.path.exists(world.path)
    assert world.timer.calls == world.logged == []


def test_the_timer_is_set_once_a_second(world):
    world.dump.adopt(world.path, 30.0)
    for _beat in range(9):
        world.beat(0.25)
    assert world.timer.calls == [30.0, 30.0, 30.0]


def test_a_short_time(world):
    world.dump.adopt(world.path, 0.01)
    for _beat in range(3):
        world.beat(0.25)
    assert world.timer.calls == [1.0, 1.0, 1.0]
    assert world.dump.after == 1.0


def test_a_dump_that_was_written(world):
    world.dump.adopt(world.path, 30.0)
    world.beat()
    before = world.content
    with open(world.path, 'a') as dump:
        dump.write('stacks\n')
    world.beat(31.0)
    assert world.timer.calls == [30.0]  # it may be at it still
    world.beat(0.5)
    assert world.logged == []
    world.beat(0.6)
    assert world.timer.calls == [30.0, 30.0]
    assert world.log_queue.logged == [(
        logging.ERROR, 'This process was blocked for 31.0 s; the stacks of '
        'all threads are in %s from byte %d on'
        % (world.path, len(before)), None)]
    assert world.content.startswith(before + 'stacks\n')
    assert world.content.endswith(': the interpreter runs again after '
                                  '31.0 s\n')
    world.beat(1.0)
    assert len(world.logged) == 1


def test_no_dump_was_written(world):
    world.dump.adopt(world.path, 30.0)
    world.beat()
    world.beat(31.0)
    world.beat(1.1)
    assert world.logged == []
    assert 'runs again after 31.0 s' in world.content
    assert world.timer.calls == [30.0, 30.0]


def test_a_text_of_pythons(world):
    world.dump.adopt(world.path, 30.0)

    class Text(object):
        def __str__(self):
            return 'gr\xfc\xdfe\n'

    assert world.dump.write('a title', Text()) == world.path
    with open(world.path, 'rb') as dump:
        last = dump.read().splitlines()[-2:]
    assert last[0].endswith(b'process %d: a title' % os.getpid())
    assert last[1].decode('latin-1' if str is bytes
                          else 'utf-8') == u'gr\xfc\xdfe'


def test_a_disk_that_takes_a_part(world, monkeypatch):
    world.dump.adopt(world.path, 30.0)
    original = os.write
    monkeypatch.setattr(os, 'write', lambda fd, data: original(fd, data[:7]))
    world.dump.write('title', 'a text of several parts')
    assert world.content.endswith(': title\na text of several parts')


def test_other_settings(world, tmpdir):
    world.dump.adopt(world.path, 30.0)
    world.dump.adopt(world.path, 30.0)
    world.beat()
    other = str(tmpdir.join('other'))
    world.dump.adopt(other, 20.0)
    world.beat()
    assert world.timer.calls == [30.0, 'cancel', 20.0]
    assert os.path.exists(other)
    world.dump.adopt(None, 20.0)
    assert not world.dump.is_open
    assert world.timer.calls == [30.0, 'cancel', 20.0, 'cancel']


def test_closed_behind_what_is_to_be_written(world):
    jobs = []
    world.log_queue.put = jobs.append
    world.dump.adopt(world.path, 30.0)
    world.dump.close()
    world.dump.close()
    assert len(jobs) == 2
    for job in jobs:
        job()
    assert 'this file gets' in world.content
    with pytest.raises(OSError) as failure:
        jobs[1]()
    assert failure.value.errno == errno.EBADF


def test_no_thread_for_the_timer(world):
    world.dump.adopt(world.path, 30.0)
    world.timer.error = RuntimeError('unable to start watchdog thread')
    world.beat()
    world.beat(0.5)
    assert world.logged == ['The timer of the setting hang-dump cannot be '
                            'set: unable to start watchdog thread']
    world.timer.error = None
    world.beat(1.0)
    assert world.timer.calls == [30.0, 30.0]


@pytest.mark.parametrize('timer', [None, object()])
def test_without_faulthandler(tmpdir, timer):
    world = World(str(tmpdir.join('dump')), timer=timer)
    world.dump.adopt(world.path, 30.0)
    world.beat()
    (level, text, _exc_info), = world.log_queue.logged
    assert level == logging.WARNING
    assert 'package faulthandler' in text
    assert world.dump.write('title', 'text') == world.path
    assert world.content.endswith('title\ntext')
    world.dump.close()
    world.dump.adopt(world.path, 30.0)
    world.dump.close()


def test_without_a_lock_of_the_interpreter(world, monkeypatch):
    monkeypatch.setattr(sys, '_is_gil_enabled', lambda: False, raising=False)
    world.dump.adopt(world.path, 30.0)
    world.beat()
    assert world.timer.calls == []
    assert 'no global interpreter lock' in world.logged[0]


def test_the_timer_is_off_during_a_fork(world):
    world.dump.adopt(world.path, 30.0)
    world.beat()
    world.dump.before_fork()
    assert world.timer.calls == [30.0, 'cancel']
    world.beat(5.0)
    assert world.timer.calls == [30.0, 'cancel']
    world.dump.after_fork()
    world.beat()
    assert world.timer.calls == [30.0, 'cancel', 30.0]


def test_a_forked_child_opens_the_file_anew(world):
    world.dump.adopt(world.path, 30.0)
    world.beat()
    world.dump.before_fork()
    world.dump.begin_anew()
    world.beat()
    world.dump.adopt(world.path, 30.0)
    assert world.content.count('this file gets the stacks') == 2
    assert world.timer.calls == [30.0, 'cancel', 30.0, 'cancel']
    world.beat()
    assert world.timer.calls[4:] == [30.0]
    assert world.logged == []


def test_the_timer_of_a_child_that_was_forked_untold(world):
    world.dump.adopt(world.path, 30.0)
    world.beat()
    world.dump.begin_anew()
    world.dump.adopt(world.path, 30.0)
    world.beat()
    world.dump.close()
    assert world.timer.calls == [30.0]
    text, = world.logged
    assert 'forked while the timer' in text


def test_a_dump_that_is_made_during_a_fork(world):
    world.dump.after_fork()
    world.dump.adopt(world.path, 30.0)
    world.beat()
    assert world.timer.calls == [30.0]


REAL = """
import os, sys, time
from Products.ZServerViews.runtime.hang_dump import HangDump
from Products.ZServerViews.runtime.log_queue import LogQueue
log_queue = LogQueue(gather=0)
log_queue.start()
dump = HangDump(log_queue)
dump.adopt(sys.argv[1], 60.0)
dump.beat()
os.register_at_fork(before=dump.before_fork, after_in_parent=dump.after_fork,
                    after_in_child=dump.begin_anew)
child = os.fork()
if not child:
    sys.exit(7)
print(os.waitpid(child, 0)[1] >> 8)
"""


@pytest.mark.skipif(hang_dump.faulthandler is None or sys.version_info[0] == 2,
                    reason='Python 2 has no hooks of a fork')
def test_a_forked_child_can_end(tmpdir):
    """With the timer set it would wait at its end for a thread of its
    parent's, for ever."""
    child = subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-c', REAL, str(tmpdir.join('dump'))],
        stdout=subprocess.PIPE)
    killer = threading.Timer(30, child.kill)
    killer.start()
    output = child.communicate()[0]
    killer.cancel()
    assert output == b'7\n'
    assert child.returncode == 0
