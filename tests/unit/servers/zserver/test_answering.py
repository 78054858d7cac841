"""servers.zserver.answering: views on medusa's own channels."""
from __future__ import absolute_import, division, print_function

import socket

import pytest

from Products.ZServerViews.servers.zserver import answering as answering_module
from Products.ZServerViews.servers.zserver.answering import ViewRequest
from Products.ZServerViews.servers.zserver.environ import Environs
from tests.unit import dummies

http = pytest.importorskip('ZServer.HTTPServer')

from tests.unit.servers.zserver.channel_dummies import Sender  # noqa: E402


def test_an_answer_leaves_the_channel_as_it_was(zope):
    zope.mount('/v', b'view')
    zope.mount('/v2', b'other')
    replaced = []
    zope.channel._map = Watched(zope.channel._map, replaced)
    zope.send(b'/v')
    assert zope.read().endswith(b'\r\n\r\nview')
    zope.send(b'/v2')
    assert zope.read().endswith(b'\r\n\r\nother')
    assert replaced == [] and zope.at_rest()
    assert [line[:2] for line in zope.lines.put_ones] == [
        ('/v', 200), ('/v2', 200)]


class Watched(dict):
    """A map that keeps what is put into it."""

    def __init__(self, content, replaced):
        dict.__init__(self, content)
        self._replaced = replaced

    def __setitem__(self, key, value):
        self._replaced.append(value)
        dict.__setitem__(self, key, value)


def test_a_body_goes_to_the_view(zope):
    got = []

    def view(environ, start_response):
        got.append(environ['wsgi.input'].read())
        return dummies.view(result=[b'view'])(environ, start_response)

    zope.mount('/v', view=view)
    post = b'POST /v HTTP/1.1\r\nContent-Length: 3\r\n\r\n'
    zope.send(post + b'one' + post + b'two' + post)
    zope.send(b'tri\r\n')
    assert got == [b'one', b'two', b'tri']
    assert zope.bodies() == [b'view'] * 3


def test_a_socket_that_fails_closes_the_channel(zope, monkeypatch):
    monkeypatch.setattr(answering_module, 'Sender', Sender)
    zope.mount('/v', b'view')
    zope.send(b'/v')
    assert zope.channel.closed and zope.entry is None


def test_a_socket_that_has_gone_does_not_stop_the_answer(zope):
    class GoneSocket(object):

        def setsockopt(self, *args):
            raise socket.error('the client has gone')

    channel = zope.channel
    channel.socket, kept = GoneSocket(), channel.socket
    try:
        zope.mount('/v', b'view')
        request = http_request(zope)
        sender = zope.answering.sender(channel, ViewRequest(
            zope.table.by_path['/v'], request, None,
            zope.server.handlers[1]), False)
    finally:
        channel.socket = kept
    assert sender.sent_bytes == 0


def http_request(zope):
    from ZServer.medusa import http_server
    return http_server.http_request(
        zope.channel, 'GET /v HTTP/1.1', 'get', '/v', '1.1', [])


def test_nothing_is_answered_on_a_closed_channel(zope):
    zope.channel.close()
    zope.answering.begin(zope.channel, None)
    assert not zope.lines.put_ones


def test_while_it_drains_the_last_answer_ends_the_connection(zope):
    zope.site.drain.draining = True
    zope.mount('/v', b'view')
    zope.send(b'/v', b'/v', b'GET /begun HTTP/1.1\r\n')
    answers = zope.read().split(b'HTTP/1.1 ')[1:]
    assert [b'Connection: close' in answer for answer in answers] == [
        False, True]
    assert zope.channel.closed


def test_a_log_that_resolves_names_is_written_in_the_loop(zope, monkeypatch):
    from ZServer.medusa import http_server
    written = []
    monkeypatch.setattr(http_server.http_request, 'log',
                        lambda request, sent: written.append(
                            (request.uri, request.reply_code)))
    zope.mount('/v', b'view')
    zope.lines.usual = False
    zope.send(b'/v')
    assert written == [] and len(zope.site.log_queue.calls) == 1
    zope.server.logger.resolver = type('Resolver', (object,), {'cache': {}})
    zope.send(b'/v')
    assert written == [('/v', 200)]
    zope.site.log_queue.calls[0]()
    assert len(written) == 2


def test_a_view_without_lines(zope):
    zope.mount('/v', b'view', access_log=False)
    zope.send(b'/v')
    assert zope.bodies() == [b'view'] and zope.lines.put_ones == []


def test_it_is_decided_before_any_environ(zope, monkeypatch):
    zope.mount('/v', b'view', tier='operator')
    mount = zope.table.by_path['/v']
    mount.refusal = dummies.mount('/v', dummies.view(
        '404 Not Found', result=[b'nothing']))
    made = []
    monkeypatch.setattr(
        Environs, 'make', lambda self, request, body, handler, mount:
        made.append(mount) or {'CONNECTION_TYPE': ''})
    zope.send(b'GET /v HTTP/1.1\r\nVia:\r\n\r\n')
    zope.send(b'GET /v HTTP/1.1\r\nHost: x\r\n\r\n')
    assert made == [mount.refusal, mount]
    answers = zope.read().split(b'HTTP/1.1 ')
    assert answers[1].startswith(b'404 ') and answers[2].startswith(b'200 ')
