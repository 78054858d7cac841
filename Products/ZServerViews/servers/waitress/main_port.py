"""Connections of another server's main port, in the loop of our own.

They are answered as those of waitress's main port are, and not as those of the
listener: access is decided as if a worker of that server had the request. Each
has one answer, since its next request may be the site's.

Everything here runs in the loop, but for what says otherwise.
"""
from __future__ import absolute_import, division, print_function

import socket
import time

from Products.ZServerViews.runtime.routes import NOT_FOUND
from Products.ZServerViews.servers.waitress import entries
from Products.ZServerViews.servers.waitress.answering import Answering
from Products.ZServerViews.servers.waitress.elsewhere import another_server
from Products.ZServerViews.servers.waitress.listener import (
    ViewsServer,
    last_activity,
)
from Products.ZServerViews.servers.waitress.targets import find_mount

# Connections at once; for further ones the one that is idle for longest goes.
MOST = 100


class PortMaker(object):
    """Makes the `MainPorts` of a `servers.views_loop.ViewsLoop`."""

    def __init__(self, table, site):
        self._table = table
        self._site = site

    def __call__(self, loop, hook, part):
        """In the thread in which the server begins; the loop does not run yet.

        ``hook``
            A `servers.own.hook.OwnHook`.
        ``part``
            The `runtime.patching.Part` that ends with a fault of ours.
        """
        answers = LastAnswers(self._table, self._site)
        answers.failed = part.failed
        return MainPorts(loop, hook, part, answers)


class LastAnswers(Answering):
    """Answers, and ends the connection."""

    def __init__(self, table, site):
        Answering.__init__(self, site)
        self._table = table

    def answer_or_refuse(self, channel):
        request = channel.requests[0]
        self.site.signs.note(channel, request.headers)
        # There may be other views by now.
        self.begin(channel, find_mount(self._table, request, '') or NOT_FOUND)

    def sender(self, channel, request, mount, is_last, *more):
        return Answering.sender(self, channel, request, mount, True, *more)


class MainPorts(object):
    """Keeps `contracts.IAdoptingPort`: one `MainPort` for each of the ports
    of the server."""

    def __init__(self, loop, hook, part, answers):
        from waitress.channel import HTTPChannel
        self._loop = loop
        self._main = another_server(loop, hook.server)
        self._part = part
        self._answers = answers
        self._channel_class = type('AdoptedChannel',
                                   (AdoptedChannel, HTTPChannel), {})
        self._made = {}

    def taken(self, sock, address, application, sign):
        """In the thread that accepts, which may not fail any more."""
        return Taken(self, sock, address, application, sign)

    def connections(self):
        return sum(len(server.active_channels)
                   for server in self._made.values())

    def adopt(self, taken):
        sock, address = taken.socket, taken.address
        if sock.family == socket.AF_UNIX:
            host, port, address = 'localhost', '', ('localhost', None)
        else:
            host, port = sock.getsockname()[:2]
        server = self._made.get(port)
        if server is None:
            server = self._made[port] = MainPort(
                self._main, self._part, self._answers, host, port)
            server.views_state = self._loop.state
        server.application = taken.application
        self._make_room()
        if sock.family != socket.AF_UNIX:
            # Else a second part would wait for an acknowledgement.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        channel = self._channel_class(server, sock, address, server.adj,
                                      map=self._loop.map)
        if taken.sign is not None:
            channel._views_sign = taken.sign

    def _make_room(self):
        channels = [channel for server in self._made.values()
                    for channel in server.active_channels.values()]
        if len(channels) >= MOST:
            entries.close(min(channels, key=last_activity))


class Taken(object):
    """A connection that the loop does not have yet.

    ``sign``
        That of a proxy, on a connection that had requests before; or None.
    """

    def __init__(self, ports, sock, address, application, sign):
        self._ports = ports
        self.socket = sock
        self.address = address
        self.application = application
        self.sign = sign

    def begin(self):
        try:
            self._ports.adopt(self)
        except socket.error:
            self.close()  # the client has gone

    def close(self):
        """In any thread: nobody will answer."""
        self.socket.close()


class MainPort(ViewsServer):
    """A server of waitress's kind, which accepts nothing itself."""

    views_only = False

    def __init__(self, main, part, answers, host, port):
        self.adj = main.adj
        self.trigger = main.trigger
        self.pull_trigger = main.trigger.pull_trigger
        self.task_dispatcher = main.task_dispatcher
        self.active_channels = {}
        self.effective_host, self.effective_port = host, port
        self.server_name = host
        self.application = None
        self.views_hook, self.views_part = answers, part
        self._map = main._map


class AdoptedChannel(object):
    """Mixed into a channel: looks itself whether it has been idle for too
    long, for there is no server that does."""

    def readable(self):
        if (not self.requests and time.time() - self.last_activity
                > self.adj.channel_timeout):
            self.will_close = True
        return super(AdoptedChannel, self).readable()
