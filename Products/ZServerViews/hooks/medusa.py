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

import codecs
import sys
from functools import partial

from Products.ZServerViews.hooks import medusa_reserved
from Products.ZServerViews.hooks.medusa_channel import (
    AnsweringChannel, ViewRequest)
from Products.ZServerViews.hooks.medusa_environ import Environs
from Products.ZServerViews.hooks.medusa_log import Lines
from Products.ZServerViews.hooks.medusa_record import Records
from Products.ZServerViews.hooks.medusa_server import Seams
from Products.ZServerViews.hooks.medusa_state import MedusaState
from Products.ZServerViews.table import NOT_FOUND, sent_path


class MedusaHook(object):
    """Puts the look-up into all HTTP servers of ZServer in this process."""

    server_name = 'ZServer'

    def __init__(self, table, site):
        self._site = site
        self._records = Records(site)
        self._lines = Lines(site.journal)
        self._seams = Seams(site, self._records, self._lines, self._listen)
        self._state = MedusaState(site, self._seams, self._records)
        self._handler = ViewHandler(table, site, self._state, self._lines)
        self._reserved = ReservedHandler(table, site, self._state,
                                         self._lines)
        self._servers = []

    @property
    def installed(self):
        return bool(self._servers)

    def unusable(self):
        if not _http_servers():
            return 'no HTTP server of ZServer runs in this process'
        return None

    def install(self):
        if self._servers:
            return
        for part in (self._records, self._lines, self._state, self._handler,
                     self._reserved):
            part.prepare()
        self._servers = _http_servers()
        self._seams.install(self._servers)
        self._site.record_of = self._records.of_publication
        for server in self._servers:
            # A new list: the loop may be on its way through the old one.
            server.handlers = [self._handler] + server.handlers

    def uninstall(self):
        if not self._servers:
            return
        for server in self._servers:
            server.handlers = [handler for handler in server.handlers
                               if handler is not self._handler]
        self._seams.uninstall()
        self._site.record_of = None
        self._servers = []

    def _listen(self, gate):
        return medusa_reserved.open_listener(gate, self._servers[0],
                                             self._reserved)


def _http_servers():
    """ZServer's own servers for HTTP, of those that the loop watches."""
    http = sys.modules.get('ZServer.HTTPServer')
    if http is None:
        return []
    import asyncore
    return [server for server in asyncore.socket_map.values()
            if isinstance(server, http.zhttp_server)
            and not isinstance(server, http.zwebdav_server)
            and not isinstance(server, medusa_reserved.ReservedServer)]


class ViewHandler(object):
    """Stands in front of Zope's handler and takes what is a view's."""

    def __init__(self, table, site, state, lines):
        self._table = table
        self._site = site
        self._environs = Environs(site, state)
        self._lines = lines
        self._answering_classes = {}

    def prepare(self):
        """Import what the loop will need: on Python 2 each import statement
        takes the one import lock, even for a module that is there already."""
        from cStringIO import StringIO
        from ZServer import HTTPServer
        from ZServer.HTTPServer import CONTENT_LENGTH
        from ZServer.PubCore.ZEvent import Wakeup
        from ZServer.medusa.http_server import get_header
        self._no_body = StringIO
        self._http = HTTPServer
        self._body_size = partial(get_header, CONTENT_LENGTH)
        self._wake = Wakeup
        self._environs.prepare()
        for name in 'ascii', 'latin-1', 'utf-8':
            # The first use of an encoding imports it.
            codecs.lookup(name)

    def match(self, request):
        """Whether a request is for a view; called by medusa for each one."""
        return self._mount(request.uri) is not None

    def _mount(self, uri):
        by_path = self._table.by_path
        # Nearly always a path alone, as it was sent.
        return by_path.get(uri) or by_path.get(sent_path(uri))

    def handle_request(self, request):
        """Read the body, if there is one, then go on in continue_request."""
        # The body is read as Zope's are, into memory or a temporary file.
        size = self._body_size(request.header)
        if size and int(size):
            self._http.zhttp_collector(self, request, int(size))
        else:
            self.continue_request(self._no_body(), request)

    def continue_request(self, body, request):
        """Put the request, whose body has been read, behind its elders."""
        mount = self._mount(request.uri)
        zope = self._zope_handler(request)
        if mount is None:
            # The configuration has changed while the body came in.
            zope.continue_request(body, request)
            return
        channel = request.channel
        if not isinstance(channel, AnsweringChannel):
            channel.__class__ = self._answering(channel.__class__)
        try:
            # What is wrong with a request shows here, as it would in Zope's
            # own handler.
            request.version = request.version or '1.0'
            environ = self._environs.make(request, body, zope, mount)
        except Exception:
            channel.refuse(request)
            return
        channel.current_request = None
        channel.queue.append(ViewRequest(
            mount, request, environ,
            getattr(zope, '_force_connection_close', 0)))
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
            Answering._lines = self._lines
            Answering._wake = staticmethod(self._wake)
            Answering._resting_class = resting_class
            self._answering_classes[resting_class] = Answering
        return self._answering_classes[resting_class]


class ReservedHandler(ViewHandler):
    """Answers on the listener for views alone, where Zope has no handler."""

    def match(self, request):
        """All requests are for views there."""
        return True

    def _mount(self, uri):
        return ViewHandler._mount(self, uri) or NOT_FOUND

    def _zope_handler(self, request):
        # One that knows what an environ has; it gets no request.
        for handler in request.channel.server.main.handlers:
            if not isinstance(handler, ViewHandler):
                return handler
