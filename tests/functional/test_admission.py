"""More connections than the server's limit: views are reached all the same."""
from __future__ import absolute_import, division, print_function

import time

import pytest

from Products.ZServerViews.servers.admission import HEADROOM
from tests.functional.test_overload import wait_until_waiting

LIMIT = 20


@pytest.fixture
def full(make_instance):
    """An instance with a small limit of connections."""
    instance = make_instance(**make_instance.kind.limited_to(LIMIT)).start()
    yield instance
    assert instance.is_running(), instance.output()


def connect(zope, number, sent=b''):
    connections = []
    for _number in range(number):
        connections.append(zope.connect())
        connections[-1].send(sent)
    return connections


def close(connections):
    for connection in connections:
        connection.close()


@pytest.mark.parametrize('sent', [
    b'', b'GET', b'GET /thr-id HTTP/1.1\r\nHost: localhost\r\nX-',
], ids=['idle', 'line', 'head'])
def test_connections_without_a_request_give_way(full, sent):
    connections = connect(full, 2 * LIMIT, sent)
    try:
        for _number in range(2 * LIMIT):
            time.sleep(0.02)
            assert full.get('/v/hello').text == 'hello'
        # The oldest have gone, the last one still works.
        assert connections[0].is_closed()
        if not sent:
            assert connections[-1].get('/v/hello').text == 'hello'
    finally:
        close(connections)


def test_the_whole_headroom_at_once(full):
    """Nobody may give way yet when the last place is taken."""
    connections = connect(full, LIMIT + HEADROOM + 20)
    try:
        for _number in range(50):
            assert full.get('/v/hello').text == 'hello'
    finally:
        close(connections)


def test_connections_kept_alive_give_way(full):
    connections = connect(full, LIMIT - 5)
    try:
        assert [connection.get('/@@echo').code
                for connection in connections] == [200] * (LIMIT - 5)
        time.sleep(0.6)
        newer = connect(full, LIMIT)
        connections += newer
        assert [connection.get('/@@echo').code
                for connection in newer] == [200] * LIMIT
        assert connections[0].is_closed()
    finally:
        close(connections)


def test_below_the_limit_nobody_gives_way(full):
    with full.connect() as idle:
        for _number in range(3 * LIMIT):
            assert full.get('/v/hello').code == 200
        time.sleep(0.7)
        for _number in range(3 * LIMIT):
            assert full.get('/@@echo').code == 200
        assert idle.get('/v/hello').code == 200


def test_requests_for_zope_wait_for_room_and_none_is_lost(full):
    assert full.get('/v/close_gate').text == 'shut'
    connections = connect(full, 5 * LIMIT)
    try:
        for number, connection in enumerate(connections):
            connection.request('/@@wait?name=%d' % number)
            connection.request('/v/hello')
            connection.request('/@@echo?name=%d' % number)
        wait_until_waiting(full, 4)
        for _number in range(50):
            assert full.get('/v/hello').text == 'hello'
        with full.connect() as kept:
            for _number in range(50):
                assert kept.get('/v/hello').text == 'hello'
        assert full.get('/v/count_waiting').text == '4'
        assert full.get('/v/open_gate').text == 'open'
        for number, connection in enumerate(connections):
            assert connection.response().text == 'waited %d' % number
            assert connection.response().text == 'hello'
            assert connection.response().text == 'echo %d 0' % number
    finally:
        full.get('/v/open_gate')
        close(connections)
    assert full.get('/@@echo?name=after').text == 'echo after 0'


def test_who_goes_away_while_waiting_for_room(full):
    full.get('/v/close_gate')
    connections = connect(full, 3 * LIMIT, b'GET /@@wait HTTP/1.1\r\n'
                                           b'Host: localhost\r\n\r\n')
    try:
        wait_until_waiting(full, 4)
        close(connections[LIMIT:])
        with full.connect() as last:
            last.request('/@@echo?name=last')
            assert full.get('/v/hello').text == 'hello'
            full.get('/v/open_gate')
            assert last.response().text == 'echo last 0'
    finally:
        full.get('/v/open_gate')
        close(connections)


def test_a_body_that_still_comes_keeps_its_connection(full):
    with full.connect() as slow:
        slow.send(b'POST /@@echo HTTP/1.1\r\nHost: localhost\r\n'
                  b'Content-Type: text/plain\r\n'
                  b'Content-Length: 4\r\n\r\nab')
        time.sleep(0.7)
        connections = connect(full, 2 * LIMIT)
        try:
            assert full.get('/v/hello').text == 'hello'
            slow.send(b'cd')
            assert slow.response().text == 'echo  4'
        finally:
            close(connections)


def test_no_descriptor_left(full):
    # Some remain free: the client's own end is in another process.
    with full.connect() as kept:
        assert kept.get('/v/take_descriptors?leave=0').text == 'taken'
        waiting = connect(full, 3, b'GET /v/hello HTTP/1.1\r\n'
                                   b'Host: localhost\r\n\r\n')
        try:
            turns = int(kept.get('/v/count_turns').text)
            for _number in range(20):
                assert kept.get('/v/hello').text == 'hello'
                time.sleep(0.05)
            # Not thousands: the loop rests in between.
            assert int(kept.get('/v/count_turns').text) - turns < 500
            assert kept.get('/v/give_descriptors').text == 'given'
            for connection in waiting:
                assert connection.response().text == 'hello'
        finally:
            close(waiting)
    log = full.wait_for_log('event.log', 'No connection can be accepted')
    assert log.count('No connection can be accepted') == 1


def test_more_descriptors_than_select_takes(full):
    assert full.get('/v/open_files?number=1100').text == 'opened'
    try:
        for _number in range(3):
            assert full.get('/v/hello').text == 'hello'
            assert full.get('/@@echo?name=x').text == 'echo x 0'
    finally:
        assert full.get('/v/close_files').text == 'closed'
    assert full.get('/@@echo?name=y').text == 'echo y 0'
