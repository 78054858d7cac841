"""Admission control of ZServer's HTTP servers: who is let in, and who waits.

One `Admission` is for all of them. Everything here runs in the loop.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.servers.admission import PAUSE, Headroom, longest_idle
from Products.ZServerViews.servers.zserver import zope_signals
from Products.ZServerViews.servers.zserver.entries import channels_of, is_receiving


def idle_since(channel):
    """Since when a channel waits for a request; None if it may not give way.
    """
    if channel.working or channel.queue or channel.producer_fifo:
        return None
    if channel.current_request is None:
        return channel.idle_from
    return None if is_receiving(channel) else channel.body_moved


class Admission(object):
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
    ``failed``
        Called in an except clause for a fault of ours.
    """

    failed = None

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
        self._hears_signals = False
        self.log = site.log_queue.log
        self._headroom = Headroom(None, site.log_queue)

    def turn(self, timeout):
        """What is to be done before each turn; how long it may wait.

        Not while the loop asks each channel what it waits for: a channel
        that is closed then would leave a wrong descriptor behind.
        """
        if self.is_new:
            self._begin()
        loop = self.loop
        loop.turns += 1
        if loop.asked is not None:
            loop.tell()
        loop.running = True
        if self.site.recorder is not None:
            self.records.note_waiting()
        if self.site.drain.draining:
            for channel in channels_of(self.map):
                channel.end_behind()
        if not self._headroom.special and self._size() < self.limit:
            self.open = True
            return timeout
        self._dequeue()
        self.open = self._headroom.may_accept(self._size())
        if self._headroom.special or self.open:
            return min(timeout, PAUSE)
        # All of the reserve is in use.
        self.open = self._evict()
        return min(timeout, PAUSE)

    def _begin(self):
        self.is_new = False
        if self.loop is None:
            self.loop = self.site.begin_loop(self.wake, drains=False)
            self._hear_signals()
        self._headroom.limit = self.limit
        if self.listener is None:
            self.listener = self._listen(self)

    def _hear_signals(self):
        """Once, however often views come: Zope takes no handler back."""
        if not self._hears_signals:
            self._hears_signals = True
            zope_signals.register(self.site, lambda: self.limit is not None,
                                  self.wake)

    def begin_anew(self):
        """In a forked child: who waits for room, and the listener, are the
        parent's."""
        self.loop, self.is_new = None, True
        self._headroom = Headroom(self.limit, self.site.log_queue)
        listener, self.listener = self.listener, None
        if listener is not None:
            listener.close()

    def _size(self):
        """How many entries of the map count for the limit."""
        if self.listener is None:
            return len(self.map)
        return len(self.map) - 1 - len(self.listener.channels)

    def evict_for_one_more(self):
        """For one more connection: the oldest idle one may go."""
        if self._size() >= self.limit:
            self._evict()

    def exhausted(self, error):
        """The process has no descriptor for a new connection."""
        self.site.counts.here().count('exhausted')
        if not self._evict():
            self._headroom.exhausted(error)

    def _evict(self):
        channel = longest_idle(channels_of(self.map), idle_since, time.time())
        if channel is not None:
            self.site.counts.here().count('evicted')
            channel.close()
        return channel is not None

    # Requests for Zope:

    def has_room(self):
        """Whether one more connection may have a request with Zope now."""
        return self.limit is None or not self._headroom.queued and (
            self._size() < self.limit or self._room() > 0)

    def enqueue(self, channel):
        """Keep a channel, whose first request is Zope's, until it has room."""
        channel.queued = True
        self._headroom.queued.append(channel)

    def _dequeue(self):
        queued = self._headroom.queued
        while queued and (queued[0].closed or self._room() > 0):
            channel = queued.popleft()
            channel.queued = False
            if not channel.closed:
                channel.start()

    def release(self):
        """Let all go on that wait for room, if no view is served any more;
        nobody listens for views then."""
        if self.limit is None:
            self._dequeue()
            listener, self.listener = self.listener, None
            if listener is not None:
                listener.stop()
            loop, self.loop = self.loop, None
            if loop is not None:
                self.site.end_loop(loop)

    def _room(self):
        """How many more connections may have a request with Zope."""
        if self.limit is None:
            return 1
        channels = channels_of(self.map)
        others = self._size() - len(channels)
        busy = sum(1 for channel in channels
                   if channel.working and not channel.answers_view)
        return self.limit - others - busy
