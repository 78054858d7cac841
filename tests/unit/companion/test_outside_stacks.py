"""companion.outside_stacks: by a signal, through shared memory."""
from __future__ import absolute_import, division, print_function

import os

import pytest

from Products.ZServerViews.companion.outside_stacks import PATIENCE, OutsideStacks
from tests.platforms import companion_can_run
from tests.unit.dummies import ManualClock

pytestmark = companion_can_run


class Parent(object):
    """Writes in parts, one for each look."""

    is_gone = is_stopped = False
    handles = True
    parts = ()

    def __init__(self, fileno):
        self.fileno = fileno
        self.sent = []

    def send(self, number):
        self.sent.append(number)
        self.left = list(self.parts)
        return self.handles

    def work(self):
        if self.left:
            os.write(self.fileno, self.left.pop(0))


class Readers(object):
    """Programs that read its memory; there is none at first."""

    found = None

    def take(self):
        return self.found


class World(object):
    def __init__(self):
        self.readers = Readers()
        self.fileno = os.memfd_create('test')
        self.parent = Parent(self.fileno)
        self.clock = ManualClock()
        self.stacks = OutsideStacks(
            self.parent, self.fileno, 40, self.readers, self.clock,
            self.sleep)

    def sleep(self, seconds):
        self.clock.now += seconds
        self.parent.work()


@pytest.fixture
def world():
    made = World()
    yield made
    os.close(made.fileno)


def test_all_parts(world):
    world.parent.parts = [b'Thread 1\n', b'Thread 2\n', b'\xff\n']
    for _time in range(2):
        assert world.stacks.take() == (
            'faulthandler', u'Thread 1\nThread 2\n\ufffd\n')
    assert world.parent.sent == [40, 40]


def test_a_process_that_writes_nothing(world):
    begun = world.clock.now
    assert world.stacks.take() is None
    assert PATIENCE <= world.clock.now - begun < 2 * PATIENCE


def test_a_process_that_does_not_end_writing(world):
    world.parent.parts = [b'x'] * 1000
    assert 5 < len(world.stacks.take()[1]) < 100


def test_a_stopped_process_is_not_asked(world):
    world.parent.is_stopped = True
    assert world.stacks.take() is None
    assert world.parent.sent == []


def test_a_process_without_a_handler(world):
    world.parent.handles = False
    assert world.stacks.take() is None


def test_a_process_without_the_memory(world):
    stacks = OutsideStacks(world.parent, -1, -1, world.readers, world.clock)
    assert stacks.take() is None
    assert world.parent.sent == []


def test_what_a_program_reads_where_no_signal_helps(world):
    world.readers.found = 'py-spy', u'Thread 3\n'
    world.parent.parts = [b'Thread 1\n']
    assert world.stacks.take()[0] == 'faulthandler'
    world.parent.is_stopped = True
    assert world.stacks.take() == world.readers.found
    world.parent.is_stopped, world.parent.handles = False, False
    assert world.stacks.take() == world.readers.found
    world.parent.is_gone = True
    assert world.stacks.take() is None
