"""What a server with a queue of requests tells of it, and of its workers."""
from __future__ import absolute_import, division, print_function

import weakref
from collections import deque

from Products.ZServerViews.monitor.requests import PeekedRequest
from Products.ZServerViews.servers.own.state import State

# What stands for the path of a request whose first line did not show.
UNREAD = '(not read yet)'


class Queue(object):
    """The requests that the server has queued for its workers.

    ``size()``
        How many there are, in the server's own queue; waits for nothing.
    ``is_fed``
        Whether all that come are put here.

    The server's queue shows no more than its length to others. But the first
    in is the first out, so those that wait are the last that have come.
    """

    def __init__(self, site, size):
        self._site = site
        self._size = size
        self.is_fed = True
        self._records = deque()
        self._by_socket = weakref.WeakKeyDictionary()

    def put(self, sock, first, peer):
        """One is about to be queued; by the thread that does that.

        ``first``
            (method, target), or None if these are not known.
        ``peer``
            The address at the other end; None where there is none.
        """
        recorder, records = self._site.recorder, self._records
        if recorder is not None:
            method, target = first or ('', UNREAD)
            record = PeekedRequest(method, target, recorder.now(), peer)
            self._by_socket[sock] = record
            records.append(record)
            most = self._size() + 1
            while len(records) > most:
                records.popleft()

    def taken(self, sock):
        """The record of the request that a worker has begun with on this
        connection, or None; by that worker."""
        return self._by_socket.pop(sock, None)

    def waiting(self):
        """The records of those that wait."""
        number = self._size() if self.is_fed else 0
        return list(self._records)[-number:] if number else []


class QueueState(State):
    """Of a server that has a pool; all in the thread of the loop.

    ``pool``
        A `contracts.IPool`.
    ``count_own()``
        How many connections of the site's ports our own loop has.
    """

    worker_count = None
    not_known = 'bytes sent', 'whether a client has gone'

    def __init__(self, site, kind, pool, queue, count_own):
        super(QueueState, self).__init__(site, kind)
        self._pool = pool
        self._queue = queue
        self._count_own = count_own

    @property
    def knows_queue(self):
        return self._queue.is_fed

    @property
    def connection_limit(self):
        return self._pool.connection_limit

    def look(self):
        """Nothing: the server's thread tells what comes."""

    def requests(self):
        return self._queue.waiting()

    def in_flight(self):
        return len(self._queue.waiting()) + self.in_work()

    def worker_idents(self):
        return self._pool.idents()

    def connections(self):
        return self._pool.connections() + self._count_own()
