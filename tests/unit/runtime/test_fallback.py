"""runtime.fallback: what the watchdog answers in place of the loop."""
from __future__ import absolute_import, division, print_function

import socket

import pytest

from Products.ZServerViews.runtime import brief
from Products.ZServerViews.runtime.fallback import FallbackResponder
from Products.ZServerViews.runtime.routes import Routes
from tests.unit import dummies
from tests.unit.dummies import received


class World(object):
    """A fallback responder with a real listening socket, and a clock that stands."""

    def __init__(self):
        self.now = 100.0
        self.site = dummies.Site()
        self.site.heads = dummies.stopped_heads()
        self.site.table = Routes()
        self.site.table.replace([dummies.mount('/a')])
        self.site.views_socket = socket.socket()
        self.site.views_socket.bind(('127.0.0.1', 0))
        self.site.views_socket.listen(64)
        self.site.views_socket.setblocking(False)
        self.fallback = FallbackResponder(self.site, clock=lambda: self.now)
        self.clients = []

    def connect(self, data=b''):
        client = socket.create_connection(self.site.views_socket.getsockname(), 20)
        self.clients.append(client)
        client.sendall(data)
        return client

    def ask(self, data, age=3.21):
        client = self.connect(data)
        self.fallback.turn(age)
        return received(client)


@pytest.fixture
def world():
    made = World()
    yield made
    made.fallback.close()
    for client in made.clients:
        client.close()
    made.site.views_socket.close()


def get(target=b'/a', method=b'GET', version=b'1.1', more=b''):
    return b'%s %s HTTP/%s\r\nHost: x\r\n%s\r\n' % (method, target, version,
                                                   more)


def test_a_view(world):
    status, headers, body = dummies.split(world.ask(get(b'/a?b=c')))
    assert status == 'HTTP/1.1 503 Service Unavailable'
    assert body == b"The server's loop has not moved for 3.2 s.\n"
    assert headers == {
        'retry-after': '1', 'connection': 'close', 'cache-control': 'no-store',
        'content-type': 'text/plain; charset=utf-8', 'date': dummies.DATE,
        'content-length': str(len(body))}


def test_head(world):
    status, headers, body = dummies.split(world.ask(get(method=b'HEAD')))
    assert status.startswith('HTTP/1.1 503')
    assert headers['content-length'] == '43'
    assert body == b''


def test_an_older_version(world):
    assert world.ask(get(version=b'1.0')).startswith(b'HTTP/1.0 503 ')


def test_no_view(world):
    status, headers, _body = dummies.split(world.ask(get(b'/b')))
    assert status == 'HTTP/1.1 404 Not Found'
    assert headers['connection'] == 'close'
    assert 'retry-after' not in headers


@pytest.mark.parametrize('rubbish', [
    b'rubbish\n\n', b'GET /a\r\n\r\n', b'GET /a b HTTP/1.1\n\n',
    b'GET /a FTP/1.1\n\n', b'\xff\xfe \xff \xff\r\n\r\n', b'x' * 9000,
    b'GET /a HTTP/1.1\r\nX: ' + b'x' * 9000])
def test_rubbish(world, rubbish):
    client = world.connect(rubbish)
    client.shutdown(socket.SHUT_WR)
    world.fallback.turn(1.0)
    world.fallback.turn(1.0)
    assert received(client).startswith(b'HTTP/1.0 400 Bad Request\r\n')


def test_empty_lines_before_the_request(world):
    assert world.ask(b'\r\n\r\n\r\n' + get()).startswith(b'HTTP/1.1 503 ')


def test_in_pieces(world):
    client = world.connect()
    for piece in get()[:10], get()[10:-3], get()[-3:]:
        assert world.fallback.turn(1.0)
        client.sendall(piece)
    assert world.fallback.turn(1.0)
    assert received(client).startswith(b'HTTP/1.1 503 ')
    client.close()
    assert not world.fallback.turn(1.0)


def test_a_body_is_read_so_that_the_answer_arrives(world):
    client = world.connect(get(method=b'POST', more=b'Content-Length: 9\r\n'))
    client.sendall(b'x' * 100000)
    client.shutdown(socket.SHUT_WR)
    while world.fallback.turn(1.0):
        pass
    assert received(client).startswith(b'HTTP/1.1 503 ')


def test_nobody_is_accepted_while_the_loop_moves(world):
    world.connect(get())
    assert not world.fallback.turn(None)
    world.site.views_socket.accept()[0].close()  # it waits there still


def test_who_was_accepted_is_answered_when_the_loop_moves_again(world):
    client = world.connect()
    assert world.fallback.turn(2.0)
    client.sendall(get())
    assert world.fallback.turn(None)
    assert b'has not moved for 2.0 s' in received(client)


def test_without_a_listener(world):
    closed = world.site.views_socket
    world.site.views_socket = None
    assert not world.fallback.turn(1.0)
    world.site.views_socket = closed


def test_a_listener_that_is_closed_meanwhile(world):
    world.site.views_socket.close()
    assert not world.fallback.turn(1.0)


def test_who_sends_nothing_is_left(world):
    client = world.connect()
    assert world.fallback.turn(1.0)
    world.now += brief.SECONDS
    assert world.fallback.turn(1.0)
    world.now += 0.1
    assert not world.fallback.turn(1.0)
    assert received(client) == b''


def test_who_goes_away_is_forgotten(world):
    world.connect(get()[:5]).close()
    assert not world.fallback.turn(1.0)


def test_so_many_at_once(world):
    for _number in range(brief.MOST):
        world.connect()
    assert world.fallback.turn(1.0)
    late = world.connect(get())
    world.fallback.turn(1.0)
    late.setblocking(False)
    with pytest.raises(socket.error):
        late.recv(1)
    late.setblocking(True)
    world.now += brief.SECONDS + 0.1
    world.fallback.turn(1.0)  # the others have had their time
    world.fallback.turn(1.0)
    assert received(late).startswith(b'HTTP/1.1 503 ')


def test_a_path_outside_ascii(world):
    answer = world.ask(b'GET /caf\xe9 HTTP/1.1\r\n\r\n')
    assert answer.startswith(b'HTTP/1.1 404 ')
