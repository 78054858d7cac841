"""Who is let in by ZServer's HTTP servers, and who waits.

`ServedServer` and `ServedChannel` are mixed into ZServer's own classes; one
`Gate` is for all of them. Below the limit of connections all is as ZServer does
it. Everything here runs in the loop.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.reserve import (
    BODY_STALLS, PAUSE, Reserve, accepted, oldest)


class ServedServer:
    """Mixed into a zhttp_server while views are served."""

    # Told here, since asyncore would ask the socket.
    views_only = is_unix = False

    _gate = None        # of all servers in this process
    _zope_class = None  # what the server is before and after

    def readable(self):
        return self.accepting and self._gate.open

    def accept(self):
        connection = accepted(lambda: self._zope_class.accept(self),
                              self._gate.exhausted)
        if connection is not None:
            # Not before: the new connection would get the descriptor of the
            # old one, for which this turn may have events still.
            self._gate.make_room()
        return connection


class ServedChannel:
    """Mixed into the zhttp_channel of each new connection.

    ``idle_from``
        When the connection began to wait for a request, in seconds since the
        epoch. Who sends a byte of one now and then is no better.
    ``body_moved``
        When the last part of a body came.
    """

    _gate = None
    _zope_class = None

    body_moved = 0
    begun = None          # what of the queue was given to a worker last
    given = None          # the record of what a worker has, or soon will
    answers_view = False  # when it is working, but not for Zope
    parked = False        # its first request waits for room

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
        if not (self.working or self.parked):
            if self._gate.has_room():
                self.start()
            else:
                self._gate.park(self)
        # Those that still wait.
        if self.queue and self._gate.site.recorder is not None:
            self._gate.records.note(self.queue)

    def start(self):
        """Give the first request to a worker."""
        if self.no_more_requests:
            return
        self.begun = self.queue[0]
        if self._gate.site.recorder is not None:
            self.given = self._gate.records.of_entry(self.begun)
        if self._gate.site.drain.draining and len(self.queue) == 1:
            _end_behind(self.begun)
        self._zope_class.work(self)

    def end_behind(self):
        """Have the connection closed behind its last request."""
        if self.working and not self.answers_view and not self.queue:
            _end_behind(self.begun)

    def close(self):
        record = self.given  # a worker may take it away now
        if record is not None:
            record.gone = True
        self._zope_class.close(self)


def _end_behind(entry):
    """Have the connection closed behind the answer to what is in a queue."""
    if isinstance(entry, tuple) and hasattr(entry[2], '_http_connection'):
        entry[2]._http_connection = 'close'


def channels_of(map):
    """All connections in a loop that were accepted by a ServedServer."""
    return [channel for channel in list(map.values())
            if isinstance(channel, ServedChannel)]


def idle_since(channel):
    """Since when a channel waits for a request; None if it may not give way.
    """
    if channel.working or channel.queue or channel.producer_fifo:
        return None
    if channel.current_request is None:
        return channel.idle_from
    if time.time() - channel.body_moved < BODY_STALLS:
        return None
    return channel.body_moved


class Gate(object):
    """The loop of ZServer, its limit, and who waits for room.

    ``limit``
        How many entries the loop's map may have: connections, listeners,
        the trigger. None while no view is served.
    ``wake``
        Call it to wake the loop, in which it calls what it is given.
    ``open``
        Whether connections are accepted in this turn.
    ``is_new``
        Whether views are served since the turn before.
    ``listener``
        The server for views alone, or None.
    ``loop``
        The Loop, from the first turn on.
    """

    def __init__(self, site, map, wake, records, listen):
        self.site = site
        self.map = map
        self.wake = wake
        self.records = records
        self.limit = None
        self.open = self.is_new = True
        self.listener = None
        self.loop = None
        self._listen = listen
        self.log = site.journal.log
        self._reserve = Reserve(None, site.journal)

    def turn(self, timeout):
        """What is to be done before each turn; how long it may wait.

        Not while the loop asks each channel what it waits for: a channel
        that is closed then would leave a wrong descriptor behind.
        """
        if self.is_new:
            self._begin()
        loop = self.loop
        loop.turns += 1
        loop.running = True
        if self.site.drain.draining:
            for channel in channels_of(self.map):
                channel.end_behind()
        if not self._reserve.special and self._size() < self.limit:
            self.open = True
            return timeout
        self._unpark()
        self.open = self._reserve.may_accept(self._size())
        if self._reserve.special or self.open:
            return min(timeout, PAUSE)
        # All of the reserve is in use.
        self.open = self._give_way()
        return min(timeout, PAUSE)

    def _begin(self):
        self.is_new = False
        if self.loop is None:
            self.loop = self.site.begin_loop(self.wake, drains=False)
        self._reserve.limit = self.limit
        if self.listener is None:
            self.listener = self._listen(self)

    def _size(self):
        """How many entries of the map count for the limit."""
        if self.listener is None:
            return len(self.map)
        return len(self.map) - 1 - len(self.listener.channels)

    def make_room(self):
        """For one more connection: the oldest idle one may go."""
        if self._size() >= self.limit:
            self._give_way()

    def exhausted(self, error):
        """The process has no descriptor for a new connection."""
        if not self._give_way():
            self._reserve.exhausted(error)

    def _give_way(self):
        channel = oldest(channels_of(self.map), idle_since, time.time())
        if channel is not None:
            channel.close()
        return channel is not None

    # Requests for Zope:

    def has_room(self):
        """Whether one more connection may have a request with Zope now."""
        return self.limit is None or not self._reserve.parked and (
            self._size() < self.limit or self._room() > 0)

    def park(self, channel):
        """Keep a channel, whose first request is Zope's, until it has room."""
        channel.parked = True
        self._reserve.parked.append(channel)

    def _unpark(self):
        parked = self._reserve.parked
        while parked and (parked[0].closed or self._room() > 0):
            channel = parked.popleft()
            channel.parked = False
            if not channel.closed:
                channel.start()

    def release(self):
        """Let all go on that wait for room, if no view is served any more;
        nobody listens for views then."""
        if self.limit is None:
            self._unpark()
            listener, self.listener = self.listener, None
            if listener is not None:
                listener.stop()

    def _room(self):
        """How many more connections may have a request with Zope."""
        if self.limit is None:
            return 1
        channels = channels_of(self.map)
        others = self._size() - len(channels)
        busy = sum(1 for channel in channels
                   if channel.working and not channel.answers_view)
        return self.limit - others - busy
