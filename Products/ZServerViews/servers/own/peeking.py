"""The first line of a request, looked at while it stays in the socket.

By the thread that accepts connections, so nothing here waits.
"""
from __future__ import absolute_import, division, print_function

import errno
import socket

# Bytes that are looked at: of each request, and of one for a view. That there
# is nothing behind its head must show.
MOST_LINE = 1 << 10
MOST_HEAD = 1 << 16

_NOTHING_THERE = frozenset([errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR])


def peek(sock, size):
    """What has come, at most so many bytes; b'' from a client that sends
    nothing more, None if nothing has come yet. Never waits.
    """
    timeout = sock.gettimeout()
    try:
        if timeout == 0:
            return sock.recv(size, socket.MSG_PEEK)
        # Python would wait for so long before it asked the system.
        sock.settimeout(0)
        try:
            return sock.recv(size, socket.MSG_PEEK)
        finally:
            sock.settimeout(timeout)
    except socket.error as error:
        return None if error.errno in _NOTHING_THERE else b''


def first_line(data):
    """(method, target) of a request of HTTP/1; None if the first line is not
    whole, or is another."""
    line, end, _ = data.partition(b'\r\n')
    words = line.split(b' ')
    if not end or len(words) != 3 or not words[2].startswith(b'HTTP/1.'):
        return None
    return words[0].decode('latin-1'), words[1].decode('latin-1')


def is_alone(data):
    """Whether nothing has come behind a head, as far as that is there."""
    return not data.partition(b'\r\n\r\n')[2]
