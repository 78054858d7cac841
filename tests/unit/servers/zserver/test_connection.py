"""servers.zserver.connection: what stands for medusa's own channels."""
from __future__ import absolute_import, division, print_function

import socket
import time

import pytest

from Products.ZServerViews.servers.zserver import answering as answering_module
from Products.ZServerViews.servers.zserver import connection as connection_module
from Products.ZServerViews.servers.zserver.connection import ViewConnection
from Products.ZServerViews.servers.zserver.entries import channel_in

http = pytest.importorskip('ZServer.HTTPServer')

import asyncore  # noqa: E402

from ZServer.Producers import CallbackProducer  # noqa: E402

from tests.unit.servers.zserver.channel_dummies import (  # noqa: E402
    BIG,
    Sender,
    endless,
)


def test_something_stands_in_the_map_until_the_answer_is_out(zope):
    zope.mount('/big', BIG)
    zope.send(b'/big')
    assert isinstance(zope.entry, ViewConnection)
    assert channel_in(zope.entry) is zope.channel
    assert channel_in(zope.channel) is zope.channel
    assert zope.channel.__class__ is zope.before
    assert zope.channel.working and zope.channel.answers_view
    assert zope.read(len(BIG)).endswith(BIG[-100:])
    zope.turn()
    assert zope.at_rest() and not zope.channel.answers_view
    assert len(zope.lines.put_ones) == 1


def test_answers_come_in_order(zope):
    zope.mount('/v', b'view')
    zope.mount('/big', BIG)
    zope.send(b'/v', b'/zope', b'/v', b'/v', b'/zope', b'/v')
    assert zope.bodies() == [b'view'] and len(zope.in_work) == 1
    assert channel_in(zope.entry) is zope.channel is not zope.entry
    # Working, but not for us.
    assert not zope.channel.__dict__.get('answers_view')
    zope.answer(b'HTTP/1.1 200 OK\r\n\r\nzope')
    assert zope.bodies() == [b'zope', b'view', b'view']
    zope.answer(b'HTTP/1.1 200 OK\r\n\r\nzope')
    assert zope.bodies() == [b'zope', b'view']
    assert zope.at_rest()


def test_poll_writes_to_the_channel_whose_place_was_taken_a_moment_before(zope):
    """Other than select() it looks into the map once to read and write."""
    zope.mount('/v', b'view')
    zope.send(b'/zope')
    zope.turn = lambda: [asyncore.poll2(0, asyncore.socket_map)
                         for _number in range(5)]
    zope.channel.push(b'HTTP/1.1 200 OK\r\n\r\nzope', 0)
    assert zope.bodies() == [b'zope']
    # The worker's last step comes with the next request.
    zope.client.sendall(b'GET /v HTTP/1.1\r\nHost: x\r\n\r\n')
    zope.channel.push(CallbackProducer(zope.channel.done), 0)
    assert zope.bodies() == [b'view']
    assert zope.at_rest()


REFUSED = b'GET /%s HTTP/1.1\r\nrubbish\r\n\r\n'
REFUSED_BODY = (b'POST /%s HTTP/1.1\r\nrubbish\r\nContent-Length: 3\r\n\r\n'
                b'abc')


@pytest.mark.parametrize('refused', [REFUSED, REFUSED_BODY])
@pytest.mark.parametrize('path', [b'v', b'zope'])
def test_what_is_refused_overtakes_no_view(zope, refused, path):
    zope.mount('/v', b'view')
    refused %= path
    zope.send(b'/zope', b'/v', refused, b'/v', refused, b'/v')
    assert zope.read() == b''
    zope.answer(b'HTTP/1.1 200 OK\r\n\r\nzope')
    codes = [answer[:3] for answer in zope.read().split(b'HTTP/1.1 ')[1:]]
    assert codes == [b'200', b'200', b'500', b'200', b'500', b'200']
    assert zope.at_rest()
    assert zope.server.exceptions.as_long() == 2


def test_a_failure_without_a_request_is_medusas(zope):
    zope.mount('/v', b'view')
    zope.channel.max_header_len = 100
    zope.send(b'/v', b'/v', b'GET /' + b'x' * 200 + b'\r\n')
    assert zope.bodies()[:1] == [b'view']
    assert zope.channel.closed and zope.entry is None


@pytest.mark.parametrize('requests', [1, 2, 3])
def test_what_follows_a_last_answer_is_dropped(zope, requests):
    zope.mount('/v', b'view')
    last = b'GET /v HTTP/1.1\r\nConnection: close\r\n\r\n'
    zope.send(*[last, b'/v', b'/zope'][:requests])
    assert zope.read().endswith(b'\r\n\r\nview<end>')
    assert not zope.in_work and zope.entry is None
    assert len(zope.lines.put_ones) == 1


def test_what_is_behind_is_bounded(zope):
    zope.mount('/v', b'view')
    zope.send(b'/zope', b'/v')
    zope.client.setblocking(0)
    sent = 0
    for _number in range(200):
        try:
            sent += zope.client.send(b'GET /v HTTP/1.1\r\n\r\n' * 500)
        except socket.error:
            pass
        zope.turn(10)
    assert not zope.entry.readable()
    behind = len(zope.entry._behind)
    assert behind < sent
    assert connection_module.MOST_BEHIND <= behind < (
        connection_module.MOST_BEHIND + zope.channel.ac_in_buffer_size)
    assert not zope.channel.closed and zope.channel.queue == []


def test_a_client_that_goes_before_its_turn_is_not_answered(zope):
    called = []
    zope.mount('/v', view=lambda environ, start_response: called.append(1))
    zope.send(b'/zope', b'/v')
    zope.client.close()
    zope.turn()
    assert zope.channel.closed and zope.entry is None
    assert called == [] and zope.lines.put_ones == []


@pytest.mark.parametrize('end', [
    lambda zope: zope.client.close(), lambda zope: zope.entry.close(),
    lambda zope: zope.entry.handle_close(),
    lambda zope: asyncore.close_all(asyncore.socket_map)])
def test_a_view_is_closed_once_with_its_channel(zope, end):
    parts = endless(zope)
    entry = zope.entry
    end(zope)
    zope.turn()
    assert zope.channel.closed and parts.closed == 1
    assert zope.entry is None and len(zope.lines.put_ones) == 1
    # poll() may have more to say of the same turn.
    for tell in (entry.handle_write_event, entry.handle_close, entry.close):
        tell()
    assert not entry.writable()
    assert parts.closed == 1 and len(zope.lines.put_ones) == 1


def test_a_channel_of_ours_that_is_closed_by_itself(zope):
    if zope.before is http.zhttp_channel:
        return  # it knows nothing of views
    parts = endless(zope)
    zope.channel.close()
    assert parts.closed == 1 and zope.entry is None


def test_an_exception_in_the_loop_closes_it(zope):
    parts = endless(zope)
    try:
        raise ValueError('somewhere')
    except ValueError:
        zope.entry.handle_error()
    assert zope.channel.closed and parts.closed == 1


def test_medusa_does_not_take_it_for_a_zombie(zope):
    endless(zope)
    zope.channel.creation_time = 0
    zope.channel.kill_zombies()
    assert not zope.channel.closed


def test_a_client_that_stands_still_is_closed(zope):
    parts = endless(zope)
    assert zope.entry.readable() and zope.entry.writable()
    zope.channel.last_activity -= connection_module.CLIENT_TIMEOUT + 1
    zope.turn(1)
    assert zope.channel.closed and parts.closed == 1


def test_waiting_for_an_offloaded_view_is_not_standing_still(zope):
    zope.mount('/v', b'view')
    zope.send(b'/zope', b'/v')
    entry = zope.entry
    entry._sender = sender = Sender()
    sender.response.waiting = True
    zope.channel.last_activity -= connection_module.CLIENT_TIMEOUT + 1
    assert entry.readable() and not entry.writable()
    assert zope.channel.last_activity > time.time() - 10


def test_waiting_for_zope_is_not_standing_still(zope):
    zope.mount('/v', b'view')
    zope.send(b'/zope', b'/v')
    zope.channel.last_activity -= connection_module.CLIENT_TIMEOUT + 1
    assert zope.entry.readable() and not zope.entry.writable()
    zope.answer(b'HTTP/1.1 200 OK\r\n\r\nzope')
    assert zope.bodies() == [b'zope', b'view']


def test_a_socket_that_fails_later_too(zope, monkeypatch):
    monkeypatch.setattr(answering_module, 'Sender', Sender)
    zope.mount('/v', b'view')
    zope.send(b'/zope', b'/v')
    zope.answer(b'HTTP/1.1 200 OK\r\n\r\nzope')
    assert zope.channel.closed and zope.entry is None


def test_at_the_end_of_the_server_no_view_is_started(zope):
    called = []
    zope.mount('/v', view=lambda environ, start_response: called.append(1))
    zope.send(b'/zope', b'/v')
    assert zope.entry.clean_shutdown_control(3, 0)
    zope.answer(b'HTTP/1.1 200 OK\r\n\r\nzope')
    assert isinstance(zope.entry, ViewConnection)
    assert not zope.entry.clean_shutdown_control(3, 0)
    assert called == [] and zope.channel.closed and zope.entry is None


def test_at_the_end_of_the_server_an_answer_goes_on(zope):
    parts = endless(zope)
    assert zope.entry.clean_shutdown_control(3, 0)
    assert not zope.channel.closed and not parts.closed


def test_while_it_drains_zopes_answer_before_a_view_does_not(zope):
    zope.site.drain.draining = True
    zope.mount('/v', b'view')
    zope.send(b'/zope', b'/v')
    assert zope.channel.view_connection is zope.entry
    zope.answer(b'HTTP/1.1 200 OK\r\n\r\nzope')
    assert zope.read().endswith(b'view<end>')
