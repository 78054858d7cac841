"""Waitress's own settings mean for a view what they mean for the site."""
from __future__ import absolute_import, division, print_function

import json
import os
import tempfile

import pytest

from tests.functional.harness.on_waitress import DEFAULT_LISTEN
from tests.functional.test_order import REQUESTS
from tests.functional.test_overload import sleeping_workers
from tests.waiting import awaited


@pytest.fixture
def serve(make_instance):
    """Starts an instance with further lines in its [server:main]."""
    def start(*lines):
        return make_instance(
            listen='\n'.join((DEFAULT_LISTEN,) + lines)).start()
    return start


def test_ident(serve):
    zope = serve('ident = somebody')
    assert zope.get('/v/hello').header('Server') == 'somebody'
    assert zope.get('/v/raises').header('Server') == 'somebody'
    environ = json.loads(zope.get('/v/environ').text)
    assert environ['SERVER_SOFTWARE'] == 'somebody'


def test_expose_tracebacks(serve):
    zope = serve('expose_tracebacks = true')
    text = zope.get('/v/raises').text
    assert text.startswith('500 Internal Server Error\n\nTraceback')
    assert 'RuntimeError' in text
    assert ', in raises\n' in text


def test_url_prefix(serve):
    zope = serve('url_prefix = /pre/fix')
    for target in '/pre/fix/v/environ?q', '/v/environ?q':
        environ = json.loads(zope.get(target).text)
        assert environ['SCRIPT_NAME'] == '/pre/fix/v/environ'
        assert environ['PATH_INFO'] == ''
    for target in ('/pre/fix', '/pre/fixv/hello', '/pre/v/hello',
                   '/pre/fix//v/hello', '/pre%2Ffix/v/hello'):
        assert zope.get(target).text != 'hello'
    assert zope.get('/pre/fix/@@echo?name=x').text == 'echo x 0'


def test_limits(serve):
    zope = serve('max_request_body_size = 1000',
                 'max_request_header_size = 2000')
    assert zope.get('/v/environ', method='POST', body=b'x' * 999).code == 200
    too_large = zope.get('/v/environ', method='POST', body=b'x' * 1001)
    assert too_large.code == 413
    assert zope.get('/v/hello', headers=[('X', 'x' * 1000)]).code == 200
    assert zope.get('/v/hello', headers=[('X', 'x' * 3000)]).code == 431


@pytest.mark.parametrize('path', ['huge', 'endless_nothing'])
def test_channel_timeout(serve, path):
    """A client that does not read is closed, as for an answer of the site."""
    zope = serve('channel_timeout = 2', 'cleanup_interval = 1')
    with zope.connect() as idle, zope.connect() as reader:
        reader.request('/v/' + path)
        assert idle.is_closed()
        if path == 'huge':
            awaited(lambda: path in zope.log(zope.ACCESS_LOG))
        with pytest.raises(EOFError):
            reader.read(1 << 30)
    assert zope.get('/v/hello').text == 'hello'


@pytest.mark.parametrize('lines', [
    ('asyncore_use_poll = true',),
    ('channel_request_lookahead = 5',),
    ('send_bytes = 18000',),
    ('recv_bytes = 7',),
    ('outbuf_high_watermark = 1',),
    ('trusted_proxy = *', 'trusted_proxy_headers = x-forwarded-for'),
], ids=['poll', 'lookahead', 'send', 'recv', 'watermark', 'proxy'])
def test_with_setting(serve, lines):
    """Answers keep whole and in order whatever is set."""
    zope = serve(*lines)
    names = ['zope', 'view', 'stream', 'zope', 'zope', 'post', 'view']
    with zope.connect() as connection:
        for _round in range(3):
            connection.send(b''.join(REQUESTS[name][0] for name in names))
            for name in names:
                assert connection.response().text == REQUESTS[name][1]
        assert len(connection.get('/v/big').body) == 64 << 20
        connection.request('/v/raises_after_head')
        assert connection.read_to_end().endswith(b'begun\r\n')
    with sleeping_workers(zope, queued=10):
        for _number in range(20):
            assert zope.get('/v/hello').text == 'hello'
    zope.wait_for_log(zope.ACCESS_LOG, 'GET /v/raises_after_head')


def test_client_disconnected_by_default(zope):
    with zope.connect() as connection:
        assert connection.get('/v/file').code == 200
        assert connection.get('/v/disconnected').text == 'False'


def test_client_disconnected(serve):
    """With lookahead waitress sees a client go while its answer is made."""
    zope = serve('channel_request_lookahead = 1')
    assert zope.get('/v/disconnected').text == 'False'
    with zope.connect() as connection:
        connection.request('/v/endless_nothing?gone')
    awaited(lambda: zope.get('/v/closed?gone').text == '1')


def test_several_addresses(make_instance):
    zope = make_instance(
        listen='listen = 127.0.0.1:0 127.0.0.2:0\nthreads = 4').start()
    hosts = [host for host, _port in zope.addresses]
    assert {'127.0.0.1', '127.0.0.2'} <= set(hosts)
    with sleeping_workers(zope):
        for listener in range(len(hosts)):
            with zope.connect(listener=listener) as connection:
                assert connection.get('/v/hello').text == 'hello'


def test_unix_socket(make_instance):
    path = os.path.join(tempfile.mkdtemp(prefix='zsv-'), 'socket')
    zope = make_instance(listen='unix_socket = %s\nthreads = 4' % path)
    zope.start()
    try:
        assert zope.addresses[0] == path
        assert zope.get('/v/hello').text == 'hello'
        assert zope.get('/@@echo?name=u').text == 'echo u 0'
        environ = json.loads(zope.get('/v/environ').text)
        assert environ['REMOTE_ADDR'] == 'localhost'
        with sleeping_workers(zope):
            assert zope.get('/v/hello').text == 'hello'
    finally:
        os.remove(path)
        os.rmdir(os.path.dirname(path))
