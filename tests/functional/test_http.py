"""What goes over the wire: framing, connections, methods, versions."""
from __future__ import absolute_import, division, print_function

import re
import time

import pytest


@pytest.mark.parametrize('path, body', [
    ('hello', u'hello'),
    ('text', u'gr\xfc\xdfe'),
    ('value', u'{"a": "\\u00fc", "b": [1, null]}\n'),
    ('writer', u'one two three'),
    ('self_chunked', u'selfchunk\n'),
    ('parts', u'one two three'),
    ('late_start', u'late'),
    ('texts', u'gr\xfc\xdfe'),
    ('write_in_generator', u'one two three four'),
])
def test_body_on_1_1_and_1_0(zope, path, body):
    """Each answer is whole, and the connection goes on where it can."""
    with zope.connect() as connection:
        for _round in range(3):
            response = connection.get('/v/' + path)
            assert response.version == 'HTTP/1.1'
            assert response.text == body
            assert response.ended in ('length', 'chunked')
            assert response.header('Connection') is None
    with zope.connect() as connection:
        response = connection.get('/v/' + path, version='1.0')
        assert response.version == 'HTTP/1.0'
        assert response.text == body
        assert response.header('Transfer-Encoding') is None
        assert response.header('Connection') == 'close'
        assert connection.is_closed()


def test_known_length_is_said_and_unknown_is_chunked(zope):
    assert zope.get('/v/writer').ended == 'length'
    assert zope.get('/v/parts').ended == 'chunked'
    assert zope.get('/v/empty').header('Content-Length') == '0'


def test_head_has_the_head_of_get(zope):
    for path in 'hello', 'text', 'value', 'error', 'file', 'big':
        with zope.connect() as connection:
            got = connection.get('/v/' + path)
            head = connection.get('/v/' + path, method='HEAD')
            # A body would come in front of this next answer.
            assert connection.get('/thr-id').text.isdigit()
        assert head.status == got.status
        assert (head.header('Content-Length')
                == got.header('Content-Length') is not None)
        assert head.body == b''


@pytest.mark.parametrize('path', ['parts', 'texts', 'endless', 'huge',
                                  'self_chunked', 'empty'])
def test_head_of_a_stream_ends(zope, path):
    with zope.connect() as connection:
        assert connection.get('/v/' + path, method='HEAD').code == 200
        assert connection.get('/v/hello').text == 'hello'


@pytest.mark.parametrize('path, code', [('no_content', 204),
                                        ('not_modified', 304)])
def test_answers_without_a_body(zope, path, code):
    with zope.connect() as connection:
        response = connection.get('/v/' + path)
        assert response.code == code
        assert response.header('Transfer-Encoding') is None
        assert response.header('Content-Length') is None
        assert connection.get('/v/hello').text == 'hello'


@pytest.mark.parametrize('version, headers, stays', [
    ('1.1', [], True),
    ('1.1', [('Connection', 'close')], False),
    ('1.1', [('Connection', 'TE, Close')], False),
    ('1.1', [('Connection', 'keep-alive')], True),
    ('1.0', [], False),
    ('1.0', [('Connection', 'Keep-Alive')], True),
    ('1.0', [('Connection', 'close')], False),
])
@pytest.mark.parametrize('path', ['hello', 'no_content', 'raises'])
def test_connection_header_is_honoured(zope, path, version, headers, stays):
    with zope.connect() as connection:
        response = connection.get('/v/' + path, version=version,
                                  headers=headers)
        if stays:
            wanted = 'Keep-Alive' if version == '1.0' else None
            assert response.header('Connection') == wanted
            assert connection.get('/v/hello').text == 'hello'
        else:
            assert response.header('Connection') == 'close'
            assert connection.is_closed()


def test_1_0_keep_alive_ends_where_the_length_is_unknown(zope):
    with zope.connect() as connection:
        response = connection.get('/v/parts', version='1.0',
                                  headers=[('Connection', 'keep-alive')])
        assert response.header('Connection') == 'close'
        assert response.text == 'one two three'
        assert connection.is_closed()


def test_view_may_close(zope):
    with zope.connect() as connection:
        response = connection.get('/v/closes')
        assert response.header('Connection') == 'close'
        assert response.text == 'bye'
        assert connection.is_closed()


def test_date_and_server(zope):
    response = zope.get('/v/hello')
    when = time.strptime(response.header('Date'), '%a, %d %b %Y %H:%M:%S GMT')
    assert when.tm_year >= 2020
    assert re.match(zope.SERVER_IDENT + '$', response.header('Server'))
    assert response.header('Server') == zope.get('/').header('Server')
    own = zope.get('/v/own_server')
    assert own.header('Server') == 'mine'
    assert own.header('Date') == 'then'


def test_view_error(zope):
    response = zope.get('/v/error')
    assert response.status == "418 I'm a teapot"
    assert response.text == u'sh\xf6rt'
    assert response.header('X-Pot') == 'yes'
    assert response.header('Content-Type') == 'text/x-pot'
    assert zope.get('/v/texts_error').status == '404 Not Found'


def test_body_reaches_the_view_and_the_next_request_is_read(zope):
    with zope.connect() as connection:
        for size in 1, 5000, 700000:
            response = connection.get('/v/environ', method='POST',
                                      body=b'b' * size)
            assert '"body": "%s"' % ('b' * size) in response.text


def test_chunked_body(zope):
    with zope.connect() as connection:
        connection.request('/v/environ', method='POST',
                           headers=[('Transfer-Encoding', 'chunked')])
        connection.send(b'3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n')
        assert '"body": "abcde"' in connection.response().text
        assert connection.get('/v/hello').text == 'hello'


def expect_continue(connection):
    connection.request('/v/environ', method='POST', headers=[
        ('Content-Length', '3'), ('Expect', '100-continue')])
    assert connection.read_head() == b'HTTP/1.1 100 Continue'
    connection.send(b'abc')
    assert '"body": "abc"' in connection.response().text


def test_expect_continue(zope):
    with zope.connect() as connection:
        expect_continue(connection)


def test_expect_continue_twice(zope):
    with zope.connect() as connection:
        expect_continue(connection)
        expect_continue(connection)


def test_expect_continue_without_waiting_for_it(zope):
    with zope.connect() as connection:
        connection.request('/v/environ', method='POST', body=b'abc',
                           headers=[('Expect', '100-continue')])
        response = connection.response()
        while response.code == 100:
            response = connection.response()
        assert '"body": "abc"' in response.text
        assert connection.get('/v/hello').text == 'hello'


def test_expect_continue_behind_a_view(zope):
    """The 100 waits for the view's answer, which it must not overtake."""
    with zope.connect() as connection:
        connection.send(
            b'GET /v/hello HTTP/1.1\r\nHost: x\r\n\r\n'
            b'POST /v/environ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n'
            b'Expect: 100-continue\r\n\r\n')
        assert connection.response().text == 'hello'
        assert connection.read_head() == b'HTTP/1.1 100 Continue'
        connection.send(b'abc')
        assert '"body": "abc"' in connection.response().text


def test_request_in_single_bytes(zope):
    with zope.connect() as connection:
        for byte in bytearray(b'GET /v/hello HTTP/1.1\r\nHost: x\r\n\r\n'):
            connection.send(bytes(bytearray([byte])))
        assert connection.response().text == 'hello'


def test_replaced_head(zope):
    response = zope.get('/v/replaced')
    assert response.status == '503 Service Unavailable'
    assert response.header('X-Second') == 'yes'
    assert response.text == 'sorry'


def test_file_wrapper(zope):
    with zope.connect() as connection:
        response = connection.get('/v/file')
        assert response.header('Content-Length') == '99990'
        assert response.body == (b'0123456789' * 10000)[10:]
        assert connection.get('/v/hello').text == 'hello'
