"""hooks.wasyncore: a view that runs aside, in a lane by hand."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.lanes import Step

from . import dummies
from .waitress_dummies import Connection, Server, body


class Lane(object):
    """Does what is put there when `run` is called."""

    is_busy = False
    refusals = timeouts = 0

    def __init__(self):
        self.steps = []
        self.over = False

    def put(self, call, wake=None, first=False):
        self.steps.append(Step(call, wake, first, 0))
        return self.steps[-1]

    def run(self):
        while self.steps:
            step = self.steps.pop(0)
            step.result = (step.call(),)
            if step.wake:
                step.wake()

    def is_over(self, step):
        return self.over

    def give_up(self, step):
        return step in self.steps and not self.steps.remove(step)


@pytest.fixture
def lane(world):
    parts = dummies.Iterable(b'one ', b'two')
    world.mount('/aside', dummies.view('200 OK', [], parts), aside=True)
    lane = Lane()
    world.mounts[-1].tally.lane = lane
    lane.parts = parts
    return lane


def test_the_channel_waits_for_the_view_and_not_for_the_socket(
        world, server, connection, lane):
    connection.get('/aside')
    connection.get('/view')
    connection.turn(3)
    channel = connection.channel
    assert not channel.writable()
    assert not channel.readable()
    assert connection.read() == b''
    assert server.triggered == 0
    lane.run()
    assert server.triggered == 1
    assert channel.writable()
    assert connection.answer().endswith(b'\r\n\r\n4\r\none \r\n')
    assert not channel.writable()
    got = b''
    while lane.steps:
        lane.run()
        got += connection.answer()
    assert got.startswith(b'3\r\ntwo\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n')
    assert body(got[got.index(b'HTTP'):]) == b'the view'
    assert channel.requests == []


def test_waiting_for_the_view_is_not_standing_still(world, lane):
    connection = Connection(Server(channel_timeout=10))
    connection.get('/aside')
    connection.turn(2)
    connection.channel.last_activity -= 60
    connection.turn(2)
    assert connection.open
    lane.run()
    connection.turn()
    assert connection.read()
    # Now it is the view's turn again, so the client may still wait.
    connection.channel.last_activity -= 60
    connection.turn(2)
    assert connection.open
    lane.run()
    # Here the client could read but does not.
    connection.channel.last_activity -= 60
    connection.turn(2)
    assert not connection.open
    lane.run()
    assert lane.parts.closed == 1


def test_a_view_that_does_not_come_back_is_answered(world, connection, lane):
    connection.get('/aside')
    connection.turn(3)
    lane.steps, step = [], lane.steps[0]
    lane.over = True
    assert connection.channel.writable()
    status, _headers, _body = dummies.split(connection.answer())
    assert status == 'HTTP/1.1 504 Gateway Timeout'
    assert connection.channel.requests == []
    connection.get('/view')
    assert body(connection.answer()) == b'the view'
    step.call()
    lane.run()
    assert lane.parts.closed == 1
