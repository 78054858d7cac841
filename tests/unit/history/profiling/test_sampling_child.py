"""profiling.sampling_child, with a profiler of ours in the place of Python 3.15's."""
from __future__ import absolute_import, division, print_function

import collections
import json
import os
import signal
import subprocess
import sys

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.history.profiling import outside, sampling_child

pytestmark = pytest.mark.skipif(
    PY2, reason='the child process runs on Python 3.15 alone')

Frame = collections.namedtuple('Frame', 'filename location funcname')
Thread = collections.namedtuple('Thread', 'thread_id status frame_info')
Interpreter = collections.namedtuple('Interpreter', 'threads')

INNER = Frame('/a.py', (7, 7, 0, 1), 'Page.__call__')
OUTER = Frame('/b.py', (3, 3, 0, 1), 'run.<locals>.<lambda>')
COLLECTION = Frame('~', None, '<GC>')
TORN = Frame('/c.py', (-1, -1, -1, -1), 'f')


class Flags(object):
    THREAD_STATUS_HAS_GIL = 1
    THREAD_STATUS_ON_CPU = 2
    THREAD_STATUS_GIL_REQUESTED = 8


class Profiler(object):
    """``errors``
        Raised by the next dumps, one each; None of them is none.
    """

    def __init__(self, threads=(), errors=()):
        self.threads = list(threads)
        self.errors = list(errors)

    def dump_stack(self):
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        return [Interpreter(self.threads)]


def run(profiler, seconds=1, parent=None, rate=100):
    """The lines, of a profile of the parent of this process."""
    lines = []
    sampling_child.run(
        [str(os.getppid() if parent is None else parent), str(rate),
         str(seconds)], lines.append, lambda pid, period: (profiler, Flags))
    assert all(line.endswith(b'\n') for line in lines)
    return [json.loads(line.decode('ascii')) for line in lines]


def kinds(lines, kind):
    return [line[1:] for line in lines if line[0] == kind]


def test_a_stack_is_written_once_and_looks_name_it():
    lines = run(Profiler([
        Thread(7, 1, [INNER, OUTER]), Thread(8, 8, [COLLECTION, INNER]),
        Thread(9, 2, [INNER, OUTER]), Thread(12, 0, [TORN]), Thread(10, 0, [INNER, OUTER]),
        Thread(11, 0, [])]))
    assert kinds(lines, 'stack') == [
        [1, [['<lambda>', '/b.py', 3], ['__call__', '/a.py', 7]]],
        [2, [['__call__', '/a.py', 7], ['<GC>', '~', None]]],
        [3, [['f', '/c.py', None]]]]
    looks = kinds(lines, 'look')
    assert 0 < len(looks) <= 100
    begin, = kinds(lines, 'begins')[0]
    moments = [look[0] for look in looks]
    assert moments == sorted(moments) and moments[0] >= begin
    assert looks[0][3] == [[7, 'computes', 1], [8, 'asks', 2],
                           [9, 'computes', 1], [12, 'waits', 3], [10, 'waits', 1]]
    assert looks[-1][1] >= looks[0][1] > 0


class Clock(object):
    """Moves when somebody sleeps."""

    def __init__(self):
        self.now = 100.0

    def sleep(self, seconds):
        self.now += seconds

    def looks(self, profiler, seconds):
        lines = []
        writer = sampling_child.Writer(lines.append)
        sampling_child.Looks(
            profiler, Flags, writer, os.getppid(), lambda: self.now,
            lambda: 0.5, self.sleep).run(0.1, seconds)
        return [json.loads(line.decode('ascii')) for line in lines]


def test_looks_that_fail_are_counted():
    errors = [RuntimeError('torn')] + [None] * 2 + [OSError('torn')] * 3
    lines = Clock().looks(Profiler([Thread(7, 1, [INNER])], errors), 1)
    assert [look[2] for look in kinds(lines, 'look')] == [0] + [3] * 6


def test_looks_are_on_a_grid_and_missed_ones_are_not_made_up_for():
    class Late(Profiler):
        def dump_stack(self):
            clock.now += 0.25 if 100.15 < clock.now < 100.25 else 0.01
            return Profiler.dump_stack(self)

    clock = Clock()
    lines = clock.looks(Late([Thread(7, 1, [INNER])]), 1)
    # The first one shows whether it works; then the grid begins.
    assert [round(look[0] - 100.01, 3) for look in kinds(lines, 'look')] == [
        0.1, 0.2, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


def test_what_never_works_is_said():
    error = RuntimeError('Failed to attach')
    error.__cause__ = OSError('no such thing')
    lines = run(Profiler(errors=[error] * sampling_child.MOST_ATTEMPTS))
    assert lines == [['fails', 'OSError: no such thing']]


def test_who_is_not_permitted_says_so_at_once():
    lines = run(Profiler(errors=[PermissionError(1, 'Not permitted')]))
    assert lines == [['fails', 'PermissionError: [Errno 1] Not permitted']]


def test_an_end_of_the_program_is_said_too():
    def make(pid, period):
        raise SystemExit(RuntimeError('no'))

    lines = []
    sampling_child.run(['1', '10', '1'], lines.append, make)
    assert json.loads(lines[0].decode('ascii')) == ['fails', 'SystemExit: no']


def test_it_ends_with_its_parent():
    profiler = Profiler([Thread(7, 1, [INNER])])
    assert [line[0] for line in run(profiler, 600, parent=-1)] == ['begins']


def test_it_ends_where_nobody_reads():
    def write(line):
        raise BrokenPipeError()

    sampling_child.run(['1', '10', '1'], write,
                       lambda pid, period: (Profiler(), Flags))


def test_stacks_are_forgotten_when_there_are_many(monkeypatch):
    monkeypatch.setattr(sampling_child, 'MOST_STACKS', 2)
    written = []
    writer = sampling_child.Writer(written.append)
    numbers = [writer.number([INNER._replace(filename=name)])
               for name in ('/1', '/2', '/1', '/3', '/1')]
    assert numbers == [1, 2, 1, 3, 4]
    assert [json.loads(line.decode('ascii'))[0] for line in written] == [
        'stack', 'stack', 'forget', 'stack', 'stack']


def test_of_a_deep_stack_the_innermost_frames_are_kept(monkeypatch):
    monkeypatch.setattr(sampling_child, 'MAX_FRAMES', 2)
    key = [('f%d' % number, '/f.py', number) for number in range(3)]
    assert sampling_child.written(key) == [
        sampling_child.LEFT_OUT, ['f1', '/f.py', 1], ['f0', '/f.py', None]]


def test_all_bytes_are_written():
    read, write = os.pipe()
    try:
        sampling_child.write_to(write)(b'0123456789\n')
        assert os.read(read, 100) == b'0123456789\n'
    finally:
        os.close(read)
        os.close(write)


ENDS = """
import signal, time
from Products.ZServerViews.history.profiling import sampling_child
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
sampling_child.end_after(0.1)
time.sleep(600)
"""


def test_the_kernel_ends_it_whatever_signals_it_has_inherited():
    assert subprocess.call([sys.executable, '-c', ENDS]) == -signal.SIGALRM


def test_it_is_not_ended_while_its_parent_is_patient():
    assert sampling_child.GRACE > outside.PATIENCE
