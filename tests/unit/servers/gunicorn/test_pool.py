"""pool: gunicorn's threaded workers, as objects of its versions; the real one
has tests/test_servers_asleep.py."""
from __future__ import absolute_import, division, print_function

import io

import pytest
from zope.interface import classImplements
from zope.interface.verify import verifyObject

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.servers.contracts import IPool

if not PY2:
    from Products.ZServerViews.servers.gunicorn import pool as pool_module
    classImplements(pool_module.GThreadPool, IPool)

pytestmark = pytest.mark.skipif(PY2, reason='not on Python 2.7')


class Thing(object):
    """Has the attributes that it is told."""

    def __init__(self, **kw):
        self.__dict__.update(kw)


class Poller(object):
    def __init__(self):
        self.registered = []

    def register(self, sock, events, call):
        self.registered.append((sock, call))


class WorkQueue(list):
    def qsize(self):
        return len(self)


def make_worker(newest=True, **settings):
    cls = type('ThreadWorker', (Thing,), {
        '__module__': pool_module.MODULE,
        'enqueue_req': lambda worker, conn: worker.queued.append(conn)})
    cfg = dict(is_ssl=False, proxy_protocol='off', http_protocols=['h1'],
               protocol='http', keepalive=2, threads=3)
    cfg.update(settings)
    worker = cls(cfg=Thing(**cfg), queued=[], nr_conns=1, alive=True,
                 worker_connections=1000, wsgi='the application',
                 poller=Poller(),
                 tpool=Thing(_work_queue=WorkQueue([1, 2]),
                             _threads={Thing(ident=7)}))
    if newest:
        worker.__dict__.update(
            pending_conns=[], method_queue=None,
            on_pending_socket_readable=lambda conn, sock: None)
    return worker


class Early(object):
    NOTHING = object()

    def __init__(self):
        self.part = self
        self.faults = 0
        self.found, self.takes = ('GET', '/a'), False
        self.calls = []

    def failed(self):
        self.faults += 1

    def look(self, sock):
        self.calls.append('look')
        return self.found

    def take(self, *args):
        self.calls.append(args)
        self.on_take()
        return self.takes

    def on_take(self):
        pass

    def queue(self, *args):
        self.calls.append(args)


def make_pool(**kw):
    early, worker = Early(), make_worker(**kw)
    pool = pool_module.pool_of(worker, early)
    (the_seam, content), = pool.seams()
    the_seam.fill(content)
    return pool, early, worker


def make_conn(**kw):
    kw.setdefault('parser', None)
    return Thing(sock='a socket', client=('192.0.2.1', 1), initialized=False,
                 data_ready=False, **kw)


def test_whose_it_is():
    assert pool_module.pool_of(object(), None) is None
    assert pool_module.pool_of(None, None) is None
    pool, _early, worker = make_pool()
    assert verifyObject(IPool, pool)
    assert pool.lacks() == [] and pool.connection({}) is None
    assert pool.queued() == 2 and pool.connections() == 1
    assert pool.connection_limit == 1000
    assert pool.idents() == [7, -1, -2]
    del worker.tpool._threads
    assert pool.lacks() == ['_threads']
    del worker.nr_conns
    assert pool.lacks() == ['nr_conns']


def test_a_connection_is_a_workers_or_ours():
    _pool, early, worker = make_pool()
    conn = make_conn()
    worker.enqueue_req(conn)
    assert worker.queued == [conn]
    assert early.calls == [
        'look', (('GET', '/a'), conn, 'a socket', 'the application'),
        (('GET', '/a'), conn, 'a socket', '192.0.2.1')]
    early.takes = True
    worker.enqueue_req(conn)
    assert worker.queued == [conn] and worker.nr_conns == 0
    # One that ends gives none away.
    worker.alive = False
    worker.enqueue_req(conn)
    assert worker.queued == [conn, conn] and worker.nr_conns == 0
    conn.client = ''
    worker.enqueue_req(conn)
    assert early.calls[-1][-1] is None


def test_a_connection_is_never_counted_twice():
    """The loop counts it as soon as it has it."""
    pool, early, worker = make_pool()
    counted = []
    early.on_take = lambda: counted.append(pool.connections())
    worker.enqueue_req(make_conn())
    assert (counted, pool.connections()) == ([0], 1)
    early.on_take = lambda: 1 / 0
    worker.enqueue_req(make_conn())
    assert (early.faults, pool.connections()) == (1, 1)
    assert len(worker.queued) == 2


@pytest.mark.parametrize('newest, change, waits', [
    (True, {}, True), (False, {}, False), (True, {'alive': False}, False),
    (True, {'data_ready': True}, False), (True, {'initialized': True}, False)])
def test_where_nothing_has_come(newest, change, waits):
    _pool, early, worker = make_pool(newest=newest)
    early.found = early.NOTHING
    conn = make_conn()
    for name in change:
        setattr(worker if name == 'alive' else conn, name, change[name])
    worker.enqueue_req(conn)
    assert (worker.queued == []) == waits
    if waits:
        assert worker.pending_conns == [conn] and conn.timeout > 0
        (sock, call), = worker.poller.registered
        assert sock == 'a socket' and call.args == (conn,)
    else:
        assert early.calls[-1][0] is None


@pytest.mark.parametrize('settings', [
    {'is_ssl': True}, {'proxy_protocol': 'auto'}, {'proxy_protocol': True},
    {'http_protocols': ['h2', 'h1']}, {'protocol': 'uwsgi'}])
def test_what_does_not_begin_with_a_request(settings):
    _pool, early, worker = make_pool(**settings)
    worker.enqueue_req(make_conn())
    assert len(worker.queued) == 1
    assert [call[0] for call in early.calls] == [None]


def parser(buffered=b'', left=0, **kw):
    return Thing(unreader=Thing(buf=io.BytesIO(buffered)), mesg=Thing(
        body=Thing(reader=Thing(length=left))), **kw)


@pytest.mark.parametrize('found, expected', [
    (None, True), (parser(), True), (parser(b'GET'), False),
    # In gunicorn 20 to 23 what is left of a body is in the socket still.
    (parser(left=5), False), (parser(left=5, finish_body=None), True),
    (parser(b'GET', finish_body=None), False),
    (Thing(unreader=Thing(buf=io.BytesIO()), mesg=None), False)])
def test_whether_a_request_comes_next(found, expected):
    assert pool_module.is_at_a_request(make_conn(parser=found)) == expected


def test_a_fault_of_ours():
    _pool, early, worker = make_pool()
    early.look = None
    worker.enqueue_req(make_conn())
    assert len(worker.queued) == 1 and early.faults == 1


def test_another_worker_of_this_process():
    _pool, early, worker = make_pool()
    other = type(worker)(**dict(worker.__dict__, queued=[]))
    other.enqueue_req(make_conn())
    assert len(other.queued) == 1 and early.calls == []


def test_a_class_below_gunicorns_own():
    worker = make_worker()
    worker.__class__ = type('Mine', (type(worker),), {'__module__': 'mine'})
    pool = pool_module.pool_of(worker, Early())
    assert isinstance(pool, pool_module.GThreadPool)
