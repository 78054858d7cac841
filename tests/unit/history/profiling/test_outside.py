"""profiling.outside, with a child process of ours."""
from __future__ import absolute_import, division, print_function

import subprocess
import sys

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.history.profiling import outside
from Products.ZServerViews.history.profiling.outside import Lost, Outside, is_for
from tests.waiting import awaited

pytestmark = pytest.mark.skipif(
    PY2, reason='such a child process is for Python 3.15')

FIRST = ('["begins", 100.5]\n["stack", 1, [["f", "/f.py", 1]]]\n'
         '["look", 100.6, 0.25, 0, [[7, "computes", 1]]]\n')
SECOND = '["look", 100.7, 0.75, 2, [[7, "waits", 1]]]\n'


class World(object):
    """``text``
        What the child writes; then it waits until it is told to end.
    """

    def __init__(self):
        self.now = 100.0
        self.text = FIRST
        self.waits = True
        self.process = None

    def launch(self, command):
        assert command[1:3] == ['-I', '-S']
        assert command[-2:] == ['50', '30']
        program = 'import sys, time; sys.stdout.write({0!r}); ' \
            'sys.stdout.flush(); time.sleep({1})'.format(
                self.text, 600 if self.waits else 0)
        self.process = subprocess.Popen([sys.executable, '-c', program],
                                        stdout=subprocess.PIPE)
        return self.process

    def child(self):
        return Outside(50, 30, lambda: self.now, self.launch)


@pytest.fixture
def world():
    made = World()
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.wait()
        made.process.stdout.close()


def test_looks(world):
    world.text = FIRST + SECOND
    child, found = world.child(), []
    awaited(lambda: found.extend(child.looks()) or len(found) == 2)
    assert [(look.moment, look.threads) for look in found] == [
        (100.6, [[7, 'computes', 1]]), (100.7, [[7, 'waits', 1]])]
    assert (child.begun, child.failed) == (100.5, 2)
    assert (child.used, child.used_since) == (0.75, 0.5)
    assert child.frames_of(1) == (('f', '/f.py', 1),)
    assert child.frames_of(2) == ()
    child.end()
    assert world.process.returncode is not None


def test_a_line_in_two_pieces(world):
    world.text = FIRST[5:]
    child = world.child()
    child._rest = FIRST[:5].encode('ascii')
    look, = awaited(child.looks)
    assert (child.begun, look.moment) == (100.5, 100.6)


def test_why_it_cannot(world):
    world.text = '["fails", "PermissionError: \\u0007 not permitted"]\n'
    child = world.child()
    with pytest.raises(Lost) as lost:
        awaited(child.looks)
    assert str(lost.value) == 'could not: PermissionError: ? not permitted'


def test_one_that_ends_by_itself(world):
    world.waits = False
    child = world.child()
    assert awaited(child.looks)
    with pytest.raises(Lost) as lost:
        awaited(child.looks)
    assert str(lost.value) == 'has ended with exit code 0'


def test_one_that_says_nothing(world):
    world.text = ''
    child = world.child()
    assert child.looks() == []
    world.now += outside.PATIENCE + 1
    with pytest.raises(Lost) as lost:
        child.looks()
    assert str(lost.value) == 'has seen nothing for 20 s'


def test_one_that_does_not_stop(world, monkeypatch):
    monkeypatch.setattr(outside, '_LONGEST_LINE', 1000)
    world.text = 'x' * 2000
    child = world.child()
    with pytest.raises(Lost) as lost:
        awaited(child.looks)
    assert str(lost.value) == 'writes without an end'


def test_one_that_cannot_be_started():
    def launch(command):
        raise OSError('no more processes')

    with pytest.raises(Lost) as lost:
        Outside(50, 30, launch=launch)
    assert str(lost.value) == 'could not be started: no more processes'


def test_what_is_forgotten_is_still_there_for_the_looks_before(world):
    world.text = FIRST + '["forget"]\n["stack", 2, [["g", "/g.py", 2]]]\n'
    child = world.child()
    awaited(lambda: child.looks() or child.frames_of(2))
    awaited(lambda: child.frames_of(2) or child.looks())
    assert child.frames_of(1) == (('f', '/f.py', 1),)
    assert child.frames_of(2) == (('g', '/g.py', 2),)


@pytest.mark.skipif(sys.version_info >= (3, 15),
                    reason='this Python has profiling.sampling')
def test_where_the_library_has_no_such_module(world):
    """The real program says that itself."""
    child = Outside(50, 30)
    try:
        with pytest.raises(Lost) as lost:
            awaited(child.looks)
    finally:
        child.end()
    assert str(lost.value).startswith('could not: ModuleNotFoundError: ')


def test_where_it_is_tried(monkeypatch):
    assert is_for((3, 15), 'linux') and is_for((3, 16), 'linux')
    assert not is_for((3, 14), 'linux')
    assert not is_for((3, 15), 'darwin')
    monkeypatch.setattr(outside, 'interpreter', lambda: None)
    assert not is_for((3, 15), 'linux')
    monkeypatch.undo()
    monkeypatch.setattr(outside, 'has_greenlets', lambda: True)
    assert not is_for((3, 15), 'linux')
