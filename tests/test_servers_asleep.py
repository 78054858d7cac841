"""Views on the main port of gunicorn's gthread and of cheroot while all
workers are asleep, and what becomes of connections that are not for a view.
"""
from __future__ import absolute_import, division, print_function

import contextlib
import json
import os
import socket

import pytest

from tests.functional.harness import on_others
from tests.test_servers import CONF, ask, told, views
from tests.waiting import awaited

pytestmark = pytest.mark.servers

CLOSE = [('Connection', 'close')]
BODY = [('Content-Type', 'application/octet-stream')]


class GThread(on_others.GThread):
    # No test depends on how long a client is silent.
    SERVER = (on_others.GThread.SERVER
              + '\nkeepalive = 60\ngraceful_timeout = 3')


class Cheroot(on_others.Cheroot):
    SERVER = on_others.Cheroot.SERVER + '\ntimeout = 60'


KINDS = [GThread, Cheroot]


@pytest.fixture(scope='module', params=KINDS,
                ids=[kind.name for kind in KINDS])
def zope(request):
    instance = request.param(CONF)
    instance.start()
    # Zope has had a request: so its server is known.
    assert ask(instance, '/@@echo').code == 200
    yield instance
    instance.stop()


@contextlib.contextmanager
def asleep(zope, more=0):
    """While all workers of an instance sleep, and so many requests wait."""
    with contextlib.ExitStack() as stack:
        assert views(zope, '/v/close_gate').code == 200
        stack.callback(views, zope, '/v/open_gate')
        busy = []
        for number in range(zope.workers + more):
            if number == zope.workers:
                awaited(lambda: told(zope, '/-/workers')['busy']
                        == zope.workers)
            connection = stack.enter_context(zope.connect())
            connection.request('/@@wait?name=%d' % number, headers=CLOSE)
            busy.append(connection)
        awaited(lambda: busy_and_waiting(zope) == (zope.workers, more))
        yield
        views(zope, '/v/open_gate')
        for number, connection in enumerate(busy):
            assert connection.response().text == 'waited %d' % number


def test_views(zope):
    with asleep(zope):
        for target in '/v/hello', '/v/parts', '/-/live', '/-/workers':
            with zope.connect() as connection:
                answer = connection.get(target)
                assert answer.code == 200
                assert answer.header('Connection') == 'close'
                assert connection.is_closed()
        assert ask(zope, '/v/hello', method='HEAD').body == b''
        assert ask(zope, '/v/hello', version='1.0').text == 'hello'
        assert ask(zope, '/v/aside_parts').code == 200
        assert ask(zope, '/v/raises').code == 500
        environ = ask(zope, '/v/environ?a=b').text
        assert '"zserverviews.reserved": false' in environ
        assert '"SERVER_PORT": "%d"' % zope.port in environ
        if zope.name == 'cheroot':
            # gunicorn's has none, as it is configured.
            zope.wait_for_log('Z4.log', r'(?m)^127\.0\.0\.1 .*"GET '
                              r'/v/environ\?a=b HTTP/1.1" 200 ')


def test_who_may_see_what(zope):
    with asleep(zope):
        for path in '/-/threads', '/-/requests', '/-/info':
            assert ask(zope, path).code == 200
            for header in (('X-Forwarded-For', '127.0.0.1'),
                           ('Via', '1.1 proxy'), ('X-Real-Ip', '127.0.0.1'),
                           ('Forwarded', 'for=127.0.0.1'),
                           ('Host', 'evil.example'),
                           ('Script-Name', '/-')):
                code = 200 if header[0] == 'Script-Name' else 403
                assert ask(zope, path, headers=[header]).code == code
            assert ask(zope, path, version='1.0').code == 403
        for path in '/-/live', '/-/ready', '/-/startup':
            assert ask(zope, path, headers=[('Via', 'a proxy')]).code == 200


def test_a_connection_that_is_kept_alive(zope):
    for headers, code in ([], 200), ([('Via', '1.1 proxy')], 403):
        with contextlib.ExitStack() as stack:
            kept = [stack.enter_context(zope.connect()) for _ in range(3)]
            for connection in kept:
                assert connection.get('/@@echo', headers=headers).code == 200
            with asleep(zope):
                for connection, target in zip(kept, ('/v/hello', '/-/info',
                                                     '/-/threads')):
                    answer = connection.get(target)
                    assert answer.code == (200 if target == '/v/hello'
                                           else code)
                    assert answer.header('Connection') == 'close'


def test_what_a_worker_gets(zope):
    """Bodies, and whatever is more than one request."""
    get = b'GET /v/hello HTTP/1.1\r\nHost: localhost\r\n\r\n'
    with zope.connect() as connection:
        connection.send(get + b'POST /@@echo?name=a HTTP/1.1\r\n'
                        b'Host: localhost\r\nContent-Type: a/b\r\nContent-Length: 4\r\n'
                        b'\r\nabcd')
        assert connection.response().text == 'hello'
        assert connection.response().text == 'echo a 4'
    with zope.connect() as connection:
        # A first line in two packets.
        connection.send(get[:10])
        assert ask(zope, '/v/hello').text == 'hello'
        connection.send(get[10:])
        assert connection.response().text == 'hello'
    with zope.connect() as connection:
        connection.request('/v/environ', method='POST', body=b'a body')
        assert '"body": "a body"' in connection.response().text
    with zope.connect() as connection:
        # What looks like a request is the body of another one.
        connection.request('/@@echo?name=b', method='POST', body=get,
                           headers=BODY)
        assert connection.response().text == 'echo b %d' % len(get)
        assert connection.get('/@@echo?name=c').text == 'echo c 0'


def test_a_head_that_comes_in_parts(zope):
    with asleep(zope), zope.connect() as connection:
        connection.send(b'GET /v/hello HTTP/1.1\r\nHost: local')
        # The server has seen this when it has answered that.
        assert ask(zope, '/v/hello').text == 'hello'
        connection.send(b'host\r\n\r\n')
        assert connection.response().text == 'hello'


def test_clients_that_are_silent(zope):
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(zope.connect())
                  for _ in range(2 * zope.workers)]
        assert ask(zope, '/@@echo?name=a').text == 'echo a 0'
        for connection in silent:
            # No worker has waited for them, and sent them away.
            connection.socket.setblocking(False)
            with pytest.raises(BlockingIOError):
                connection.socket.recv(1)
            connection.socket.settimeout(30)
        with asleep(zope):
            for connection in silent[:2]:
                assert connection.get('/v/hello').text == 'hello'
            # One that goes.
            silent[2].close()
            assert ask(zope, '/v/hello').text == 'hello'


def test_a_client_that_does_not_read(zope):
    with asleep(zope), zope.connect() as connection:
        connection.request('/v/big')
        with zope.connect() as gone:
            gone.request('/v/big')
        assert ask(zope, '/v/hello').text == 'hello'
        assert connection.response().code == 200


def descriptors(zope):
    return len(os.listdir('/proc/%s/fd' % views(zope, '/v/pid').text))


def test_no_descriptor_is_lost(zope):
    before = descriptors(zope)
    for number in range(200):
        assert ask(zope, '/v/hello').text == 'hello'
        if not number % 10:
            with zope.connect() as connection:
                connection.send(b'GET /v/hello HTTP/1.1\r\n')
    awaited(lambda: descriptors(zope) <= before)
    # In the server's own count too; that of the listener is not in it.
    awaited(lambda: told(zope, '/-/workers')['connections'] == 0)
    assert main(zope, '/-/workers')['connections'] == 1


def test_requests_that_wait(zope):
    with asleep(zope, more=3):
        for asking in told, main:
            numbers = asking(zope, '/-/workers')
            assert numbers['workers'] == zope.workers == numbers['busy']
            assert numbers['waiting'] == 3
            assert numbers['oldest_wait_seconds'] > 0
            assert numbers['connections'] >= zope.workers + 3
            found = asking(zope, '/-/requests')
            assert (found['in_work'], found['waiting']) == (zope.workers, 3)
            for request in found['requests']:
                assert request['path'] == '/@@wait'
                assert request['method'] == 'GET'
                assert request['peer_address'] == '127.0.0.1'
                assert request['sent_bytes'] is None
                assert request['waited_seconds'] >= 0
                waits = request['phase'] == 'waiting'
                assert (request['worked_seconds'] is None) == waits
        for listener in 0, 1:
            assert '[+]wait ok' in ask(zope, '/-/ready?verbose',
                                       listener).text
    awaited(lambda: busy_and_waiting(zope) == (0, 0))


def busy_and_waiting(zope):
    numbers = told(zope, '/-/workers')
    return numbers['busy'], numbers['waiting']


def main(zope, target):
    """From the main port."""
    return json.loads(ask(zope, target + '?format=json').text)


def test_the_end_while_connections_are_there(zope):
    with zope.connect() as silent, zope.connect() as slow:
        slow.send(b'GET /v/hello HTTP/1.1\r\n')
        assert ask(zope, '/v/hello').text == 'hello'
        session = zope.session
        zope.end()
        awaited(lambda: not zope.processes(session))
        for connection in silent, slow:
            assert connection.is_closed()
    with pytest.raises(socket.error):
        zope.connect()
