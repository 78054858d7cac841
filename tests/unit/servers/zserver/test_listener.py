"""servers.zserver.listener: what a running listener shows only by chance."""
from __future__ import absolute_import, division, print_function

import errno
import socket

import pytest

from Products.ZServerViews.config.values import Address
from Products.ZServerViews.servers import admission as admission_module
from Products.ZServerViews.servers.zserver import listener as listener_module
from Products.ZServerViews.servers.zserver.listener import open_listener
from tests.unit.servers.zserver.server_dummies import LogQueue

http = pytest.importorskip('ZServer.HTTPServer')

from ZServer.medusa.counter import counter  # noqa: E402


class Settings(object):

    def __init__(self, listen):
        self.listen = listen


class Site(object):
    views_socket = views_socket_failure = None

    def __init__(self, listen):
        self.settings = Settings(listen)
        self.log_queue = LogQueue()


class Admission(object):

    def __init__(self, listen):
        self.site = Site(listen)
        self.map = {}
        self.log = self.site.log_queue.log


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
    admission = Admission(TCP)
    server = open_listener(admission, Main(), 'handler')
    yield admission, server
    server.stop()


def test_without_the_setting_there_is_none():
    admission = Admission(None)
    assert open_listener(admission, Main(), None) is None
    assert admission.site.views_socket is None and admission.map == {}


def test_there_is_one_at_most(opened):
    admission, server = opened
    assert open_listener(admission, Main(), None) is None
    assert list(admission.map.values()) == [server]


def test_what_it_has_of_the_sites_server(opened):
    admission, server = opened
    assert isinstance(server, http.zhttp_server)
    assert server.handlers == ['handler']
    port = admission.site.views_socket.getsockname()[1]
    assert (server.ip, server.port, server.server_port) == (
        '127.0.0.1', port, port)
    assert server.request_server_name == 'site.example'
    assert server.logger is Main.logger
    # Counts for itself.
    assert server.total_clients.as_long() == 0
    assert server.main.total_clients.as_long() == 7
    assert admission.site.log_queue.lines == [
        'Views are also served at 127.0.0.1:%d' % port]


def test_a_taken_address_is_logged(opened):
    admission, _server = opened
    address = admission.site.views_socket.getsockname()
    other = Admission(Address(socket.AF_INET, address, 'that one'))
    assert open_listener(other, Main(), None) is None
    assert other.site.views_socket is None and other.map == {}
    line, = other.site.log_queue.lines
    assert line.startswith('No listener for views at that one: ')


def test_on_a_unix_socket(tmpdir):
    path = str(tmpdir.join('views'))
    admission = Admission(Address(socket.AF_UNIX, path, path))
    server = open_listener(admission, Main(), None)
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
    admission, server = opened
    assert server.readable()
    server.__class__._zope_class = type('Plain', (), {
        'accept': staticmethod(fail(errno.EMFILE)),
        'close': staticmethod(http.zhttp_server.close.__func__)})
    assert server.accept() is None
    assert not server.readable()
    assert len(admission.site.log_queue.lines) == 2
    server._headroom.pause_ends -= admission_module.PAUSE
    assert server.readable()


def test_another_error_is_medusas(opened):
    _admission, server = opened
    server.__class__._zope_class = type('Plain', (), {
        'accept': staticmethod(fail(errno.EPERM)),
        'close': staticmethod(http.zhttp_server.close.__func__)})
    with pytest.raises(socket.error):
        server.accept()


def test_nobody_is_there_to_be_accepted(opened):
    _admission, server = opened
    assert server.accept() is None


def connect(admission, server):
    client = socket.create_connection(admission.site.views_socket.getsockname())
    server.handle_accept()
    return client


def test_the_oldest_gives_way(opened, monkeypatch):
    monkeypatch.setattr(listener_module, 'MOST', 3)
    admission, server = opened
    clients = [connect(admission, server) for _number in range(3)]
    channels = sorted(server.channels.values(),
                      key=lambda channel: channel.channel_number)
    for age, channel in zip((3, 5, 4), channels):
        channel.idle_from -= 10
        channel.last_activity -= age
    clients.append(connect(admission, server))
    assert [channel.closed for channel in channels] == [0, 1, 0]
    assert len(server.channels) == 3
    for client in clients:
        client.close()


def test_it_stops_with_all_of_its_connections(opened):
    admission, server = opened
    clients = [connect(admission, server) for _number in range(3)]
    channels = list(server.channels.values())
    server.stop()
    assert admission.map == {} and server.channels == {}
    assert admission.site.views_socket is None
    assert all(channel.closed for channel in channels)
    channels[0].close()
    for client in clients:
        client.close()
