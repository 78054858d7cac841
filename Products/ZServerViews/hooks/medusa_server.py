"""What is changed in ZServer while views are served.

These seams of ZServer are used; `Seams` puts all of them back:

the class of each server and of its new connections
    For what `ServedServer` and `ServedChannel` do before theirs.
``asyncore.poll``
    One turn of the loop, with select(). With the first one the listener for
    views alone opens.
``LoggingProducer`` in ZServer.HTTPResponse
    Has the line of a request for Zope written, see `medusa_log`.
``zhttp_collector`` and ``get_http_header_max_length`` in ZServer.HTTPServer
    They import something for each body and for each connection. On Python 2
    an import waits for any other thread that imports, and so would the loop.

Any thread may use `Seams`; the rest runs in the loop.
"""
from __future__ import absolute_import, division, print_function

from functools import partial
from tempfile import TemporaryFile

from Products.ZServerViews.hooks.medusa_gate import (
    Gate, ServedChannel, ServedServer)
from Products.ZServerViews.hooks.medusa_log import LineProducer
from Products.ZServerViews.loops import beyond_select


class Seams(object):
    """What is changed in ZServer while views are served.

    ``gate``
        The `Gate`, once there is one.
    """

    def __init__(self, site, records, lines, listen):
        self._site = site
        self._records = records
        self._lines = lines
        self._listen = listen
        self.gate = None
        self._undo = []

    def install(self, servers):
        """Change these servers, and what all of them share."""
        import asyncore
        from ZServer import HTTPResponse, HTTPServer
        from ZServer.PubCore.ZEvent import Wakeup
        limit, large = limits()
        if self.gate is None:
            # The same for ever: connections keep it.
            self.gate = Gate(self._site, asyncore.socket_map, Wakeup,
                             self._records, self._listen)
        gate = self.gate
        gate.limit = limit
        gate.is_new = True
        classes = {}
        for server in servers:
            plain = server.__class__
            if plain not in classes:
                classes[plain] = served(plain, gate)
            self._replace(server, '__class__', classes[plain])
        self._replace(asyncore, 'poll', _make_poll(asyncore, gate))
        self._replace(HTTPResponse, 'LoggingProducer',
                      partial(LineProducer, self._lines))
        self._replace(HTTPServer, 'zhttp_collector',
                      _make_collector(HTTPServer.zhttp_collector, large))
        if hasattr(HTTPServer, 'get_http_header_max_length'):
            longest = HTTPServer.get_http_header_max_length()
            self._replace(HTTPServer, 'get_http_header_max_length',
                          lambda: longest)

    def _replace(self, owner, name, ours):
        self._undo.append((owner, name, ours, getattr(owner, name)))
        setattr(owner, name, ours)

    def uninstall(self):
        """Undo it, but for what somebody has put a patch of theirs over."""
        for owner, name, ours, original in reversed(self._undo):
            if getattr(owner, name) is ours:
                setattr(owner, name, original)
        self._undo = []
        if self.gate is not None:
            self.gate.limit = None
            # There are no turns of ours any more.
            self.gate.wake(self.gate.release)


def limits():
    """(max-listen-sockets, large-file-threshold) of the configuration."""
    try:
        from ZServer.Zope2.Startup import config
        return (config.ZSERVER_CONNECTION_LIMIT,
                config.ZSERVER_LARGE_FILE_THRESHOLD)
    except ImportError:
        import ZServer  # of Zope 2.13
        return ZServer.CONNECTION_LIMIT, ZServer.LARGE_FILE_THRESHOLD


def served(server_class, gate):
    """A class of servers for a gate, made from the one given."""

    plain = server_class.channel_class

    class Channel(ServedChannel, plain):
        pass

    class Server(ServedServer, server_class):
        pass

    for name in 'readable', 'writable':
        # The loop asks each connection in each turn. Of old-style classes
        # all are searched in their order: here it is found in the first.
        setattr(Channel, name, getattr(plain, name).__func__)
    Channel._gate = Server._gate = gate
    Channel._zope_class = plain
    Server._zope_class = server_class
    Server.channel_class = Channel
    return Server


def _make_poll(asyncore, gate):
    """asyncore's poll, for a loop with a gate."""
    original = asyncore.poll
    here = beyond_select(asyncore, gate.log)

    def poll(timeout=0.0, map=None):
        if map is not None and map is not gate.map:
            # The loop of something else, in a thread of its own.
            return original(timeout, map)
        timeout = gate.turn(timeout)
        try:
            here(timeout, map)
        finally:
            gate.loop.running = False

    return poll


def _make_collector(zope_class, large):
    from cStringIO import StringIO

    class Collector(zope_class):
        """Takes a body, as ZServer's own, but imports nothing."""

        def __init__(self, handler, request, size):
            self.handler = handler
            self.request = request
            self.data = TemporaryFile('w+b') if size > large else StringIO()
            request.channel.set_terminator(size)
            request.collector = self

    return Collector
