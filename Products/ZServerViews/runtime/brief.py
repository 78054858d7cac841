"""Connections that get one answer each and are closed: for who answers in the
place of an event loop that does not.

The fallback responder does so in this process, and the companion in its own,
which has only the standard library: so nothing is imported here that needs more.

Every socket is non-blocking, and nothing here waits.
"""
from __future__ import absolute_import, division, print_function

import errno
import socket

# Connections at once, seconds for each, and bytes of a request's head.
MOST = 16
SECONDS = 1.0
LONGEST_HEAD = 8192
# Of one connection at a time: whoever answers has other things to look at.
MOST_READS = 16

_LATER = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR)


class BriefResponder(object):
    """All connections that were accepted in place of the event loop.

    ``answer(head)``
        Returns all bytes of the answer to a request with this head.
    """

    def __init__(self, answer, clock):
        self._answer = answer
        self._clock = clock
        self._connections = []

    def turn(self, listening):
        """Do what can be done now; whether connections are left.

        ``listening``
            The socket to accept from; None to accept nobody else.
        """
        if listening is not None:
            self._accept(listening)
        self._connections = [
            connection for connection in self._connections
            if not connection.turn(self._answer, self._clock())]
        return bool(self._connections)

    @property
    def is_full(self):
        """Whether nobody else is accepted before a connection ends."""
        return len(self._connections) >= MOST

    def filenos(self):
        """The descriptors of all connections."""
        return [connection.fileno() for connection in self._connections]

    def close(self):
        """Close all connections."""
        for connection in self._connections:
            connection.close()
        self._connections = []

    def _accept(self, listening):
        while not self.is_full:
            try:
                sock, _address = listening.accept()
                sock.setblocking(False)
            except socket.error:
                # No client waits; or the event loop, which runs again, has
                # accepted it or has closed the socket; or there is no
                # descriptor left.
                return
            self._connections.append(
                BriefConnection(sock, self._clock() + SECONDS))


class BriefConnection(object):
    """One connection: a head comes in, an answer goes out, and the end."""

    def __init__(self, sock, ends):
        self._socket = sock
        self._ends = ends
        self._head = b''
        self._received = 0   # bytes, empty lines included
        self._unsent = None  # until the head is complete

    def turn(self, answer, now):
        """Do what can be done now; whether the connection is closed."""
        try:
            over = self._move(answer)
        except socket.error as error:
            over = error.errno not in _LATER
        if over or now > self._ends:
            self.close()
            return True
        return False

    def fileno(self):
        return self._socket.fileno()

    def close(self):
        self._socket.close()

    def _move(self, answer):
        # A client may send without an end, and faster than is read here.
        for _time in range(MOST_READS):
            if self._unsent is not None:
                break
            received = self._socket.recv(LONGEST_HEAD)
            if not received:
                return True
            self._take(received, answer)
        if self._unsent is None:
            return False
        while self._unsent:
            self._unsent = self._unsent[self._socket.send(self._unsent):]
            if not self._unsent:
                self._socket.shutdown(socket.SHUT_WR)
        # To close with bytes unread, such as a body, would reset the
        # connection and perhaps take the answer from the client.
        for _time in range(MOST_READS):
            if not self._socket.recv(65536):
                return True
        return False

    def _take(self, received, answer):
        self._received += len(received)
        self._head += received.replace(b'\r', b'')
        # An empty line before a request is no end of it (RFC 9112, 2.2).
        self._head = self._head.lstrip(b'\n')
        if b'\n\n' in self._head:
            self._unsent = answer(self._head)
        elif self._received > LONGEST_HEAD:
            self._unsent = answer(b'')


def request_line(head):
    """(method, target, version) of a head, as native strings; None if it has
    none. The version is that behind ``HTTP/``."""
    words = head.partition(b'\n')[0].split()
    if not isinstance(b'', str):
        words = [word.decode('latin-1') for word in words]
    if len(words) != 3 or not words[2].startswith('HTTP/'):
        return None
    return words[0], words[1], words[2][len('HTTP/'):]
