"""The answer to a request for a view, on a channel of waitress.

Nearly every answer is made and sent while the request is handed over, and the
channel is what it was all the time. Where that cannot be, a `ViewConnection`
answers.

Which thread runs what: everything here runs in the event loop. Only `begin` may
be called by a worker, at the end of its work on the channel: then it leaves the
rest to the loop. No worker touches a channel that has a ViewConnection.
"""
from __future__ import absolute_import, division, print_function

import logging
import socket

from Products.ZServerViews.access.peer import Facts
from Products.ZServerViews.http.encoder import Encoder
from Products.ZServerViews.servers.waitress import environ as environs
from Products.ZServerViews.servers.waitress import known_heads
from Products.ZServerViews.servers.waitress.connection import ViewConnection
from Products.ZServerViews.servers.waitress.forwarded import as_site_sees
from Products.ZServerViews.servers.waitress.targets import target
from Products.ZServerViews.wsgi.response import CLOSED, Response
from Products.ZServerViews.wsgi.sender import Sender


class Answering(object):
    """Answers the requests for views that channels have.

    ``patience``
        For a `wsgi.sender.Sender`.
    ``knowing``
        A `known_heads.Knowing`, or None.
    """

    # Called in an except clause for a fault of ours.
    failed = None

    patience = None
    knowing = None

    def __init__(self, site):
        self.site = site

    def begin(self, channel, mount):
        """Answer the channel's first request, which is for this mount."""
        if not channel.connected:
            # It was closed when 100 Continue was sent, and is read still.
            channel.requests = []
            return
        if not self._is_free(channel):
            self._begin_later(channel, mount)
            return
        request = channel.requests[0]
        if self._answer(channel, request, mount, None):
            request.close()
        if self.knowing is not None:
            try:
                self.knowing.answered(self, channel, request, mount)
            except Exception:
                self.failed()  # and nothing else: the answer is out

    def again(self, channel, head):
        """Answer a request with a `known_heads.KnownHead`, the only one that
        this channel has received; whether that can be."""
        if (channel.total_outbufs_len or channel.will_close
                or channel.close_when_flushed or not channel.connected
                or self.site.drain.draining
                or channel.task_class.get_environment is not head.maker):
            return False
        request = channel.request = head.request
        channel.requests.append(request)
        try:
            if (not self._answer(channel, request, head.mount, head.environ)
                    and channel.requests):
                # It stays for a while. What is noted on it meanwhile, such as that
                # the connection ends behind it, is not for those after it.
                channel.requests[0] = known_heads.own(request)
        except Exception:
            channel.requests = []
            raise
        finally:
            channel.request = None
        return True

    def _answer(self, channel, request, mount, environ):
        """Answer now, or have the loop do it; returns whether it is done.

        ``environ``
            The template of it, if the request's head is known.
        """
        facts = None
        if mount.tier is not None:
            facts = self.facts(channel, request)
            mount = self.site.visible(mount, facts)
        sender = self.sender(channel, request, mount, False, facts, environ)
        try:
            try:
                done = sender.send(channel)
            except socket.error as error:
                self.lose(channel, error)
                done = False
            if done and not sender.response.close_connection:
                self.leave(channel, sender)
                channel.requests.pop(0)
                return True
            if channel.connected:
                ViewConnection(self, channel, mount, sender).stand_in()
            else:
                self.leave(channel, sender)
        except Exception:
            # Of a fault the caller hears. Nothing may follow a part of an
            # answer.
            channel.will_close = channel.will_close or sender.sent_bytes > 0
            raise
        return False

    def _is_free(self, channel):
        """Whether the request can be answered here and now."""
        # Only while waitress 2 or 3 receives a request is it this one; then
        # the loop calls, holds requests_lock, and goes on with what has come
        # behind it. Each time that it reads, last_activity is a new object.
        received = channel.last_activity
        if (channel.request is not channel.requests[0]
                or channel.total_outbufs_len
                # Of several that came together, others have their turn.
                or getattr(channel, '_views_received', None) is received
                # It is not known yet which request is the last.
                or self.site.drain.draining):
            return False
        channel._views_received = received
        return True

    def _begin_later(self, channel, mount):
        """Have the answer begin in the event loop's next iteration."""
        connection = ViewConnection(self, channel, mount, None)
        if self.site.loops.here() is not None:
            connection.stand_in()
        else:
            # Not by a worker: the loop may just have closed the channel, and
            # its descriptor be that of another connection.
            channel.server.trigger.pull_trigger(connection.stand_in)

    def facts(self, channel, request):
        """What access judges of a request."""
        headers = request.headers
        return Facts(
            request.command.upper(), request.version, environs.peer(channel),
            getattr(channel.server, 'views_only', False), headers,
            target(request), self.site.signs.note(channel, headers),
            channel.socket)

    def sender(self, channel, request, mount, is_last, facts, template=None):
        """The Sender of the answer to a request.

        ``is_last``
            Whether the connection is to end behind it, whatever the client
            says.
        ``facts``
            What access has judged, or None.
        ``template``
            Of its environ, if its head is known.
        """
        site, adj, server = self.site, channel.adj, channel.server
        environ = (environs.make(site, channel, request, mount)
                   if template is None else environs.again(template, channel))
        if facts is not None:
            environ['zserverviews.facts'] = facts
        encoder = Encoder(
            request.command, request.version,
            'close' if is_last else request.headers.get('CONNECTION'),
            adj.ident, site.heads)
        return Sender(Response(mount, environ, encoder, site.failures,
                               adj.expose_tracebacks,
                               getattr(server, '_views_wake', None)
                               or server.pull_trigger),
                      site, self.patience)

    def lose(self, channel, error):
        """What to do when the socket has failed."""
        if channel.adj.log_socket_errors:
            self.site.log_queue.log(logging.WARNING, 'Socket error: %s', error)
        channel.will_close = True

    def leave(self, channel, sender):
        """No more of this answer: write its line in the access log."""
        response = sender.response
        if (response.mount.access_log and response.status is not None
                and channel.server.application is not None):
            environ = response.environ
            if channel.__dict__.get('_views_sign') is not None:
                environ = as_site_sees(channel.server, environ)
            self.site.access_log.put(
                channel.server.application, environ, sender.started,
                response.status, response.body_bytes)
        if response.state != CLOSED:
            sender.close()
