"""listener: the socket for views alone."""
from __future__ import absolute_import, division, print_function

import errno
import os
import socket
import stat

import pytest

from Products.ZServerViews import listener
from Products.ZServerViews.datatypes import address


@pytest.fixture
def path(tmpdir):
    return str(tmpdir.join('views'))


def test_tcp():
    sock = listener.bind(address('127.0.0.1:0'))
    try:
        port = sock.getsockname()[1]
        socket.create_connection(('127.0.0.1', port)).close()
        with pytest.raises(socket.error):
            listener.bind(address('127.0.0.1:%d' % port))
    finally:
        sock.close()


def test_ipv6_only():
    sock = listener.bind(address('[::1]:0'))
    assert sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    sock.close()


def test_it_does_not_block():
    sock = listener.bind(address('127.0.0.1:0'))
    with pytest.raises(socket.error):
        sock.accept()
    sock.close()


def test_a_unix_socket_is_its_owners(path):
    sock = listener.bind(address(path))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    # Somebody listens there.
    with pytest.raises(socket.error):
        listener.bind(address(path))
    sock.close()
    # It was left behind.
    listener.bind(address(path)).close()


def test_a_file_is_not_removed(path):
    with open(path, 'w') as somebodys:
        somebodys.write('text')
    with pytest.raises(socket.error):
        listener.bind(address(path))
    with open(path) as somebodys:
        assert somebodys.read() == 'text'


def test_a_socket_that_does_not_answer_stays(path, monkeypatch):
    left = socket.socket(socket.AF_UNIX)
    left.bind(path)
    left.close()

    class Busy(object):
        def __init__(self, *args):
            pass

        def setblocking(self, flag):
            pass

        def connect(self, path):
            raise socket.error(errno.EAGAIN, 'its queue is full')

        def close(self):
            pass

    with monkeypatch.context() as patch:
        patch.setattr(socket, 'socket', Busy)
        listener._remove_stale(path)
    assert os.path.exists(path)
