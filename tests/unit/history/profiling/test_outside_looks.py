"""profiling.outside_looks: threads of the system become workers with requests."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.history.profiling.outside import Look
from Products.ZServerViews.history.profiling.outside_looks import OutsideLooks
from Products.ZServerViews.history.profiling.sampling_child import (
    ASKS,
    COMPUTES,
    WAITS,
)
from Products.ZServerViews.monitor import thread_states

FRAMES = {1: (('f', '/f.py', 1),), 2: (('_worker', '/x/futures/thread.py', 2),)}


class Thread(object):
    def __init__(self, ident, native_id, name):
        self.ident, self.native_id, self.name = ident, native_id, name


class World(object):
    """``looks``
        What the child has seen since.
    """

    begun = 100.0
    frames_of = staticmethod(FRAMES.get)

    def __init__(self):
        self.found = []
        self.word = None
        self.read_at = self.forgotten = None
        self.working = {11: 'request of 11', 12: 'request of 12'}

    def looks(self):
        found, self.found = self.found, []
        return found

    # As `Whose`:

    def read(self):
        self.read_at = True

    def at(self, moment):
        return self.working if moment < 200 else {}

    def forget(self, moment):
        self.forgotten = moment

    def state(self, native_id):
        return self.word

    def new(self):
        return OutsideLooks(self, self, self, lambda: {12: 'worker of its own'}, lambda: [
            Thread(11, 71, 'waitress-1'), Thread(12, 72, 'Dummy-1'),
            Thread(13, 73, 'idle'), Thread(None, None, 'not started')]).new()


@pytest.fixture
def world():
    return World()


def test_nothing_new(world):
    assert world.new() == []
    assert world.read_at is None


def test_workers_with_requests(world):
    world.found = [
        Look(101.0, [[71, COMPUTES, 1], [72, ASKS, 1], [73, COMPUTES, 1],
                     [74, COMPUTES, 1]]), Look(201.0, [[71, COMPUTES, 1]])]
    (moment, seen), (later, nothing) = world.new()
    assert (moment, later, nothing) == (101.0, 201.0, [])
    assert [(one.ident, one.name, one.request, one.stack, one.state)
            for one in seen] == [
        (11, 'waitress-1', 'request of 11', 1, thread_states.RUNNING),
        (12, 'worker of its own', 'request of 12', 1, thread_states.UNKNOWN)]
    assert world.read_at and world.forgotten == 201.0


@pytest.mark.parametrize('stack, word, state', [
    (1, None, thread_states.UNKNOWN),
    (1, thread_states.SOCKET, thread_states.SOCKET),
    # The watchdog has looked at another moment.
    (1, thread_states.RUNNING, thread_states.UNKNOWN),
    (2, thread_states.SOCKET, thread_states.LOCK)])
def test_what_one_waits_for(world, stack, word, state):
    world.word = word
    world.found = [Look(101.0, [[71, WAITS, stack]])]
    (_moment, (seen,)), = world.new()
    assert seen.state == state
