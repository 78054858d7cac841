"""wsgi.response: the rules of start_response and of the head."""
from __future__ import absolute_import, division, print_function

import sys

import pytest

from Products.ZServerViews.http.head import BadAnswer
from tests.unit.dummies import Iterable, view
from tests.unit.wsgi.test_response import assert_500, run


def test_a_view_that_does_not_start():
    for result in [b'x'], [], Iterable(b'x'), Iterable():
        assert_500(lambda environ, start_response, result=result: result,
                   AssertionError, 'did not call start_response')


def test_starting_twice():
    def twice(environ, start_response):
        start_response('200 OK', [])
        start_response('200 OK', [])
        return [b'x']

    assert_500(twice, AssertionError, 'a second time')


def raised(error):
    try:
        raise error
    except type(error):
        return sys.exc_info()


def test_starting_again_with_exc_info_replaces_the_first():
    def corrected(environ, start_response):
        start_response('200 OK', [('X-A', 'b')])(b'gone')
        start_response('503 Later', [('X-B', 'c')], raised(OSError('x')))
        return [b'sorry']

    driver, status, headers, body = run(corrected)
    assert status == 'HTTP/1.1 503 Later'
    assert 'x-a' not in headers
    assert (headers['x-b'], body) == ('c', b'sorry')
    assert driver.reports == []


def test_starting_first_with_exc_info():
    def a_view(environ, start_response):
        start_response('503 Later', [], raised(OSError('x')))
        return []

    assert run(a_view)[1] == 'HTTP/1.1 503 Later'


def test_starting_again_behind_the_head_raises_the_error():
    error = OSError('x')

    def late(environ, start_response):
        start_response('200 OK', [])
        yield b'part'
        start_response('500 Oops', [], raised(error))
        yield b'not sent'

    driver, status, _headers, body = run(late)
    assert status == 'HTTP/1.1 200 OK'
    assert body == b'4\r\npart\r\n'
    assert driver.errors == [error]
    assert driver.response.close_connection


def test_the_views_list_of_headers_is_not_changed_and_not_kept():
    headers = [('X-A', 'b')]

    def a_view(environ, start_response):
        start_response('200 OK', headers)
        headers.append(('X-C', 'd'))
        return [b'']

    assert 'x-c' not in run(a_view)[2]
    assert headers == [('X-A', 'b'), ('X-C', 'd')]


@pytest.mark.parametrize('headers', [None, 5, ['name'], [('a', 'b', 'c')],
                                     [('X-A', 'a\r\nb: c')]])
def test_headers_that_are_none(headers):
    def a_view(environ, start_response):
        start_response('200 OK', headers)
        return [b'x']

    assert_500(a_view, (TypeError, ValueError))


@pytest.mark.parametrize('bad_headers', [
    [('Transfer-Encoding', 'chunked')], [('Content-Length', '99')], []])
@pytest.mark.parametrize('status', ['200 OK', '204 No Content'])
@pytest.mark.parametrize('make', [list, iter])
def test_a_500_in_place_of_a_head_that_was_refused(make, status, bad_headers):
    assert_500(view(status, bad_headers + [('X-A', u'\u20ac')],
                    make([b'not seen'])), BadAnswer, 'ISO 8859-1')
