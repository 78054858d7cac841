"""servers.waitress.environ: the same as waitress's own, only quicker."""
from __future__ import absolute_import, division, print_function

import socket

import pytest
from waitress.parser import HTTPRequestParser
from waitress.task import WSGITask

from Products.ZServerViews.servers.waitress import environ as environ_module
from tests.unit.waitress_dummies import Server

REQUESTS = [
    b'GET /view HTTP/1.1\r\nHost: a\r\n\r\n',
    b'GET /view?a=b&c HTTP/1.0\r\nConnection: close\r\nX-A: 1\r\nx-a: 2\r\n'
    b'Accept: */*\r\nScript-Name: /x\r\nContent-Type: text/plain\r\n\r\n',
    b'POST http://a/view HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n'
    b'Content-Type: a/b\r\nCookie: secret\r\nForwarded: for=::1\r\n\r\nabc',
    b'PUT /view HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
    b'3\r\nabc\r\n0\r\n\r\n',
    b'GET /view HTTP/1.7\r\n\r\n',
]


class Mount(object):
    script_name = '/view'


# Waitress 2.0 makes each environ itself: it does not tell the target as sent.
QUICK = 'request_uri' in HTTPRequestParser.parse_header.__code__.co_names


class Channel(object):
    """As much of waitress's channel as an environ is made of."""

    task_class = WSGITask
    addr = '192.0.2.1', 1234
    connected = True

    def __init__(self, server, data, family=socket.AF_INET):
        self.server = server
        self.adj = server.adj
        self.socket = socket.socket(family)
        request = HTTPRequestParser(server.adj)
        request.received(data)
        self.requests = [request]

    def check_client_disconnected(self):
        return not self.connected


class OldChannel(Channel):
    """That of a waitress which has less to say to its tasks."""

    class task_class(WSGITask):
        def get_environment(self):
            return {'REQUEST_METHOD': self.request.command}

    @property
    def check_client_disconnected(self):
        raise AttributeError('check_client_disconnected')


@pytest.fixture
def make_channel():
    made = []

    def make(*args, **kw):
        made.append(kw.pop('channel_class', Channel)(*args, **kw))
        return made[-1]

    yield make
    for channel in made:
        channel.socket.close()


def make(channel, site=None):
    return environ_module.make(site, channel, channel.requests[0], Mount)


def template_of(server):
    return server.__dict__['_views_environ'][1]


@pytest.mark.parametrize('prefix', ['', '/below'])
@pytest.mark.parametrize('data', REQUESTS)
def test_it_is_waitress_own(make_channel, data, prefix):
    server = Server(url_prefix=prefix)
    make(make_channel(server, REQUESTS[0]), None)
    channel = make_channel(server, data)
    wanted = environ_module.slowly(channel, channel.requests[0])
    made = make(channel, 'site')
    assert bool(template_of(server)) is QUICK
    assert made.pop('zserverviews.site') == 'site'
    assert made.pop('zserverviews.peer') == '192.0.2.1'
    assert made.pop('SCRIPT_NAME') == prefix + '/view'
    assert made.pop('PATH_INFO') == ''
    assert (made.pop('wsgi.input').read()
            == wanted.pop('wsgi.input').read())
    state = made.pop('zserverviews.server')
    assert type(state) is type(wanted.pop('zserverviews.server'))
    del wanted['SCRIPT_NAME'], wanted['PATH_INFO']
    assert made == wanted


def test_no_request_sees_the_environ_of_another(make_channel):
    server = Server()
    first = make(make_channel(server, REQUESTS[2]), None)
    first['mine'] = 1
    second = make(make_channel(server, REQUESTS[0]), None)
    assert 'HTTP_COOKIE' in first
    assert not {'HTTP_COOKIE', 'CONTENT_TYPE', 'mine'} & set(second)
    assert QUICK is (
        second['zserverviews.server'] is first['zserverviews.server'])


@pytest.mark.parametrize('family, peer', [(socket.AF_INET, '192.0.2.1'),
                                          (socket.AF_UNIX, '')])
def test_the_peer_is_that_of_the_socket(make_channel, family, peer):
    # Waitress says "localhost" for a client on a unix socket.
    channel = make_channel(Server(), REQUESTS[0], family)
    for _time in range(2):
        environ = make(channel, None)
        assert environ['zserverviews.peer'] == peer


def test_a_listener_for_views_says_so(make_channel):
    server = Server()
    server.views_only = True
    channel = make_channel(server, REQUESTS[0])
    for _time in range(2):
        environ = make(channel, None)
        assert environ['zserverviews.reserved'] is True


def test_a_patch_of_somebody_else_is_not_overruled(make_channel):
    class Patched(Channel):
        class task_class(WSGITask):
            def get_environment(self):
                environ = WSGITask.get_environment(self)
                environ['theirs'] = environ['REMOTE_ADDR'] = 'patched'
                return environ

    server = Server()
    for _time in range(2):
        channel = make_channel(server, REQUESTS[0], channel_class=Patched)
        environ = make(channel, None)
        assert environ['theirs'] == environ['REMOTE_ADDR'] == 'patched'
        assert environ['zserverviews.peer'] == '192.0.2.1'
    assert template_of(server) == {}


def test_nor_is_one_that_shows_only_later(make_channel, monkeypatch):
    server = Server()
    channel = make_channel(server, REQUESTS[0])
    assert 'REMOTE_USER' not in make(channel, None)
    original = WSGITask.get_environment

    def patched(task):
        environ = original(task)
        if 'HTTP_COOKIE' in environ:
            environ['REMOTE_USER'] = 'fred'
        return environ

    monkeypatch.setattr(WSGITask, 'get_environment', patched)
    make(channel, None)
    environ = make(make_channel(server, REQUESTS[2]))
    assert environ['REMOTE_USER'] == 'fred'
    monkeypatch.undo()
    make(channel, None)
    assert bool(template_of(server)) is QUICK


def test_what_an_older_waitress_does_not_say(make_channel):
    server = Server()
    for _time in range(2):
        channel = make_channel(server, REQUESTS[1], channel_class=OldChannel)
        environ = make(channel, None)
        assert environ['REQUEST_URI'] == '/view?a=b&c'
        assert environ['waitress.client_disconnected']() is False
        channel.connected = False
        assert environ['waitress.client_disconnected']() is True
    assert template_of(server) == {}
