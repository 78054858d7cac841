"""The hook for ZServer: a view runs in the thread of medusa's loop.

The seam is the list of handlers that each of ZServer's HTTP servers has: ours
is put in front of Zope's. What else ZServer serves (WebDAV sources, FTP, ICP)
is left alone.

Nearly every request for a view is answered as soon as it has been read. Behind
others of its connection it waits, and a `ViewConnection` stands in the place of
the channel in the event loop's map until the answer is out.

Everything here runs in the loop. Workers only leave what they want to send
with the channel and wake the loop, which tells the channel, in the loop, when
the answer of a worker is complete.

Python 2 only: ZServer has never run on another.
"""
from __future__ import absolute_import, division, print_function

import codecs
import sys
from functools import partial

from Products.ZServerViews.runtime.routes import NOT_FOUND
from Products.ZServerViews.servers.zserver import listener as listener_module
from Products.ZServerViews.servers.zserver import probe
from Products.ZServerViews.servers.zserver.answering import Answering, ViewRequest
from Products.ZServerViews.servers.zserver.environ import Environs
from Products.ZServerViews.servers.zserver.log import Lines
from Products.ZServerViews.servers.zserver.record import Records
from Products.ZServerViews.servers.zserver.seams import Seams
from Products.ZServerViews.servers.zserver.state import MedusaState
from Products.ZServerViews.servers.zserver.targets import find_mount


class MedusaHook(object):
    """Puts the look-up into all HTTP servers of ZServer in this process."""

    server_name = 'ZServer'

    def __init__(self, table, site):
        self._site = site
        self._records = Records(site)
        self._lines = Lines(site.log_queue)
        self._seams = Seams(site, self._records, self._lines, self._listen)
        self._state = MedusaState(site, self._seams, self._records)
        self._answering = Answering(site, Environs(site, self._state),
                                    self._lines)
        self._state.answering = self._answering
        self._handler = ViewHandler(table, self._answering)
        self._reserved = ViewsHandler(table, self._answering)
        self._seams.when_failed = self.uninstall
        self._answering.failed = self._failed
        self._servers = []

    def _failed(self):
        self._seams.part.failed()

    @property
    def installed(self):
        return bool(self._servers)

    def unusable(self):
        if self.installed:
            return None
        servers = _http_servers()
        if not servers:
            return 'no HTTP server of ZServer runs in this process'
        return probe.look_at(servers[0])

    def install(self):
        if self._servers:
            return
        for part in (self._records, self._lines, self._state,
                     self._answering, self._handler, self._reserved):
            part.prepare()
        self._servers = _http_servers()
        self._seams.install(self._servers)
        self._site.record_of = self._records.of_publication
        self._site.tell_workers.add(self._state.workers)
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
        self._site.tell_workers.discard(self._state.workers)
        self._servers = []

    def begin_anew(self):
        """In a forked child: the loop is new, if it runs here."""
        if self._seams.admission is not None:
            self._seams.admission.begin_anew()

    def _listen(self, admission):
        admission.loop.state = self._state
        return listener_module.open_listener(admission, self._servers[0],
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
            and not isinstance(server, listener_module.ViewsServer)]


class ViewHandler(object):
    """Stands in front of Zope's handler and takes what is a view's."""

    def __init__(self, table, answering):
        self._table = table
        self._answering = answering
        self._signs = answering.site.signs

    def prepare(self):
        """Import what the loop will need: on Python 2 each import statement
        takes the one import lock, even for a module that is there already."""
        from cStringIO import StringIO
        from ZServer import HTTPServer
        from ZServer.HTTPServer import CONTENT_LENGTH
        from ZServer.medusa.http_server import get_header
        self._no_body = StringIO
        self._http = HTTPServer
        self._body_size = partial(get_header, CONTENT_LENGTH)
        for name in 'ascii', 'latin-1', 'utf-8':
            # The first use of an encoding imports it.
            codecs.lookup(name)

    def match(self, request):
        """Whether a request is for a view; called by medusa for each one."""
        try:
            self._signs.note_lines(request.channel, request.header)
            return find_mount(self._table, request) is not None
        except Exception:
            # Medusa has no net here, and the request may be Zope's.
            self._answering.failed()
            return False

    def _mount(self, request):
        return find_mount(self._table, request)

    def handle_request(self, request):
        """Read the body, if there is one, then go on in continue_request."""
        # The body is read as Zope's are, into memory or a temporary file.
        size = self._body_size(request.header)
        if size and int(size):
            self._http.zhttp_collector(self, request, int(size))
        else:
            self.continue_request(self._no_body(), request)

    def continue_request(self, body, request):
        """Answer the request, whose body has been read, behind its elders."""
        mount = self._mount(request)
        zope = self._zope_handler(request)
        if mount is None:
            # The configuration has changed while the body came in.
            zope.continue_request(body, request)
            return
        request.channel.current_request = None
        request.version = request.version or '1.0'
        self._answering.begin(request.channel,
                              ViewRequest(mount, request, body, zope))

    def _zope_handler(self, request):
        """The handler that would have this request if we had not."""
        for handler in request.channel.server.handlers:
            if handler is not self and handler.match(request):
                return handler


class ViewsHandler(ViewHandler):
    """Answers on the listener for views alone, where Zope has no handler."""

    def match(self, request):
        """All requests are for views there."""
        self._signs.note_lines(request.channel, request.header)
        return True

    def _mount(self, request):
        return ViewHandler._mount(self, request) or NOT_FOUND

    def _zope_handler(self, request):
        # One that knows what an environ has; it gets no request.
        for handler in request.channel.server.main.handlers:
            if not isinstance(handler, ViewHandler):
                return handler
