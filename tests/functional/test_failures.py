"""Views that break: the client learns it, the log says it, the site goes on."""
from __future__ import absolute_import, division, print_function

import re
import socket
import struct

import pytest

BEFORE_HEAD = '''
no_start returns_none returns_text yields_text starts_twice raises
raises_after_start exits interrupts generator_exit
bad_status bad_status_lines bad_status_100 bad_value bad_value_lf bad_name
bad_name_type bad_value_type bad_characters bad_upgrade bad_length
bad_two_lengths bad_length_and_chunked bad_coding
'''.split()

AFTER_HEAD = 'raises_after_head exits_after_head too_late'.split()


@pytest.fixture(autouse=True)
def lives_on(zope):
    """Behind each case the same process serves views and Zope."""
    before = zope.get('/v/pid').text
    yield
    assert zope.get('/v/pid').text == before
    assert zope.get('/@@echo').code == 200


@pytest.mark.parametrize('path', BEFORE_HEAD)
def test_500_and_the_connection_goes_on(zope, path):
    with zope.connect() as connection:
        response = connection.get('/v/' + path)
        assert response.status == '500 Internal Server Error'
        assert response.header('X-Injected') is None
        assert 'must not be sent' not in response.text
        assert 'event log' in response.text
        assert connection.get('/v/hello').text == 'hello'


def test_500_with_a_body_sent_by_post(zope):
    with zope.connect() as connection:
        response = connection.get('/v/raises', method='POST',
                                  body=b'x' * 600000)
        assert response.code == 500
        assert connection.get('/v/hello').text == 'hello'


def test_500_to_head_has_no_body(zope):
    with zope.connect() as connection:
        assert connection.get('/v/raises', method='HEAD').code == 500
        assert connection.get('/v/hello').text == 'hello'


@pytest.mark.parametrize('path', AFTER_HEAD)
def test_after_the_head_the_connection_ends_without_the_last_chunk(zope, path):
    with zope.connect() as connection:
        connection.request('/v/' + path)
        data = connection.read_to_end()
        assert data.startswith(b'HTTP/1.1 200 OK')
        assert data.endswith(b'5\r\nbegun\r\n')
        assert data.count(b'HTTP/1.1') == 1


def test_too_few_bytes_end_the_connection(zope):
    with zope.connect() as connection:
        connection.request('/v/too_few')
        data = connection.read_to_end()
        assert b'Content-Length: 10\r\n' in data
        assert data.endswith(b'\r\n\r\nfour')


def test_an_unfinished_chunked_body_ends_the_connection(zope):
    with zope.connect() as connection:
        connection.request('/v/self_chunked_unfinished')
        assert connection.read_to_end().endswith(b'4\r\nself\r\n')


@pytest.mark.parametrize('path, size', [('too_many', 4),
                                        ('endless_with_length', 70000)])
def test_too_many_bytes_are_cut_and_the_connection_goes_on(zope, path, size):
    with zope.connect() as connection:
        assert len(connection.get('/v/' + path).body) == size
        assert connection.get('/v/hello').text == 'hello'
    zope.wait_for_log('event.log', 'more than its Content-Length')


def test_a_close_that_fails(zope):
    with zope.connect() as connection:
        assert connection.get('/v/bad_close').text == 'fine'
        assert connection.get('/v/hello').text == 'hello'
    zope.wait_for_log('event.log', 'SystemExit: in close')


def test_close_is_called_once_for_each_answer(zope):
    for _number in range(3):
        assert zope.get('/v/closing?each').text == 'one'
    assert zope.get('/v/closing?each', method='HEAD').code == 200
    assert zope.get('/v/closed?each').text == '4'


def test_the_log_has_the_failure_once_and_no_secret(zope):
    with zope.connect() as connection:
        connection.get('/v/raises?token=SECRET1', method='POST',
                       body=b'SECRET2', headers=[
                           ('Cookie', 'SECRET3'),
                           ('Authorization', 'Basic SECRET4'),
                           ('X-Other', 'SECRET5')])
    log = zope.wait_for_log('event.log', r"on purpose', 7\)")
    assert 'SECRET' not in log
    assert len(re.findall(r"on purpose', 7\)", log)) == 1
    assert 'failed in POST /v/raises\nTraceback' in log


@pytest.mark.parametrize('path', [b'/v/hello', b'/v/environ', b'/@@echo'])
def test_a_client_that_resets_its_connection_at_100_continue(zope, path):
    """With the body in the same packet the server has the whole request when
    it finds out that nobody is there to be told to go on."""
    before = len(zope.output()), len(zope.log('event.log'))
    for number in range(60):
        client = socket.create_connection(zope.addresses[0])
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack('ii', 1, 0))
        client.sendall(b'POST ' + path + b' HTTP/1.1\r\nHost: localhost\r\n'
                       b'Content-Length: 2\r\nExpect: 100-continue\r\n\r\nab'
                       * (1 + number % 3))
        client.close()
    assert zope.get('/@@echo?name=a').text == 'echo a 0'
    said = (zope.output()[before[0]:], zope.log('event.log')[before[1]:])
    for words in 'uncaptured', 'Traceback':
        assert words not in said[0] and words not in said[1]


def test_a_request_that_the_server_refuses(zope):
    with zope.connect() as connection:
        connection.send(zope.REFUSED)
        assert connection.response().code == 400


@pytest.mark.parametrize('data', [
    b'\x00\x01 rubbish\r\n\r\n',
    b'GET /v/hello HTTP/1.1\r\nContent-Length: x\r\n\r\n',
], ids=['line', 'length'])
def test_a_client_that_sends_rubbish(zope, data):
    with zope.connect() as connection:
        connection.send(data)
        assert connection.response().code == 400
