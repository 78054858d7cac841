"""hooks.medusa_reserved: what a running listener shows only by chance."""
from __future__ import absolute_import, division, print_function

import errno
import socket

import pytest

from Products.ZServerViews import reserve
from Products.ZServerViews.datatypes import Address
from Products.ZServerViews.hooks import medusa_reserved
from Products.ZServerViews.hooks.medusa_reserved import open_listener

http = pytest.importorskip('ZServer.HTTPServer')

from ZServer.medusa.counter import counter  # noqa: E402


class Journal(object):

    def __init__(self):
        self.lines = []

    def log(self, level, message, *args):
        self.lines.append(message % args)


class Settings(object):

    def __init__(self, listen):
        self.listen = listen


class Site(object):
    reserved = None

    def __init__(self, listen):
        self.settings = Settings(listen)
        self.journal = Journal()


class Gate(object):

    def __init__(self, listen):
        self.site = Site(listen)
        self.map = {}
        self.log = self.site.journal.log


class Main(object):
    """The server of the site's own port."""

    _zope_class = http.zhttp_server
    ip, port, server_port = '127.0.0.1', 8080, 8080
    server_name = request_server_name = 'site.example'
    logger = object()

    def __init__(self):
        for name in ('total_clients', 'total_requests', 'exceptions',
                     'bytes_out', 'bytes_in'):
            setattr(self, name, counter(7))


TCP = Address(socket.AF_INET, ('127.0.0.1', 0), '127.0.0.1:0')


@pytest.fixture
def opened():
    gate = Gate(TCP)
    server = open_listener(gate, Main(), 'handler')
    yield gate, server
    server.stop()


def test_without_the_setting_there_is_none():
    gate = Gate(None)
    assert open_listener(gate, Main(), None) is None
    assert gate.site.reserved is None and gate.map == {}


def test_there_is_one_at_most(opened):
    gate, server = opened
    assert open_listener(gate, Main(), None) is None
    assert list(gate.map.values()) == [server]


def test_what_it_has_of_the_sites_server(opened):
    gate, server = opened
    assert isinstance(server, http.zhttp_server)
    assert server.handlers == ['handler']
    port = gate.site.reserved.getsockname()[1]
    assert (server.ip, server.port, server.server_port) == (
        '127.0.0.1', port, port)
    assert server.request_server_name == 'site.example'
    assert server.logger is Main.logger
    # Counts for itself.
    assert server.total_clients.as_long() == 0
    assert server.main.total_clients.as_long() == 7
    assert gate.site.journal.lines == ['Views are also served at 127.0.0.1:0']


def test_a_taken_address_is_logged(opened):
    gate, _server = opened
    address = gate.site.reserved.getsockname()
    other = Gate(Address(socket.AF_INET, address, 'that one'))
    assert open_listener(other, Main(), None) is None
    assert other.site.reserved is None and other.map == {}
    line, = other.site.journal.lines
    assert line.startswith('No listener for views at that one: ')


def test_on_a_unix_socket(tmpdir):
    path = str(tmpdir.join('views'))
    gate = Gate(Address(socket.AF_UNIX, path, path))
    server = open_listener(gate, Main(), None)
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect(path)
        assert server.is_unix and server.port == 8080
        conn, addr = server.accept()
        conn.close()
        assert addr == ('localhost', '')
    finally:
        client.close()
        server.stop()


def fail(code):
    def accept(server):
        raise socket.error(code, 'not now')
    return accept


def test_without_a_descriptor_it_pauses(opened):
    gate, server = opened
    assert server.readable()
    server.__class__._zope_class = type('Plain', (), {
        'accept': staticmethod(fail(errno.EMFILE)),
        'close': staticmethod(http.zhttp_server.close.__func__)})
    assert server.accept() is None
    assert not server.readable()
    assert len(gate.site.journal.lines) == 2
    server._reserve.pause_ends -= reserve.PAUSE
    assert server.readable()


def test_another_error_is_medusas(opened):
    _gate, server = opened
    server.__class__._zope_class = type('Plain', (), {
        'accept': staticmethod(fail(errno.EPERM)),
        'close': staticmethod(http.zhttp_server.close.__func__)})
    with pytest.raises(socket.error):
        server.accept()


def test_nobody_is_there_to_be_accepted(opened):
    _gate, server = opened
    assert server.accept() is None


def connect(gate, server):
    client = socket.create_connection(gate.site.reserved.getsockname())
    server.handle_accept()
    return client


def test_the_oldest_gives_way(opened, monkeypatch):
    monkeypatch.setattr(medusa_reserved, 'MOST', 3)
    gate, server = opened
    clients = [connect(gate, server) for _number in range(3)]
    channels = sorted(server.channels.values(),
                      key=lambda channel: channel.channel_number)
    for age, channel in zip((3, 5, 4), channels):
        channel.idle_from -= 10
        channel.last_activity -= age
    clients.append(connect(gate, server))
    assert [channel.closed for channel in channels] == [0, 1, 0]
    assert len(server.channels) == 3
    for client in clients:
        client.close()


def test_it_stops_with_all_of_its_connections(opened):
    gate, server = opened
    clients = [connect(gate, server) for _number in range(3)]
    channels = list(server.channels.values())
    server.stop()
    assert gate.map == {} and server.channels == {}
    assert gate.site.reserved is None
    assert all(channel.closed for channel in channels)
    channels[0].close()
    for client in clients:
        client.close()
