"""wsgi.response: wsgi.file_wrapper, and the referee of the standard library."""
from __future__ import absolute_import, division, print_function

import io
import sys
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from Products.ZServerViews.wsgi.file_wrapper import FileWrapper
from tests.unit.dummies import Iterable, request, view
from tests.unit.wsgi.test_response import run, writing


def file_view(content, **headers):
    files = []

    def a_view(environ, start_response):
        start_response('200 OK', list(headers.items()))
        files.append(io.BytesIO(content))
        return environ['wsgi.file_wrapper'](files[0], 4)

    return files, a_view


def test_a_file_gets_its_length_and_is_closed():
    files, a_view = file_view(b'0123456789')
    driver, _status, headers, body = run(a_view)
    assert (headers['content-length'], body) == ('10', b'0123456789')
    assert files[0].closed
    assert driver.reports == []


def test_an_empty_file():
    _files, a_view = file_view(b'')
    _driver, _status, headers, body = run(a_view)
    assert (headers['content-length'], body) == ('0', b'')


def test_a_file_may_be_longer_than_the_answer():
    _files, a_view = file_view(b'0123456789', **{'Content-Length': '5'})
    driver, _status, headers, body = run(a_view)
    assert (headers['content-length'], body) == ('5', b'01234')
    assert driver.reports == []


def test_a_file_that_was_read_before():
    opened = io.BytesIO(b'0123456789')
    opened.read(4)
    assert FileWrapper(opened).bytes_left() == 6
    assert opened.tell() == 4


def test_a_file_that_cannot_tell_its_length():
    class Pipe(object):
        def __init__(self):
            self.parts = [b'one', b'']

        def read(self, size):
            return self.parts.pop(0)

    wrapper = FileWrapper(Pipe())
    assert wrapper.bytes_left() is None
    _driver, _status, headers, body = run(view(result=wrapper))
    assert headers['transfer-encoding'] == 'chunked'
    assert body == b'3\r\none\r\n0\r\n\r\n'


def test_a_file_behind_what_was_written():
    _driver, _status, headers, body = run(
        writing([b'a'], FileWrapper(io.BytesIO(b'b'))))
    assert headers['transfer-encoding'] == 'chunked'
    assert body == b'1\r\na\r\n1\r\nb\r\n0\r\n\r\n'


# The referee of the standard library


@pytest.mark.parametrize('method', ['GET', 'HEAD'])
def test_the_validator_has_nothing_to_say(method):
    def good(environ, start_response):
        write = start_response('200 OK', [('Content-Type', 'text/plain')])
        write(b'one')
        return Iterable(b'two')

    environ = {'REQUEST_METHOD': method, 'QUERY_STRING': ''}
    setup_testing_defaults(environ)
    environ['wsgi.errors'] = sys.stderr
    driver, status, _headers, body = run(validator(good), request(method),
                                         environ=environ)
    assert driver.reports == []
    assert status == 'HTTP/1.1 200 OK'
    assert body == (b'' if method == 'HEAD' else
                    b'3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n')
