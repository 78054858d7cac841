"""zopeapp.zeo_server: what a ZEO server says of itself."""
from __future__ import absolute_import, division, print_function

import json
import socket
import struct
import threading

import pytest

from Products.ZServerViews.zopeapp import zeo_server

STATS = dict(dict.fromkeys(zeo_server.TOLD, 3), waiting=0, start='today')
TOLD = dict(dict.fromkeys(zeo_server.TOLD, 3), waiting=0)


def message(data):
    return struct.pack('>I', len(data)) + data


def answers(stats):
    return message(json.dumps(stats).encode('ascii'))


@pytest.fixture
def serve():
    """serve(bytes) makes a server that answers so; returns its address."""
    ended = []

    def serve(data, path=None, version=message(b'Z5'), asked=None):
        asked = bytearray() if asked is None else asked
        listener = socket.socket(
            socket.AF_INET if path is None else socket.AF_UNIX)
        listener.bind(path or ('127.0.0.1', 0))
        listener.listen(5)

        def run():
            sock, _address = listener.accept()
            # The version comes first, and nothing is sent in one piece.
            for place in range(0, len(version), 3):
                sock.sendall(version[place:place + 3])
            while len(asked) < len(zeo_server.QUESTION):
                part = sock.recv(100)
                if not part:
                    break
                asked.extend(part)
            else:
                for place in range(0, len(data), 50):
                    sock.sendall(data[place:place + 50])
            sock.close()

        thread = threading.Thread(target=run)
        thread.daemon = True
        thread.start()
        ended.append((thread, listener))
        return path or listener.getsockname()

    yield serve
    for thread, listener in ended:
        thread.join(60)
        listener.close()


def test_a_server(serve):
    address = serve(answers({'1': STATS, 'other': {}}))
    assert zeo_server.ask(address, '1') == TOLD


@pytest.mark.parametrize('version', [b'Z3101', b'Z309', b'Z200'])
def test_a_server_that_does_not_know_the_word(serve, version):
    asked = bytearray()
    address = serve(answers({'1': STATS}), version=message(version),
                    asked=asked)
    with pytest.raises(zeo_server.OldServer):
        zeo_server.ask(address, '1')
    assert not asked


@pytest.mark.parametrize('version', [b'Z4', b'Z5', b'M5'])
def test_versions_that_know_it(serve, version):
    address = serve(answers({'1': STATS}), version=message(version))
    assert zeo_server.ask(address, '1') == TOLD


def test_a_unix_socket(serve, tmpdir):
    path = serve(answers({'1': STATS}), str(tmpdir.join('zeo.sock')))
    assert zeo_server.ask(path, '1') == TOLD
    with pytest.raises(EnvironmentError):
        zeo_server.ask(str(tmpdir.join('nothing')), '1')


def test_a_storage_that_the_server_has_not(serve):
    assert zeo_server.ask(serve(answers({'2': STATS})), '1') == {}


def test_the_first_server_that_answers(serve):
    with socket.socket() if hasattr(socket.socket, '__enter__') else (
            Closing(socket.socket())) as unused:
        unused.bind(('127.0.0.1', 0))
        addresses = [unused.getsockname(), serve(answers({'1': STATS}))]
        assert zeo_server.ask(addresses, '1') == TOLD
        with pytest.raises(EnvironmentError):
            zeo_server.ask(addresses[:1], '1')


class Closing(object):  # PY2
    """A socket that is closed in the end."""  # PY2

    def __init__(self, sock):  # PY2
        self._sock = sock  # PY2

    def __enter__(self):  # PY2
        return self._sock  # PY2

    def __exit__(self, *exc_info):  # PY2
        self._sock.close()  # PY2


@pytest.mark.parametrize('data', [
    b'', b'\x00', message(b'no JSON'), message(b'[]'), b'\xff\xff\xff\xff'])
def test_what_is_no_answer(serve, data):
    with pytest.raises((EnvironmentError, ValueError)):
        zeo_server.ask(serve(data), '1')


def test_addresses_as_a_client_has_them():
    pair = ('127.0.0.1', 8100)
    assert zeo_server.many(pair) == [pair]
    assert zeo_server.many([pair, pair]) == [pair, pair]
    assert zeo_server.many('/path') == ['/path']
    assert zeo_server.many(None) == []
    assert zeo_server.ask(None, '1') is None
