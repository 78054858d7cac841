"""state: what follows from the numbers of the kernel."""
from __future__ import absolute_import, division, print_function

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.servers.contracts import IServerState
from Products.ZServerViews.servers.own.kinds import Kind
from Products.ZServerViews.servers.own.state import SEARCH_AGAIN, KernelState
from tests.unit.dummies import ManualClock

pytestmark = pytest.mark.skipif(PY2, reason='not on Python 2.7')


class Sock(object):
    number = 0

    def waiting(self):
        return self.number


class World(object):
    """A site, its one socket, and its state."""

    views_socket = 'the listener for views'

    def __init__(self):
        self.clock = ManualClock()
        self.recorder = Recorder(self.clock)
        self.sock = Sock()
        self.found = [self.sock]
        self.searches = []
        self.state = KernelState(self, Kind('a server', 3, 4), self._find)

    def _find(self, but):
        self.searches.append(but)
        return list(self.found)

    def waits(self, number=None):
        """How long those have waited that wait now, the oldest first."""
        if number is not None:
            self.sock.number = number
        return [request.waited(self.clock.now)
                for request in self.state.requests()
                if request.started is None]

    def works(self):
        """A request is begun and finished."""
        self.recorder.begins(self.recorder.received('GET', '/', None))
        self.recorder.ends()


@pytest.fixture
def world():
    return World()


def test_the_contract(world):
    assert verifyObject(IServerState, world.state, tentative=True)
    assert world.state.worker_idents() is None
    assert world.state.connections() is world.state.connection_limit is None
    assert (world.state.text, world.state.worker, world.state.worker_count
            ) == ('a server', 3, 4)
    assert 'whether requests wait' in world.state.not_known


def test_they_grow_older(world):
    assert world.waits() == []
    assert world.state.knows_queue
    assert 'whether requests wait' not in world.state.not_known
    assert world.waits(2) == [0, 0]
    world.clock.now += 3
    assert world.waits() == [3, 3]
    assert world.waits(3) == [3, 3, 0]
    assert world.waits(0) == []


def test_who_has_come_first_is_taken_first(world):
    world.waits(1)
    world.clock.now += 1
    world.waits(2)
    world.clock.now += 1
    world.works()
    assert world.waits(1) == [1]
    # One is taken and another has come.
    world.works()
    assert world.waits(1) == [0]


def test_those_that_others_take(world):
    """Then nobody knows how long the others have waited."""
    world.waits(3)
    world.clock.now += 5
    assert world.waits(2) == [0, 0]
    world.clock.now += 5
    assert world.waits(2) == [5, 5]


def test_in_work(world):
    world.recorder.begins(world.recorder.received('GET', '/a', None))
    assert world.state.in_flight() == 1
    world.sock.number = 1
    waiting, = world.state.requests()
    assert waiting.started is None
    document = waiting.document(world.clock.now)
    assert document['method'] is document['path'] is None
    assert document['phase'] == 'waiting'
    assert waiting.title() == u'(not accepted yet)'
    world.recorder.ends()
    assert world.state.in_flight() == 0


def test_without_a_recorder(world):
    world.waits(3)
    world.recorder = None
    world.state.look()
    assert world.waits() == []
    assert world.state.in_flight() == 0


def test_sockets_are_searched_for_now_and_then(world):
    world.found = []
    assert world.waits(3) == [] and not world.state.knows_queue
    world.state.look()
    assert world.searches == ['the listener for views']
    world.found = [world.sock]
    world.clock.now += SEARCH_AGAIN
    assert world.waits() == [0, 0, 0] and world.state.knows_queue
    # It is closed.
    world.sock.number = None
    assert world.waits() == [] and not world.state.knows_queue
    assert len(world.searches) == 2
