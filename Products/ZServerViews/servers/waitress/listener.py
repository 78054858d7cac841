"""The listener for views only, a server of waitress's own kind.

Its socket is from servers/sockets.py, its event loop that of
servers/views_loop.py: so its connections do not count for the limit of the site,
and its requests never reach a worker. See elsewhere.py.
"""
from __future__ import absolute_import, division, print_function

import copy
import socket
import time

from Products.ZServerViews.servers import sockets as sockets_module
from Products.ZServerViews.servers.admission import Headroom, accepted
from Products.ZServerViews.servers.waitress import entries
from Products.ZServerViews.servers.waitress.entries import (
    channels_of,
    unanswered,
)
from Products.ZServerViews.servers.waitress.targets import has_target

# Connections that it has at once; for further ones the oldest is evicted.
MOST = 32

BAD_REQUEST = (b'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n'
               b'Connection: close\r\n\r\n')


def open_listener(main, hook, part, site, others_expected=False):
    """Listen where the setting says, in the loop of an `elsewhere.Main`.

    ``part``
        The `runtime.patching.Part` that ends with a fault of the listener.
    ``others_expected``
        See `sockets.open_for`.

    Returns the server, or None if there is no socket: see `sockets.open_for`.
    """
    try:
        sock = sockets_module.open_for(site, others_expected)
        if sock is None:
            return None
        made = _make_server(main, hook, part, site, sock)
        # Its own has three descriptors, and is not needed.
        made.trigger.close()
        made.trigger = main.trigger
        return made
    except Exception:
        # Nothing would close the socket.
        sock, site.views_socket = site.views_socket, None
        if sock is not None:
            sock.close()
        raise


def _make_server(main, hook, part, site, sock):
    # The settings may be others by now.
    from waitress import server
    adj = copy.copy(main.adj)
    adj.url_prefix = ''
    base = (server.UnixWSGIServer if sock.family == socket.AF_UNIX
            else server.TcpWSGIServer)
    made = type('ViewsServer', (ViewsServer, base), {
        'views_hook': hook, 'views_part': part, 'views_site': site,
        'views_headroom': Headroom(MOST, site.log_queue)})(
            main.application, map=main._map, _sock=sock,
            dispatcher=main.task_dispatcher, adj=adj, bind_socket=False,
            sockinfo=(sock.family, sock.type, 0, sock.getsockname()))
    # It has been wrapped once more, each time that views come; what is known
    # of the site's own, as the access log does, would grow with each.
    made.application = main.application
    return made


class ClosingListener(object):
    """Stands in the event loop's map for a listener that is to be closed.

    The loop may have events of its descriptor still, which must not become that
    of a connection in this iteration. So it is closed in the next one.
    """

    accepting = False  # asked by wasyncore

    def __init__(self, map, fileno, sock):
        self._map = map
        self._fileno = fileno
        self._socket = sock

    def readable(self):
        self.close()
        return False

    def writable(self):
        return False

    def close(self):
        if self._map.get(self._fileno) is self:
            del self._map[self._fileno]
            self._socket.close()

    def handle_read_event(self):
        """Nobody is accepted any more."""

    handle_write_event = handle_expt_event = handle_read_event
    handle_close = handle_error = handle_read_event


class ViewsServer(object):
    """Mixed into a server of waitress."""

    views_only = True
    views_hook = views_part = views_site = views_headroom = None

    def get_server_name(self, ip):
        # Waitress 1 would resolve it.
        return str(ip)

    def readable(self):
        try:
            now = time.time()
            if now >= self.next_channel_cleanup:
                self.next_channel_cleanup = now + self.adj.cleanup_interval
                self.maintenance(now)
            return self.views_headroom.may_accept(len(self.active_channels))
        except Exception:
            # Around readable() wasyncore has no net, and the site would end.
            self.views_part.failed()
            return False

    def in_flight(self):
        """How many of its requests are not answered in full; in any thread."""
        return unanswered(self)

    def accept(self):
        connection = accepted(super(ViewsServer, self).accept,
                              self.views_headroom.exhausted)
        channels = list(self.active_channels.values())
        if connection is not None and len(channels) >= MOST:
            # Whatever the clock says: an error here would end the listener.
            entries.close(min(channels, key=last_activity))
        return connection

    def add_task(self, channel):
        if channel.will_close:
            channel.requests = []  # it came behind what was refused
            return
        request = channel.requests[0]
        if request.error is None and has_target(request):
            try:
                self.views_hook.answer_or_refuse(channel)
            except Exception:
                self.views_part.failed()
                channel.will_close = True
            return
        # Waitress's own answer would need a worker.
        try:
            channel.send(BAD_REQUEST)
        except socket.error:
            pass  # it is closed anyway
        channel.requests = []
        channel.will_close = True

    def close(self):
        """Listen no more; not while the event loop asks what is readable."""
        self.views_site.views_socket = None
        fileno, sock = self._fileno, self.socket
        if self._map.get(fileno) is not self:
            # Not the server's own, which closes the trigger.
            self.asyncore.dispatcher.close(self)
            return
        self.accepting, self.socket = False, None
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except socket.error:
            pass  # where a listening socket has no end
        self._map[fileno] = ClosingListener(self._map, fileno, sock)

    def forget(self):
        """In a forked child: the parent listens on."""
        self.views_site.views_socket = None
        self.asyncore.dispatcher.close(self)

    def stop(self):
        """The last view has gone: so does the listener."""
        for channel in channels_of(self):
            if channel.server is self:
                channel.will_close = True
        self.close()


def last_activity(channel):
    return channel.last_activity
