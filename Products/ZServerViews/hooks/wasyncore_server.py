"""The servers of waitress while views are served: who is let in, and when.

These seams of waitress are used:

``BaseWSGIServer.readable``
    Asked by the loop in each turn, whether it is to accept connections.
``BaseWSGIServer.accept``
    Accepts one.
``ThreadedTaskDispatcher.queue_logger``
    Called with the lock of the queue held, by the loop and by workers.
``wasyncore.loop``
    All turns of the loop.

Below the server's limit of connections, and unless the process is to end, all
is as waitress does it. Everything here runs in the loop.
"""
from __future__ import absolute_import, division, print_function

import logging
import socket
import time
from functools import partial
from types import FunctionType

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.armour import QueuedLogger
from Products.ZServerViews.loops import loop_beyond_select
from Products.ZServerViews.reserve import (
    BODY_STALLS, RESERVE, Reserve, accepted, oldest)

# All that the `readable` of waitress 2 and 3 asks for or does.
_READABLE = frozenset([
    'time', 'next_channel_cleanup', 'adj', 'cleanup_interval', 'maintenance',
    'accepting', 'in_connection_overflow', 'len', '_map', 'connection_limit',
    'logger', 'warning', 'info'])


def is_known(function, names):
    """Whether it is a function of waitress.server itself, and nobody's patch,
    whose code uses these names and no others."""
    return (isinstance(function, FunctionType)
            and function.__globals__.get('__name__') == 'waitress.server'
            and function.__closure__ is None
            and names == frozenset(function.__code__.co_names))


def replacements(site, hand_over, listen, gates):
    """(owner, name, ours) for each seam.

    ``hand_over(server, channel)`` is waitress's own add_task;
    ``listen(server)`` is called for each server, in its loop; ``gates`` is a
    list that gets the Gate of each.
    """
    from waitress import wasyncore
    from waitress.server import BaseWSGIServer
    from waitress.task import ThreadedTaskDispatcher

    def open_gate(server):
        gate = server._views_gate = Gate(server, site, hand_over, gates)
        gates.append(gate)
        listen(server)
        return gate

    return [
        (BaseWSGIServer, 'readable',
         _make_readable(BaseWSGIServer.readable, site.drain, open_gate)),
        (BaseWSGIServer, 'accept', _make_accept(BaseWSGIServer.accept)),
        (ThreadedTaskDispatcher, 'queue_logger',
         QueuedLogger(ThreadedTaskDispatcher.queue_logger, site.journal)),
        (wasyncore, 'loop', site.loops.bounded(
            loop_beyond_select(wasyncore.loop, site.journal.log))),
    ]


def missing_seams():
    """Those seams that this waitress does not have."""
    from waitress import wasyncore
    from waitress.server import BaseWSGIServer
    from waitress.task import ThreadedTaskDispatcher
    return ['%s.%s' % (owner.__name__, name) for owner, name in (
        (BaseWSGIServer, 'readable'), (BaseWSGIServer, 'accept'),
        (BaseWSGIServer, 'maintenance'), (BaseWSGIServer, 'pull_trigger'),
        (ThreadedTaskDispatcher, 'queue_logger'),
        (wasyncore, 'loop'))
        if not hasattr(owner, name)]


def gate_of(server):
    """The Gate of a server; None before the first turn of its loop."""
    return getattr(server, '_views_gate', None)


def submit(server, channel, hand_over):
    """Give a channel, whose first request is Zope's, to the workers.

    As soon as there is room; nearly always that is at once.
    """
    gate = gate_of(server)
    if gate is None or not gate.special and len(server._map) <= gate.limit:
        hand_over(server, channel)
    else:
        gate.submit(channel)


def _make_readable(original, drain, open_gate):
    # Asked in each turn: where waitress's own would do nothing but say yes,
    # it is not asked.
    said_by_us = is_known(original, _READABLE)

    def readable(server):
        try:
            gate = server._views_gate
        except AttributeError:
            if server._map.get(server._fileno) is not server:
                return original(server)  # not asked by its loop
            gate = open_gate(server)
        gate.loop.turns += 1
        # As gate.special, which is two calls more.
        if (drain.draining or gate.parked or len(server._map) >= gate.limit
                or gate.reserve.pause_ends is not None):
            gate.quiet = False
            return gate.readable()
        gate.quiet = True
        if time.time() >= server.next_channel_cleanup:
            gate.look_around()
        elif said_by_us and server.accepting:
            # Nor is in_connection_overflow set while there is a gate.
            return True
        return original(server)

    return readable


def _make_accept(original):

    def accept(server):
        gate = gate_of(server)
        if gate is None:
            return original(server)
        connection = accepted(lambda: original(server), gate.exhausted)
        if connection is not None:
            gate.make_room()
        return connection

    return accept


def channels_of(server):
    """All connections in the server's loop, of whichever server."""
    return [channel for channel in list(server._map.values())
            if hasattr(channel, 'requests')]


def idle_since(channel):
    """Since when a channel waits for a request; None if it may not give way.
    """
    if (channel.requests or channel.total_outbufs_len or channel.will_close
            or getattr(channel.server, 'views_only', False)):
        return None
    request = channel.request
    if request is None:
        return channel.last_activity
    if not request.headers_finished:
        # Not the last byte: who sends one now and then is no better. When the
        # first came is not known, but whoever asks first remembers.
        return request.__dict__.setdefault('_views_since',
                                           channel.last_activity)
    if time.time() - channel.last_activity < BODY_STALLS:
        return None
    return channel.last_activity


def _end_behind(channel):
    """Have the connection closed behind the requests that it has now."""
    # Behind the first of several, the others would be lost.
    requests = list(channel.requests) + list(getattr(channel, '_held', ()))
    for request in requests[-1:]:
        request.headers['CONNECTION'] = 'close'


def _popped(parked):
    """The first of a queue; None if another thread has just emptied it."""
    try:
        return parked.popleft()
    except IndexError:
        return None


class Gate(object):
    """One server: its loop, its limit, and who waits for room.

    ``limit``
        How many entries the loop's map may have: connections, listeners,
        triggers.
    ``prefix``
        The server's ``url_prefix``.
    ``quiet``
        Whether the loop's turn began with nothing that concerns requests for
        Zope: neither is room short, nor is one of them to be the last.
    ``reserve``
        The Reserve of all servers in that loop.
    ``parked``
        Its queue.
    """

    quiet = False

    def __init__(self, server, site, hand_over, others=()):
        self.loop = site.begin_loop(server.pull_trigger, drains=True)
        self.limit = server.adj.connection_limit
        self.prefix = server.adj.url_prefix
        self._server = server
        self._site = site
        self._hand_over = hand_over
        # The limit is one for all servers of a loop, and so is the queue:
        # else each would wait for the room that the other's queue takes.
        shared = [gate.reserve for gate in others
                  if gate._server._map is server._map]
        self.reserve = (shared[0] if shared
                        else Reserve(self.limit, site.journal))
        self.parked = self.reserve.parked

    @property
    def special(self):
        """Whether the next turn has something to do here."""
        return self._site.drain.draining or self.reserve.special

    def readable(self):
        """As waitress's own, for a server that is full or special."""
        server = self._server
        if self._site.drain.stopped:
            raise KeyboardInterrupt  # between two views, so that none eats it
        now = time.time()
        if now >= server.next_channel_cleanup:
            server.next_channel_cleanup = now + server.adj.cleanup_interval
            server.maintenance(now)
            self.look_around()
        self._unpark()
        if self._site.drain.draining:
            for channel in channels_of(server):
                _end_behind(channel)
        if self._site.drain.active:
            self._drain()
            return False
        if not server.accepting:
            return False
        # If the whole reserve is in use, one comes for one that can go.
        return (self.reserve.may_accept(len(server._map))
                or not self.reserve.special and self._oldest() is not None)

    def look_around(self):
        """Remember since when each connection waits for a request."""
        for channel in channels_of(self._server):
            idle_since(channel)

    def make_room(self):
        """For one more connection: the oldest idle one may go."""
        channel = (self._oldest() if len(self._server._map) >= self.limit
                   else None)
        if channel is not None:
            # The loop closes it. Closed here, its descriptor could be that of
            # the next connection, which another server of this loop accepts
            # in this turn: then it would get what this one has events of.
            channel.will_close = True

    def exhausted(self, error):
        """The process has no descriptor for a new connection."""
        # In its readable() no server may close a connection: the loop is about
        # to ask for the events of all. There it accepts when it is to end.
        channel = None if self._site.drain.active else self._oldest()
        if channel is None:
            self.reserve.exhausted(error)
        else:
            channel.handle_close()

    def _oldest(self):
        return oldest(channels_of(self._server), idle_since, time.time())

    # Requests for Zope:

    def submit(self, channel):
        """The same as the function `submit`, if this may be no usual time."""
        reserve = self.reserve
        if self._site.drain.draining:
            _end_behind(channel)
        if (len(self._server._map) <= self.limit and not reserve.parked
                # By a worker: the next request of a connection.
                or get_ident() != self.loop.thread
                or not reserve.parked and self._room() >= 0):
            self._hand_over(self._server, channel)
        else:
            reserve.parked.append(channel)

    def _unpark(self):
        parked = self.reserve.parked
        while parked and self._room() > 0:
            channel = _popped(parked)
            if channel is not None and channel.connected:
                self._hand_over(channel.server, channel)

    def release(self):
        """The last view has gone; in any thread.

        All that wait for room go to the workers. When there are views again
        there will be another gate.
        """
        del self._server._views_gate
        for channel in iter(partial(_popped, self.reserve.parked), None):
            self._hand_over(channel.server, channel)

    def _room(self):
        """How many more connections may have a request with Zope."""
        channels = channels_of(self._server)
        others = len(self._server._map) - len(channels)
        busy = sum(1 for channel in channels if channel.requests
                   and not getattr(channel, 'answers_view', False))
        return self.limit - others - busy + len(self.reserve.parked)

    # The end of the process:

    def _drain(self):
        server, drain = self._server, self._site.drain
        if server.accepting:
            self._stop_listening()
        in_work = sum(1 for channel in channels_of(server)
                      if idle_since(channel) is None)
        if drain.over(in_work):
            self._site.journal.log(
                logging.WARNING if in_work else logging.INFO,
                'The server ends as SIGTERM asked for; connections with a '
                'request that has not finished: %d', in_work)
            raise SystemExit(0)

    def _stop_listening(self):
        """Let nobody else connect; who has connected already is accepted."""
        server = self._server
        self._site.journal.log(
            logging.INFO, 'SIGTERM: nobody else is accepted; requests that '
            'run or wait have %g s to finish (drain-timeout)',
            self._site.settings.drain_timeout)
        for _connection in range(RESERVE):
            before = len(server._map)
            server.handle_accept()
            if len(server._map) <= before:
                break
        server.accepting = False
        try:
            # Not close(): the loop has asked for its descriptor by then.
            server.socket.shutdown(socket.SHUT_RDWR)
        except socket.error:
            pass  # where a listening socket has no end: nobody is accepted
