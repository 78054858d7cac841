"""runtime.brief: one connection, without a network; over one, see
test_fallback.py."""
from __future__ import absolute_import, division, print_function

import socket

import pytest

from Products.ZServerViews.runtime import brief

REQUEST = b'GET /a HTTP/1.1\r\nHost: x\r\n\r\n'


def test_a_client_that_does_not_read():
    """The answer goes out in parts, as the socket takes it."""

    class Slow(object):
        sent = b''
        calls = 0
        closed = shut = False

        def recv(self, size):
            if not self.calls:
                self.calls = 1
                return REQUEST
            raise socket.error(11, 'later')

        def send(self, data):
            if self.calls == 2:
                self.calls = 3
                raise socket.error(11, 'later')
            self.calls = 2
            self.sent += data[:100]
            return 100 if len(data) > 100 else len(data)

        def shutdown(self, how):
            self.shut = True

        def close(self):
            self.closed = True

    slow = Slow()
    connection = brief.BriefConnection(slow, 101.0)

    def answer(head):
        return b'y' * 250

    for _turn in range(2):
        assert not connection.turn(answer, 100.0)
        assert not slow.shut
    while not slow.shut:
        assert not connection.turn(answer, 100.0)
    assert slow.sent == b'y' * 250
    assert not slow.closed
    assert connection.turn(answer, 101.1)
    assert slow.closed


def test_a_broken_connection_is_closed():
    class Broken(object):
        closed = False

        def recv(self, size):
            raise socket.error(104, 'reset')

        def close(self):
            self.closed = True

    broken = Broken()
    assert brief.BriefConnection(broken, 101.0).turn(None, 100.0)
    assert broken.closed


class Endless(object):
    """A client that sends the same again and again, faster than it is read."""

    def __init__(self, data):
        self.data = data
        self.reads = 0
        self.sent = b''

    def recv(self, size):
        self.reads += 1
        return self.data

    def send(self, data):
        self.sent += data
        return len(data)

    def shutdown(self, how):
        pass

    def close(self):
        pass


@pytest.mark.parametrize('data', [b'\r\n' * 100, b'x' * 100, b'\r' * 100])
def test_who_sends_without_an_end_holds_nobody(data):
    sock = Endless(data)
    connection = brief.BriefConnection(sock, 10.0)
    turns = 0
    while not connection.turn(lambda head: b'answer', 0.0 + turns / 100):
        turns += 1
        assert sock.reads <= turns * (2 * brief.MOST_READS)
        assert turns < 2000
    assert sock.sent == b'answer'


@pytest.mark.parametrize('head, expected', [
    (b'GET /a?b HTTP/1.1\nHost: x\n\n', ('GET', '/a?b', '1.1')),
    (b'OPTIONS * HTTP/1.0\n\n', ('OPTIONS', '*', '1.0')),
    (b'GET /caf\xe9 HTTP/1.1', ('GET', '/caf\xe9', '1.1')),
    (b'GET /a\n\n', None), (b'', None), (b'GET /a FTP/1\n\n', None)])
def test_request_line(head, expected):
    assert brief.request_line(head) == expected


def test_the_descriptors_of_connections_can_be_waited_for():
    listening = socket.socket()
    listening.bind(('127.0.0.1', 0))
    listening.listen(1)
    listening.setblocking(False)
    responder = brief.BriefResponder(lambda head: b'', lambda: 0.0)
    client = socket.create_connection(listening.getsockname(), 20)
    while not responder.turn(listening):
        pass
    fileno, = responder.filenos()
    assert fileno > 0
    responder.close()
    assert responder.filenos() == []
    client.close()
    listening.close()
