"""Requests as a client on the same machine sends them, timed.

Everything is bounded: each answer in time, and in bytes.
"""
from __future__ import absolute_import, division, print_function

import json
import re
import socket

try:
    from time import perf_counter as now
except ImportError:  # PY2
    from time import time as now  # PY2

TIMEOUT = 5.0
MOST_BYTES = 1 << 20
_LENGTH = re.compile(br'\r\ncontent-length: *(\d+) *\r\n', re.IGNORECASE)
_CHUNKED = re.compile(br'\r\ntransfer-encoding: *chunked *\r\n', re.IGNORECASE)


class Lost(Exception):
    """No whole answer came; says what came instead."""


class Late(Lost):
    """It is not there in time."""


class Answer(object):
    """One whole answer, or the first `MOST_BYTES` of it.

    ``head``, ``body``
        Its bytes; the body as it was sent, perhaps in chunks.
    ``seconds``
        From before the connection was made to the last byte.
    ``too_much``
        There is more of it.
    """

    def __init__(self, received, seconds, too_much):
        head, _blank, body = received.partition(b'\r\n\r\n')
        self.head, self.body = head, body
        self.status = int(head[9:12])
        self.seconds = seconds
        self.too_much = too_much

    @property
    def is_good(self):
        """False for a view that has failed, was too late, or is none."""
        return self.status not in (404, 500) and not self.is_late

    @property
    def is_late(self):
        """Whether this says that the view has had no answer in time."""
        return self.status == 504


def is_whole(received):
    """Whether these bytes are all of an answer (RFC 9112, section 6.3).

    None if only the end of the connection can tell.
    """
    end = received.find(b'\r\n\r\n')
    if end < 0:
        return False
    head = received[:end + 2]
    if head[9:12] in (b'204', b'304'):
        return True
    length = _LENGTH.search(head)
    if length is not None:
        return len(received) >= end + 4 + int(length.group(1))
    if is_chunked(head):
        return received.endswith(b'\r\n0\r\n\r\n')
    return None


def is_chunked(head):
    """Whether the body behind this head is in chunks."""
    return _CHUNKED.search(head + b'\r\n') is not None


def connect(address, timeout=TIMEOUT):
    return socket.create_connection(address, timeout)


def request(path, *headers):
    return request_of('localhost', path, headers)


def request_of(host, path, headers):
    """The bytes of a request with this Host and these lines."""
    lines = ('GET %s HTTP/1.1' % path, 'Host: %s' % host) + headers + ('', '')
    return '\r\n'.join(lines).encode('latin-1')


def receive(connection, started, timeout=TIMEOUT, most=MOST_BYTES):
    """The Answer that comes on this connection; Lost if none does.

    The time counts from ``started``, a moment of `now`.
    """
    received, whole = b'', False
    while not whole and len(received) <= most:
        left = started + timeout - now()
        if left <= 0:
            raise Late('no whole answer after %.0f s' % timeout)
        part = _receive_part(connection, left, timeout)
        if not part:
            whole = is_whole(received)
            if whole is None:
                break
            raise Lost('the connection was closed')
        received += part
        whole = is_whole(received)
    try:
        return Answer(received, now() - started, not whole
                      and len(received) > most)
    except ValueError:
        raise Lost('%r is no answer' % received[:40])


def _receive_part(connection, left, timeout):
    try:
        connection.settimeout(left)
        return connection.recv(65536)
    except socket.timeout:
        raise Late('no whole answer after %.0f s' % timeout)
    except socket.error as error:
        raise Lost(str(error))


def ask(address, path, timeout=TIMEOUT):
    """Send a request on a connection of its own; its Answer, or Lost."""
    started = now()
    try:
        connection = connect(address, timeout)
    except socket.error as error:
        raise Lost(str(error))
    try:
        return ask_on(connection, path, started, timeout, 'Connection: close')
    finally:
        connection.close()


def ask_on(connection, path, started=None, timeout=TIMEOUT, *headers):
    """The same on a connection that is there already."""
    started = now() if started is None else started
    try:
        connection.settimeout(timeout)
        connection.sendall(request(path, *headers))
    except socket.error as error:
        raise Lost(str(error))
    return receive(connection, started, timeout)


def json_of(address, path, connection=None):
    """The value that a path answers with as JSON."""
    if connection is None:
        answer = ask(address, path)
    else:
        answer = ask_on(connection, path)
    if answer.status != 200:
        raise Lost('%s answers %d' % (path, answer.status))
    return json.loads(answer.body.decode('ascii'))


class Pending(object):
    """A request whose answer is looked for later."""

    def __init__(self, address, path):
        self.connection = connect(address)
        self.connection.sendall(request(path, 'Connection: close'))

    def is_answered(self):
        """Whether a part of the answer has come already."""
        try:
            self.connection.setblocking(False)
            return bool(self.connection.recv(1, socket.MSG_PEEK))
        except socket.error:
            return False

    def finish(self, seconds):
        """Whether the answer comes within this time."""
        try:
            receive(self.connection, now(), max(seconds, 0.01))
        except Lost:
            return False
        finally:
            self.connection.close()
        return True

    def close(self):
        self.connection.close()
