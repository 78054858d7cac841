"""companion.memory_readers: programs that read the stacks of a process."""
from __future__ import absolute_import, division, print_function

import json
import os
import sys
import time

import pytest

from Products.ZServerViews.companion import memory_readers
from Products.ZServerViews.companion.memory_readers import (
    AGAIN,
    MOST_BYTES,
    MemoryReaders,
    installed,
    output_of,
    path_of,
    text_of_pyspy,
)
from tests.platforms import companion_can_run
from tests.unit.dummies import ManualClock

pytestmark = companion_can_run


def frame(name, line):
    return {'name': name, 'filename': '/%s.py' % name, 'line': line}


IDLE = {'os_thread_id': 3, 'thread_name': u'caf\xe9', 'owns_gil': False,
        'frames': [frame('inner', 1), frame('outer', 2)]}
UNNAMED = {'os_thread_id': 4, 'thread_name': None, 'owns_gil': False,
           'frames': []}
HOLDER = {'os_thread_id': 9, 'thread_name': 'worker', 'owns_gil': True,
          'frames': [frame('match', 5)]}
TEXT = u'''\
Thread 9 "worker", which holds the interpreter (most recent call first):
  File "/match.py", line 5 in match

Thread 3 "caf\xe9" (most recent call first):
  File "/inner.py", line 1 in inner
  File "/outer.py", line 2 in outer

Thread 4 "" (most recent call first):
'''


def test_the_text_of_py_spy():
    assert text_of_pyspy(json.dumps([UNNAMED, HOLDER, IDLE])) == TEXT


class World(object):
    """Programs that are asked in this order: {name: output}."""

    def __init__(self):
        self.asked = []
        self.outputs = {'first': None, 'second': None}
        self.clock = ManualClock()
        self.readers = MemoryReaders(77, self.clock, self.read, self.programs)

    def read(self, command):
        self.asked.append(command)
        return self.outputs[command[0]]

    def programs(self, pid):
        return [('first', ['first', pid], str),
                ('second', ['second', pid], text_of_pyspy)]


def test_the_first_that_can():
    world = World()
    world.outputs['first'] = b'Thread \xff\n'
    assert world.readers.take() == ('first', u'Thread \ufffd\n')
    world.outputs['first'] = None
    world.outputs['second'] = json.dumps([HOLDER, IDLE, UNNAMED]).encode()
    assert world.readers.take() == ('second', TEXT)
    assert world.asked == [['first', 77], ['first', 77], ['second', 77]]


@pytest.mark.parametrize('output', [
    None, b'no JSON', b'[]', b'{"a": 1}', b'[3]', b'[{"owns_gil": 1}]', b'3'])
def test_none_that_can_is_not_asked_again_at_once(output):
    world = World()
    world.outputs['second'] = output
    assert world.readers.take() is None
    assert world.readers.take() is None
    assert len(world.asked) == 2
    world.clock.now += AGAIN
    assert world.readers.take() is None
    assert len(world.asked) == 4


def test_which_are_there(monkeypatch, tmpdir):
    monkeypatch.setattr(sys, 'executable', str(tmpdir.join('bin', 'python3')))
    monkeypatch.setenv('PATH', str(tmpdir.join('other')))
    monkeypatch.setattr(memory_readers.sys, 'version_info', (3, 14, 9))
    assert installed(7) == []
    program = tmpdir.ensure('other', 'py-spy')
    assert installed(7) == []
    program.chmod(0o700)
    (name, command, _as_text), = installed(7)
    assert name == 'py-spy'
    assert command == [str(program), 'dump', '--nonblocking', '--json',
                       '--pid', '7']
    monkeypatch.setattr(memory_readers.sys, 'version_info', (3, 15, 0))
    assert [found[0] for found in installed(7)] == [
        'profiling.sampling', 'py-spy']


def test_where_a_program_is(monkeypatch, tmpdir):
    monkeypatch.setattr(sys, 'executable', str(tmpdir.join('bin', 'python3')))
    monkeypatch.chdir(tmpdir)
    program = tmpdir.ensure('elsewhere', 'py-spy')
    program.chmod(0o700)
    # Not in whatever folder the process happens to be.
    monkeypatch.setenv('PATH', 'elsewhere' + os.pathsep)
    assert path_of('py-spy') is None
    monkeypatch.setenv('PATH', '/nonexistent' + os.pathsep
                       + str(tmpdir.join('elsewhere')))
    assert path_of('py-spy') == str(program)
    monkeypatch.delenv('PATH')
    assert path_of('py-spy') is None
    beside = tmpdir.ensure('bin', 'py-spy')
    beside.chmod(0o700)
    assert path_of('py-spy') == str(beside)


# What a program says, by real ones

def said(code, patience=60):
    return output_of([sys.executable, '-I', '-S', '-c', code],
                     time.monotonic, patience)


def test_output():
    assert said('print("a"); import os; print(os.getcwd())') == b'a\n/\n'
    assert said('import os; print(os.environ["NO_COLOR"])') == b'1\n'


@pytest.mark.parametrize('code', [
    'print("a"); raise SystemExit(1)', 'pass',
    'while True: print("x" * %d)' % MOST_BYTES])
def test_no_output(code):
    assert said(code) is None


@pytest.mark.parametrize('ends_output', ['', 'os.close(1); '])
def test_a_program_that_does_not_end(ends_output):
    assert said('import os, time; print("a", flush=True); %stime.sleep(600)'
                % ends_output, patience=1.0) is None


def test_a_program_that_is_not_there():
    assert output_of(['/nonexistent/py-spy'], time.monotonic) is None
