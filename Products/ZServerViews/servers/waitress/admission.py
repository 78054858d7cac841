"""Admission control of waitress's servers: who is let in, and who waits.

Below the server's limit of connections, and unless the process is to end, all
is as waitress does it. Everything here runs in the event loop, but for what
says otherwise.
"""
from __future__ import absolute_import, division, print_function

import time
from functools import partial

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.servers.admission import Headroom, longest_idle
from Products.ZServerViews.servers.waitress.entries import (
    EvictedConnection,
    channels_of,
    is_receiving,
    size_of,
)
from Products.ZServerViews.servers.waitress.shutdown import Shutdown, end_behind


def admission_of(server):
    """The Admission of a server; None before the first iteration of its loop.
    """
    return getattr(server, '_views_admission', None)


def is_queued(server, channel):
    """Whether a channel, whose first request is Zope's, is kept until there is
    room; if not, it is to be handed over now, as nearly always."""
    admission = admission_of(server)
    return (admission is not None
            and (admission.special or len(server._map) > admission.limit)
            and admission.keeps(channel))


def waker(server):
    """wake(work=None), for any thread: has the server's loop iterate now, and
    call work() then.

    It returns False once the server is closed, and does nothing: its trigger's
    descriptor may be that of another file by then.
    """
    trigger = server.trigger

    def wake(work=None):
        if trigger._fileno is None:
            return False
        trigger.pull_trigger(work)
        return True

    return wake


def idle_since(channel):
    """Since when a channel waits for a request; None if it may not give way.
    """
    if (channel.requests or getattr(channel, '_held', ())
            or channel.total_outbufs_len or channel.will_close
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
    return None if is_receiving(channel) else channel.last_activity


def _popped(queued):
    """The first of a queue; None if another thread has just emptied it."""
    try:
        return queued.popleft()
    except IndexError:
        return None


class Admission(object):
    """One server: its loop, its limit, and who waits for room.

    ``limit``
        How many entries the loop's map may have: connections, listeners,
        triggers.
    ``url_prefix``
        The server's.
    ``quiet``
        Whether the loop's turn began with nothing that concerns requests for
        Zope: neither is room short, nor is one of them to be the last.
    ``headroom``
        The Headroom of all servers in that loop.
    ``queued``
        Its queue.
    """

    quiet = False

    def __init__(self, server, site, hand_over, others=()):
        self.wake = server._views_wake = waker(server)
        self.loop = site.begin_loop(self.wake, drains=True)
        self.limit = server.adj.connection_limit
        self.url_prefix = server.adj.url_prefix
        self._server = server
        self._site = site
        self._hand_over = hand_over
        self._shutdown = Shutdown(server, site)
        # The limit is one for all servers of a loop, and so is the queue:
        # else each would wait for the room that the other's queue takes.
        shared = [admission.headroom for admission in others
                  if admission._server._map is server._map]
        self.headroom = (shared[0] if shared
                        else Headroom(self.limit, site.log_queue))
        self.queued = self.headroom.queued

    @property
    def special(self):
        """Whether the next turn has something to do here."""
        return self._site.drain.draining or self.headroom.special

    def readable(self):
        """As waitress's own, for a server that is full or special."""
        server = self._server
        if self._site.drain.stopped:
            # Between two views, so that none eats it.
            self._shutdown.end(KeyboardInterrupt)
        now = time.time()
        if now >= server.next_channel_cleanup:
            server.next_channel_cleanup = now + server.adj.cleanup_interval
            server.maintenance(now)
            self.look_around()
        self._dequeue()
        if self._site.drain.draining:
            for channel in channels_of(server):
                end_behind(channel)
        if self._site.drain.active:
            self._shutdown.drain()
            return False
        if not server.accepting:
            return False
        # If the whole reserve is in use, one comes for one that can go.
        return (self.headroom.may_accept(size_of(server))
                or not self.headroom.special and self._longest_idle() is not None)

    def look_around(self):
        """Remember since when each connection waits for a request."""
        for channel in channels_of(self._server):
            idle_since(channel)

    def evict_for_one_more(self):
        """For one more connection: the oldest idle one may go."""
        # The first count is quick, and not too small.
        is_full = (len(self._server._map) >= self.limit
                   and size_of(self._server) >= self.limit)
        channel = self._longest_idle() if is_full else None
        if channel is not None:
            self._evict(channel)

    def _evict(self, channel):
        # The loop closes it, in its next iteration. Closed here, its descriptor
        # could be that of the next connection, which another server of this
        # loop accepts in this iteration: then it would get what this one has
        # events of.
        channel.will_close = True
        self._site.counts.here().count('evicted')
        EvictedConnection(channel).stand_in()

    def exhausted(self, error):
        """The process has no descriptor for a new connection."""
        # In its readable() no server may close a connection: the loop is about
        # to ask for the events of all. There it accepts when it is to end.
        self._site.counts.here().count('exhausted')
        channel = None if self._site.drain.active else self._longest_idle()
        if channel is None:
            self.headroom.exhausted(error)
        else:
            self._evict(channel)

    def _longest_idle(self):
        return longest_idle(channels_of(self._server), idle_since, time.time())

    # Requests for Zope:

    def keeps(self, channel):
        """Have a channel wait, whose first request is Zope's, if there is no
        room for it; whether it does."""
        headroom = self.headroom
        if self._site.drain.draining:
            end_behind(channel)
        if (not headroom.queued and size_of(self._server) <= self.limit
                # By a worker: the next request of a connection.
                or get_ident() != self.loop.thread
                or not headroom.queued and self._room() >= 0):
            return False
        headroom.queued.append(channel)
        return True

    def _dequeue(self):
        queued = self.headroom.queued
        while queued and self._room() > 0:
            channel = _popped(queued)
            if channel is not None and channel.connected:
                self._hand_over(channel.server, channel)

    def _room(self):
        """How many more connections may have a request with Zope."""
        entries = list(self._server._map.values())
        channels = [channel for channel in channels_of(self._server)
                    if not getattr(channel.server, 'views_only', False)]
        others = size_of(self._server) - len(channels)
        # Not those that answer a view: other objects stand for them.
        busy = sum(1 for entry in entries if getattr(entry, 'requests', ()))
        # Those whose clients have gone want no room any more.
        queued = sum(1 for channel in list(self.headroom.queued)
                     if channel.connected)
        return self.limit - others - busy + queued

    def forget(self):
        """In a forked child: if it runs this server, that is a new loop. Who
        waits for room is the parent's."""
        self._server._views_admission = None
        self.headroom.queued.clear()

    # The end of the views:

    def leave(self, work):
        """Have work() called in the event loop; at once, if that has ended.

        In any thread.
        """
        if self.loop.running is False or not self.wake(work):
            work()

    def release(self):
        """The last view has gone.

        All that wait for room go to the workers. When there are views again
        there will be another Admission.
        """
        self._server._views_admission = self._server._views_heads = None
        for channel in iter(partial(_popped, self.headroom.queued), None):
            self._hand_over(channel.server, channel)
