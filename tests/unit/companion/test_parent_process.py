"""companion.parent_process: a process as the kernel shows it."""
from __future__ import absolute_import, division, print_function

import os
import signal
import struct
import subprocess
import sys
import time

import pytest

from Products.ZServerViews.companion import parent_process
from Products.ZServerViews.companion.parent_process import OutOfMemory, ParentProcess
from tests.platforms import companion_can_run

pytestmark = companion_can_run

LONG = 30


def awaited(look):
    end = time.monotonic() + LONG
    while not look():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def child():
    """A process that sleeps; no parent of this one, but as easily looked at."""
    process = subprocess.Popen([sys.executable, '-I', '-S', '-c',
                                'import time; print(1, flush=True); '
                                'time.sleep(300)'], stdout=subprocess.PIPE)
    assert process.stdout.read(1)
    yield process
    process.stdout.close()
    process.kill()
    process.wait()


def test_the_parent_is_there():
    parent = ParentProcess(os.getppid())
    assert not parent.is_gone
    assert not parent.is_stopped
    assert parent.exit_signal() is None


def test_another_one_is_no_parent(child):
    assert ParentProcess(child.pid).is_gone


def test_one_that_is_stopped(child):
    seen = ParentProcess(child.pid)
    os.kill(child.pid, signal.SIGSTOP)
    awaited(lambda: seen.is_stopped)
    os.kill(child.pid, signal.SIGCONT)
    awaited(lambda: not seen.is_stopped)


def test_how_it_was_killed(child):
    seen = ParentProcess(child.pid)
    os.kill(child.pid, signal.SIGKILL)
    awaited(seen.exit_signal)
    assert seen.exit_signal() == (9, None)
    child.wait()
    # Since Linux 6.15 it can be known still.
    assert seen.exit_signal() in (None, (9, None))
    os.close(seen.fileno)
    seen.fileno = None
    assert seen.exit_signal() is None


def test_an_exit_code():
    child = subprocess.Popen([sys.executable, '-I', '-S', '-c',
                              'raise SystemExit(3)'])
    seen = ParentProcess(child.pid)
    awaited(seen.exit_signal)
    assert seen.exit_signal() == (None, 3)
    child.wait()


class Kernel(object):
    """Of Linux 6.15: says how a process has ended that is no zombie any more.
    """

    def __init__(self, mask, code):
        self.answer = mask, code

    def ioctl(self, fileno, number, asked):
        assert number == 0xc040ff0b
        assert len(asked) == 64
        mask, code = self.answer
        return struct.pack('@QQ11Ii', mask, *[0] * 12 + [code])


@pytest.mark.parametrize('mask, code, expected', [
    (12, 9, (9, None)), (12, 3 << 8, (None, 3)), (12, 0, (None, 0)),
    (7, 9, None)])
def test_what_a_newer_kernel_keeps(monkeypatch, mask, code, expected):
    monkeypatch.setattr(parent_process, 'fcntl', Kernel(mask, code))
    assert ParentProcess(os.getppid()).exit_signal() == expected


def test_its_end_can_be_waited_for(child):
    seen = ParentProcess(child.pid)
    import select
    poll = select.poll()
    poll.register(seen.fileno, select.POLLIN)
    assert poll.poll(0) == []
    os.kill(child.pid, signal.SIGKILL)
    assert poll.poll(LONG * 1000)
    os.close(seen.fileno)


def test_a_kernel_that_cannot_tell(child, monkeypatch):
    monkeypatch.delattr(os, 'pidfd_open', raising=False)
    seen = ParentProcess(os.getppid())
    assert seen.fileno is None
    assert not seen.is_gone


@pytest.mark.parametrize('with_fileno', [True, False])
def test_a_signal_that_it_handles(monkeypatch, with_fileno):
    got = []
    before = signal.signal(signal.SIGUSR2, lambda *_args: got.append(1))
    # Its own parent, for this.
    monkeypatch.setattr(os, 'getppid', os.getpid)
    if not with_fileno:
        monkeypatch.delattr(os, 'pidfd_open', raising=False)
    try:
        assert ParentProcess(os.getpid()).send(signal.SIGUSR2)
        awaited(lambda: got)
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_a_signal_that_would_end_it(child, monkeypatch):
    monkeypatch.setattr(os, 'getppid', lambda: child.pid)
    assert not ParentProcess(child.pid).send(signal.SIGUSR2)
    assert child.poll() is None


def test_a_process_that_is_not_the_parent_gets_none(child):
    assert not ParentProcess(child.pid).send(signal.SIGTERM)
    assert child.poll() is None


def test_one_that_ends_meanwhile(child, monkeypatch):
    monkeypatch.setattr(os, 'getppid', lambda: child.pid)
    seen = ParentProcess(child.pid)
    monkeypatch.setattr(seen, '_handles', lambda number: True)
    child.kill()
    child.wait()
    assert not seen.send(signal.SIGUSR2)


def test_what_proc_does_not_say(tmpdir):
    folder = tmpdir.mkdir('7')
    seen = ParentProcess(7, str(tmpdir))
    for text in '', '7 (a) Z 1', '7 (a) Z ' + 'x ' * 60:
        folder.join('stat').write(text)
        assert seen.exit_signal() is None
        assert not seen.is_stopped
    folder.join('stat').write('7 (a ) T) Z ' + '0 ' * 48 + '9')
    assert seen.exit_signal() == (9, None)
    assert not seen.is_stopped


# Killed for want of memory

GROUPS = {
    'version 2': ('0::/a/b\n', ['a', 'b', 'memory.events'],
                  'low 0\noom 1\noom_kill %d\n'),
    'version 1': ('5:cpu:/\n4:memory,x:/a\n0::/\n',
                  ['memory', 'a', 'memory.oom_control'],
                  'oom_kill_disable 0\nunder_oom 0\noom_kill %d\n'),
}


@pytest.fixture(params=sorted(GROUPS))
def group(request, tmpdir):
    """(OutOfMemory, how to change the kernel's count)"""
    groups, path, text = GROUPS[request.param]
    tmpdir.ensure('proc', 'self', 'cgroup').write(groups)
    counted = tmpdir.join('cgroup', *path)

    def count(number):
        counted.write(text % number, ensure=True)

    count(3)
    return (OutOfMemory(str(tmpdir.join('proc')), str(tmpdir.join('cgroup'))),
            count)


def test_a_kill(group):
    memory, count = group
    assert not memory.has_killed()
    count(4)
    assert memory.has_killed()


def test_a_kill_long_ago(group):
    memory, count = group
    count(4)
    memory.look()
    assert memory.has_killed()
    memory.look()
    assert not memory.has_killed()


@pytest.mark.parametrize('groups', [None, '', '0::/\n'])
def test_a_kernel_that_does_not_count(tmpdir, groups):
    if groups is not None:
        tmpdir.ensure('self', 'cgroup').write(groups)
    memory = OutOfMemory(str(tmpdir), str(tmpdir))
    memory.look()
    assert not memory.has_killed()


def test_a_count_that_is_none(tmpdir):
    counted = tmpdir.join('memory.events')
    counted.write('oom_kill many\n')
    assert parent_process._kills(str(counted)) is None
