"""pool: cheroot's threads, as objects; the real ones have
tests/test_servers_asleep.py."""
from __future__ import absolute_import, division, print_function

import threading

import pytest
from zope.interface import classImplements
from zope.interface.verify import verifyObject

from Products.ZServerViews.servers.cheroot import pool as pool_module
from Products.ZServerViews.servers.contracts import IPool
from tests.unit.servers.gunicorn.test_pool import Early, Thing

classImplements(pool_module.CherootPool, IPool)


class Thread(threading.Thread):
    """One of the server's, which has a connection and calls Zope."""

    def __init__(self, server, conn, call=None):
        super(Thread, self).__init__()
        self.server, self.conn, self.call = server, conn, call
        self.found = None

    def run(self):
        self.found = self.call({})


class Server(Thing):
    """``idle`` are connections that are there and have no thread."""

    def put_conn(self, conn):
        self.idle.append(conn)


def make_server():
    cls = type('HTTPServer', (Server,), {
        '__module__': pool_module.MODULE,
        'process_conn': lambda server, conn: server.queued.append(conn)})
    server = cls(queued=[], idle=[], ready=True, ssl_adapter=None,
                 wsgi_app='the application')
    server.requests = Thing(_threads=[], _queue=Thing(queue=[1, 2]))
    server._connections = Thing(_selector=Thing(_selector=Thing(
        get_map=lambda: dict.fromkeys(range(4)))))
    return server


@pytest.fixture
def pool():
    server, early = make_server(), Early()
    made = pool_module.pool_of(server, early)
    (the_seam, content), = made.seams()
    the_seam.fill(content)
    made.server, made.early = server, early
    return made


def make_conn(**kw):
    kw.setdefault('remote_addr', '192.0.2.1')
    kw.setdefault('rfile', Thing(has_data=lambda: False))
    return Thing(socket='a socket', **kw)


def call_zope(pool, server=None, conn=None):
    """What a thread of a server finds, which calls Zope."""
    thread = Thread(server or pool.server, conn or make_conn(),
                    pool.connection)
    thread.start()
    thread.join()
    return thread.found


def test_what_it_tells(pool):
    assert pool_module.pool_of(object(), None) is None
    assert verifyObject(IPool, pool)
    assert pool.lacks() == [] and pool.connection_limit is None
    pool.server.requests._threads += [
        Thread(None, make_conn()), Thread(None, None)]
    assert pool.idents() == [None, None]
    assert pool.queued() == 2
    # Idle ones, those that wait, and one that a thread has.
    assert pool.connections() == 3 + 2 + 1
    del pool.server.ready, pool.server.requests._queue
    pool.server._connections = None
    assert pool.lacks() == ['ready', '_queue', '_selector']
    # Of old ones it has another name.
    del pool.server._connections, pool.server.requests
    assert pool.lacks() == ['ready', '_threads', '_queue', '_selector']


def test_only_a_server_that_has_called_zope(pool):
    server, early, conn = pool.server, pool.early, make_conn()
    server.process_conn(conn)
    assert server.queued == [conn] and early.calls == []
    assert pool.connection({}) is None  # this thread is no server's
    assert call_zope(pool) == call_zope(pool) == 'a socket'
    server.process_conn(conn)
    assert server.queued == [conn, conn]
    assert early.calls == [
        'look', (('GET', '/a'), conn, 'a socket', 'the application'),
        (('GET', '/a'), conn, 'a socket', '192.0.2.1')]
    early.takes = True
    server.process_conn(conn)
    assert len(server.queued) == 2
    server.ready = False
    server.process_conn(conn)
    assert len(server.queued) == 3


def test_the_first_that_has_called_zope_is_told_of(pool):
    other = type(pool.server)(**dict(pool.server.__dict__))
    other.requests = Thing(_queue=Thing(queue=[]))
    call_zope(pool, other)
    assert pool.queued() == 0
    call_zope(pool)
    assert pool.queued() == 0


def test_where_nothing_has_come(pool):
    call_zope(pool)
    server, conn = pool.server, make_conn(remote_addr=None)
    pool.early.found = pool.early.NOTHING
    server.process_conn(conn)
    assert server.idle == [conn] and server.queued == []
    server.ready = False
    server.process_conn(conn)
    assert server.queued == [conn]
    assert pool.early.calls[-1] == (None, conn, 'a socket', None)


@pytest.mark.parametrize('tls', [True, False])
def test_what_does_not_begin_with_a_request(pool, tls):
    call_zope(pool)
    if tls:
        pool.server.ssl_adapter = object()
    conn = make_conn(rfile=Thing(has_data=lambda: not tls))
    pool.server.process_conn(conn)
    assert pool.server.queued == [conn]
    assert [call[0] for call in pool.early.calls] == [None]


def test_a_fault_of_ours(pool):
    call_zope(pool)
    pool.early.look = None
    pool.server.process_conn(make_conn())
    assert len(pool.server.queued) == 1 and pool.early.faults == 1
