"""The connections of ZServer while a view is in their queue.

A zhttp_channel has a queue of requests, of which one at a time is given to a
worker. A view's request stands in it too, and so does what medusa itself says
to a broken request, so that no answer overtakes another.

All methods run in the loop, but for `push`, which workers call too.
"""
from __future__ import absolute_import, division, print_function

import socket
import sys
import time
from functools import partial

from Products.ZServerViews.answer import Encoder
from Products.ZServerViews.hooks.pump import Pump

# Seconds without a byte taken by the client, as waitress's channel_timeout.
CLIENT_TIMEOUT = 120
# Requests of one connection that may wait for their turn.
MOST_QUEUED = 100


class ViewRequest(object):
    """A request for a view, in the queue of its channel."""

    def __init__(self, mount, request, environ, close):
        self.mount = mount
        self.request = request
        self.environ = environ
        self.close = close

    def exchange(self, site, wake):
        """The Exchange for this request; the view has not been called yet."""
        request = self.request
        # While draining not if more waits behind it, which would be lost.
        ends = site.drain.draining and not request.channel.queue
        # Medusa's own get_header misses a header without a blank.
        connection = ('close' if self.close or ends
                      else self.environ.get('CONNECTION_TYPE', ''))
        return site.exchange(
            self.mount, self.environ,
            Encoder(request.command.upper(), request.version, connection,
                    request.channel.server.SERVER_IDENT, site.heads),
            False, wake)


class Refusal(object):
    """What medusa itself says to a request, in the queue of its channel.

    ``producer`` goes to medusa's list of producers when its turn has come;
    None closes the connection.
    """

    def __init__(self, producer):
        self.producer = producer


class AnsweringChannel:
    """Mixed into a zhttp_channel for as long as views are in its queue."""

    _site = None           # what all views share: clock, logs
    _lines = None          # writes the access log
    _wake = None           # wakes the loop, for other threads alone
    _resting_class = None  # what the channel is before and after

    _due = None      # the ViewRequest that has come to the front of the queue
    _pump = None     # the pump of the exchange that is being answered
    _request = None  # medusa's request of this exchange
    _nagle = True

    # What medusa calls:

    def work(self):
        """Start the next request of the queue, unless one is in work."""
        while (not self.working and self.queue
               and isinstance(self.queue[0], Refusal)):
            self._resting_class.push(self, self.queue.pop(0).producer, 0)
        if not self.working and self.queue and _is_view(self.queue[0]):
            if not self.no_more_requests:
                self.working = 1
                self.answers_view = True
                self._due = self.queue.pop(0)
        else:
            self._resting_class.work(self)

    def found_terminator(self):
        request = self.current_request
        try:
            self._resting_class.found_terminator(self)
        except Exception:
            # Only behind a body: medusa itself catches what a head causes.
            if request is None or self.closed:
                raise
            self.refuse(request)

    def push(self, producer, send=1):
        # The answers of workers come with send=0. Else it is medusa that
        # refuses a request, in the loop, as soon as it has read it.
        if send and not self.closed:
            self._refuse_with(producer)
        else:
            self._resting_class.push(self, producer, send)

    push_with_producer = push

    def close_when_done(self):
        self._refuse_with(None)

    def readable(self):
        if self._view_works():
            # The client waits for us, not we for it.
            self.last_activity = time.time()
        if (self._pump is not None
                and time.time() - self.last_activity > CLIENT_TIMEOUT):
            # Medusa's kill_zombies closes channels of its own class alone.
            self.close()
            return False
        # Who sends requests and reads no answers must not fill the memory.
        return (len(self.queue) < MOST_QUEUED
                and self._resting_class.readable(self))

    def writable(self):
        if self.closed or self._view_works():
            return False
        return (self._pump is not None or self._due is not None
                or self._resting_class.writable(self))

    def initiate_send(self):
        if self._pump is None:
            self._resting_class.initiate_send(self)
        self.answer()

    def close(self):
        pump, self._pump = self._pump, None
        self._due = None
        self._resting_class.close(self)
        if pump is not None:
            self._log(pump)
            pump.close()

    # What the handler calls:

    def refuse(self, request):
        """Answer with 500, as medusa does: for an exception being handled."""
        self.server.exceptions.increment()
        error_type, error = sys.exc_info()[:2]
        self.log_info('Server Error: %s, %s: in the head of a request'
                      % (error_type, error), 'error')
        request.error(500)

    def answer(self):
        """Do what can be done now, without waiting, for the view that is due.
        """
        if self._pump is None:
            if self._due is None:
                self._rest()
                return
            # What an earlier answer has left goes out first.
            if self.producer_fifo:
                return
            self._begin()
        pump = self._pump
        before = pump.sent_bytes
        try:
            done = pump.turn(self)
        except socket.error:
            self.close()
            return
        if pump.sent_bytes > before:
            self.last_activity = time.time()
        if done:
            self._finish()

    def _refuse_with(self, producer):
        self.queue.append(Refusal(producer))
        self.work()

    def _begin(self):
        due, self._due = self._due, None
        self._pump = Pump(due.exchange(self._site, self._wake), due.mount,
                          due.environ, self._site)
        self._request = due.request
        self.last_activity = time.time()
        if self._nagle:
            # The second part of an answer must not wait until the client has
            # acknowledged the first.
            self._nagle = False
            try:
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY,
                                       1)
            except socket.error:
                pass  # the client has gone; sending will say so

    def _finish(self):
        """The answer is out: make room for the next request."""
        pump, self._pump = self._pump, None
        pump.close()
        self._log(pump)
        if pump.exchange.close_connection:
            self.close()
            return
        self.working = 0
        self.answers_view = False
        self.idle_from = time.time()
        if not self.queue:
            self.__class__ = self._resting_class
            return
        self.work()
        if self._due is None:
            self._rest()

    def _view_works(self):
        """Whether a view that runs aside has nothing for us yet."""
        return self._pump is not None and self._pump.exchange.waiting

    def _rest(self):
        """Be medusa's channel again, if nothing of ours waits any more."""
        for queued in self.queue:
            if isinstance(queued, (ViewRequest, Refusal)):
                return
        self.__class__ = self._resting_class

    def _log(self, pump):
        """One line in ZServer's access log, written by the journal."""
        # Kept no longer: the request refers to its channel.
        request, self._request = self._request, None
        if pump.logged:
            request.reply_code = int(pump.exchange.status[:3])
            if hasattr(self.server.logger, 'resolver'):
                # It resolves names within the loop, and only there.
                request.log(pump.sent_bytes)
            elif not self._lines.put(request, pump.sent_bytes):
                self._site.journal.put(partial(request.log, pump.sent_bytes))


def _is_view(queued):
    return isinstance(queued, ViewRequest)
