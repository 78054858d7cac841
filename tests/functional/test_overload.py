"""All workers asleep, requests queued: the views answer all the same."""
from __future__ import absolute_import, division, print_function

import contextlib
import time

WORKERS = 4
QUEUED = 46


@contextlib.contextmanager
def sleeping_workers(zope, queued=QUEUED):
    """All workers wait at the gate, and further requests wait for them."""
    assert zope.get('/v/close_gate').text == 'shut'
    connections = []
    try:
        for number in range(WORKERS + queued):
            connections.append(zope.connect(timeout=90))
            connections[-1].request('/@@wait?name=%d' % number)
        end = time.time() + 30
        while zope.get('/v/count_waiting').text != str(WORKERS):
            assert time.time() < end
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
