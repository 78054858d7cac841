"""gunicorn's class of workers ``gthread``.

Its main thread accepts, and queues each connection for a pool of threads, by
``enqueue_req``; also when the next request comes on one that was kept alive.
Our trampoline there looks at the request first. A connection on which nothing
has come yet goes to gunicorn's own poller, from which it comes back; gunicorn
itself would have a thread wait for it, so silent clients would have them all.
gunicorn 20.1 has no place there for these; 23.0 puts each new one there itself.
"""
from __future__ import absolute_import, division, print_function

import sys
import time
from functools import partial

from Products.ZServerViews.runtime.patching import calling, seam

MODULE = 'gunicorn.workers.gthread'
# Seconds that gunicorn has a thread wait for the first byte.
PATIENCE = 5.0


def pool_of(served_by, early):
    """The `GThreadPool` of a worker of that class; else None.

    ``early``
        The `servers.own.early.Early` that is asked for each connection.
    """
    for cls in type(served_by).__mro__:
        if cls.__module__ == MODULE:
            return GThreadPool(cls, served_by, early)
    return None


class GThreadPool(object):
    """Keeps `contracts.IPool`."""

    name = 'gunicorn'

    def __init__(self, cls, worker, early):
        from selectors import EVENT_READ  # PY2: has none, and no such worker
        self._event = EVENT_READ
        self._class = cls
        self._worker = worker
        self._early = early
        self._patience = getattr(sys.modules.get(MODULE),
                                 'DEFAULT_WORKER_DATA_TIMEOUT', PATIENCE)
        cfg = worker.cfg
        # What speaks first there is no request of HTTP/1.
        self._may_look = not (
            cfg.is_ssl or getattr(cfg, 'proxy_protocol', None) not in (
                None, False, 'off')
            or 'h2' in getattr(cfg, 'http_protocols', ())
            or getattr(cfg, 'protocol', 'http') != 'http')
        self._has_place = all(hasattr(worker, name) for name in (
            'pending_conns', 'method_queue', 'on_pending_socket_readable'))

    def lacks(self):
        names = ['enqueue_req', 'nr_conns', 'worker_connections', 'tpool']
        found = [name for name in names if not hasattr(self._worker, name)]
        return found or [name for name in ('_work_queue', '_threads')
                         if not hasattr(self._worker.tpool, name)]

    def seams(self):
        return [(seam(self._class, 'enqueue_req', calling), self._enqueue)]

    def connection(self, environ):
        return None  # the environ has it

    @property
    def connection_limit(self):
        return self._worker.worker_connections

    def queued(self):
        return self._worker.tpool._work_queue.qsize()

    def idents(self):
        found = [thread.ident for thread in list(self._worker.tpool._threads)]
        # A thread begins when there is something to do for it.
        return found + [-number for number in range(
            1, self._worker.cfg.threads - len(found) + 1)]

    def connections(self):
        return self._worker.nr_conns

    # In the main thread:

    def _enqueue(self, original, worker, conn):
        try:
            if worker is self._worker and self._keeps(conn):
                return
        except Exception:
            self._early.part.failed()
        original(worker, conn)

    def _keeps(self, conn):
        """Whether no worker is to have a connection now."""
        early, worker, first = self._early, self._worker, None
        if self._may_look and is_at_a_request(conn):
            first = early.look(conn.sock)
            if first is early.NOTHING:
                if self._wait(conn):
                    return True
                first = None
            # One that ends does not wait for the loop.
            elif worker.alive and self._gives(first, conn):
                return True
        early.queue(first, conn, conn.sock, _peer(conn))
        return False

    def _gives(self, first, conn):
        """Whether the loop has a connection now.

        It may answer before this returns, and counts the connection itself: so
        the worker must have ceased to count it before.
        """
        worker, given = self._worker, False
        worker.nr_conns -= 1
        try:
            given = self._early.take(first, conn, conn.sock, worker.wsgi)
        finally:
            if not given:
                worker.nr_conns += 1
        return given

    def _wait(self, conn):
        """Have gunicorn's poller wait for the first byte, if it can."""
        worker = self._worker
        if (not self._has_place or not worker.alive or conn.data_ready
                or conn.initialized):
            return False
        conn.timeout = (time.monotonic() + self._patience
                        + worker.cfg.keepalive)
        worker.poller.register(
            conn.sock, self._event,
            partial(worker.on_pending_socket_readable, conn))
        worker.pending_conns.append(conn)
        return True


def is_at_a_request(conn):
    """Whether the first byte in the socket is that of a request: nothing of it
    is in gunicorn's buffer, and it is no rest of a body."""
    parser = conn.parser
    if parser is None:
        return True
    if parser.unreader.buf.getvalue():
        return False
    if hasattr(parser, 'finish_body'):
        return True  # that has been done
    body = getattr(parser.mesg, 'body', None)
    return getattr(getattr(body, 'reader', None), 'length', None) == 0


def _peer(conn):
    client = conn.client
    return client[0] if isinstance(client, tuple) else None
