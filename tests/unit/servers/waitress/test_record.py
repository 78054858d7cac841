"""servers.waitress.record: what a waitress tells of requests for the site."""
from __future__ import absolute_import, division, print_function

import pytest
from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.monitor.requests import SENDING, TRAVERSING, WAITING
from tests.unit.servers.waitress.recording_dummies import connect, pipeline, state_of
from tests.unit.waitress_dummies import Server, body, zope


def takes_only_requests():
    """Whether this waitress refuses a line that is none of HTTP."""
    parser = HTTPRequestParser(Adjustments())
    parser.received(b'NONSENSE\r\n\r\n')
    return parser.error is not None


# As waitress 1 and 2 do.
TAKES_ANY_LINE = not takes_only_requests()


def shown(connection):
    return [(request.method, request.path, request.phase)
            for request in state_of(connection).requests()]


def test_a_request_waits_is_in_work_and_has_finished(recorded):
    recorder, seen = recorded.site.recorder, []

    def application(environ, start_response):
        seen.extend(shown(connection))
        seen.append(recorder.current[get_ident()].path)
        write = start_response('200 OK', [('Content-Length', '5')])
        write(b'hello')
        seen.extend(shown(connection))
        seen.append(recorder.here().sent_bytes > 5)
        seen.append(recorder.here().status)
        return []

    connection = connect(application)
    connection.get('/a%20b?token=x')
    connection.turn()
    assert shown(connection) == [('GET', '/a%20b', WAITING)]
    assert state_of(connection).requests()[0].client == '192.0.2.1'
    connection.server.task_dispatcher.run()
    assert seen == [('GET', '/a%20b', TRAVERSING), '/a%20b',
                    ('GET', '/a%20b', SENDING), True, b'200']
    assert shown(connection) == []
    assert (recorder.current, recorder.finished.total()) == ({}, 1)


@pytest.mark.parametrize('failing', [SystemExit, ValueError])
def test_a_worker_that_fails(recorded, failing):
    def application(environ, start_response):
        raise failing()

    connection = connect(application)
    connection.get('/a')
    connection.turn()
    try:
        connection.server.task_dispatcher.run()
    except SystemExit:
        pass
    recorder = recorded.site.recorder
    assert (recorder.current, recorder.finished.total()) == ({}, 1)


def test_those_behind_the_first_wait_too(recorded):
    recorder, seen = recorded.site.recorder, []

    def application(environ, start_response):
        seen.append((recorder.here().path,
                     [phase for _method, _path, phase in shown(connection)]))
        return zope(environ, start_response)

    connection = connect(application)
    pipeline(connection, '/1', '/2', '/view', '/3')
    # Not the view's: it does not wait for a worker.
    assert [path for _method, path, _phase in shown(connection)] == [
        '/1', '/2', '/3']
    received = [request.received
                for request in state_of(connection).requests()]
    connection.server.task_dispatcher.run()
    connection.turn(3)
    third, = state_of(connection).requests()
    # Since it was received, not since its turn has come.
    assert (third.path, third.received) == ('/3', received[2])
    connection.server.task_dispatcher.run()
    assert [path for path, _phases in seen] == ['/1', '/2', '/3']
    assert seen[0][1] == [TRAVERSING, WAITING, WAITING]
    assert recorder.finished.total() == 3
    connection.turn(3)
    assert connection.read().count(b'HTTP/1.1 200 OK') == 4


def test_a_view_in_front(recorded):
    seen = []
    recorded.mount('/front', lambda environ, start_response: (
        seen.extend(environ['zserverviews.server'].requests()),
        start_response('200 OK', [('Content-Length', '0')]), [])[2])
    connection = connect()
    pipeline(connection, '/front', '/other')
    # Called while the bytes of the second came in, or just behind them.
    assert [path for _method, path, _phase in shown(connection)] == ['/other']
    assert '/front' not in [request.path for request in seen]


def test_with_a_prefix(recorded):
    connection = connect(url_prefix='/site')
    pipeline(connection, '/site/1', '/site/view', '/view', '/site/2')
    assert [path for _method, path, _phase in shown(connection)] == [
        '/site/1', '/site/2']


def test_a_password_before_the_path_is_not_kept(recorded):
    connection = connect()
    connection.get('http://fred:password@localhost/a?token=x#y')
    connection.turn()
    assert shown(connection) == [('GET', '/a', WAITING)]


@pytest.mark.parametrize('line, title', [
    ('GET /a HTTP/1.1\r\nContent-Length: x', u'(refused: 400 Bad Request)'),
    ('GET /a?secret HTTP/1.1\r\nno header', u'(refused: 400 Bad Request)'),
    # Waitress puts another line in the place of the one that was sent.
    ('POST /a HTTP/1.1\r\nX: ' + 'x' * 400,
     u'(refused: 431 Request Header Fields Too Large)'),
    ('POST /a HTTP/1.1\r\nContent-Length: 9' + 12 * '0',
     u'(refused: 413 Request Entity Too Large)'),
    ('OPTIONS * HTTP/1.1', u'OPTIONS *'),
    ('CONNECT fred:password@host:443 HTTP/1.1', u'CONNECT (no path)'),
    ('GET http://host HTTP/1.0', u'GET /'),
    ('NONSENSE', u'(no path)' if TAKES_ANY_LINE
     else u'(refused: 400 Bad Request)')])
def test_odd_requests(recorded, line, title):
    connection = connect(max_request_header_size=300)
    connection.send(line)
    connection.turn()
    record, = state_of(connection).requests()
    assert record.phase == WAITING
    assert record.title() == title
    assert record.document(record.received)['path']
    connection.server.task_dispatcher.run()
    assert shown(connection) == []
    assert recorded.site.recorder.finished.total() == 1


def test_a_task_that_is_no_channel(recorded):
    server, task = Server(), object()
    server.add_task(task)
    assert server.task_dispatcher.tasks == [task]


def test_no_recorder(recorded):
    recorded.site.recorder = None
    connection = connect()
    connection.get('/a')
    connection.turn()
    assert shown(connection) == []
    connection.server.task_dispatcher.run()
    assert body(connection.answer()) == b'zope:/a'


def test_the_recorder_comes_while_a_request_waits(recorded):
    recorder, recorded.site.recorder = recorded.site.recorder, None
    seen = []

    def application(environ, start_response):
        seen.append(shown(connection))
        return zope(environ, start_response)

    connection = connect(application)
    connection.get('/a')
    connection.turn()
    recorded.site.recorder = recorder
    for path in '/b', '/c':
        connection.server.task_dispatcher.run()
        assert connection.answer()
        connection.get(path)
        connection.turn()
    connection.server.task_dispatcher.run()
    assert seen == [[], [('GET', '/b', TRAVERSING)],
                    [('GET', '/c', TRAVERSING)]]
    assert recorder.finished.total() == 2


def test_the_recorder_goes_while_a_request_is_in_work(recorded):
    recorder = recorded.site.recorder

    def application(environ, start_response):
        recorded.site.recorder = None
        return zope(environ, start_response)

    connection = connect(application)
    pipeline(connection, '/a', '/b')
    connection.server.task_dispatcher.run()
    assert recorder.current == {}
    connection.turn(3)
    assert connection.read().count(b'HTTP/1.1 200 OK') == 2


def test_bytes_of_a_thread_that_has_no_request(recorded):
    connection = connect()
    assert connection.channel.write_soon(b'abc') == 3


def test_closing_with_requests_that_nobody_has_recorded(recorded):
    recorded.site.recorder = None
    connection = connect()
    connection.get('/a')
    connection.turn()
    connection.channel.handle_close()
    assert not connection.open


def test_a_unix_socket(recorded):
    connection = connect()
    connection.channel.addr = ('localhost', None)
    connection.get('/a')
    connection.turn()
    assert state_of(connection).requests()[0].client is None
