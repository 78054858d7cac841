"""A channel of waitress that answers a view.

Nearly every answer is made and sent while the request is handed over, and the
channel is what it was all the time. Where that cannot be, it becomes an
AnsweringChannel, and what it was before when the answer is out: the loop asks
every channel in every turn whether it is readable and writable, and
connections that have nothing to do with a view must not pay for that.

Which thread runs what: everything here runs in the loop. Only the change into
an AnsweringChannel may come from a worker, at the end of its work on the
channel and shortly before it wakes the loop. No worker touches an
AnsweringChannel.
"""
from __future__ import absolute_import, division, print_function

import logging
import socket
import time

from Products.ZServerViews.answer import Encoder
from Products.ZServerViews.hooks import wasyncore_environ
from Products.ZServerViews.hooks.pump import Pump


class Answering(object):
    """Makes a channel answer a view.

    The classes are made once for each that turns up: waitress's own, and what
    somebody else has derived from it.
    """

    def __init__(self, site):
        self._site = site
        self._classes = {}

    def begin(self, channel, mount):
        """Answer the channel's first request."""
        site = self._site
        if not self._is_free(channel):
            self._become(channel)._due = mount
            return
        pump = pump_for(site, channel, mount, False)
        try:
            done = pump.turn(channel)
        except socket.error as error:
            _lose(site, channel, error)
            done = False
        if done and not pump.exchange.close_connection:
            _leave(site, channel, pump)
            channel.requests.pop(0).close()
        elif channel.connected:
            self._become(channel)._pump = pump
        else:
            _leave(site, channel, pump)

    def _is_free(self, channel):
        """Whether the request can be answered here and now."""
        # Only while waitress 2 or 3 receives a request is it this one; then
        # the loop calls, holds requests_lock, and goes on with what has come
        # behind it. Each time that it reads, last_activity is a new object.
        received = channel.last_activity
        if (channel.request is not channel.requests[0]
                or channel.total_outbufs_len
                # Of several that came together, others have their turn.
                or getattr(channel, '_views_received', None) is received
                # It is not known yet which request is the last.
                or self._site.drain.draining):
            return False
        channel._views_received = received
        return True

    def _become(self, channel):
        """Have the channel answer from the loop's next turn on."""
        # Its time begins now, however long the request before it took.
        channel.last_activity = time.time()
        resting = channel.__class__
        channel.__class__ = self._classes.get(resting) or self._class(resting)
        return channel

    def _class(self, channel_class):
        if channel_class not in self._classes:
            self._classes[channel_class] = type(
                'AnsweringChannel', (AnsweringChannel, channel_class),
                {'_site': self._site, '_resting_class': channel_class})
        return self._classes[channel_class]


def pump_for(site, channel, mount, last):
    """The Pump of the answer to a channel's first request.

    ``last``
        Whether the connection is to end behind it, whatever the client says.
    """
    request = channel.requests[0]
    environ = wasyncore_environ.make(site, channel, mount)
    adj = channel.adj
    encoder = Encoder(request.command, request.version,
                      'close' if last else request.headers.get('CONNECTION'),
                      adj.ident, site.heads)
    exchange = site.exchange(mount, environ, encoder, adj.expose_tracebacks,
                             channel.server.pull_trigger)
    return Pump(exchange, mount, environ, site)


def _lose(site, channel, error):
    """What to do when the socket has failed."""
    if channel.adj.log_socket_errors:
        site.journal.log(logging.WARNING, 'Socket error: %s', error)
    channel.will_close = True


def _leave(site, channel, pump):
    """No more of this answer: write its line in the log."""
    if pump.logged:
        site.access_log.put(channel.server.application, pump.environ,
                            pump.started, pump.exchange.status,
                            pump.exchange.body_bytes)
    pump.close()


class AnsweringChannel(object):
    """Mixed into a channel for as long as it has a view to answer."""

    answers_view = True

    _site = None           # what all views share: clock, logs
    _resting_class = None  # what the channel is before and after

    _due = None   # the mount whose request has come to the front
    _pump = None  # the pump of the exchange that is being answered

    # What wasyncore's loop calls:

    def readable(self):
        if self._stands_still():
            # Not in writable(): the loop has asked for this descriptor's
            # events by then and must not find it closed.
            self.handle_close()
            # The resting class would ask to write there otherwise.
            self.will_close = False
            return False
        return super(AnsweringChannel, self).readable()

    def writable(self):
        return self.connected and not self._view_works()

    def handle_write(self):
        self._turn()

    def handle_close(self):
        self._end('handle_close')

    def close(self):
        # So does the server with its channels when it stops.
        self._end('close')

    def _end(self, closing):
        site, pump = self._site, self._rest()
        getattr(self, closing)()  # the resting class's
        if pump is not None:
            _leave(site, self, pump)

    def _turn(self):
        """Do what can be done now without waiting."""
        try:
            self._move_on()
        except socket.error as error:
            _lose(self._site, self, error)
        if self.will_close and self.connected:
            self.handle_close()

    def _move_on(self):
        if self.total_outbufs_len:
            # What an earlier answer of the site has left goes out first.
            self._flush_some()
        if self.total_outbufs_len or self.will_close or not self.connected:
            return
        if self._pump is None and self._due is not None:
            mount, self._due = self._due, None
            # Not before the last: those behind it would be lost.
            last = self._site.drain.draining and len(self.requests) == 1
            self._pump = pump_for(self._site, self, mount, last)
        if self._pump is not None:
            self._send_answer()

    def _send_answer(self):
        pump = self._pump
        before = pump.sent_bytes
        done = pump.turn(self)
        if pump.sent_bytes > before:
            self.last_activity = time.time()
        if done:
            self._finish()

    def _finish(self):
        """The answer is out: make room for the next request."""
        pump, self._pump = self._pump, None
        # Before its request goes: what the view has returned may read the body
        # in its close().
        _leave(self._site, self, pump)
        if pump.exchange.close_connection:
            self._drop_requests()
            self.handle_close()
        else:
            self._next_request()

    def _drop_requests(self):
        with self.requests_lock:
            for request in self.requests:
                request.close()
            self.requests = []

    def _next_request(self):
        """What waitress's service() does behind an answer that it has sent."""
        with self.requests_lock:
            self.requests.pop(0).close()
            # Before the next request starts: it may want to answer again.
            self._rest()
            if self.requests:
                self.server.add_task(self)
            elif self.request is not None and _waits_to_continue(self):
                self.send_continue()

    def _rest(self):
        """Become again what the channel was; returns the Pump it had."""
        pump, self._pump = self._pump, None
        self._due = None
        self.__class__ = self._resting_class
        return pump

    def _stands_still(self):
        """Waitress closes only channels without requests that are idle for
        channel_timeout; a client that does not read is idle too."""
        if self._view_works():
            # The client waits for us, not we for it.
            self.last_activity = time.time()
        return time.time() - self.last_activity > self.adj.channel_timeout

    def _view_works(self):
        """Whether a view that runs aside has nothing for us yet."""
        return self._pump is not None and self._pump.exchange.waiting


def _waits_to_continue(channel):
    request = channel.request
    return (request.expect_continue and request.headers_finished
            and not channel.sent_continue)
