"""The listener for views alone, in the loop of a waitress.

A server of waitress's own kind, with a socket from listener.py, in the map of
the server whose loop it shares. Its connections do not count for the limit of
the site's, and nothing of it reaches a worker.
"""
from __future__ import absolute_import, division, print_function

import copy
import socket
import time

from Products.ZServerViews import listener
from Products.ZServerViews.hooks.wasyncore_requests import has_target
from Products.ZServerViews.hooks.wasyncore_server import channels_of
from Products.ZServerViews.reserve import Reserve, accepted

# Connections that it has at once; beyond, the oldest gives way.
MOST = 32

BAD_REQUEST = (b'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n'
               b'Connection: close\r\n\r\n')


def open_listener(main, hook, site):
    """Listen where the setting says, in the loop of the server ``main``.

    Returns the server, or None if there is no socket: see `listener.open_for`.
    """
    if listener.open_for(site) is None:
        return None
    return _make_server(main, hook, site)


def _make_server(main, hook, site):
    from waitress import server
    adj = copy.copy(main.adj)
    adj.url_prefix = ''
    base = (server.UnixWSGIServer
            if site.settings.listen.family == socket.AF_UNIX
            else server.TcpWSGIServer)
    made = type('ReservedServer', (ReservedServer, base), {
        'views_hook': hook, 'views_site': site,
        'views_reserve': Reserve(MOST, site.journal)})
    return made(main.application, map=main._map, _sock=site.reserved,
                dispatcher=main.task_dispatcher, adj=adj, bind_socket=False,
                sockinfo=(site.reserved.family, site.reserved.type, 0,
                          site.reserved.getsockname()))


class ReservedServer(object):
    """Mixed into a server of waitress."""

    views_only = True
    views_hook = views_site = views_reserve = None

    def get_server_name(self, ip):
        # Waitress 1 would resolve it.
        return str(ip)

    def readable(self):
        if not self.views_hook.installed:
            self._stop()
            return False
        now = time.time()
        if now >= self.next_channel_cleanup:
            self.next_channel_cleanup = now + self.adj.cleanup_interval
            self.maintenance(now)
        return self.views_reserve.may_accept(len(self.active_channels))

    def accept(self):
        connection = accepted(super(ReservedServer, self).accept,
                              self.views_reserve.exhausted)
        channels = list(self.active_channels.values())
        if connection is not None and len(channels) >= MOST:
            # Whatever the clock says: an error here would end the listener.
            min(channels, key=_last_activity).handle_close()
        return connection

    def add_task(self, channel):
        if channel.will_close:
            channel.requests = []  # it came behind what was refused
            return
        request = channel.requests[0]
        if request.error is None and has_target(request):
            self.views_hook.answer_or_refuse(self, channel)
            return
        # Waitress's own answer would need a worker.
        try:
            channel.send(BAD_REQUEST)
        except socket.error:
            pass  # it is closed anyway
        channel.requests = []
        channel.will_close = True

    def _stop(self):
        """The last view has gone: so does the listener."""
        for channel in channels_of(self):
            if channel.server is self:
                # Not handle_close(): the loop is about to ask for its
                # descriptor's events, and would end if it were closed.
                channel.will_close = True
        self.del_channel()
        self.socket.close()
        self.views_site.reserved = None


def _last_activity(channel):
    return channel.last_activity
