"""servers.waitress: which requests are views', and what a view sees."""
from __future__ import absolute_import, division, print_function

import pytest

from tests.unit import dummies
from tests.unit.waitress_dummies import Connection, Server, body


def test_a_view_answers_in_the_loop(world, connection):
    connection.get('/view')
    status, headers, text = dummies.split(connection.answer(2))
    assert (status, text) == ('HTTP/1.1 200 OK', b'the view')
    assert headers['server'] == 'waitress'
    assert connection.server.task_dispatcher.tasks == []
    assert connection.channel.requests == []
    assert connection.open


@pytest.mark.parametrize('target', [
    '/', '/view/fred', '/view/', '//view', '/VIEW', '/view;a', '/vi%65w',
    '/other?/view', '/view%3Fx', '/./view', 'http://localhost/view/'])
def test_other_paths_go_to_the_site(world, connection, target):
    connection.get(target)
    assert connection.answer() == b''
    assert connection.server.task_dispatcher.tasks == [connection.channel]
    connection.server.task_dispatcher.run()
    assert body(connection.answer()).startswith(b'zope:/')
    assert world.site.access_log.lines == []


@pytest.mark.parametrize('target', [
    '/view', '/view?', '/view?x=1', 'http://localhost/view',
    'http://localhost:80/view?x=/a'])
def test_the_path_as_sent_decides(world, connection, target):
    connection.get(target)
    assert body(connection.answer()) == b'the view'


def test_a_mount_with_percent_signs(world, connection):
    seen = []
    world.mount('/a%20b', lambda environ, start_response: (
        seen.append(environ['SCRIPT_NAME']), start_response('200 OK', []),
        [b'percent'])[2])
    connection.get('/a%20b')
    assert body(connection.answer()) == b'percent'
    assert seen == ['/a b']
    connection.get('/a%20%62')
    assert connection.answer() == b''
    assert connection.server.task_dispatcher.tasks


def test_a_request_that_waitress_refuses_is_not_for_a_view(world, server):
    server.adj.max_request_body_size = 5
    connection = Connection(server)
    connection.get('/view', 'Content-Length: 6', '', method='POST',
                   body=b'123456')
    assert connection.answer() == b''
    server.task_dispatcher.run()
    assert connection.answer().startswith(b'HTTP/1.1 413 ')
    assert world.site.access_log.lines == []


def test_a_task_that_is_no_channel_goes_on(world, server):
    task = object()
    server.add_task(task)
    assert server.task_dispatcher.tasks == [task]


@pytest.mark.parametrize('prefix', ['', '/site'])
@pytest.mark.parametrize('line', [
    'NONSENSE', 'GET', 'GET HTTP/1.1', 'OPTIONS * HTTP/1.1',
    'CONNECT host:443 HTTP/1.1', 'GET  HTTP/1.1'])
def test_a_request_without_a_path_goes_on(world, prefix, line):
    world.mount('/', dummies.view('200 OK', [], [b'front']))
    connection = Connection(Server(url_prefix=prefix))
    connection.send(line)
    connection.turn()
    assert connection.server.task_dispatcher.tasks == [connection.channel]
    connection.server.task_dispatcher.run()
    assert connection.answer().startswith(b'HTTP/1.')


class OldRequest(object):
    """What a parser of waitress before 2.1 leaves of a request."""

    path = '/view'
    error = None
    first_line = b'GET /vi%65w?x=1 HTTP/1.1'


def test_a_request_of_an_older_waitress(world, server):
    channel = type('Channel', (), {'requests': [OldRequest()]})()
    server.add_task(channel)
    assert server.task_dispatcher.tasks == [channel]
    channel = Connection(server).channel
    channel.requests = [OldRequest()]
    channel.requests[0].first_line = b'GET /view?x=1 HTTP/1.1'
    server.add_task(channel)
    assert server.task_dispatcher.tasks[1:] == []
    # The thread of this test is not the loop's.
    stand_in, = server.trigger.thunks
    assert stand_in.__self__.views_channel is channel


# The environ


def environ_of(world, connection, *lines, **options):
    seen = []

    def remember(environ, start_response):
        seen.append(dict(environ, **{'body': environ['wsgi.input'].read()}))
        start_response('200 OK', [])
        return [b'']

    world.mount('/seen', remember)
    connection.get(options.pop('target', '/seen'), *lines, **options)
    assert connection.answer()
    environ, = seen
    return environ


def test_the_environ_of_a_view(world, connection):
    environ = environ_of(
        world, connection, 'X-A: b', 'Content-Length: 5', '',
        method='POST', target='/seen?x=1', body=b'hello')
    expected = {
        'REQUEST_METHOD': 'POST', 'SCRIPT_NAME': '/seen', 'PATH_INFO': '',
        'QUERY_STRING': 'x=1', 'HTTP_X_A': 'b', 'CONTENT_LENGTH': '5',
        'SERVER_PROTOCOL': 'HTTP/1.1', 'REMOTE_ADDR': '192.0.2.1',
        'SERVER_NAME': 'localhost', 'SERVER_PORT': '8080', 'body': b'hello',
        'wsgi.version': (1, 0), 'wsgi.url_scheme': 'http',
        'wsgi.run_once': False, 'wsgi.multiprocess': False}
    assert dict((key, environ[key]) for key in expected) == expected
    for key in 'wsgi.errors', 'wsgi.multithread', 'wsgi.file_wrapper':
        assert key in environ


def test_an_empty_query_is_there(world, connection):
    assert environ_of(world, connection)['QUERY_STRING'] == ''


def test_a_view_can_ask_whether_its_client_has_gone(world, connection):
    gone = environ_of(world, connection)['waitress.client_disconnected']
    assert gone() is False
    connection.channel.handle_close()
    assert gone() is True


@pytest.mark.parametrize('target, script_name', [
    ('/site/seen', '/site/seen'), ('/seen', '/site/seen')])
def test_a_url_prefix(world, target, script_name):
    connection = Connection(Server(url_prefix='/site'))
    environ = environ_of(world, connection, target=target)
    assert environ['SCRIPT_NAME'] == script_name
    assert environ['PATH_INFO'] == ''


@pytest.mark.parametrize('target', [
    '/site', '/siteview', '/%73ite/view', '/site/site/view', '/site/vie%77'])
def test_a_url_prefix_of_other_paths(world, target):
    connection = Connection(Server(url_prefix='/site'))
    connection.get(target)
    connection.turn()
    assert connection.server.task_dispatcher.tasks == [connection.channel]


def test_ident_and_tracebacks_are_the_servers(world):
    def failing(environ, start_response):
        raise ValueError('boom')

    world.mount('/fails', failing)
    for exposed in False, True:
        connection = Connection(Server(ident='my server',
                                       expose_tracebacks=exposed))
        connection.get('/fails')
        status, headers, text = dummies.split(connection.answer())
        assert status == 'HTTP/1.1 500 Internal Server Error'
        assert headers['server'] == 'my server'
        assert (b'boom' in text) is exposed
    assert len(world.site.log_queue.logged) == 2


def test_a_worker_leaves_the_view_to_the_loop(world, connection):
    """The loop may close the channel meanwhile, and accept another connection
    with its descriptor."""
    connection.get('/other')
    connection.turn()
    channel = connection.channel
    channel.requests[0].path = channel.requests[0].request_uri = '/view'
    channel.server.add_task(channel)
    assert connection.entry is channel
    assert body(connection.answer()) == b'the view'
    assert connection.entry is channel
    channel.requests = [OldRequest()]
    channel.requests[0].first_line = b'GET /view HTTP/1.1'
    channel.server.add_task(channel)
    fileno = channel._fileno
    channel.handle_close()
    other = Connection(channel.server)
    connection.map[fileno] = other.channel
    channel.server.trigger.run()
    assert connection.map.pop(fileno) is other.channel
