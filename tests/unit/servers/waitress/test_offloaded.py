"""servers.waitress: a view that runs aside, in a view thread by hand."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.wsgi.view_threads import Step
from tests.unit import dummies
from tests.unit.waitress_dummies import Connection, Server, body


class ViewThread(object):
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
def view_thread(world):
    parts = dummies.Iterable(b'one ', b'two')
    world.mount('/aside', dummies.view('200 OK', [], parts), aside=True)
    view_thread = ViewThread()
    world.mounts[-1].usage.view_thread = view_thread
    view_thread.parts = parts
    return view_thread


def test_the_channel_waits_for_the_view_and_not_for_the_socket(
        world, server, connection, view_thread):
    connection.get('/aside')
    connection.get('/view')
    connection.turn(3)
    channel = connection.channel
    assert not connection.entry.writable()
    assert not connection.entry.readable()
    assert connection.read() == b''
    assert server.triggered == 0
    view_thread.run()
    assert server.triggered == 1
    assert connection.entry.writable()
    assert connection.answer().endswith(b'\r\n\r\n4\r\none \r\n')
    assert not connection.entry.writable()
    got = b''
    while view_thread.steps:
        view_thread.run()
        got += connection.answer()
    assert got.startswith(b'3\r\ntwo\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n')
    assert body(got[got.index(b'HTTP'):]) == b'the view'
    assert channel.requests == []


def test_waiting_for_the_view_is_not_standing_still(world, view_thread):
    connection = Connection(Server(channel_timeout=10))
    connection.get('/aside')
    connection.turn(2)
    connection.channel.last_activity -= 60
    connection.turn(2)
    assert connection.open
    view_thread.run()
    connection.turn()
    assert connection.read()
    # Now it is the view's turn again, so the client may still wait.
    connection.channel.last_activity -= 60
    connection.turn(2)
    assert connection.open
    view_thread.run()
    # Here the client could read but does not.
    connection.channel.last_activity -= 60
    connection.turn(2)
    assert not connection.open
    view_thread.run()
    assert view_thread.parts.closed == 1


def test_a_view_that_does_not_come_back_is_answered(world, connection, view_thread):
    connection.get('/aside')
    connection.turn(3)
    view_thread.steps, step = [], view_thread.steps[0]
    view_thread.over = True
    assert connection.entry.writable()
    status, _headers, _body = dummies.split(connection.answer())
    assert status == 'HTTP/1.1 504 Gateway Timeout'
    assert connection.channel.requests == []
    connection.get('/view')
    assert body(connection.answer()) == b'the view'
    step.call()
    view_thread.run()
    assert view_thread.parts.closed == 1


def test_a_view_that_has_too_much_to_do_is_refused_at_once(
        world, connection, view_thread):
    view_thread.is_busy = True
    connection.get('/aside')
    connection.turn()
    status, headers, _body = dummies.split(connection.answer())
    assert status == 'HTTP/1.1 503 Service Unavailable'
    assert headers['retry-after'] == '1'
    connection.get('/view')
    assert body(connection.answer()) == b'the view'
