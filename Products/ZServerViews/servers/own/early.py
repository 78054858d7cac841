"""Connections of the main port that are looked at before a worker gets them.

gunicorn's gthread and cheroot accept in one thread, which queues connections
for workers; so a view would wait while all of these are asleep. Here that
thread looks at the first line, which stays in the socket. If it is for a view,
the socket is taken out of the server and given to the loop of our own. Any
other request is the worker's, and the monitor knows that it waits.

What runs in the server's thread waits for nothing and has a net: by a fault of
ours this part is off, and the server does what it did.
"""
from __future__ import absolute_import, division, print_function

import logging
import socket

from Products.ZServerViews.runtime.patching import Part
from Products.ZServerViews.servers.own.peeking import (
    MOST_HEAD,
    MOST_LINE,
    first_line,
    is_alone,
    peek,
)
from Products.ZServerViews.servers.own.queues import Queue, QueueState

METHODS = frozenset(['GET', 'HEAD'])
# Of a connection whose request a worker has had: by it a proxy may have shown
# itself to another.
_SEEN = '_views_seen'


class Early(object):
    """Decides who gets a connection, a worker or the loop.

    ``pools``
        Makers of `contracts.IPool`.
    ``make_port(loop, hook, part)``
        Returns what has the connections in the loop: a
        `contracts.IAdoptingPort`.
    ``hook``
        The `hook.OwnHook`.
    """

    # What `look` returns if no byte has come yet.
    NOTHING = object()

    def __init__(self, table, site, hook, pools, make_port):
        self._table = table
        self._site = site
        self._hook = hook
        self._pools = pools
        self._make_port = make_port
        self.part = Part('The views on the main port while all workers are '
                         'busy', site, self.forget)
        self._pool = self._queue = self._loop = self._port = None

    def begin(self, served_by, loop, kind):
        """This server serves; in its thread, before the loop runs.

        ``served_by``
            The server's object that does: gunicorn's worker, for example.
        ``kind``
            Its `kinds.Kind`.
        """
        for make in self._pools:
            pool = make(served_by, self)
            if pool is not None:
                self._attend(pool, loop, kind)

    def _attend(self, pool, loop, kind):
        lacks = pool.lacks()
        if lacks:
            self._site.log_queue.log(
                logging.WARNING, 'This %s has no %s: on its port, views wait '
                'for a worker', pool.name, ', '.join(lacks))
            return
        self._queue = Queue(self._site, pool.queued)
        self._port = self._make_port(loop, self._hook, self.part)
        loop.state = QueueState(self._site, kind, pool, self._queue,
                                self._port.connections)
        self._pool, self._loop = pool, loop
        self.part.fill(pool.seams())

    def leave(self):
        """No view is served any more, or not in this process."""
        self.part.empty()
        self.forget()

    def forget(self):
        queue = self._queue
        if queue is not None:
            queue.is_fed = False
        self._pool = self._queue = self._loop = self._port = None

    # By workers:

    def connection(self, environ):
        """The socket of a request, where the server shows it to us alone."""
        pool = self._pool
        return None if pool is None else pool.connection(environ)

    def taken(self, sock):
        """The record of the request that has just left the queue, or None."""
        queue = self._queue
        return None if queue is None or sock is None else queue.taken(sock)

    # By the thread that accepts:

    def look(self, sock):
        """(method, target) of the request that has come; None if that does not
        show, and NOTHING if no byte has come."""
        data = peek(sock, MOST_LINE)
        return self.NOTHING if data is None else first_line(data)

    def take(self, first, connection, sock, application):
        """Give a connection to the loop, if its request is for a view.

        Returns whether that was done: then the server has it no more.

        ``connection``
            The server's object for it.
        ``application``
            Leads to the filter that writes the access log.
        """
        loop, port = self._loop, self._port
        if (first is None or first[0] not in METHODS
                or first[1].partition('?')[0] not in self._table.by_path
                # What the server serves may not be Zope alone.
                or not self._hook.is_reached
                or loop is None or not loop.has_room
                or not is_alone(peek(sock, MOST_HEAD) or b'')):
            return False
        sign = (self._hook.sign_on(sock) if hasattr(connection, _SEEN)
                else None)
        try:
            address = sock.getpeername()
        except socket.error:
            return False  # the client has gone
        # Two objects have the descriptor, for these two lines.
        own = socket.socket(sock.family, sock.type, sock.proto,
                            fileno=sock.fileno())
        sock.detach()
        loop.take_over(port.taken(own, address, application, sign))
        return True

    def queue(self, first, connection, sock, peer):
        """It will be a worker's."""
        setattr(connection, _SEEN, True)
        queue = self._queue
        if queue is not None:
            queue.put(sock, first, peer)
