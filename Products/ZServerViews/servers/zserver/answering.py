"""The answer to a request for a view, on a channel of ZServer's.

Nearly every answer is made and sent while medusa reads the request, and the
channel is what it was all the time. Where that cannot be, since an earlier
answer is not out or since the client takes its time, a `ViewConnection`
answers.

Everything here runs in the event loop.
"""
from __future__ import absolute_import, division, print_function

import socket
import sys
import time
from functools import partial

from Products.ZServerViews.http.encoder import Encoder
from Products.ZServerViews.servers.zserver.connection import ViewConnection
from Products.ZServerViews.wsgi.response import CLOSED, Response
from Products.ZServerViews.wsgi.sender import Sender


class ViewRequest(object):
    """A request for a view.

    ``request``
        Medusa's.
    ``body``
        A file.
    ``zope``
        The handler of Zope's that would have the request otherwise.
    """

    def __init__(self, mount, request, body, zope):
        self.mount = mount
        self.request = request
        self.body = body
        self.zope = zope


class Answering(object):
    """Answers the requests for views that channels have.

    ``prepare`` must have been called before.
    """

    # Called in an except clause for a fault of ours.
    failed = None

    def __init__(self, site, environs, lines):
        self.site = site
        self._environs = environs
        self._lines = lines
        self._wake = None  # wakes the loop, for other threads alone
        # Whether a view is called now whose channel is what it was.
        self.at_once = False

    def prepare(self):
        """Look at ZServer, in a thread that may import."""
        from ZServer.PubCore.ZEvent import Wakeup
        self._wake = Wakeup
        self._environs.prepare()

    def begin(self, channel, asked):
        """Answer a ViewRequest that the channel has just received."""
        if channel.closed:
            return
        if not self._is_free(channel):
            ViewConnection(self, channel, asked, None).stand_in()
            return
        sender = self.sender(channel, asked, False)
        if sender is None:
            return
        self.at_once = True
        try:
            done = sender.send(channel)
        except socket.error:
            done = False
            channel.close()
        finally:
            self.at_once = False
        if done:
            self.leave(asked, sender)
            self.end(channel, sender)
        elif channel.closed:
            self.leave(asked, sender)
        else:
            ViewConnection(self, channel, asked, sender).stand_in()

    def _is_free(self, channel):
        """Whether a request can be answered here and now."""
        return not (channel.working or channel.queue or channel.producer_fifo
                    # Of several that came together, others have their turn.
                    or channel.ac_in_buffer
                    or channel.no_more_requests
                    # It is not known yet which request is the last.
                    or self.site.drain.draining)

    def sender(self, channel, asked, is_last):
        """The Sender of the answer; None if medusa refuses the request.

        ``is_last``
            Whether the connection is to end behind it, whatever the client
            says.
        """
        try:
            response = self._response(channel, asked, is_last)
        except Exception:
            # What is wrong with a head shows here, as it would in Zope's own
            # handler.
            self.refuse(channel, asked.request)
            return None
        _send_at_once(channel)
        return Sender(response, self.site)

    def _response(self, channel, asked, is_last):
        site, request, mount = self.site, asked.request, asked.mount
        facts = None
        if mount.tier is not None:
            facts = self._environs.facts(request)
            mount = site.visible(mount, facts)
        environ = self._environs.make(request, asked.body, asked.zope, mount)
        if facts is not None:
            environ['zserverviews.facts'] = facts
        closes = is_last or getattr(asked.zope, '_force_connection_close', 0)
        return Response(
            mount, environ,
            Encoder(request.command.upper(), request.version,
                    # Medusa's own get_header misses a header without a blank.
                    'close' if closes else environ.get('CONNECTION_TYPE', ''),
                    channel.server.SERVER_IDENT, site.heads),
            site.failures, False, self._wake)

    def leave(self, asked, sender):
        """No more of this answer: write its line in ZServer's access log."""
        if sender.response.state != CLOSED:
            sender.close()
        if sender.logged:
            self._log(asked.request, sender.response.status, sender.sent_bytes)

    def _log(self, request, status, sent):
        request.reply_code = int(status[:3])
        if hasattr(request.channel.server.logger, 'resolver'):
            # It resolves names within the loop, and only there.
            request.log(sent)
        elif not self._lines.put(request, sent):
            self.site.log_queue.put(partial(request.log, sent))

    @staticmethod
    def end(channel, sender):
        """What follows an answer that is out."""
        if sender.response.close_connection:
            channel.close()
        else:
            channel.idle_from = time.time()

    @staticmethod
    def refuse(channel, request):
        """Answer with 500, as medusa does: for an exception being handled."""
        channel.server.exceptions.increment()
        error_type, error = sys.exc_info()[:2]
        channel.log_info('Server Error: %s, %s: in the head of a request'
                         % (error_type, error), 'error')
        request.error(500)


def _send_at_once(channel):
    """The second part of an answer must not wait until the client has
    acknowledged the first."""
    # Asked for an attribute that it has not, asyncore asks the socket.
    if '_views_nodelay' not in channel.__dict__:
        channel._views_nodelay = True
        try:
            channel.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY,
                                      1)
        except socket.error:
            pass  # the client has gone; sending will say so
