"""The listener for views only, in the event loop of ZServer.

A server of ZServer's own kind, with a socket from servers/sockets.py.
ZServer's constructor is not called: it would bind a socket of its own and ask
the resolver for the name of this machine. The rest of it is done here.

Its connections do not count for ``max-listen-sockets``, and its requests never
reach a worker. Everything here runs in the event loop.
"""
from __future__ import absolute_import, division, print_function

import socket
import sys
import time

from Products.ZServerViews.servers import sockets as sockets_module
from Products.ZServerViews.servers.admission import Headroom, accepted

# Connections that it has at once; for further ones the oldest is evicted.
MOST = 32

# What stands for the address of a client on a unix socket.
UNIX_PEER = ('localhost', '')


def open_listener(admission, main, handler):
    """Listen where the setting says, in the loop of a `Admission`.

    ``main``
        A server of ZServer's, whose names and log are used.
    ``handler``
        Answers every request.

    Returns the server, or None if there is no socket: see `sockets.open_for`.
    """
    sock = sockets_module.open_for(admission.site)
    if sock is None:
        return None
    return _class_for(main._zope_class)(admission, main, sock, handler)


def _class_for(server_class):

    class Channel(ViewsChannel, server_class.channel_class):
        pass

    class Server(ViewsServer, server_class):
        pass

    Channel._zope_class = server_class.channel_class
    Server._zope_class = server_class
    Server.channel_class = Channel
    return Server


class ViewsServer:
    """Mixed into a zhttp_server.

    ``main``
        The server whose handlers of Zope's know what an environ has.
    ``channels``
        {id: connection} of those that are open. They are no keys: asyncore
        asks their sockets for whatever they do not have, such as a hash.
    """

    views_only = True

    _zope_class = None

    def __init__(self, admission, main, sock, handler):
        # An import statement would wait for whoever imports.
        sys.modules['asyncore'].dispatcher.__init__(self, sock, admission.map)
        self.accepting = 1
        self.main = main
        self.channels = {}
        self.handlers = [handler]
        self.is_unix = sock.family == socket.AF_UNIX
        self._site = admission.site
        self._headroom = Headroom(MOST, admission.site.log_queue)
        self._copy(main)
        if not self.is_unix:
            self.ip, self.port = sock.getsockname()[:2]
            self.server_port = self.port

    def _copy(self, main):
        for name in ('ip', 'port', 'server_name', 'server_port',
                     'request_server_name', 'logger'):
            setattr(self, name, getattr(main, name))
        for name in ('total_clients', 'total_requests', 'exceptions',
                     'bytes_out', 'bytes_in'):
            setattr(self, name, getattr(main, name).__class__())

    def readable(self):
        return self.accepting and self._headroom.may_accept(0)

    def accept(self):
        connection = accepted(lambda: self._zope_class.accept(self),
                              self._headroom.exhausted)
        if connection is None:
            return None
        if len(self.channels) >= MOST:
            # Not before: the new connection would get the descriptor of the
            # old one, for which this iteration may still have events.
            min(self.channels.values(), key=_last_activity).close()
        conn, addr = connection
        return conn, UNIX_PEER if self.is_unix else addr

    def close(self):
        """Listen no more; the loop and Zope's own shutdown call this."""
        self._site.views_socket = None
        self._zope_class.close(self)

    def stop(self):
        """The last view has gone: so do the listener and its connections."""
        self.close()
        for channel in self.channels.values():
            channel.close()


class ViewsChannel:
    """Mixed into the zhttp_channel of each of its connections."""

    _zope_class = None

    answers_view = False
    view_connection = None

    def __init__(self, server, conn, addr):
        self.idle_from = self.last_activity = time.time()
        self._zope_class.__init__(self, server, conn, addr)
        server.channels[id(self)] = self

    def close(self):
        self.server.channels.pop(id(self), None)
        self._zope_class.close(self)
        if self.view_connection is not None:
            self.view_connection.leave()


def _last_activity(channel):
    return max(channel.idle_from, channel.last_activity)
