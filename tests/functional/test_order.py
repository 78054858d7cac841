"""Several requests on one connection: their answers come in their order."""
from __future__ import absolute_import, division, print_function

import itertools

import pytest

from tests.functional.test_overload import wait_until_waiting

REQUESTS = {
    'view': (b'GET /v/hello HTTP/1.1\r\nHost: x\r\n\r\n', 'hello'),
    'stream': (b'GET /v/parts HTTP/1.1\r\nHost: x\r\n\r\n', 'one two three'),
    'zope': (b'GET /@@echo?name=z HTTP/1.1\r\nHost: x\r\n\r\n', 'echo z 0'),
    'post': (b'POST /v/text HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n'
             b'ab', u'gr\xfc\xdfe'),
}


@pytest.mark.parametrize('names', list(itertools.product(
    ['view', 'zope', 'stream'], repeat=3)) + [
        ('post', 'zope', 'post', 'view'),
        ('zope',) * 5 + ('view',) * 5 + ('zope', 'view') * 5,
        ('view',) * 150])
def test_pipelined(zope, names):
    with zope.connect() as connection:
        connection.send(b''.join(REQUESTS[name][0] for name in names))
        for name in names:
            assert connection.response().text == REQUESTS[name][1]


def test_a_view_waits_for_the_slow_request_before_it(zope):
    zope.get('/v/close_gate')
    with zope.connect(timeout=60) as connection:
        connection.send(b'GET /@@wait?name=w HTTP/1.1\r\nHost: x\r\n\r\n'
                        + REQUESTS['view'][0] + REQUESTS['zope'][0]
                        + REQUESTS['view'][0])
        wait_until_waiting(zope, 1)
        # Everybody else is served meanwhile, on other connections.
        assert zope.get('/v/hello').text == 'hello'
        assert zope.get('/v/open_gate').text == 'open'
        for text in 'waited w', 'hello', 'echo z 0', 'hello':
            assert connection.response().text == text


@pytest.mark.parametrize('last, behind, text', [
    ('view', 'zope', 'hello'), ('zope', 'view', 'echo z 0')])
def test_what_follows_a_last_answer_is_dropped(zope, last, behind, text):
    with zope.connect() as connection:
        connection.send(REQUESTS[last][0].replace(
            b'Host: x', b'Host: x\r\nConnection: close')
            + REQUESTS[behind][0])
        assert connection.response().text == text
        assert connection.is_closed()


def test_an_error_behind_a_view(zope):
    with zope.connect() as connection:
        connection.send(REQUESTS['view'][0] + zope.REFUSED)
        assert connection.response().text == 'hello'
        assert connection.response().code == 400
