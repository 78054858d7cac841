"""The hook for waitress: a view runs in the thread of wasyncore's loop.

These seams of waitress are used, beside those of hooks.wasyncore_server; all
are found again by `uninstall`:

``BaseWSGIServer.channel_class``
    Read at each accept; channels made while the hook is installed are
    ViewChannels.
``BaseWSGIServer.add_task``
    Called for a channel whenever the first of its requests may start: by the
    loop when it has been received, by a worker when it has finished the one
    before. So each request passes here once, in the order of its connection.

A channel whose first request is a view's becomes an AnsweringChannel, and
what it was before when the answer is out: the loop asks every channel in
every turn whether it is readable and writable, and connections that have
nothing to do with a view must not pay for that.

Which thread runs what: everything in both classes runs in the loop. Only the
change into an AnsweringChannel may come from a worker, at the end of its work
on the channel and shortly before it wakes the loop. No worker touches an
AnsweringChannel.
"""
from __future__ import absolute_import, division, print_function

import logging
import socket
import time

from zope.interface import implementer

from Products.ZServerViews.answer import Request
from Products.ZServerViews.hooks import (
    wasyncore_environ, wasyncore_reserved, wasyncore_server)
from Products.ZServerViews.hooks.pump import Pump
from Products.ZServerViews.hooks.wasyncore_requests import find_mount
from Products.ZServerViews.hooks.wasyncore_state import (
    RecordedChannel, record, record_others)
from Products.ZServerViews.interfaces import IHook
from Products.ZServerViews.listener import NOT_FOUND

# The mark of an attribute that its owner does not have itself.
_INHERITED = object()

_CHANNEL_SEAMS = ('received', 'readable', 'writable', 'handle_write',
                  'handle_close', 'send', 'send_continue', '_flush_some',
                  'service', 'task_class', 'write_soon')


@implementer(IHook)
class WaitressHook(object):
    """Puts the look-up into all waitress servers of this process."""

    server_name = 'waitress'

    def __init__(self, table, site):
        self._table = table
        self._site = site
        self._answering = self._make_answering()
        self._gates = []
        self._undo = None

    @property
    def installed(self):
        return self._undo is not None

    def unusable(self):
        try:
            from waitress import server
        except ImportError as error:
            return str(error)
        missing = missing_seams(server, _CHANNEL_SEAMS)
        if missing:
            return ('this waitress has no %s; please report its version'
                    % ', '.join(missing))
        return None

    def install(self):
        if self.installed:
            return
        from waitress.server import BaseWSGIServer
        hand_over = BaseWSGIServer.__dict__['add_task']
        seams = [(BaseWSGIServer, 'channel_class',
                  self.resting_class(BaseWSGIServer.channel_class)),
                 (BaseWSGIServer, 'add_task',
                  self._make_add_task(submit_to(hand_over, self._site)))]
        missing = wasyncore_server.missing_seams()
        if missing:
            self._site.journal.log(
                logging.WARNING, 'This waitress has no %s: its limit of '
                'connections is one for views too, and there is no listener '
                'for them', ', '.join(missing))
        else:
            seams += wasyncore_server.replacements(self._site, hand_over,
                                                   self._listen, self._gates)
        self._undo = [(owner, name, ours, _replace(owner, name, ours))
                      for owner, name, ours in seams]

    def uninstall(self):
        if not self.installed:
            return
        for owner, name, ours, original in self._undo:
            # Somebody may have put a patch of theirs over ours: theirs would
            # go with it. Ours, left below, finds nothing in an empty table.
            if owner.__dict__.get(name) is ours:
                if original is _INHERITED:
                    delattr(owner, name)
                else:
                    setattr(owner, name, original)
        self._undo = None
        gates, self._gates = self._gates, []
        for gate in gates:
            gate.release()

    def resting_class(self, channel_class):
        """What a channel of that class is between views."""
        if issubclass(channel_class, ViewChannel):
            # Somebody has derived theirs from ours, which is there still.
            return channel_class
        return type('ViewChannel', (ViewChannel, channel_class),
                    {'_site': self._site})

    def answer_or_refuse(self, server, channel):
        """Answer on a listener for views alone: with 404 if it is for none.
        """
        mount = find_mount(self._table, channel.requests[0], '')
        self._answering.begin(channel, mount or NOT_FOUND)

    def _make_answering(self):
        return Answering(self._site)

    def _make_add_task(self, submit):
        return _make_add_task(self._table, self._answering, submit)

    def _listen(self, server):
        wasyncore_reserved.open_listener(server, self, self._site)


def submit_to(hand_over, site):
    """submit(server, channel): to a worker, as soon as there is room."""

    def submit(server, channel):
        recorder = site.recorder
        if recorder is not None:
            record(site, recorder, channel)
        wasyncore_server.submit(server, channel, hand_over)

    return submit


def _replace(owner, name, ours):
    """Returns what was there before."""
    original = owner.__dict__.get(name, _INHERITED)
    setattr(owner, name, ours)
    return original


def missing_seams(server_module, channel_seams):
    """The names, of those a hook needs, that this waitress does not have."""
    base = getattr(server_module, 'BaseWSGIServer', None)
    channel_class = getattr(base, 'channel_class', None)
    return ([name for name in ('channel_class', 'add_task')
             if not hasattr(base, name)]
            + [name for name in channel_seams
               if not hasattr(channel_class, name)])


class Answering(object):
    """Makes a channel answer a view.

    The classes are made once for each that turns up: waitress's own, ours,
    and what somebody else has derived from them.
    """

    def __init__(self, site):
        self._site = site
        self._classes = {}

    def begin(self, channel, mount):
        """Answer the channel's first request."""
        # Its time begins now, however long the request before it took.
        channel.last_activity = time.time()
        resting = channel.__class__
        channel.__class__ = self._classes.get(resting) or self._class(resting)
        channel._due = mount

    def _class(self, channel_class):
        if channel_class not in self._classes:
            self._classes[channel_class] = type(
                'AnsweringChannel', (AnsweringChannel, channel_class),
                {'_site': self._site, '_resting_class': channel_class})
        return self._classes[channel_class]


def _make_add_task(table, answering, submit):
    """The add_task of a server that looks for a view first."""

    def add_task_or_view(server, channel):
        # Called with the channel's requests_lock held. A request that is no
        # view's pays this look-up and nothing else.
        try:
            request = channel.requests[0]
            path = request.path
        except AttributeError:  # a task of somebody else's, or a broken request
            mount = None
        else:
            prefix = server.adj.url_prefix
            mount = None
            if prefix or path in table.by_decoded_path:
                mount = find_mount(table, request, prefix)
        if mount is None:
            submit(server, channel)
        else:
            answering.begin(channel, mount)

    return add_task_or_view


class ViewChannel(RecordedChannel):
    """Mixed into waitress's HTTPChannel: answers a view without delay.

    Without it a request for a view would wait for the loop's next turn.
    """

    _due = None

    def received(self, data):
        result = super(ViewChannel, self).received(data)
        if len(self.requests) > 1:
            recorder = self._site.recorder
            if recorder is not None:
                record_others(self._site, recorder, self)
        if self._due is not None:
            # The channel is an AnsweringChannel by now, and requests_lock,
            # which was held when it became one, is free again.
            self._turn()
        elif self.request is not None:
            wasyncore_server.note_partial(self)
        return result


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
        pump = self._pump
        self._rest()
        getattr(self, closing)()  # the resting class's
        if pump is not None:
            pump.close()

    def _turn(self):
        """Do what can be done now without waiting."""
        site = self._site
        try:
            self._move_on()
        except socket.error as error:
            if self.adj.log_socket_errors:
                site.journal.log(logging.WARNING, 'Socket error: %s', error)
            self.will_close = True
        if self.will_close and self.connected:
            self.handle_close()

    def _move_on(self):
        if self.total_outbufs_len:
            # What an earlier answer of the site has left goes out first.
            self._flush_some()
        if self.total_outbufs_len or self.will_close or not self.connected:
            return
        if self._pump is None and self._due is not None:
            self._begin()
        if self._pump is not None:
            self._send_answer()

    def _begin(self):
        """Call the view whose turn has come."""
        site, request = self._site, self.requests[0]
        mount, self._due = self._due, None
        environ = wasyncore_environ.make(site, self, mount)
        exchange = site.exchange(
            mount, environ,
            Request(request.command, request.version,
                    # Not before the last: those behind it would be lost.
                    'close' if site.drain.draining and len(self.requests) == 1
                    else request.headers.get('CONNECTION')),
            self.adj.ident, self.adj.expose_tracebacks,
            self.server.pull_trigger)
        self._pump = Pump(exchange, mount, environ, site)

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
        self._pump.close()
        if self._pump.exchange.close_connection:
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
        """Become again what the channel was; write the line in the log."""
        pump, self._pump = self._pump, None
        self._due = None
        if pump is not None and pump.logged:
            self._site.access_log.put(
                self.server.application, pump.environ, pump.started,
                pump.exchange.status, pump.exchange.body_bytes)
        self.__class__ = self._resting_class

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
