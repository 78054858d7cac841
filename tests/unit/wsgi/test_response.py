"""wsgi.response: PEP 3333 as a view sees it, without a server."""
from __future__ import absolute_import, division, print_function

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews.servers.contracts import IResponse
from Products.ZServerViews.wsgi.response import CLOSED, ENDED, JOIN_BYTES, LAST
from tests.unit.dummies import Driver, Iterable, request, split, view

ERROR = 'HTTP/1.1 500 Internal Server Error'


def run(a_view, a_request=None, **options):
    """(driver, status line, headers, body)"""
    driver = Driver(a_view, a_request, **options)
    return (driver,) + split(driver.run())


def assert_500(a_view, error_type, said=''):
    """The answer is one whole 500, the reason is reported."""
    driver, status, headers, body = run(a_view)
    assert status == ERROR
    assert headers['content-length'] == str(len(body))
    assert body == b'500 Internal Server Error\n\nhidden\n'
    error, = driver.errors
    assert isinstance(error, error_type)
    assert said in str(error)
    assert not driver.response.close_connection
    return driver


def test_a_response_keeps_its_contract():
    assert verifyObject(IResponse, Driver(view()).response, tentative=True)


# Good views


def test_a_list_gets_its_length():
    driver, status, headers, body = run(
        view('404 Not Found', [('X-A', 'b')], [b'he', b'', b'llo']))
    assert status == 'HTTP/1.1 404 Not Found'
    assert (headers['content-length'], headers['x-a']) == ('5', 'b')
    assert headers['server'] == 'ident'
    assert body == b'hello'
    assert driver.reports == []
    assert driver.response.status == '404 Not Found'
    assert driver.response.body_bytes == 5


@pytest.mark.parametrize('result', [b'hello', (b'hello',), [b'hello']])
def test_bytes_are_one_part_and_all_is_one_block(result):
    driver, _status, headers, body = run(view(result=result))
    assert headers['content-length'] == '5'
    assert body == b'hello'
    assert len(driver.blocks) == 1


@pytest.mark.parametrize('result', [[], (), b'', [b'']])
def test_an_empty_body(result):
    driver, _status, headers, body = run(view(result=result))
    assert (headers['content-length'], body) == ('0', b'')
    assert driver.reports == []


def test_a_large_list_is_not_copied_into_the_head():
    driver, _status, headers, body = run(view(result=[b'x' * JOIN_BYTES]))
    assert headers['content-length'] == str(JOIN_BYTES)
    assert body == b'x' * JOIN_BYTES
    assert [len(block) for block in driver.blocks[1:]] == [JOIN_BYTES]


def test_an_iterable_is_pulled_part_by_part():
    parts = Iterable(b'one', b'two')
    driver = Driver(view(result=parts))
    head, _, first = driver.response.more().partition(b'\r\n\r\n')
    assert b'Transfer-Encoding: chunked' in head
    assert first == b'3\r\none\r\n'
    assert driver.response.more() == b'3\r\ntwo\r\n'
    assert driver.response.more() == b'0\r\n\r\n'
    assert driver.response.more() is None
    assert driver.response.more() is None
    assert parts.closed == 0
    driver.response.close()
    driver.response.close()
    assert parts.closed == 1


def test_a_generator_may_start_late():
    def late(environ, start_response):
        yield b''
        start_response('201 Created', [('Content-Length', '2')])
        yield b'ok'

    driver, status, _headers, body = run(late)
    assert (status, body) == ('HTTP/1.1 201 Created', b'ok')
    assert driver.blocks[0] == b''
    assert driver.response.body_bytes == 2


def test_the_head_waits_for_the_first_real_part():
    driver = Driver(view(result=Iterable(b'', b'', b'x')))
    assert driver.response.more() == b''
    assert driver.response.status is None
    assert driver.response.more() == b''
    assert driver.response.more().startswith(b'HTTP/1.1 200 OK\r\n')
    assert driver.response.status == '200 OK'


def test_an_iterable_of_nothing_has_the_length_0():
    _driver, _status, headers, body = run(view(result=Iterable(b'', b'')))
    assert (headers['content-length'], body) == ('0', b'')


def test_empty_parts_do_not_end_a_chunked_body():
    driver, _status, _headers, body = run(
        view(result=Iterable(b'a', b'', b'b')))
    assert body == b'1\r\na\r\n1\r\nb\r\n0\r\n\r\n'
    assert b'' in driver.blocks


@pytest.mark.parametrize('kind', [bytes, list, tuple])
def test_whatever_has_close_is_closed(kind):
    closed = []

    class Closing(kind):
        def close(self):
            closed.append(True)

    driver, _status, _headers, body = run(view(
        result=Closing(b'hello' if kind is bytes else [b'hello'])))
    assert body == b'hello'
    driver.response.close()
    assert closed == [True]


def test_an_endless_view_is_pulled_and_closed():
    def endless(environ, start_response):
        start_response('200 OK', [])
        try:
            while True:
                yield b'x'
        finally:
            closed.append(True)

    closed = []
    driver = Driver(endless)
    for _turn in range(10):
        assert driver.response.more()
    driver.response.close()
    assert closed == [True]
    assert driver.response.more() is None


# HEAD


@pytest.mark.parametrize('result, length', [
    ([b'hello'], '5'), (b'hello', '5'), ([], None)])
def test_head_of_a_list(result, length):
    driver, _status, headers, body = run(view(result=result), request('HEAD'))
    assert headers.get('content-length') == length
    assert body == b''
    assert driver.reports == []


def test_head_with_the_views_own_length_and_no_body():
    driver, _status, headers, body = run(
        view('200 OK', [('Content-Length', '99')], []), request('HEAD'))
    assert (headers['content-length'], body) == ('99', b'')
    assert driver.reports == []


def test_head_pulls_no_more_than_it_needs():
    parts = Iterable(b'one', RuntimeError('pulled too far'))
    driver, _status, _headers, body = run(view(result=parts), request('HEAD'))
    assert body == b''
    assert driver.reports == []
    assert parts.closed == 1


def test_204_has_no_body():
    driver, status, headers, body = run(
        view('204 No Content', [], Iterable(b'one', b'two')))
    assert status == 'HTTP/1.1 204 No Content'
    assert 'transfer-encoding' not in headers
    assert 'content-length' not in headers
    assert body == b''
    assert driver.reports == []


# The write callable


def writing(before, parts, during=()):
    def a_view(environ, start_response):
        write = start_response('200 OK', [])
        for data in before:
            write(data)
        if not during:
            return parts

        def generate():
            for part in parts:
                for data in during:
                    write(data)
                yield part
            write(b'last')
        return generate()

    return a_view


def test_what_is_written_goes_before_the_parts():
    driver, _status, headers, body = run(
        writing([b'a', b'', b'b'], [b'c', b'd']))
    assert headers['content-length'] == '4'
    assert body == b'abcd'
    assert driver.reports == []


def test_what_is_written_before_an_iterable():
    _driver, _status, headers, body = run(writing([b'a'], Iterable(b'b')))
    assert headers['transfer-encoding'] == 'chunked'
    assert body == b'1\r\na\r\n1\r\nb\r\n0\r\n\r\n'


def test_what_is_written_while_a_part_is_made_goes_before_it():
    _driver, _status, _headers, body = run(
        writing([], [b'1', b'2'], [b'w']))
    assert body == (b'1\r\nw\r\n1\r\n1\r\n1\r\nw\r\n1\r\n2\r\n'
                    b'4\r\nlast\r\n0\r\n\r\n')


def test_what_is_written_is_bytes():
    assert_500(writing([u'text'], []), TypeError)


def test_none_as_a_part_is_no_end():
    def parts(environ, start_response):
        start_response('200 OK', [])
        yield b'one'
        yield None
        yield b'two'

    run = Driver(parts)
    assert run.run().endswith(b'3\r\none\r\n')
    assert isinstance(run.errors[0], TypeError)
    assert run.response.close_connection


@pytest.mark.parametrize('result, last', [
    ([b'x' * 100000], CLOSED), ((b'x' * 100000,), ENDED),
    ([b'x' * 10], CLOSED)])
def test_the_last_block_is_known(result, last):
    """So the answer is over when it is sent, and not an iteration later."""
    response = Driver(view(result=result)).response
    blocks = [response.more()]
    while response.has_blocks:
        assert response.state == LAST
        blocks.append(response.more())
    assert b''.join(blocks).endswith(b'\r\n\r\n' + result[0])
    assert response.state == last
    assert response.more() is None
