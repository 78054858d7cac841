"""wsgi.response: whatever a view does wrong, one answer and an end."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.http.head import BadAnswer
from Products.ZServerViews.wsgi.response import JOIN_BYTES
from tests.unit.dummies import Driver, Iterable, request, view
from tests.unit.wsgi.test_response import ERROR, assert_500, run

# Results that are none


@pytest.mark.parametrize('result, said', [
    (None, 'not NoneType'), (u'text', 'iterable of bytes'),
    (42, 'int'), ([u'text'], 'bytes'), ([b'a', None], 'bytes'),
    (bytearray(b'raw'), 'bytes'), (iter([u'text']), 'bytes')])
def test_results_that_are_none(result, said):
    if isinstance(result, str):  # PY2: a native text is bytes there
        said = ''
    assert_500(view(result=result), TypeError, said)


def test_a_part_that_is_no_bytes_behind_the_head_ends_the_connection():
    parts = Iterable(b'one', u'text', b'two')
    driver, _status, _headers, body = run(view(result=parts))
    assert body == b'3\r\none\r\n'
    assert driver.response.close_connection
    assert isinstance(driver.errors[0], TypeError)
    assert parts.closed == 1


# Failures


@pytest.mark.parametrize('error', [
    ValueError('no'), SystemExit(1), KeyboardInterrupt(), GeneratorExit(),
    MemoryError()])
def test_whatever_a_view_raises_stays_here(error):
    def failing(environ, start_response):
        start_response('200 OK', [('X-A', 'b')])
        raise error

    driver = assert_500(failing, type(error))
    assert driver.errors == [error]
    assert driver.response.status == '500 Internal Server Error'


@pytest.mark.parametrize('error', [ValueError('no'), SystemExit(1),
                                   GeneratorExit()])
def test_an_error_behind_the_head_ends_the_connection(error):
    parts = Iterable(b'one', error)
    driver, _status, _headers, body = run(view(result=parts))
    assert body == b'3\r\none\r\n'
    assert driver.errors == [error]
    assert driver.response.close_connection
    assert driver.response.status == '200 OK'
    assert parts.closed == 1


def test_an_error_before_the_first_part_of_an_iterable():
    parts = Iterable(b'', ValueError('no'))
    assert_500(view(result=parts), ValueError)
    assert parts.closed == 1


def test_close_is_called_after_each_kind_of_failure():
    for make in (lambda: view('bad status', [], parts),
                 lambda: (lambda environ, start_response: parts)):
        parts = Iterable(b'one')
        assert_500(make(), (BadAnswer, AssertionError))
        assert parts.closed == 1


@pytest.mark.parametrize('error', [ValueError('no'), SystemExit(1)])
def test_a_close_that_fails(error):
    class Parts(list):
        closed = 0

        def close(self):
            self.closed += 1
            raise error

    parts = Parts([b'ok'])
    driver, status, _headers, body = run(view(result=parts))
    assert (status, body) == ('HTTP/1.1 200 OK', b'ok')
    assert driver.errors == [error]
    driver.response.close()
    assert parts.closed == 1


def test_close_before_the_first_part():
    called = []
    driver = Driver(lambda environ, start_response: called.append(1))
    driver.response.close()
    assert driver.response.more() is None
    assert called == []


def test_close_drops_what_waits():
    driver = Driver(view(result=[b'x' * (2 * JOIN_BYTES)]))
    driver.response.more()
    driver.response.close()
    assert driver.response.more() is None


def test_a_500_explains_itself_where_that_is_wanted():
    def failing(environ, start_response):
        raise ValueError('no')

    _driver, _status, _headers, body = run(
        failing, explain=lambda exc_info: repr(exc_info[0].__name__))
    assert body == b"500 Internal Server Error\n\n'ValueError'\n"


def test_an_explanation_in_any_characters():
    driver, status, headers, body = run(
        view(result=None), explain=lambda exc_info: '\xe4 \xc3\xbc')
    assert status == ERROR
    assert headers['content-length'] == str(len(body))


def test_a_500_to_head_has_no_body():
    _driver, status, headers, body = run(view(result=None), request('HEAD'))
    assert (status, body) == (ERROR, b'')
    assert int(headers['content-length']) > 0


def test_a_500_to_1_0():
    driver, status, headers, _body = run(view(result=None),
                                         request('GET', '1.0'))
    assert status == ERROR.replace('1.1', '1.0')
    assert headers['connection'] == 'close'
    assert driver.response.close_connection


# Too many, too few bytes


def test_too_few_bytes_end_the_connection():
    driver, _status, headers, body = run(
        view('200 OK', [('Content-Length', '9')], Iterable(b'one')))
    assert (headers['content-length'], body) == ('9', b'one')
    assert driver.response.close_connection
    error, = driver.errors
    assert str(error) == 'the view announced 9 bytes and sent 3'


@pytest.mark.parametrize('result', [
    [b'onetwo'], [b'one', b'two'], Iterable(b'one', b'two', b'three')])
def test_too_many_bytes_are_cut_off(result):
    driver, _status, _headers, body = run(
        view('200 OK', [('Content-Length', '3')], result))
    assert body == b'one'
    assert driver.texts == ['made at least 3 bytes more than its '
                            'Content-Length; they were cut off']
    assert not driver.response.close_connection


def test_a_view_that_chunks_by_itself():
    driver, _status, headers, body = run(view(
        '200 OK', [('Transfer-Encoding', 'chunked')],
        Iterable(b'3\r\none\r\n', b'0\r\n\r\n')))
    assert headers['transfer-encoding'] == 'chunked'
    assert body == b'3\r\none\r\n0\r\n\r\n'
    assert driver.reports == []
    assert not driver.response.close_connection


def test_a_view_that_chunks_a_list_by_itself():
    chunked = [b'3\r\none\r\n0\r\n\r\n']
    headers = [('Transfer-Encoding', 'chunked')]
    body = run(view('200 OK', headers, chunked))[3]
    assert body == chunked[0]
    body = run(view('200 OK', headers, chunked), request('GET', '1.0'))[3]
    assert body == b'one'


def test_a_view_that_chunks_wrongly_from_the_start():
    # No byte of its head has left yet: there is room for one whole answer.
    driver = assert_500(view('200 OK', [('Transfer-Encoding', 'chunked')],
                             [b'no chunk\r\n']), BadAnswer, 'not chunked')
    assert driver.response.status == '500 Internal Server Error'


def test_a_view_that_chunks_wrongly_behind_the_head():
    driver, status, _headers, body = run(view(
        '200 OK', [('Transfer-Encoding', 'chunked')],
        Iterable(b'3\r\none\r\n', b'no chunk\r\n')))
    assert (status, body) == ('HTTP/1.1 200 OK', b'3\r\none\r\n')
    assert isinstance(driver.errors[0], BadAnswer)
    assert driver.response.close_connection
