"""accept_queues: what Linux tells of listening sockets."""
from __future__ import absolute_import, division, print_function

import os
import socket
import struct
import sys

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.servers.own import accept_queues
from Products.ZServerViews.servers.own.accept_queues import listening

pytestmark = pytest.mark.skipif(
    PY2 or not sys.platform.startswith('linux'), reason='on Linux alone')


@pytest.fixture(params=['tcp', 'tcp6', 'unix'])
def sock(request, tmp_path):
    made = socket.socket({'tcp': socket.AF_INET, 'tcp6': socket.AF_INET6,
                          'unix': socket.AF_UNIX}[request.param])
    made.bind({'tcp': ('127.0.0.1', 0), 'tcp6': ('::1', 0),
               'unix': str(tmp_path / 'a')}[request.param])
    made.listen(50)
    yield made
    made.close()


def of(sock):
    """The Listening of a socket; None if it was not found."""
    inode = os.fstat(sock.fileno()).st_ino
    found = [one for one in listening() if one.inode == inode]
    assert len(found) <= 1
    return found[0] if found else None


def clients(sock, number):
    made = [socket.socket(sock.family) for _number in range(number)]
    for client in made:
        client.connect(sock.getsockname())
    return made


def test_those_that_wait_are_counted(sock):
    found = of(sock)
    assert found.waiting() == 0
    waiting = clients(sock, 3)
    assert found.waiting() == 3
    # They are not taken back.
    waiting.pop().close()
    assert found.waiting() == 3
    sock.accept()[0].close()
    assert found.waiting() == 2
    for client in waiting:
        client.close()


def test_our_own_is_left_out(sock):
    with sock.dup() as another:
        assert of(sock).inode == of(another).inode
    inode = os.fstat(sock.fileno()).st_ino
    assert inode not in [one.inode for one in listening(sock)]
    closed = socket.socket()
    closed.close()
    assert inode in [one.inode for one in listening(closed)]


def test_one_that_is_closed(sock):
    found = of(sock)
    fileno = sock.fileno()
    with open(os.devnull) as null:
        sock.close()
        assert found.waiting() is None
        # Its number may be that of another file.
        os.dup2(null.fileno(), fileno)
        try:
            assert found.waiting() is None
        finally:
            os.close(fileno)


def test_no_descriptor_is_left_or_closed(sock):
    before = os.listdir('/proc/self/fd')
    found = of(sock)
    for _number in range(20):
        found.waiting()
    assert os.listdir('/proc/self/fd') == before
    sock.getsockname()


def test_no_socket_of_others_is_changed(sock):
    # That of a client library written in C, for example.
    first, second = socket.socketpair()
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(5)
    try:
        assert of(sock).waiting() == 0
    finally:
        socket.setdefaulttimeout(before)
    for one in sock, first, second:
        assert os.get_blocking(one.fileno())
        one.close()


def test_others_are_left_out():
    before = set(one.inode for one in listening())
    first, second = socket.socketpair()
    bound = socket.socket()
    bound.bind(('127.0.0.1', 0))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)
    made = first, second, bound, datagrams, netlink
    assert set(one.inode for one in listening()) <= before
    # A connection of TCP tells as much, of something else.
    bound.listen(1)
    client = clients(bound, 1)[0]
    connected = accept_queues.Listening(
        client.fileno(), os.fstat(client.fileno()).st_ino, socket.AF_INET)
    assert connected.waiting() is None
    for one in made + (client,):
        one.close()


class Netlink(object):
    """Answers a question of sock_diag(7) with what it is told."""

    told = b''

    def __init__(self, *args):
        self.closed = False

    def setblocking(self, flag):
        pass

    def send(self, data):
        pass

    def recv(self, size):
        return self.told

    def close(self):
        pass


@pytest.mark.parametrize('told', [
    # An error; no such attribute; another one.
    struct.pack('=IHHII', 36, 2, 0, 1, 0) + b'\0' * 20,
    struct.pack('=IHHII', 32, 20, 0, 1, 0) + b'\0' * 16,
    struct.pack('=IHHII', 40, 20, 0, 1, 0) + b'\0' * 16
    + struct.pack('=HHI', 8, 5, 7)], ids=['error', 'without', 'another'])
def test_a_kernel_that_does_not_tell(told, monkeypatch):
    monkeypatch.setattr(Netlink, 'told', told)
    monkeypatch.setattr(accept_queues._socket, 'socket', Netlink)
    assert accept_queues._waiting_at_unix(1) is None


def test_another_platform(monkeypatch):
    monkeypatch.setattr(accept_queues.sys, 'platform', 'darwin')
    assert listening() == []
    monkeypatch.setattr(accept_queues.sys, 'platform', 'linux')

    def no_proc(path):
        raise OSError('not mounted')

    monkeypatch.setattr(accept_queues.os, 'listdir', no_proc)
    assert listening() == []
