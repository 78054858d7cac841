"""http.encoder: which heads are sent, which are refused, and with what words."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.http.head import BadAnswer
from tests.unit.dummies import DATE, request, split
from tests.unit.http.test_encoder import encode


def test_server_and_date_of_the_view_stay():
    _encoder, answer = encode(
        request(), headers=[('server', 'mine'), ('DATE', 'now')], length=0)
    _status, headers, _body = split(answer)
    assert (headers['server'], headers['date']) == ('mine', 'now')


def test_without_ident_there_is_no_server():
    _encoder, answer = encode(request(), length=0, ident='')
    headers = split(answer)[1]
    assert 'server' not in headers
    assert headers['date'] == DATE


def test_latin_1_goes_out_as_it_is():
    _encoder, answer = encode(request(), '200 \xfc',
                              [('X-A', '\xe4\t b')], length=0)
    assert answer.startswith(b'HTTP/1.1 200 \xfc\r\nX-A: \xe4\t b\r\n')


def test_unicode_is_native_where_the_interpreter_has_both():
    _encoder, answer = encode(request(), u'200 OK', [(u'X-A', u'b')], 0)
    assert isinstance(answer, bytes)
    assert split(answer)[1]['x-a'] == 'b'


@pytest.mark.parametrize('status', ['200', '200 '])
def test_a_status_without_a_reason_keeps_its_blank(status):
    # RFC 9112, section 4: the blank stands there even without a reason.
    _encoder, answer = encode(request(), status, length=0)
    assert answer.startswith(b'HTTP/1.1 200 \r\n')


@pytest.mark.parametrize('status, reason', [
    (200, 'not a string'),
    (b'200 OK' if str is not bytes else None, 'not a string'),
    ('', 'a code'),
    ('OK', 'a code'),
    ('2000 OK', 'a code'),
    ('20', 'a code'),
    ('100 Continue', 'a code'),
    ('199 No', 'a code'),
    ('200OK', 'a code'),
    ('200 OK\r\nX: y', 'a code'),
    ('200 OK\n', 'a code'),
    ('200 \x00', 'a code'),
    (u'200 \u20ac', 'ISO 8859-1'),
])
def test_a_bad_status(status, reason):
    with pytest.raises(BadAnswer) as raised:
        encode(request(), status, length=0)
    assert reason in str(raised.value)


@pytest.mark.parametrize('name, value, reason', [
    ('X-A', 5, 'strings'),
    (None, 'x', 'strings'),
    ('X A', 'x', 'cannot be the name'),
    ('X-A:', 'x', 'cannot be the name'),
    ('', 'x', 'cannot be the name'),
    ('X-A\n', 'x', 'cannot be the name'),
    (u'X-\xfc', 'x', 'cannot be the name'),
    ('X-A', 'a\r\nSet-Cookie: b', 'X-A holds'),
    ('X-A', 'a\nb', 'X-A holds'),
    ('X-A', 'a\rb', 'X-A holds'),
    ('X-A', 'a\x00b', 'X-A holds'),
    ('X-A', 'a\x7f', 'X-A holds'),
    ('X-A', u'\u20ac', 'ISO 8859-1'),
    ('Content-Length', 'five', 'must be a number'),
    ('Content-Length', '-5', 'must be a number'),
    ('Content-Length', '+5', 'must be a number'),
    ('Content-Length', '5, 5', 'must be a number'),
    ('Content-Length', '', 'must be a number'),
    ('Content-Length', '9' * 19, 'must be a number'),
    ('Transfer-Encoding', 'gzip, chunked', 'not supported'),
    ('Transfer-Encoding', '', 'not supported'),
    ('Keep-Alive', 'timeout=5', 'belongs to the connection'),
    ('Proxy-Authenticate', 'x', 'belongs to the connection'),
    ('proxy-authorization', 'x', 'belongs to the connection'),
    ('TE', 'x', 'belongs to the connection'),
    ('Trailer', 'x', 'belongs to the connection'),
    ('Upgrade', 'x', 'belongs to the connection'),
])
def test_a_bad_header(name, value, reason):
    with pytest.raises(BadAnswer) as raised:
        encode(request(), headers=[(name, value)])
    assert reason in str(raised.value)


def test_a_bad_value_is_not_repeated():
    with pytest.raises(BadAnswer) as raised:
        encode(request(), headers=[('X-A', 'secret\r\n')])
    assert 'secret' not in str(raised.value)


def test_the_same_length_twice_is_one():
    _encoder, answer = encode(
        request(), parts=[b'ok'],
        headers=[('Content-Length', '2'), ('Content-Length', '02')])
    assert split(answer)[1]['content-length'] == '2'


def test_two_lengths():
    with pytest.raises(BadAnswer) as raised:
        encode(request(), headers=[('Content-Length', '2'),
                                   ('Content-Length', '3')])
    assert 'two different' in str(raised.value)


@pytest.mark.parametrize('order', [1, -1])
def test_a_length_beside_chunks(order):
    headers = [('Content-Length', '2'), ('Transfer-Encoding', 'chunked')]
    with pytest.raises(BadAnswer) as raised:
        encode(request(), headers=headers[::order])
    assert 'exclude each other' in str(raised.value)


# A head that was refused leaves nothing behind: a 500 takes its place
