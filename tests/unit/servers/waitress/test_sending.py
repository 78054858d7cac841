"""servers.waitress: an answer is pulled as the socket drains."""
from __future__ import absolute_import, division, print_function

import errno
import socket

import pytest

from Products.ZServerViews.wsgi import sender as sender_module
from tests.unit import dummies
from tests.unit.waitress_dummies import (
    Connection,
    Parts,
    Server,
    body,
    endless,
    unread,
)


def test_a_client_that_does_not_read_stops_the_pulling(world, server):
    parts, deaf = unread(world, server, turns=50)
    other = Connection(server)
    pulled = parts.pulled
    assert 0 < pulled < 1000
    deaf.turn(50)
    assert parts.pulled == pulled
    assert deaf.channel.total_outbufs_len == 0
    other.get('/view')
    assert body(other.answer()) == b'the view'
    assert deaf.read()
    deaf.turn()
    assert parts.pulled > pulled
    deaf.entry.handle_close()
    assert parts.closed == 1


def test_a_slow_reader_gets_everything(world, server):
    content = b''.join(b'%06d' % number if bytes is not str else
                       '%06d' % number for number in range(50000))
    world.mount('/large', dummies.view('200 OK', [], [content]))
    connection = Connection(server, small=True)
    connection.get('/large')
    got = b''
    for _turn in range(10000):
        connection.turn()
        got += connection.read()
        if got.endswith(content[-6:]):
            break
    assert body(got) == content
    assert connection.entry is connection.channel
    assert connection.channel.requests == []


def test_many_parts_leave_the_loop_in_between(world, connection):
    parts = Parts([b'x'] * (3 * sender_module.BLOCKS_AT_ONCE))
    world.mount('/many', dummies.view('200 OK', [], parts))
    connection.get('/many')
    connection.turn()
    assert parts.pulled <= sender_module.BLOCKS_AT_ONCE
    answer = connection.answer(10)
    assert answer.count(b'1\r\nx\r\n') == 3 * sender_module.BLOCKS_AT_ONCE
    assert connection.channel.requests == []


def test_large_parts_leave_the_loop_in_between(world, connection, monkeypatch):
    monkeypatch.setattr(sender_module, 'BYTES_AT_ONCE', 1000)
    parts = Parts([b'x' * 600] * 10)
    world.mount('/large', dummies.view('200 OK', [], parts))
    connection.get('/large')
    connection.turn()
    assert parts.pulled <= 3
    assert connection.answer(20).count(b'x' * 600) == 10


def test_a_view_without_anything_yet_is_asked_again(world, connection):
    parts = Parts([b'', b'', b'now'])
    world.mount('/later', dummies.view('200 OK', [], parts))
    connection.get('/later')
    for pulled in 1, 2:
        while parts.pulled < pulled:
            connection.turn()
            assert parts.pulled <= pulled
    assert b'now' in connection.answer()


def test_a_client_that_leaves_ends_the_call(world, server):
    parts, connection = unread(world, server, turns=5)
    connection.client.close()
    connection.turn(5)
    assert not connection.open
    assert parts.closed == 1
    (_application, _environ, status, body_bytes), = world.site.access_log.lines
    assert status == '200 OK'
    assert body_bytes >= 1000


def test_a_client_that_leaves_before_the_head_leaves_no_line(world, server):
    parts = Parts(endless(b''))
    world.mount('/endless', dummies.view('200 OK', [], parts))
    connection = Connection(server)
    connection.get('/endless')
    connection.turn(3)
    connection.entry.handle_close()
    assert parts.closed == 1
    assert world.site.access_log.lines == []


def test_closing_a_channel_without_a_view(world, connection):
    connection.channel.handle_close()
    assert not connection.open
    assert world.site.access_log.lines == []


class BrokenSocket(object):
    """A socket whose send fails in no usual way."""

    def __init__(self, real):
        self._real = real

    def send(self, data):
        raise socket.error(errno.EIO, 'broken')

    def __getattr__(self, name):
        return getattr(self._real, name)


@pytest.mark.parametrize('wanted', [True, False])
def test_a_socket_that_fails(world, wanted):
    parts = Parts([b'one'])
    world.mount('/parts', dummies.view('200 OK', [], parts))
    connection = Connection(Server(log_socket_errors=wanted))
    connection.channel.socket = BrokenSocket(connection.channel.socket)
    connection.get('/parts')
    connection.turn(2)
    assert not connection.open
    assert parts.closed == 1
    assert bool(world.site.log_queue.logged) is wanted
    assert all('broken' in text for _level, text, _exc_info
               in world.site.log_queue.logged)


def test_a_socket_that_fails_in_the_answer_before_the_view(world, server):
    called = []
    world.mount('/called', lambda *args: called.append(args))
    connection = Connection(server)
    connection.send('GET /a HTTP/1.1', 'Host: a', '',
                    'GET /called HTTP/1.1', 'Host: a', '')
    connection.turn()
    server.adj.send_bytes = 1 << 20
    server.task_dispatcher.run()
    assert connection.channel.total_outbufs_len
    connection.channel.socket = BrokenSocket(connection.channel.socket)
    connection.turn(2)
    assert not connection.open
    assert called == []
