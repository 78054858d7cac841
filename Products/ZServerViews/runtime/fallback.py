"""The fallback responder: answers on the listener for views while the event
loop is blocked.

The listening socket belongs to the event loop. While the event loop does not
accept from it, the watchdog's thread does, and answers 503. No code of the
site is called.

There is no select(): it has a limit of descriptors, and the watchdog polls
often enough. Everything here runs in the watchdog's thread.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.http.encoder import Encoder
from Products.ZServerViews.http.target import sent_path
from Products.ZServerViews.runtime.brief import BriefResponder, request_line


class FallbackResponder(object):
    """Answers in place of the event loop that has the listener of a Site."""

    def __init__(self, site, clock=monotonic):
        self._site = site
        self._responder = BriefResponder(self._answer, clock)
        self._age = 0.0

    def turn(self, age):
        """Do what can be done now; whether connections are left.

        ``age``
            For how many seconds the event loop has been blocked; None while
            it runs: then no further connection is accepted.
        """
        if age is None:
            return self._responder.turn(None)
        self._age = age
        return self._responder.turn(self._site.views_socket)

    def close(self):
        """Close all connections."""
        self._responder.close()

    def _answer(self, head):
        """The bytes of the answer to a request with this head."""
        found = request_line(head)
        if found is None:
            return self._encode('GET', '1.0', '400 Bad Request',
                                'This is no request of HTTP.\n')
        method, target, version = found
        if sent_path(target) not in self._site.table.by_path:
            return self._encode(method, version, '404 Not Found',
                                'There is no view at this path.\n')
        return self._encode(
            method, version, '503 Service Unavailable',
            "The server's loop has not moved for %.1f s.\n" % self._age,
            [('Retry-After', '1')])

    def _encode(self, method, version, status, text, headers=()):
        body = text.encode('ascii')
        encoder = Encoder(method, version, 'close', '', self._site.heads)
        blocks = [encoder.start(status, list(headers) + [
            ('Content-Type', 'text/plain; charset=utf-8'),
            ('Cache-Control', 'no-store'),
            ('Connection', 'close')], len(body))]
        return b''.join(blocks + encoder.body(body) + encoder.end())
