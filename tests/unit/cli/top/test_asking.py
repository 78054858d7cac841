"""One question, over a socket, and what is told without an answer."""
from __future__ import absolute_import, division, print_function

import contextlib
import errno
import socket
import threading

import pytest

from Products.ZServerViews.access.token import Token
from Products.ZServerViews.cli.top import asking
from Products.ZServerViews.cli.top.places import place

JSON = b'{"busy": 1}'


def answer(status, body, *lines):
    return b'\r\n'.join((b'HTTP/1.1 ' + status, b'Content-Length: %d' % len(body)
                         ) + lines + (b'', body))


@contextlib.contextmanager
def answering(data):
    """(URL, [what was asked]) of a server that answers one request so."""
    listening, asked = socket.socket(), []
    listening.bind(('127.0.0.1', 0))
    listening.listen(1)

    def serve():
        connection, _address = listening.accept()
        asked.append(connection.recv(65536))
        connection.sendall(data)
        connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield 'http://127.0.0.1:%d' % listening.getsockname()[1], asked
    finally:
        thread.join()
        listening.close()


def trouble(data, token=None):
    with answering(data) as (url, _asked):
        with pytest.raises(asking.Trouble) as caught:
            asking.ask(place(url, token=token), 'workers')
    return caught.value


def test_a_document():
    with answering(answer(b'200 OK', JSON)) as (url, asked):
        found = asking.ask(place(url, token=Token('it', b'x' * 16)), 'workers',
                           '&limit=3')
        assert found == {'busy': 1}
    head = asked[0].decode('ascii').split('\r\n')
    assert head[0] == 'GET /-/workers?format=json&limit=3 HTTP/1.1'
    assert head[1] == 'Host: ' + url[len('http://'):]
    assert 'Authorization: Bearer ' + 'x' * 16 in head


def test_in_chunks_and_with_the_status_of_a_failed_probe():
    for data in (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
                 b'4\r\n{"bu\r\n7\r\nsy": 1}\r\n0\r\n\r\n',
                 answer(b'503 Service Unavailable', JSON)):
        with answering(data) as (url, _asked):
            assert asking.ask(place(url), 'live') == {'busy': 1}


@pytest.mark.parametrize('data, kind, said', [
    (answer(b'401 Unauthorized', b''), asking.NO_ACCESS, 'give --token-file'),
    (answer(b'403 Forbidden', b''), asking.NO_ACCESS, 'run this on the machine'),
    (answer(b'404 Not Found', b''), asking.NO_SUITE, 'mount the suite by'),
    (answer(b'503 x', b"The server's loop has not moved for 3.1 s.\n"),
     asking.BLOCKED, "The server's loop has not moved for 3.1 s."),
    (answer(b'503 x', b''), asking.BLOCKED, 'it answers 503'),
    (answer(b'200 OK', b'<html>'), asking.ODD, '--base'),
    (answer(b'200 OK', b'[1]'), asking.ODD, '--base'),
    (answer(b'302 Found', b''), asking.ODD, 'answers 302'),
    (b'rubbish rubbish\r\n\r\n', asking.ODD, 'is no answer'),
    (b'', asking.ODD, 'closed'),
    (answer(b'503 x', b'\x1b[2Jred'), asking.BLOCKED, '?[2Jred')])
def test_trouble(data, kind, said):
    found = trouble(data)
    assert found.kind == kind
    assert said in found.text


def test_another_token():
    found = trouble(answer(b'401 Unauthorized', b''), Token('it', b'x' * 16))
    assert 'it does not take this token' in found.text
    assert 'xx' not in found.text


class Unreachable(object):
    base, host, headers = '/-/', 'a', ()

    def __init__(self, error):
        self.error = error

    def connect(self, timeout):
        raise self.error


@pytest.mark.parametrize('error, kind, said', [
    (socket.error(errno.ECONNREFUSED, 'x'), asking.DEAD, 'start the instance'),
    (socket.error(errno.ENOENT, 'x'), asking.DEAD, 'no such socket'),
    (socket.error(errno.EACCES, 'x'), asking.DEAD, 'as the user of the site'),
    (socket.error(errno.EHOSTUNREACH, 'No route'), asking.DEAD, 'No route'),
    (socket.gaierror(-2, 'unknown'), asking.DEAD, 'its name is not known'),
    (socket.timeout('x'), asking.SILENT, 'no answer within 1.5 s')])
def test_no_connection(error, kind, said):
    with pytest.raises(asking.Trouble) as caught:
        asking.ask(Unreachable(error), 'workers', timeout=1.5)
    assert caught.value.kind == kind
    assert said in caught.value.text


def test_an_answer_that_does_not_come():
    listening = socket.socket()
    listening.bind(('127.0.0.1', 0))
    listening.listen(1)
    with pytest.raises(asking.Trouble) as caught:
        asking.ask(place('http://127.0.0.1:%d' % listening.getsockname()[1]),
                   'workers', timeout=0.05)
    listening.close()
    assert caught.value.kind == asking.SILENT


@pytest.mark.parametrize('data', [
    b'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'])
def test_https_where_http_is_spoken(data):
    with answering(data) as (url, _asked):
        with pytest.raises(asking.Trouble) as caught:
            asking.ask(place(url.replace('http', 'https')), 'workers', timeout=20)
    assert (caught.value.kind, caught.value.text) == (
        'odd', 'it does not speak TLS; write http:// in the place of https://')


def test_https_where_somebody_waits_for_the_end_of_a_request():
    listening = socket.socket()
    listening.bind(('127.0.0.1', 0))
    listening.listen(1)
    try:
        with pytest.raises(asking.Trouble) as caught:
            asking.ask(place('https://127.0.0.1:%d' % listening.getsockname()[1]),
                       'workers', timeout=0.2)
    finally:
        listening.close()
    assert caught.value.kind == 'silent'
    assert 'if it does not speak TLS, write http://' in caught.value.text
