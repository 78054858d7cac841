"""Answers on the listener for views while the server's loop stands still.

The listening socket belongs to the loop. While the loop does not accept from
it, the watchdog's thread does, and tells each client so: 503. Nothing is
called that a site could have written.

There is no select(): it has a limit of descriptors, and the watchdog looks
often enough. Every socket is non-blocking. Everything here runs in the
watchdog's thread.
"""
from __future__ import absolute_import, division, print_function

import errno
import socket

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.answer import Encoder
from Products.ZServerViews.table import sent_path

# Connections at once, seconds for each, and bytes of a request's head.
MOST = 16
SECONDS = 1.0
LONGEST_HEAD = 8192

_LATER = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR)


class StandIn(object):
    """All connections that were accepted in place of the loop."""

    def __init__(self, site, clock=monotonic):
        self._site = site
        self._clock = clock
        self._talks = []
        self._age = 0.0

    def turn(self, age):
        """Do what can be done now; whether connections are left.

        ``age``
            For how many seconds the loop has stood still; None while it
            moves: then nobody else is accepted.
        """
        if age is not None:
            self._age = age
            self._accept()
        self._talks = [talk for talk in self._talks
                       if not talk.turn(self._answer, self._clock())]
        return bool(self._talks)

    def close(self):
        """Leave all clients."""
        for talk in self._talks:
            talk.close()
        self._talks = []

    def _accept(self):
        listening = self._site.reserved
        while listening is not None and len(self._talks) < MOST:
            try:
                sock, _address = listening.accept()
                sock.setblocking(False)
            except socket.error:
                # Nobody waits; or the loop, which moves again, has been
                # faster or has closed it; or there is no descriptor left.
                return
            self._talks.append(Talk(sock, self._clock() + SECONDS))

    def _answer(self, head):
        """The bytes of the answer to a request with this head."""
        words = head.partition(b'\n')[0].decode('latin-1').split()
        if len(words) != 3 or not words[2].startswith('HTTP/'):
            return self._encode('GET', '1.0', '400 Bad Request',
                                'This is no request of HTTP.\n')
        method, target, version = [str(word) for word in words]
        version = version[len('HTTP/'):]
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


class Talk(object):
    """One connection: a head comes in, an answer goes out, and the end."""

    def __init__(self, sock, ends):
        self._socket = sock
        self._ends = ends
        self._head = b''
        self._unsent = None  # until the head is complete

    def turn(self, answer, now):
        """Do what can be done now; whether that was the last of it."""
        try:
            over = self._move(answer)
        except socket.error as error:
            over = error.errno not in _LATER
        if over or now > self._ends:
            self.close()
            return True
        return False

    def close(self):
        self._socket.close()

    def _move(self, answer):
        while self._unsent is None:
            received = self._socket.recv(LONGEST_HEAD)
            if not received:
                return True
            self._take(received, answer)
        while self._unsent:
            self._unsent = self._unsent[self._socket.send(self._unsent):]
            if not self._unsent:
                self._socket.shutdown(socket.SHUT_WR)
        # To close with bytes unread, such as a body, would reset the
        # connection and perhaps take the answer from the client.
        while self._socket.recv(65536):
            pass
        return True

    def _take(self, received, answer):
        self._head += received.replace(b'\r', b'')
        # An empty line before a request is no end of it (RFC 9112, 2.2).
        self._head = self._head.lstrip(b'\n')
        if b'\n\n' in self._head:
            self._unsent = answer(self._head)
        elif len(self._head) > LONGEST_HEAD:
            self._unsent = answer(b'')
