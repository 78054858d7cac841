"""The hook for ZServer: a view runs in the thread of medusa's loop.

The seam is the list of handlers that each of ZServer's HTTP servers has: ours
is put in front of Zope's. What else ZServer serves (WebDAV sources, FTP, ICP)
is left alone.

A request for a view takes its place in the channel's queue, behind those that
came before it on the connection. From then on, until no view is left in its
queue, the channel is an AnsweringChannel, by a change of its class; when the
view's turn has come, the channel answers it itself instead of giving it to a
worker.

Everything here runs in the loop. Workers only leave what they want to send
with the channel and wake the loop, which tells the channel, in the loop, when
the answer of a worker is complete.

Python 2 only: ZServer has never run on another. Its channels are instances of
classes of the old style; so must be what they become.
"""
from __future__ import absolute_import, division, print_function

import socket
import sys
import time
from functools import partial
from wsgiref.util import guess_scheme

from zope.interface import implementer

from Products.ZServerViews.answer import Request
from Products.ZServerViews.hooks.pump import Pump
from Products.ZServerViews.interfaces import IHook
from Products.ZServerViews.table import sent_path

# Seconds without a byte taken by the client, as waitress's channel_timeout.
CLIENT_TIMEOUT = 120
# Requests of one connection that may wait for their turn.
MOST_QUEUED = 100


@implementer(IHook)
class MedusaHook(object):
    """Puts the look-up into all HTTP servers of ZServer in this process."""

    server_name = 'ZServer'

    def __init__(self, table, site):
        self._handler = ViewHandler(table, site)
        self._servers = []

    @property
    def installed(self):
        return bool(self._servers)

    def unusable(self):
        if not _http_servers():
            return 'no HTTP server of ZServer runs in this process'
        return None

    def install(self):
        self._handler.prepare()
        for server in _http_servers():
            if self._handler not in server.handlers:
                server.install_handler(self._handler)
                self._servers.append(server)

    def uninstall(self):
        for server in self._servers:
            if self._handler in server.handlers:
                server.remove_handler(self._handler)
        self._servers = []


def _http_servers():
    """ZServer's own servers for HTTP, of those that the loop watches."""
    http = sys.modules.get('ZServer.HTTPServer')
    if http is None:
        return []
    import asyncore
    return [server for server in asyncore.socket_map.values()
            if isinstance(server, http.zhttp_server)
            and not isinstance(server, http.zwebdav_server)]


class ViewHandler(object):
    """Stands in front of Zope's handler and takes what is a view's."""

    def __init__(self, table, site):
        self._table = table
        self._site = site
        self._answering_classes = {}

    def prepare(self):
        """Import what the loop will need: on Python 2 each import statement
        takes the one import lock, even for a module that is there already."""
        from cStringIO import StringIO
        from ZServer.HTTPServer import CONTENT_LENGTH, zhttp_collector
        from ZServer.medusa.http_server import get_header
        self._no_body = StringIO
        self._collector = zhttp_collector
        self._body_size = partial(get_header, CONTENT_LENGTH)

    def match(self, request):
        """Whether a request is for a view; called by medusa for each one."""
        return sent_path(request.uri) in self._table.by_path

    def handle_request(self, request):
        """Read the body, if there is one, then go on in continue_request."""
        # The body is read as Zope's are, into memory or a temporary file.
        size = self._body_size(request.header)
        if size and int(size):
            self._collector(self, request, int(size))
        else:
            self.continue_request(self._no_body(), request)

    def continue_request(self, body, request):
        """Put the request, whose body has been read, behind its elders."""
        mount = self._table.by_path.get(sent_path(request.uri))
        zope = self._zope_handler(request)
        if mount is None:
            # The configuration has changed while the body came in.
            zope.continue_request(body, request)
            return
        # What is wrong with a request shows here, as it would in Zope's own
        # handler, before anything of the channel has changed.
        view_request = ViewRequest(mount, request, body, zope)
        channel = request.channel
        channel.current_request = None
        if not isinstance(channel, AnsweringChannel):
            channel.__class__ = self._answering(channel.__class__)
        channel.queue.append(view_request)
        channel.work()
        channel.answer()

    def _zope_handler(self, request):
        """The handler that would have this request if we had not."""
        for handler in request.channel.server.handlers:
            if handler is not self and handler.match(request):
                return handler

    def _answering(self, resting_class):
        if resting_class not in self._answering_classes:
            class Answering(AnsweringChannel, resting_class):
                pass
            Answering._site = self._site
            Answering._resting_class = resting_class
            self._answering_classes[resting_class] = Answering
        return self._answering_classes[resting_class]


class ViewRequest(object):
    """A request for a view, in the queue of its channel."""

    def __init__(self, mount, request, body, zope):
        request.version = request.version or '1.0'
        self.mount = mount
        self.request = request
        self.environ = make_environ(request, body, zope, mount)
        self.close = getattr(zope, '_force_connection_close', 0)

    def exchange(self, site):
        """The Exchange for this request; the view has not been called yet."""
        request = self.request
        # Medusa's own get_header misses a header without a blank.
        connection = ('close' if self.close
                      else self.environ.get('CONNECTION_TYPE', ''))
        return site.exchange(
            self.mount, self.environ,
            Request(request.command.upper(), request.version, connection),
            request.channel.server.SERVER_IDENT, False)


def make_environ(request, body, zope, mount):
    """What Zope would get, and what PEP 3333 wants besides."""
    environ = zope.get_environment(request)
    environ['SCRIPT_NAME'] += mount.script_name
    environ['PATH_INFO'] = ''
    environ.pop('PATH_TRANSLATED', None)
    host, port = request.channel.addr[:2]
    environ.setdefault('REMOTE_HOST', host)
    environ.setdefault('QUERY_STRING', '')
    environ.update({
        'REMOTE_PORT': str(port),
        'REQUEST_URI': request.uri,
        'wsgi.version': (1, 0),
        'wsgi.url_scheme': guess_scheme(environ),
        'wsgi.input': body,
        'wsgi.input_terminated': True,
        'wsgi.errors': sys.stderr,
        'wsgi.multithread': True,
        'wsgi.multiprocess': False,
        'wsgi.run_once': False,
    })
    return environ


class AnsweringChannel:
    """Mixed into a zhttp_channel for as long as views are in its queue."""

    _site = None           # what all views share: clock, logs
    _resting_class = None  # what the channel is before and after

    _due = None   # the ViewRequest that has come to the front of the queue
    _pump = None  # the pump of the exchange that is being answered
    _nagle = True

    # What medusa calls:

    def work(self):
        """Start the next request of the queue, unless one is in work."""
        if not self.working and self.queue and _is_view(self.queue[0]):
            if not self.no_more_requests:
                self.working = 1
                self._due = self.queue.pop(0)
        else:
            self._resting_class.work(self)

    def readable(self):
        if (self._pump is not None
                and time.time() - self.last_activity > CLIENT_TIMEOUT):
            # Medusa's kill_zombies closes channels of its own class alone.
            self.close()
            return False
        # Who sends requests and reads no answers must not fill the memory.
        return (len(self.queue) < MOST_QUEUED
                and self._resting_class.readable(self))

    def writable(self):
        if self.closed:
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
            pump.exchange.close()

    def answer(self):
        """Do what can be done now, without waiting, for the view that is due.
        """
        if self._pump is None:
            # What an earlier answer has left goes out first.
            if self._due is None or self.producer_fifo:
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

    def _begin(self):
        due, self._due = self._due, None
        self._pump = Pump(due.exchange(self._site), due.mount, due.environ)
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
        pump.exchange.close()
        self._log(pump)
        if pump.exchange.close_connection:
            self.close()
            return
        self.working = 0
        if not any(map(_is_view, self.queue)):
            self.__class__ = self._resting_class
        self.work()

    def _log(self, pump):
        """One line in ZServer's access log, written by the journal."""
        if pump.logged:
            request = self._request
            request.reply_code = int(pump.exchange.status[:3])
            write = partial(request.log, pump.sent_bytes)
            if hasattr(self.server.logger, 'resolver'):
                write()  # it resolves names within the loop, and only there
            else:
                self._site.journal.put(write)


def _is_view(queued):
    return isinstance(queued, ViewRequest)
