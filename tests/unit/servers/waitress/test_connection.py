"""servers.waitress.connection: a connection, its order, its end, its time-out, its log."""
from __future__ import absolute_import, division, print_function

import threading

import pytest
from waitress import wasyncore

from Products.ZServerViews.servers.waitress.connection import ViewConnection
from tests.unit import dummies
from tests.unit.waitress_dummies import Connection, Server, body, unread, zope


def test_the_peer_is_that_of_the_socket(world, connection):
    seen = []

    def look(environ, start_response):
        seen.append((environ['zserverviews.peer'], environ['REMOTE_ADDR'],
                     environ['zserverviews.reserved']))
        start_response('200 OK', [])
        return [b'']

    world.mount('/look', look)
    connection.get('/look', 'Zserverviews.Peer: 127.0.0.1')
    connection.answer()
    # It is a unix socket, whatever waitress takes for its address.
    assert seen == [('', '192.0.2.1', False)]


def test_a_connection_is_kept(world, connection):
    for _time in range(3):
        connection.get('/view')
        assert body(connection.answer()) == b'the view'
    assert connection.open


@pytest.mark.parametrize('lines', [
    ('GET /view HTTP/1.1', 'Host: a', 'Connection: close', ''),
    ('GET /view HTTP/1.0', '')])
def test_a_connection_is_closed(world, connection, lines):
    connection.send(*lines)
    assert body(connection.answer()) == b'the view'
    assert not connection.open
    assert connection.read() is None


def test_keep_alive_of_1_0(world, connection):
    connection.send('GET /view HTTP/1.0', 'Connection: Keep-Alive', '')
    _status, headers, text = dummies.split(connection.answer())
    assert (headers['connection'], text) == ('Keep-Alive', b'the view')
    assert connection.open


def test_what_comes_behind_a_close_is_not_answered(world, connection):
    connection.send('GET /view HTTP/1.1', 'Host: a', 'Connection: close', '',
                    'GET /view HTTP/1.1', 'Host: a', '')
    assert connection.answer().count(b'the view') == 1
    assert connection.read() is None
    assert connection.channel.requests == []


def test_answers_come_in_order(world, connection):
    dispatcher = connection.server.task_dispatcher
    threads = []

    def which(environ, start_response):
        threads.append(threading.current_thread())
        start_response('200 OK', [])
        return [('view:' + environ['QUERY_STRING']).encode('ascii')]

    world.mount('/which', which)
    asked = '/which?1', '/a', '/which?2', '/which?3', '/b', '/c', '/which?4'
    lines = []
    for target in asked:
        lines += ['GET %s HTTP/1.1' % target, 'Host: a', '']
    connection.send(*lines)
    answers = connection.answer() or b''
    assert answers.endswith(b'view:1')
    for _time in range(6):
        # As worker threads do; joined, so that the test knows its place.
        worker = threading.Thread(target=dispatcher.run)
        worker.start()
        worker.join()
        answers += connection.answer()
    got = [part.partition(b'\r\n\r\n')[2]
           for part in answers.split(b'HTTP/1.1 200 OK')[1:]]
    assert got == [b'view:1', b'zope:/a', b'view:2', b'view:3', b'zope:/b',
                   b'zope:/c', b'view:4']
    assert set(threads) == {threading.current_thread()}


def test_a_view_waits_for_the_zope_request_before_it(world, connection):
    connection.send('GET /slow HTTP/1.1', 'Host: a', '',
                    'GET /view HTTP/1.1', 'Host: a', '')
    assert connection.answer() == b''
    connection.server.task_dispatcher.run()
    answers = connection.answer()
    assert answers.index(b'zope:/slow') < answers.index(b'the view')


def test_expect_continue(world, connection):
    connection.get('/view', 'Content-Length: 5', 'Expect: 100-continue', '',
                   method='POST')
    assert connection.answer() == b'HTTP/1.1 100 Continue\r\n\r\n'
    connection.client.sendall(b'hello')
    assert body(connection.answer()) == b'the view'


def test_expect_continue_behind_a_view(world, connection):
    hold = [b'', b'done']
    world.mount('/hold', dummies.view(
        '200 OK', [('Content-Length', '4')], iter(hold)))
    connection.send('GET /hold HTTP/1.1', 'Host: a', '',
                    'POST /view HTTP/1.1', 'Host: a', 'Content-Length: 5',
                    'Expect: 100-continue', '')
    assert connection.answer().endswith(
        b'doneHTTP/1.1 100 Continue\r\n\r\n')
    connection.client.sendall(b'hello')
    assert body(connection.answer()) == b'the view'


# channel_timeout


def idle(connection):
    """As if nothing had moved for longer than any timeout."""
    connection.channel.last_activity = 0


def test_a_client_that_stands_still_is_closed(world, server):
    parts, connection = unread(world, server, turns=20)
    assert connection.open
    idle(connection)
    connection.turn()
    assert not connection.open
    assert parts.closed == 1
    assert world.site.access_log.lines


def test_a_client_that_reads_is_not_closed(world, server):
    _parts, connection = unread(world, server, turns=20)
    idle(connection)
    connection.read()
    connection.entry.handle_write_event()
    connection.turn(5)
    assert connection.open


def large_zope(environ, start_response):
    start_response('200 OK', [('Content-Length', '200000')])
    return [b'z' * 200000]


def test_a_view_behind_an_answer_that_nobody_reads(world):
    server = Server(large_zope, send_bytes=1 << 20)
    connection = Connection(server, small=True)
    connection.send('GET /a HTTP/1.1', 'Host: a', '',
                    'GET /view HTTP/1.1', 'Host: a', '')
    connection.turn()
    server.task_dispatcher.run()
    connection.turn(20)
    assert connection.channel.total_outbufs_len
    assert isinstance(connection.entry, ViewConnection)
    idle(connection)
    connection.turn(2)
    assert not connection.open


def test_a_view_behind_a_request_that_took_long_is_answered(world, server):
    connection = Connection(server)
    connection.send('GET /a HTTP/1.1', 'Host: a', '',
                    'GET /view HTTP/1.1', 'Host: a', '')
    connection.turn()
    idle(connection)
    server.task_dispatcher.run()
    assert b'the view' in connection.answer()
    assert connection.open


# The access log


def test_each_answer_has_its_line(world, connection):
    connection.get('/view?x=1')
    connection.answer()
    (application, environ, status, body_bytes), = world.site.access_log.lines
    assert application is zope
    assert (status, body_bytes) == ('200 OK', 8)
    assert environ['QUERY_STRING'] == 'x=1'


def test_the_access_log_can_be_switched_off(world, connection):
    world.mount('/quiet', dummies.view('200 OK', [], [b'quiet']),
                access_log=False)
    connection.get('/quiet')
    assert body(connection.answer()) == b'quiet'
    assert world.site.access_log.lines == []


def test_a_server_that_ends_closes_the_views_call(world, server):
    parts, connection = unread(world, server, turns=5)
    wasyncore.close_all(connection.map)
    assert parts.closed == 1
