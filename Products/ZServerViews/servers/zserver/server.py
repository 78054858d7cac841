"""ZServer's HTTP servers and their connections while views are served.

`ServedServer` and `ServedChannel` are mixed into ZServer's own classes, by
`served`. Below the limit of connections, which an `admission.Admission` holds,
all is as ZServer does it. Everything here runs in the loop.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.servers.admission import accepted

# Requests of one connection that wait for their turn before it is read on.
MOST_QUEUED = 100


class ServedServer:
    """Mixed into a zhttp_server, once views are served; as ZServer's own while
    none is."""

    # Told here, since asyncore would ask the socket.
    views_only = is_unix = False

    _admission = None        # of all servers in this process
    _zope_class = None  # what the server is before and after

    def readable(self):
        if self._admission.limit is None:
            return self._zope_class.readable(self)
        return self.accepting and self._admission.open

    def accept(self):
        admission = self._admission
        if admission.limit is None:
            return self._zope_class.accept(self)
        connection = accepted(lambda: self._zope_class.accept(self),
                              admission.exhausted)
        if connection is not None:
            try:
                # Not before: the new connection would get the descriptor of
                # the old one, for which this turn may have events still.
                admission.evict_for_one_more()
            except Exception:
                admission.failed()
        return connection


class ServedChannel:
    """Mixed into the zhttp_channel of each new connection.

    ``idle_from``
        When the connection began to wait for a request, in seconds since the
        epoch. Who sends a byte of one now and then is no better.
    ``body_moved``
        When the last part of a body came.
    """

    _admission = None
    _zope_class = None

    body_moved = 0
    begun = None          # what of the queue was given to a worker last
    given = None          # the record of what a worker has, or soon will
    answers_view = False  # when it is working, but not for Zope
    view_connection = None  # what stands in the loop's map in its place
    queued = False        # its first request waits for room

    def __init__(self, server, conn, addr):
        self.idle_from = time.time()
        self._zope_class.__init__(self, server, conn, addr)

    def collect_incoming_data(self, data):
        if self.current_request:
            self.body_moved = time.time()
        self._zope_class.collect_incoming_data(self, data)

    def done(self):
        self.idle_from = time.time()
        self.begun = None
        self._zope_class.done(self)

    def work(self):
        if not self.queue:
            return
        if not (self.working or self.queued):
            if self._has_room():
                self.start()
            else:
                self._admission.enqueue(self)
        # Those that still wait.
        if self.queue and self._admission.site.recorder is not None:
            try:
                self._admission.records.note(self.queue)
            except Exception:
                self._admission.failed()

    def _has_room(self):
        try:
            return self._admission.has_room()
        except Exception:
            self._admission.failed()
            return True

    def start(self):
        """Give the first request to a worker."""
        if self.no_more_requests:
            return
        self.begun = self.queue[0]
        if self._admission.site.recorder is not None:
            try:
                self.given = self._admission.records.of_entry(self.begun)
            except Exception:
                self._admission.failed()
        if (self._admission.site.drain.draining and len(self.queue) == 1
                and self.view_connection is None):
            _end_behind(self.begun)
        self._zope_class.work(self)

    def end_behind(self):
        """Have the connection closed behind its last request."""
        if (self.working and not self.queue
                and self.view_connection is None):
            _end_behind(self.begun)

    def close(self):
        record = self.given  # a worker may take it away now
        if record is not None:
            record.gone = True
        self._zope_class.close(self)
        if self.view_connection is not None:
            self.view_connection.leave()


def _end_behind(entry):
    """Have the connection closed behind the answer to what is in a queue."""
    if isinstance(entry, tuple) and hasattr(entry[2], '_http_connection'):
        entry[2]._http_connection = 'close'


def served(server_class, admission):
    """A class of servers for an admission control, made from the one given."""

    plain = server_class.channel_class

    class Channel(ServedChannel, plain):
        pass

    class Server(ServedServer, server_class):
        pass

    # The loop asks each connection in each turn. Of old-style classes all are
    # searched in their order: here it is found in the first.
    Channel.readable = bounded(plain.readable.__func__)
    Channel.writable = plain.writable.__func__
    Channel._admission = Server._admission = admission
    Channel._zope_class = plain
    Server._zope_class = server_class
    Server.channel_class = Channel
    return Server


def bounded(plain):
    """A channel's readable(), for no more than so many requests in its queue:
    all of them are looked at by views that tell of requests."""
    from asynchat import async_chat

    def readable(channel):
        return len(channel.queue) < MOST_QUEUED

    def readable_and_more(channel):
        return len(channel.queue) < MOST_QUEUED and plain(channel)

    # Asynchat's own says always yes.
    return (readable if plain is async_chat.readable.__func__
            else readable_and_more)
