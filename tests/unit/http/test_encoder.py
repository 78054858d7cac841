"""http.encoder: the bytes of an answer, for each kind of request."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.http.head import BadAnswer
from tests.unit.dummies import DATE, encoder, request, split, stopped_heads


def encode(req, status='200 OK', headers=(), length=None, parts=(),
           ident='ident', heads=None):
    """(encoder, all bytes)"""
    made = encoder(req, ident, heads)
    blocks = [made.start(status, headers, length)]
    for part in parts:
        blocks += made.body(part)
    blocks += made.end()
    return made, b''.join(blocks)


# What a request says of its connection (RFC 9112, section 9.3)


@pytest.mark.parametrize('version, connection, keep_alive', [
    ('1.1', '', True),
    ('1.1', 'close', False),
    ('1.1', 'Close', False),
    ('1.1', 'keep-alive', True),
    ('1.1', 'Upgrade, close', False),
    ('1.1', 'x-close', True),
    ('1.0', '', False),
    ('1.0', 'Keep-Alive', True),
    ('1.0', 'TE , keep-alive', True),
    ('1.0', 'close', False),
    ('1.0', 'keep-alive, close', False),
    ('0.9', '', False),
    ('2.0', '', False),
    ('1.2', 'keep-alive', True),
])
def test_keep_alive(version, connection, keep_alive):
    made = encoder(request('GET', version, connection))
    assert made.close_connection is not keep_alive
    assert made.version == (version if version in ('1.0', '1.1') else '1.0')


# Framing


def test_a_known_length():
    made, answer = encode(request(), headers=[('X-A', 'b')], length=5,
                             parts=[b'he', b'llo'])
    assert answer == (
        b'HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n'
        b'Server: ident\r\nDate: ' + DATE.encode('ascii') + b'\r\n\r\nhello')
    assert not made.close_connection
    assert made.body_bytes == 5


def test_the_views_own_length_goes_before():
    _encoder, answer = encode(request(), length=7, parts=[b'hello'],
                              headers=[('content-length', ' 5\t')])
    assert split(answer)[1]['content-length'] == '5'


def test_an_unknown_length_is_chunked_for_1_1():
    made, answer = encode(request(), parts=[b'hello', b'x' * 16])
    _status, headers, body = split(answer)
    assert headers['transfer-encoding'] == 'chunked'
    assert 'content-length' not in headers
    assert body == b'5\r\nhello\r\n10\r\n' + b'x' * 16 + b'\r\n0\r\n\r\n'
    assert made.body_bytes == 21
    assert not made.close_connection


@pytest.mark.parametrize('connection', ['', 'keep-alive'])
def test_an_unknown_length_closes_for_1_0(connection):
    made, answer = encode(request('GET', '1.0', connection),
                             parts=[b'hello'])
    status, headers, body = split(answer)
    assert status == 'HTTP/1.0 200 OK'
    assert headers['connection'] == 'close'
    assert 'transfer-encoding' not in headers
    assert body == b'hello'
    assert made.close_connection


def test_1_0_with_a_length_keeps_the_connection_when_asked():
    made, answer = encode(request('GET', '1.0', 'keep-alive'), length=2,
                             parts=[b'ok'])
    assert split(answer)[1]['connection'] == 'Keep-Alive'
    assert not made.close_connection


def test_1_0_with_a_length_closes_otherwise():
    made, answer = encode(request('GET', '1.0'), length=2, parts=[b'ok'])
    assert split(answer)[1]['connection'] == 'close'
    assert made.close_connection


def test_close_of_the_client():
    made, answer = encode(request('GET', '1.1', 'close'), length=0)
    assert split(answer)[1]['connection'] == 'close'
    assert made.close_connection


def test_close_of_the_view():
    made, answer = encode(request(), headers=[('Connection', 'Close')],
                             length=0)
    assert split(answer)[1]['connection'] == 'close'
    assert made.close_connection


def test_other_options_of_the_views_connection_are_the_servers():
    made, answer = encode(
        request(), headers=[('Connection', 'keep-alive, x-closed')], length=0)
    assert 'connection' not in split(answer)[1]
    assert not made.close_connection


@pytest.mark.parametrize('status', ['204 No Content', '304 Not Modified'])
@pytest.mark.parametrize('version', ['1.0', '1.1'])
@pytest.mark.parametrize('headers', [
    [], [('Content-Length', '5')], [('Transfer-Encoding', 'chunked')]])
def test_no_body_for_204_and_304(status, version, headers):
    made, answer = encode(request('GET', version, 'keep-alive'), status,
                             headers, 5, [b'hello'])
    status_line, fields, body = split(answer)
    assert status_line == 'HTTP/%s %s' % (version, status)
    assert body == b''
    assert 'transfer-encoding' not in fields
    assert 'content-length' not in fields
    assert not made.close_connection
    assert made.body_bytes == 0


@pytest.mark.parametrize('headers, length, name, value', [
    ([('Content-Length', '5')], None, 'content-length', '5'),
    ([], 5, 'content-length', '5'),
    ([], None, 'transfer-encoding', 'chunked'),
    ([('Transfer-Encoding', 'chunked')], None, 'transfer-encoding', 'chunked'),
])
def test_head_has_the_head_of_get_and_no_body(headers, length, name, value):
    made, answer = encode(request('HEAD'), '200 OK', headers, length,
                             [b'hello'])
    _status, fields, body = split(answer)
    assert fields[name] == value
    assert body == b''
    assert not made.takes_body
    assert not made.close_connection


def test_a_small_part_of_a_large_answer_is_not_copied():
    made = encoder()
    made.start('200 OK', [], None)
    part = b'x' * 100
    assert made.body(part)[1] is part
    made = encoder()
    made.start('200 OK', [], 100)
    assert made.body(part)[0] is part


# Views that chunk by themselves, the way of 2013

CHUNKED = [('Transfer-Encoding', ' Chunked')]


def test_a_chunked_body_is_passed_on_to_1_1():
    parts = [b'5\r\nhe', b'llo\r\n0\r\n', b'\r\n']
    made, answer = encode(request(), headers=CHUNKED, parts=parts)
    _status, headers, body = split(answer)
    assert headers['transfer-encoding'] == 'chunked'
    assert body == b''.join(parts)
    assert not made.close_connection


def test_a_chunked_body_is_decoded_for_1_0():
    made, answer = encode(
        request('GET', '1.0', 'keep-alive'), headers=CHUNKED, length=99,
        parts=[b'5\r\n', b'hello\r\n0\r\n\r\n'])
    _status, headers, body = split(answer)
    assert 'transfer-encoding' not in headers
    assert 'content-length' not in headers
    assert body == b'hello'
    assert made.body_bytes == 5
    assert made.close_connection


def test_a_body_that_is_not_chunked():
    made = encoder()
    made.start('200 OK', CHUNKED)
    with pytest.raises(BadAnswer) as raised:
        made.body(b'hello\r\n')
    assert 'not chunked' in str(raised.value)


def test_a_chunked_body_without_an_end():
    made = encoder()
    made.start('200 OK', CHUNKED)
    made.body(b'5\r\nhello\r\n')
    with pytest.raises(BadAnswer) as raised:
        made.end()
    assert 'last chunk' in str(raised.value)


def test_the_identity_coding_is_none():
    _encoder, answer = encode(
        request(), headers=[('Transfer-Encoding', 'identity')], length=2,
        parts=[b'ok'])
    _status, headers, body = split(answer)
    assert 'transfer-encoding' not in headers
    assert (headers['content-length'], body) == ('2', b'ok')


# A head that is remembered


@pytest.mark.parametrize('status, headers, length, parts', [
    ('200 OK', [('Content-Length', '5')], None, [b'hello']),
    ('200 OK', [], 5, [b'hel', b'lo, too long']),
    ('200 OK', [], None, [b'hello', b'you']),
    ('200 OK', [('Connection', 'close')], 5, [b'hello']),
    ('200 OK', CHUNKED, None, [b'5\r\nhello', b'\r\n0\r\n\r\n']),
    ('204 No Content', [], 5, [b'hello']),
    ('205 Reset Content', [], 5, [b'hello']),
])
@pytest.mark.parametrize('version', ['1.0', '1.1'])
def test_the_second_answer_is_like_the_first(version, status, headers, length,
                                             parts):
    heads = stopped_heads()
    req = request('GET', version, 'keep-alive')
    first, second = [
        encode(req, status, headers, length, parts, heads=heads)
        for _time in range(2)]
    assert second[1] == first[1]
    for name in ('close_connection', 'takes_body', 'body_bytes',
                 'excess_bytes'):
        assert getattr(second[0], name) == getattr(first[0], name)
    # To HEAD the same head, and the next GET still has its body.
    _encoder, without_body = encode(
        request('HEAD', version, 'keep-alive'), status, headers, length, parts,
        heads=heads)
    assert first[1].startswith(without_body)
    assert without_body.endswith(b'\r\n\r\n')
    assert encode(req, status, headers, length, parts,
                  heads=heads)[1] == first[1]


# Too many, too few


def test_too_many_bytes_are_cut_off():
    made, answer = encode(request(), length=4, parts=[b'abc', b'def', b'g'])
    assert split(answer)[2] == b'abcd'
    assert made.excess_bytes == 3
    assert made.body_bytes == 4


def test_too_few_bytes():
    made = encoder()
    made.start('200 OK', [('Content-Length', '5')])
    made.body(b'hey')
    with pytest.raises(BadAnswer) as raised:
        made.end()
    assert str(raised.value) == 'the view announced 5 bytes and sent 3'


def test_205_has_an_empty_body():
    made = encoder()
    answer = made.start('205 Reset Content', [], 5)
    assert made.body(b'hello') == [] and made.end() == []
    assert split(answer)[1]['content-length'] == '0'
    assert not made.close_connection
