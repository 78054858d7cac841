"""What a server has said at one moment, for a view that is offloaded.

A server is asked in an event loop only: what it reads there may change while
another thread does.
"""
from __future__ import absolute_import, division, print_function


class SeenServer(object):
    """An IServerState, see `servers.contracts`, for any thread.

    ``server``
        Another one; asked here, in the event loop.
    """

    def __init__(self, server):
        self.connection_limit = server.connection_limit
        self.knows_queue = server.knows_queue
        self.worker = server.worker
        self.worker_count = server.worker_count
        self.text = server.text
        self.not_known = server.not_known
        self._requests = list(server.requests())
        self._in_flight = server.in_flight()
        idents = server.worker_idents()
        self._idents = None if idents is None else list(idents)
        self._connections = server.connections()

    def requests(self):
        return self._requests

    def in_flight(self):
        return self._in_flight

    def worker_idents(self):
        return self._idents

    def connections(self):
        return self._connections


def see(environ):
    """Put a `SeenServer` in the place of an environ's server; in the event loop.
    If asking it raises, the environ has none."""
    server, environ['zserverviews.server'] = (
        environ.get('zserverviews.server'), None)
    if server is not None:
        environ['zserverviews.server'] = SeenServer(server)
