"""What is changed in ZServer while views are served.

These attributes get a permanent trampoline each, see `runtime.patching`:

``asyncore.poll``
    One iteration of the loop, with select(). With the first one the listener
    for views alone opens.
``LoggingProducer`` in ZServer.HTTPResponse
    Has the line of a request for Zope written, see `log`.
``zhttp_collector`` and ``get_http_header_max_length`` in ZServer.HTTPServer
    They import something for each body and for each connection. On Python 2
    an import waits for any other thread that imports, and so would the loop.

Each server, and its new connections, are of a class for what `ServedServer` and
`ServedChannel` of `server` do before theirs. They stay of that class: without
views it does as ZServer does, and calls whatever is in ZServer's own classes
then.

Any thread may use `Seams`; the rest runs in the loop.
"""
from __future__ import absolute_import, division, print_function

import inspect
from functools import partial
from tempfile import TemporaryFile

from Products.ZServerViews.runtime.loops import beyond_select
from Products.ZServerViews.runtime.patching import Part, seam
from Products.ZServerViews.servers.zserver.admission import Admission
from Products.ZServerViews.servers.zserver.log import LineProducer
from Products.ZServerViews.servers.zserver.server import ServedServer, served


class Seams(object):
    """What is changed in ZServer while views are served.

    ``admission``
        The `Admission`, once there is one.
    ``part``
        Fails with a fault of ours inside ZServer's functions.
    ``when_failed``
        Called without arguments then.
    """

    def __init__(self, site, records, lines, listen):
        self._site = site
        self._records = records
        self._lines = lines
        self._listen = listen
        self.admission = None
        self.part = Part('The views on ZServer', site, self._failed)
        self.when_failed = self.uninstall
        self._classes = {}  # of servers, by what they were

    def install(self, servers):
        """Change these servers, and what all of them share."""
        import asyncore

        from ZServer import HTTPResponse, HTTPServer
        from ZServer.PubCore.ZEvent import Wakeup
        limit, large = limits()
        if self.admission is None:
            # The same for ever: connections keep it.
            self.admission = Admission(self._site, asyncore.socket_map, Wakeup,
                             self._records, self._listen)
            self.admission.failed = self.part.failed
        self.admission.limit = limit
        self.admission.is_new = True
        for server in servers:
            self._change(server)
        polls = seam(asyncore, 'poll', make_poll)
        self.part.fill([
            (polls, (self.admission, self.part, beyond_select(
                _Polls(polls, asyncore), self._site.log_queue.log))),
            (seam(HTTPResponse, 'LoggingProducer', make_producer),
             (self.part, partial(LineProducer, self._lines)))]
            + _without_imports(HTTPServer, large))

    def _change(self, server):
        plain = server.__class__
        if issubclass(plain, ServedServer):
            return  # since views were served before
        if plain not in self._classes:
            self._classes[plain] = served(plain, self.admission)
        server.__class__ = self._classes[plain]

    def uninstall(self):
        """Slots are empty at once; the loop undoes what there is in it."""
        self.part.empty()
        if self.admission is not None:
            self.admission.limit = None
            self.admission.wake(self.admission.release)

    def _failed(self):
        self.when_failed()


def _without_imports(http, large):
    """(seam, content) for what would import in the loop."""
    from cStringIO import StringIO
    found = []
    if inspect.isclass(http.zhttp_collector):
        found.append((seam(http, 'zhttp_collector', partial(
            make_collector, http.zhttp_collector)), (large, StringIO)))
    if hasattr(http, 'get_http_header_max_length'):
        found.append((seam(http, 'get_http_header_max_length', make_constant),
                      [http.get_http_header_max_length()]))
    return found


def limits():
    """(max-listen-sockets, large-file-threshold) of the configuration."""
    try:
        from ZServer.Zope2.Startup import config
        return (config.ZSERVER_CONNECTION_LIMIT,
                config.ZSERVER_LARGE_FILE_THRESHOLD)
    except ImportError:
        import ZServer  # of Zope 2.13
        return ZServer.CONNECTION_LIMIT, ZServer.LARGE_FILE_THRESHOLD


class _Polls(object):
    """The two ways to poll of an asyncore, whatever is patched later."""

    def __init__(self, seam, asyncore):
        self._seam = seam
        self.poll2 = asyncore.poll2

    def poll(self, timeout, map):
        self._seam.original(timeout, map)


def make_poll(seam):
    """asyncore's poll, for a loop with an Admission."""

    def poll(timeout=0.0, map=None):
        filled = seam.filled
        if filled is None or (
                # The loop of something else, in a thread of its own.
                map is not None and map is not filled[0].map):
            return seam.original(timeout, map)
        admission, part, here = filled
        try:
            timeout = admission.turn(timeout)
            loop = admission.loop
        except Exception:
            part.failed()
            return seam.original(timeout, map)
        try:
            here(timeout, map)
        finally:
            loop.running = False

    return poll


def make_producer(seam):

    def producer(*args, **kw):
        filled = seam.filled
        # Somebody's patch writes lines as it likes.
        if filled is not None and _is_zservers(seam.original):
            part, make = filled
            try:
                return make(*args, **kw)
            except Exception:
                part.failed()
        return seam.original(*args, **kw)

    return producer


def _is_zservers(producer_class):
    return getattr(producer_class, '__module__', '').endswith('.Producers')


def make_constant(seam):

    def constant():
        filled = seam.filled
        if filled is None or not seam.is_own:
            return seam.original()
        return filled[0]

    return constant


def make_collector(zope_class, seam):
    """A class, for others may derive theirs from it."""

    class Collector(zope_class):
        """Takes a body, as ZServer's own, but imports nothing."""

        def __init__(self, handler, request, size):
            filled = seam.filled
            if filled is None:
                zope_class.__init__(self, handler, request, size)
                return
            large, in_memory = filled
            self.handler = handler
            self.request = request
            self.data = TemporaryFile('w+b') if size > large else in_memory()
            request.channel.set_terminator(size)
            request.collector = self

    return Collector
