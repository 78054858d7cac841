"""Long answers, slow readers, readers that go: nobody else notices."""
from __future__ import absolute_import, division, print_function

import time

import pytest

from tests.waiting import awaited

MEGABYTE = 1 << 20


def test_many_parts(zope):
    body = zope.get('/v/many').body
    assert body == b'0123456789' * 10000


def test_one_big_part(zope):
    with zope.connect() as connection:
        response = connection.get('/v/big')
        assert len(response.body) == 64 * MEGABYTE
        assert connection.get('/v/hello').text == 'hello'


def test_a_gibibyte_in_flat_memory(zope):
    with zope.connect() as connection:
        connection.request('/v/huge')
        head = connection.read_head()
        assert b'Content-Length: %d' % (1024 * MEGABYTE) in head
        before = zope.resident_bytes()
        for _number in range(1024):
            assert connection.read(MEGABYTE) == b'y' * MEGABYTE
        assert zope.resident_bytes() < before + 16 * MEGABYTE


@pytest.mark.parametrize('path', ['big', 'huge', 'endless',
                                  'endless_nothing'])
def test_readers_that_do_not_read(zope, path):
    before = zope.resident_bytes()
    readers = [zope.connect() for _number in range(3)]
    try:
        for reader in readers:
            reader.request('/v/' + path)
        for _number in range(20):
            assert zope.get('/v/hello').text == 'hello'
            assert zope.get('/@@echo').code == 200
        # "big" holds its one part, whatever becomes of it.
        parts = 3 * 64 if path == 'big' else 0
        assert zope.resident_bytes() < before + (parts + 16) * MEGABYTE
    finally:
        for reader in readers:
            reader.close()


def test_a_view_that_has_nothing_does_not_keep_the_loop_busy(zope):
    def turns():
        return int(zope.get('/v/count_turns').text)

    with zope.connect() as connection:
        connection.request('/v/endless_nothing')
        end = time.time() + 60
        while True:
            before = turns()
            time.sleep(0.5)
            # Asked in the loop, it would be a hundred thousand.
            if turns() - before < 200:
                break
            assert time.time() < end


def test_the_call_is_closed_when_the_reader_goes(zope):
    with zope.connect() as connection:
        connection.request('/v/endless?gone')
        assert connection.read_head().startswith(b'HTTP/1.1 200 OK')
        assert zope.get('/v/closed?gone').text == '0'
    awaited(lambda: zope.get('/v/closed?gone').text == '1')


def test_pipelined_behind_a_long_answer(zope):
    with zope.connect() as connection:
        for _number in range(3):
            connection.request('/v/big')
            connection.request('/@@echo?name=x')
            connection.request('/v/hello')
        for _number in range(3):
            assert len(connection.response().body) == 64 * MEGABYTE
            assert connection.response().text == 'echo x 0'
            assert connection.response().text == 'hello'
