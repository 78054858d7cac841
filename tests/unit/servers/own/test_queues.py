"""queues: those that wait are the last that have come."""
from __future__ import absolute_import, division, print_function

import socket

import pytest
from zope.interface import classImplements
from zope.interface.verify import verifyObject

from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.servers.contracts import IServerState
from Products.ZServerViews.servers.own.kinds import Kind
from Products.ZServerViews.servers.own.queues import (
    UNREAD,
    Queue,
    QueueState,
)

classImplements(QueueState, IServerState)


class Site(object):
    recorder = None


class Pool(object):
    connection_limit = 7

    def __init__(self):
        self.size = 0

    def queued(self):
        return self.size

    def idents(self):
        return [1, 2]

    def connections(self):
        return 3


@pytest.fixture
def queue():
    pool, site = Pool(), Site()
    site.recorder = Recorder(clock=lambda: site.now)
    site.now = 1.0
    made = Queue(site, pool.queued)
    made.site, made.pool = site, pool
    made.state = QueueState(site, Kind('a server', 3), pool, made,
                            lambda: 5)
    made.sockets = []
    yield made
    for sock in made.sockets:
        sock.close()


def put(queue, first):
    """One more waits."""
    queue.sockets.append(socket.socket())
    queue.put(queue.sockets[-1], first, '192.0.2.1')
    queue.pool.size += 1


def paths(queue):
    return [request.path for request in queue.state.requests()]


def test_the_last_that_have_come(queue):
    assert paths(queue) == []
    for path in '/a', '/b', '/c':
        put(queue, ('GET', path))
    assert paths(queue) == ['/a', '/b', '/c']
    queue.pool.size -= 1
    assert paths(queue) == ['/b', '/c']
    queue.site.now = 3.0
    put(queue, None)
    first, _second, unread = queue.state.requests()
    assert first.times(4.0) == (3.0, 3.0, None)
    assert first.document(4.0)['sent_bytes'] is None
    assert unread.path == UNREAD and unread.times(4.0) == (1.0, 1.0, None)
    assert len(queue._records) == 3
    queue.pool.size = 0
    assert paths(queue) == []


def test_what_a_worker_takes(queue):
    for path in '/a', '/b':
        put(queue, ('GET', path))
    record = queue.taken(queue.sockets[0])
    assert record.path == '/a' and queue.taken(queue.sockets[0]) is None
    record.is_called(('POST', '/c'), lambda: '192.0.2.2')
    assert (record.method, record.path) == ('POST', '/c')
    assert (record.peer, record.client) == ('192.0.2.1', '192.0.2.2')
    record.start(3.0, 1)
    assert record.times(4.0) == (3.0, 2.0, 1.0)


def test_the_state(queue):
    state = queue.state
    assert verifyObject(IServerState, state, tentative=True)
    put(queue, ('GET', '/a'))
    queue.site.recorder.begins(queue.taken(queue.sockets[0]))
    put(queue, ('GET', '/b'))
    queue.pool.size = 1
    assert state.in_flight() == 2
    assert state.connections() == 8 and state.connection_limit == 7
    assert state.worker_idents() == [1, 2]
    assert (state.worker, state.text) == (3, 'a server')
    assert 'bytes sent' in state.not_known
    state.look()
    assert state.knows_queue
    queue.is_fed = False
    assert not state.knows_queue and paths(queue) == []


def test_without_a_recorder(queue):
    queue.site.recorder = None
    put(queue, ('GET', '/a'))
    assert paths(queue) == [] and queue.state.in_flight() == 0
    assert queue.taken(queue.sockets[0]) is None
