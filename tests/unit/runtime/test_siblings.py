"""siblings: what other processes of the site answer, and what else may listen.
"""
from __future__ import absolute_import, division, print_function

import json
import os
import socket
import threading

import pytest

from Products.ZServerViews.config.values import address
from Products.ZServerViews.runtime import siblings
from Products.ZServerViews.runtime.siblings import FOREIGN, LATE, ask_all

NUMBERS = {'pid': 4712, 'worker': 2, 'workers': 4, 'busy': 1, 'idle': 3,
           'waiting': None}


def answer(document=NUMBERS, status='200 OK', extra=b''):
    body = json.dumps(document).encode('ascii') + extra
    return ('HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n'
            % (status, len(body))).encode('ascii') + body

# A part of an answer behind which nothing comes.
HANG_UP = b'HTTP/1.1 2'


LOOPBACK = '127.0.0.1', 0


def bound(where):
    sock = socket.socket(
        socket.AF_UNIX if isinstance(where, str) else socket.AF_INET)
    try:
        sock.bind(where)
    except socket.error:
        sock.close()
        raise
    return sock


def bound_below_nobody():
    """(a socket at a free port, one that keeps others from the next port)"""
    while True:
        sock = bound(LOOPBACK)
        try:
            return sock, bound(('127.0.0.1', sock.getsockname()[1] + 1))
        except (socket.error, OverflowError):
            sock.close()


class Listening(object):
    """Answers each request with these parts, and keeps what was asked."""

    def __init__(self, where, *parts):
        if isinstance(where, str):
            self.sock, self._next = bound(where), None
        else:
            self.sock, self._next = bound_below_nobody()
        self.sock.listen(5)
        self.parts = parts
        self.asked = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def port(self):
        return self.sock.getsockname()[1]

    def _serve(self):
        while True:
            connection, _address = self.sock.accept()
            try:
                request = connection.recv(10000)
                if not request:
                    return
                self.asked.append(request)
                for part in self.parts:
                    connection.sendall(part)
                if HANG_UP not in self.parts:
                    connection.recv(1)  # until the client goes
            except socket.error:
                pass  # it has gone
            finally:
                connection.close()

    def close(self):
        client = socket.socket(self.sock.family)
        client.connect(self.sock.getsockname())
        client.close()
        self._thread.join(30)
        self.sock.close()
        if self._next is not None:
            self._next.close()


class Site(object):
    """With so much as is asked of it."""

    views_socket = own = None

    def __init__(self, listen):
        self.settings = type('Settings', (), {'listen': address(listen)})
        self.access = self
        self.owner = None

    def listening_at(self):
        return self.own

    def user_of(self, sock):
        assert sock.getpeername() is not None
        return self.owner


@pytest.fixture
def listen():
    made = []

    def listen(where, *parts):
        made.append(Listening(where, *parts))
        return made[-1]

    yield listen
    for one in made:
        one.close()


def at(port, host='127.0.0.1'):
    """A site with this port and the one above."""
    return Site('%s:%d-%d' % (host, port, port + 1))


def ask(site):
    """[(address, pid, error)]"""
    return [(found.address, found.numbers['pid'], found.error)
            for found in ask_all(site, '/-/workers')]


def test_the_numbers(listen):
    # In parts, and with more behind.
    whole = answer(extra=b'\n')
    server = listen(LOOPBACK, whole[:30], whole[30:-5], whole[-5:])
    found, = ask_all(at(server.port), '/-/workers')
    assert found.numbers == NUMBERS and found.error is None
    assert found.address == '127.0.0.1:%d' % server.port
    assert server.asked == [
        b'GET /-/workers?format=json&siblings=no HTTP/1.1\r\n'
        b'Host: localhost\r\n\r\n']


def test_what_is_no_number_is_not_kept(listen):
    server = listen(LOOPBACK, answer(
        {'pid': '<b>', 'busy': True, 'idle': [], 'workers': 3, 'more': 1}))
    found, = ask_all(at(server.port), '/-/workers')
    assert found.numbers == dict(dict.fromkeys(NUMBERS), workers=3)


def test_not_itself(listen):
    server = listen(LOOPBACK, answer())
    site = at(server.port)
    site.own = '127.0.0.1:%d' % server.port
    assert ask(site) == [] and not server.asked


@pytest.mark.parametrize('parts, error', [
    ([answer({}, '503 Service Unavailable')], '503 Service Unavailable'),
    ([b'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 8\r\n\r\nstopped\n'],
     '503 Service Unavailable: stopped'),
    ([b'SSH-2.0-OpenSSH\r\n\r\n'], 'its answer is not understood'),
    ([answer([])], 'its answer is not understood'),
    ([b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\xff{}'],
     'its answer is not understood')],
    ids=['busy', 'stopped', 'no HTTP', 'no object', 'no text'])
def test_answers_that_have_no_numbers(listen, parts, error):
    server = listen(LOOPBACK, *parts)
    assert ask(at(server.port)) == [
        ('127.0.0.1:%d' % server.port, None, error)]


def test_who_does_not_answer(listen, monkeypatch):
    monkeypatch.setattr(siblings, 'PATIENCE', 0.05)
    server = listen(LOOPBACK)
    assert ask(at(server.port)) == [
        ('127.0.0.1:%d' % server.port, None, LATE)]


def test_who_hangs_up(listen):
    server = listen(LOOPBACK, HANG_UP)
    assert ask(at(server.port)) == [
        ('127.0.0.1:%d' % server.port, None, LATE)]


def test_a_process_of_another_user(listen):
    server = listen(LOOPBACK, answer())
    site = at(server.port)
    site.owner = os.geteuid() + 1
    assert ask(site) == [('127.0.0.1:%d' % server.port, None, FOREIGN)]
    site.owner = os.geteuid()
    assert ask(site) == [('127.0.0.1:%d' % server.port, 4712, None)]


def test_all_addresses_of_this_machine(listen):
    server = listen(LOOPBACK, answer())
    assert ask(at(server.port, '0.0.0.0')) == [
        ('0.0.0.0:%d' % server.port, 4712, None)]
    assert ask(at(server.port, '[::]')) == []


def test_nobody_on_another_machine(monkeypatch):
    def no_socket(*args):
        raise AssertionError('nobody is asked')

    monkeypatch.setattr(siblings.socket, 'socket', no_socket)
    assert ask(at(8090, '192.0.2.1')) == []


def test_an_address_of_our_own(listen):
    server = listen(LOOPBACK, answer())
    site = at(server.port)
    site.views_socket = server.sock
    assert len(ask(site)) == 1


def test_unix_sockets(listen, tmpdir, monkeypatch):
    listen(str(tmpdir.join('views-4712')), answer())
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmpdir.join('views-1')))
    dead.close()
    tmpdir.join('other').write('')
    site = Site(str(tmpdir.join('views-{pid}')))
    assert ask(site) == [(str(tmpdir.join('views-4712')), 4712, None)]
    uid = os.geteuid()
    monkeypatch.setattr(siblings.os, 'geteuid', lambda: uid + 1)
    assert ask(site) == [
        (str(tmpdir.join('views-1')), 1, FOREIGN),
        (str(tmpdir.join('views-4712')), 4712, FOREIGN)]
    assert ask(Site(str(tmpdir.join('nowhere', '{pid}')))) == []


def test_one_address_has_no_siblings():
    assert siblings.known(address('127.0.0.1:8090')) == []
    assert siblings.sockets_of_processes(address('127.0.0.1:8090')) == []
