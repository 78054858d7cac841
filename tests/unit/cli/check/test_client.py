"""Requests as the check sends them."""
from __future__ import absolute_import, division, print_function

import contextlib
import socket
import threading

import pytest

from Products.ZServerViews.cli.check import client
from Products.ZServerViews.cli.check.client import Lost, is_whole, receive

HEAD = b'HTTP/1.1 200 OK\r\n'


@pytest.mark.parametrize('received, whole', [
    (b'', False), (HEAD, False),
    (HEAD + b'Content-Length: 2\r\n\r\nx', False),
    (HEAD + b'content-length:2\r\n\r\nxy', True),
    (HEAD + b'Content-Length: 0\r\n\r\n', True),
    (HEAD + b'Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n', False),
    (HEAD + b'Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n', True),
    (HEAD + b'\r\nno length', None),
    (b'HTTP/1.1 204 No Content\r\n\r\n', True),
    (b'HTTP/1.1 304 Not Modified\r\n\r\n', True),
])
def test_when_an_answer_is_whole(received, whole):
    assert is_whole(received) is whole


@pytest.fixture
def pair():
    """(ours, the server's) ends of a connection."""
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_an_answer(pair):
    pair[1].sendall(b'HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nxy')
    answer = receive(pair[0], client.now())
    assert (answer.status, answer.body, answer.too_much) == (503, b'xy', False)
    assert 0 <= answer.seconds < client.TIMEOUT
    assert answer.is_good


@pytest.mark.parametrize('status', [404, 500, 504])
def test_answers_that_are_none(pair, status):
    pair[1].sendall(b'HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n' % status)
    assert not receive(pair[0], client.now()).is_good


def test_an_answer_without_a_length(pair):
    pair[1].sendall(HEAD + b'\r\nxyz')
    pair[1].shutdown(socket.SHUT_WR)
    assert receive(pair[0], client.now()).body == b'xyz'


def test_more_of_an_answer_than_is_wanted(pair):
    pair[1].sendall(HEAD + b'\r\n' + b'x' * 1000)
    answer = receive(pair[0], client.now(), most=100)
    assert answer.too_much
    pair[1].sendall(HEAD + b'Content-Length: 500\r\n\r\n' + b'x' * 500)
    assert not receive(pair[0], client.now(), most=100).too_much


@pytest.mark.parametrize('sent, words', [
    (b'', 'was closed'), (HEAD + b'Content-Length: 2\r\n\r\nx', 'was closed'),
    (b'rubbish\r\n\r\n', 'is no answer'),
])
def test_no_answer(pair, sent, words):
    pair[1].sendall(sent)
    pair[1].shutdown(socket.SHUT_WR)
    with pytest.raises(Lost) as caught:
        receive(pair[0], client.now())
    assert words in str(caught.value)


def test_an_answer_that_is_too_late(pair):
    for timeout in 0.01, 0:
        with pytest.raises(Lost) as caught:
            receive(pair[0], client.now(), timeout)
        assert 'no whole answer' in str(caught.value)


def test_a_connection_that_is_broken(pair):
    pair[0].close()
    for call in receive, client.ask_on:
        with pytest.raises(Lost):
            call(pair[0], client.now())


class Server(object):
    """Answers the connections that come with these bytes, one each."""

    def __init__(self, *answers):
        self.answers = answers
        self.requests = []
        self.socket = socket.socket()
        self.socket.bind(('127.0.0.1', 0))
        self.socket.listen(5)
        self.address = self.socket.getsockname()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc_info):
        self.thread.join(10)
        self.socket.close()

    def run(self):
        for answer in self.answers:
            with contextlib.closing(self.socket.accept()[0]) as connection:
                self.requests.append(connection.recv(1000))
                connection.sendall(answer)


def test_asking_on_a_connection_of_its_own():
    with Server(HEAD + b'Content-Length: 1\r\n\r\nx') as server:
        assert client.ask(server.address, '/v').body == b'x'
    assert server.requests == [b'GET /v HTTP/1.1\r\nHost: localhost\r\n'
                               b'Connection: close\r\n\r\n']


def test_asking_nobody():
    with Server() as server:
        pass
    with pytest.raises(Lost):
        client.ask(server.address, '/v')


def test_a_value():
    with Server(HEAD + b'Content-Length: 6\r\n\r\n[1, 2]',
                b'HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n') as server:
        assert client.json_of(server.address, '/v') == [1, 2]
        with pytest.raises(Lost) as caught:
            client.json_of(server.address, '/v')
    assert '/v answers 404' in str(caught.value)


def test_a_value_on_a_connection(pair):
    pair[1].sendall(HEAD + b'Content-Length: 4\r\n\r\ntrue')
    assert client.json_of(None, '/v', pair[0]) is True
    assert pair[1].recv(1000).startswith(b'GET /v HTTP/1.1\r\n')


def test_a_request_that_is_looked_after_later():
    with Server(HEAD + b'Content-Length: 1\r\n\r\nx', HEAD) as server:
        good = client.Pending(server.address, '/a')
        bad = client.Pending(server.address, '/b')
    assert good.is_answered()
    assert good.finish(5)
    assert not bad.finish(5)
    good.close()
    assert not good.is_answered()
