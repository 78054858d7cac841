"""peeking: what is in a socket, and stays there."""
from __future__ import absolute_import, division, print_function

import socket

import pytest

from Products.ZServerViews.servers.own.peeking import (
    first_line,
    is_alone,
    peek,
)


@pytest.fixture
def pair():
    pair = socket.socketpair()
    yield pair
    for sock in pair:
        sock.close()


@pytest.mark.parametrize('timeout', [None, 0, 100])
def test_it_stays_in_the_socket(pair, timeout):
    server, client = pair
    server.settimeout(timeout)
    # Not even while nothing is there does it wait.
    assert peek(server, 3) is None
    client.sendall(b'abcd')
    assert peek(server, 3) == peek(server, 3) == b'abc'
    assert server.gettimeout() == timeout
    assert server.recv(10) == b'abcd'
    client.close()
    assert peek(server, 3) == b''
    server.close()
    assert peek(server, 3) == b''


@pytest.mark.parametrize('data, expected', [
    (b'GET /a?b HTTP/1.1\r\nHost: a', ('GET', '/a?b')),
    (b'GET /\xe4 HTTP/1.0\r\n', ('GET', u'/\xe4')),
    (b'GET /a HTTP/1.1\r', None), (b'GET /a HTTP/1.1\n', None),
    (b'GET /a\r\n', None), (b'GET  /a HTTP/1.1\r\n', None),
    (b'PRI * HTTP/2.0\r\n', None), (b'PROXY TCP4 1.2.3.4\r\n', None),
    (b'\x16\x03\x01', None), (b'', None)])
def test_first_line(data, expected):
    assert first_line(data) == expected


def test_whether_something_is_behind_a_head():
    assert is_alone(b'GET / HTTP/1.1\r\n\r\n') and is_alone(b'GET / HT')
    assert is_alone(b'')
    assert not is_alone(b'GET / HTTP/1.1\r\n\r\nP')
