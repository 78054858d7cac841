"""All workers asleep, requests queued: the views answer all the same."""
from __future__ import absolute_import, division, print_function

import contextlib

from tests.waiting import awaited

WORKERS = 4
QUEUED = 46


@contextlib.contextmanager
def sleeping_workers(zope, queued=QUEUED):
    """All workers wait at the gate, and further requests wait for them."""
    shut_gate(zope)
    connections = []
    try:
        for number in range(WORKERS + queued):
            connections.append(zope.connect(timeout=90))
            connections[-1].request('/@@wait?name=%d' % number)
        wait_until_waiting(zope, WORKERS)
        yield connections
    finally:
        zope.get('/v/open_gate')
        for connection in connections:
            connection.close()


def test_views_answer_while_all_workers_sleep(zope):
    with sleeping_workers(zope) as connections:
        answers = [zope.get('/thr-id') for _number in range(100)]
        assert [answer.code for answer in answers] == [200] * 100
        assert len(set(answer.text for answer in answers)) == 1
        # It was worth something: no worker took a further request.
        assert zope.get('/v/count_waiting').text == str(WORKERS)
        assert zope.get('/v/open_gate').text == 'open'
        for number, connection in enumerate(connections):
            assert connection.response().text == 'waited %d' % number
    assert zope.get('/@@echo?name=after').text == 'echo after 0'


def test_a_view_on_a_connection_kept_alive(zope):
    with zope.connect() as connection:
        assert connection.get('/@@echo').code == 200
        with sleeping_workers(zope):
            for _number in range(100):
                assert connection.get('/v/hello').text == 'hello'
        assert connection.get('/@@echo').code == 200


def test_a_worker_is_stuck_with_the_locks_of_all_log_handlers(zope):
    before = zope.log('event.log').count('the view was asked')
    shut_gate(zope)
    holder = zope.connect(timeout=90)
    queued = [zope.connect(timeout=90) for _number in range(QUEUED)]
    try:
        holder.request('/@@hold_logs')
        wait_until_waiting(zope, 1)
        for number, connection in enumerate(queued):
            connection.request('/@@wait?name=%d' % number)
        wait_until_waiting(zope, WORKERS)
        for _number in range(100):
            assert zope.get('/v/hello').text == 'hello'
            assert zope.get('/v/logs').text == 'logged'
        assert zope.get('/v/open_gate').text == 'open'
        assert holder.response().text == 'held'
        for number, connection in enumerate(queued):
            assert connection.response().text == 'waited %d' % number
    finally:
        zope.get('/v/open_gate')
        for connection in [holder] + queued:
            connection.close()
    # None is lost.
    awaited(lambda: zope.log('event.log').count('the view was asked')
            - before >= 100)


def test_a_worker_is_inside_an_import(zope):
    """On Python 2 it holds the import lock, for which any import waits."""
    zope.get('/v/close_gate')
    with zope.connect(timeout=90) as importer:
        importer.request('/@@import')
        wait_until_waiting(zope, 1)
        for _number in range(20):
            assert zope.get('/v/hello').text == 'hello'
            assert '"body": "abc"' in zope.get(
                '/v/environ', method='POST', body=b'abc').text
            assert zope.get('/v/raises').code == 500
        # A body for the site comes in too.
        with zope.connect(timeout=90) as other:
            other.request('/@@echo?name=other', method='POST', body=b'abc')
            assert zope.get('/v/hello').text == 'hello'
            assert zope.get('/v/open_gate').text == 'open'
            assert importer.response().text == 'imported slow_import'
            assert other.response().code == 200


def shut_gate(zope):
    # Behind it in the queue nothing is left of an earlier case, whose clients
    # have gone.
    assert zope.get('/@@echo').code == 200
    assert zope.get('/v/close_gate').text == 'shut'


def wait_until_waiting(zope, number):
    """Until so many workers are kept, and none of them moves any more."""
    awaited(lambda: zope.get('/v/count_waiting').text == str(number))
