"""The hook for waitress: a view runs in the thread of wasyncore's loop.

Two seams of waitress are used, both found again by `uninstall`:

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
from Products.ZServerViews.hooks.pump import Pump
from Products.ZServerViews.interfaces import IHook
from Products.ZServerViews.table import sent_path

_CHANNEL_SEAMS = ('received', 'readable', 'writable', 'handle_write',
                  'handle_close', 'send', 'send_continue', '_flush_some',
                  'task_class')


@implementer(IHook)
class WaitressHook(object):
    """Puts the look-up into all waitress servers of this process."""

    server_name = 'waitress'

    def __init__(self, table, site):
        self._table = table
        self._site = site
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
        originals = (BaseWSGIServer.channel_class,
                     BaseWSGIServer.__dict__['add_task'])
        replacements = self._replacements(*originals)
        names = 'channel_class', 'add_task'
        for name, ours in zip(names, replacements):
            setattr(BaseWSGIServer, name, ours)
        self._undo = list(zip(names, replacements, originals))

    def _replacements(self, channel_class, add_task):
        """Our channel_class and our add_task, around those of waitress."""
        if not issubclass(channel_class, ViewChannel):
            # Else somebody has derived theirs from ours, which is there still.
            channel_class = type('ViewChannel', (ViewChannel, channel_class),
                                 {})
        return (channel_class,
                _make_add_task(self._table, self._site, add_task))

    def uninstall(self):
        if not self.installed:
            return
        from waitress.server import BaseWSGIServer
        for name, ours, original in self._undo:
            # Somebody may have put a patch of theirs over ours: theirs would
            # go with it. Ours, left below, finds nothing in an empty table.
            if BaseWSGIServer.__dict__.get(name) is ours:
                setattr(BaseWSGIServer, name, original)
        self._undo = None


def missing_seams(server_module, channel_seams):
    """The names, of those a hook needs, that this waitress does not have."""
    base = getattr(server_module, 'BaseWSGIServer', None)
    channel_class = getattr(base, 'channel_class', None)
    return ([name for name in ('channel_class', 'add_task')
             if not hasattr(base, name)]
            + [name for name in channel_seams
               if not hasattr(channel_class, name)])


def _make_add_task(table, site, add_task):
    """The add_task of a server that looks for a view first."""
    answering_classes = {}

    def answering(channel_class):
        # Made for each class that turns up: waitress's own, ours, and what
        # somebody else has derived from them.
        if channel_class not in answering_classes:
            answering_classes[channel_class] = type(
                'AnsweringChannel', (AnsweringChannel, channel_class),
                {'_site': site, '_resting_class': channel_class})
        return answering_classes[channel_class]

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
            add_task(server, channel)
            return
        # Its time begins now, however long the request before it took.
        channel.last_activity = time.time()
        channel.__class__ = answering(channel.__class__)
        channel._due = mount

    return add_task_or_view


def find_mount(table, request, prefix):
    """The mount that a request is for, or None."""
    path = request.path
    below_prefix = prefix and path.startswith(prefix + '/')
    if below_prefix:
        path = path[len(prefix):]
    mount = table.by_decoded_path.get(path)
    if mount is None or request.error is not None:
        return None
    sent = sent_path(_target(request))
    if below_prefix and sent.startswith(prefix + '/'):
        sent = sent[len(prefix):]
    return mount if mount.path == sent else None


def _target(request):
    """The request target as sent."""
    try:
        return request.request_uri
    except AttributeError:  # before waitress 2.1
        return request.first_line.split(b' ')[1].decode('latin-1')


class ViewChannel(object):
    """Mixed into waitress's HTTPChannel: answers a view without delay.

    Without it a request for a view would wait for the loop's next turn.
    """

    _due = None

    def received(self, data):
        result = super(ViewChannel, self).received(data)
        if self._due is not None:
            # The channel is an AnsweringChannel by now, and requests_lock,
            # which was held when it became one, is free again.
            self._turn()
        return result


class AnsweringChannel(object):
    """Mixed into a channel for as long as it has a view to answer."""

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
            return False
        return super(AnsweringChannel, self).readable()

    def writable(self):
        return self.connected

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
            pump.exchange.close()

    def _turn(self):
        """Do what can be done now without waiting."""
        if self._guarded(self._flush_site) and not self.total_outbufs_len:
            if self._pump is None and self._due is not None:
                self._begin()
            if self._pump is not None:
                self._guarded(self._send_answer)
        if self.will_close and self.connected:
            self.handle_close()

    def _guarded(self, step):
        """Run a step that sends; False if the socket failed in it."""
        site = self._site
        try:
            step()
        except socket.error as error:
            if self.adj.log_socket_errors:
                site.journal.log(logging.WARNING, 'Socket error: %s', error)
            self.will_close = True
        return not self.will_close and self.connected

    def _flush_site(self):
        """Send what an earlier answer of the site has left in the buffers."""
        if self.total_outbufs_len:
            self._flush_some()

    def _begin(self):
        """Call the view whose turn has come."""
        mount, self._due = self._due, None
        request = self.requests[0]
        environ = self.task_class(self, request).get_environment()
        environ['SCRIPT_NAME'] = self.adj.url_prefix + mount.script_name
        environ['PATH_INFO'] = ''
        # Waitress has these since 2.1 and 2.0.
        environ.setdefault('REQUEST_URI', str(_target(request)))
        environ.setdefault('waitress.client_disconnected',
                           lambda: not self.connected)
        exchange = self._site.exchange(
            mount, environ,
            Request(request.command, request.version,
                    request.headers.get('CONNECTION', '')),
            self.adj.ident, self.adj.expose_tracebacks)
        self._pump = Pump(exchange, mount, environ)

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
        exchange = self._pump.exchange
        exchange.close()
        if exchange.close_connection:
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
            elif _client_waits_to_continue(self):
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
        return time.time() - self.last_activity > self.adj.channel_timeout


def _client_waits_to_continue(channel):
    request = channel.request
    return (request is not None and request.expect_continue
            and request.headers_finished and not channel.sent_continue)
