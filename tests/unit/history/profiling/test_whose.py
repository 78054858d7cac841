"""profiling.whose: which request a worker had at a moment."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.history.profiling import whose as whose_module
from Products.ZServerViews.history.profiling.whose import Whose
from Products.ZServerViews.monitor.recorder import Recorder


class World(object):
    """The calling thread is the worker."""

    def __init__(self):
        self.now = 100.0
        self.recorder = Recorder(lambda: self.now)
        self.whose = Whose(self.recorder)

    def works(self, path, since, until=None):
        self.now = since
        self.recorder.begins(self.recorder.received('GET', path, None))
        if until is not None:
            self.now = until
            self.recorder.ends()

    def path(self, moment):
        request = self.whose.at(moment).get(get_ident())
        return None if request is None else request.path


@pytest.fixture
def world():
    return World()


def test_those_that_have_ended_and_the_one_in_work(world):
    world.works('/a', 101, 102)
    world.works('/b', 103, 104)
    world.works('/c', 104)
    world.whose.read()
    assert [world.path(moment) for moment in (
        100.5, 101, 101.9, 102, 103.5, 104, 109)] == [
            None, '/a', '/a', None, '/b', '/c', '/c']


def test_one_that_ends_while_it_is_read_is_not_lost(world):
    world.works('/a', 101)
    world.whose.read()
    assert world.path(105) == '/a'
    world.now = 106
    world.recorder.ends()
    world.whose.read()
    assert world.path(105) == '/a'
    assert world.path(106) is None


def test_what_nobody_asks_for_is_forgotten(world):
    world.works('/a', 101, 102)
    world.works('/b', 103, 104)
    world.whose.read()
    world.whose.forget(103)
    assert [world.path(moment) for moment in (101.5, 103.5)] == [None, '/b']
    world.whose.forget(105)
    assert world.path(103.5) is None


def test_what_is_kept_is_bounded(world, monkeypatch):
    monkeypatch.setattr(whose_module, 'MOST', 2)
    world.whose = Whose(world.recorder)
    for number in range(3):
        world.works('/%d' % number, 101 + number, 102 + number)
    world.whose.read()
    assert [world.path(moment) for moment in (101, 102, 103)] == [
        None, '/1', '/2']


def test_nothing_is_noted_when_nobody_asks(world):
    world.whose.close()
    assert world.recorder.profiled is None
    world.works('/a', 101, 102)
    # One that has begun meanwhile is left alone.
    other = Whose(world.recorder)
    world.whose.close()
    assert world.recorder.profiled is not None
    other.close()
    assert world.recorder.profiled is None


def test_a_forked_child_notes_nothing(world):
    world.recorder.begin_anew()
    assert world.recorder.profiled is None
