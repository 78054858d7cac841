"""How many connections wait in the kernel until the server accepts them.

A server without a queue of its own accepts a connection when a worker is free,
and requests wait in the kernel. Linux tells their number for each listening
socket: by TCP_INFO of tcp(7) in 2 us, and of a unix socket by sock_diag(7).
Nothing here waits. Elsewhere nothing is told.
"""
from __future__ import absolute_import, division, print_function

# Not the classes of `socket`, which gevent replaces.
import _socket
import os
import stat
import struct
import sys

# linux/tcp.h: tcpi_state and tcpi_unacked of struct tcp_info; net/tcp_states.h
_TCP_INFO = 11
_SIZE = 104
_STATE, _UNACKED = 0, 24
_LISTEN = 10

# linux/netlink.h, linux/sock_diag.h, linux/unix_diag.h
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_UDIAG_SHOW_RQLEN = 0x10
_UNIX_DIAG_RQLEN = 4
_HEADER = struct.Struct('=IHHII')    # nlmsghdr
_ASKED = struct.Struct('=BBxxIIIII')  # unix_diag_req
_TOLD = 16                           # bytes of unix_diag_msg
_ATTRIBUTE = struct.Struct('=HHI')   # nlattr, and the first number in it
_ANY_STATE = _NO_COOKIE = 0xffffffff


class Listening(object):
    """A socket at which this process listens, by its number.

    No descriptor is made: a second one would keep the address when the server
    has closed its own.
    """

    def __init__(self, fileno, inode, family):
        self.inode = inode
        self._fileno = fileno
        self._family = family

    def waiting(self):
        """How many connections wait at it; None once it is closed, or where
        the kernel does not tell."""
        try:
            if os.fstat(self._fileno).st_ino != self.inode:
                return None  # that of another file by now
            if self._family == _socket.AF_UNIX:
                return _waiting_at_unix(self.inode)
            return self._waiting_at_tcp()
        except (EnvironmentError, struct.error):
            return None

    def _waiting_at_tcp(self):
        sock = _borrowed(self._fileno)
        try:
            told = sock.getsockopt(_socket.IPPROTO_TCP, _TCP_INFO, _SIZE)
        finally:
            sock.detach()
        if bytearray(told)[_STATE] != _LISTEN:
            return None
        return struct.unpack_from('=I', told, _UNACKED)[0]


def listening(but=None):
    """The `Listening` of each such socket of this process, but for one socket
    object; reads a folder of ``/proc``, which has no disk."""
    if not sys.platform.startswith('linux'):
        return []
    try:
        names = os.listdir('/proc/self/fd')
    except EnvironmentError:
        return []
    found = {}
    for name in names:
        try:
            one = _listening_at(int(name))
        except EnvironmentError:
            continue  # it is closed by now, as that of the folder itself
        if one is not None:
            found[one.inode] = one
    if but is not None and but.fileno() >= 0:
        found.pop(os.fstat(but.fileno()).st_ino, None)
    return [one for one in found.values() if one.waiting() is not None]


def _listening_at(fileno):
    status = os.fstat(fileno)
    if not stat.S_ISSOCK(status.st_mode):
        return None
    sock = _borrowed(fileno)
    try:
        if (sock.family not in (_socket.AF_INET, _socket.AF_INET6,
                                _socket.AF_UNIX)
                or sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_TYPE)
                != _socket.SOCK_STREAM
                or not sock.getsockopt(_socket.SOL_SOCKET,
                                       _socket.SO_ACCEPTCONN)):
            return None
        return Listening(fileno, status.st_ino, sock.family)
    finally:
        sock.detach()


def _borrowed(fileno):
    """An object for somebody's socket, to be detached from it.

    Where the site has set a default time-out, Python has each new object's
    socket not block; but for one that is said not to, as here.
    """
    return _socket.socket(-1, _socket.SOCK_STREAM | _socket.SOCK_NONBLOCK, -1,
                          fileno)


def _waiting_at_unix(inode):
    """The same for a unix socket. The kernel has answered when the question
    has been sent, so nothing waits."""
    asking = _socket.socket(_socket.AF_NETLINK, _socket.SOCK_RAW,
                            _NETLINK_SOCK_DIAG)
    try:
        asking.setblocking(False)
        asking.send(_HEADER.pack(
            _HEADER.size + _ASKED.size, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST,
            1, 0) + _ASKED.pack(_socket.AF_UNIX, 0, _ANY_STATE, inode,
                                _UDIAG_SHOW_RQLEN, _NO_COOKIE, _NO_COOKIE))
        told = asking.recv(4096)
    finally:
        asking.close()
    if _HEADER.unpack_from(told)[1] != _SOCK_DIAG_BY_FAMILY:
        return None
    place = _HEADER.size + _TOLD
    while place < len(told):
        length, kind, number = _ATTRIBUTE.unpack_from(told, place)
        if kind == _UNIX_DIAG_RQLEN:
            return number
        place += max(length + 3 & ~3, 4)
    return None
