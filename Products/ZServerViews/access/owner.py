"""Whose the socket at the other end of a connection is, as Linux tells.

For an end on this machine, and in this network namespace, one exact request of
sock_diag(7) gives the user of the peer's socket: unprivileged, in 0.1 ms. It
reads no file, and the kernel has answered when the request has been sent, so
nothing waits.

The sockets on which the kernel is asked are kept: a request must be judged also
when the process has no descriptor left. One of them serves one thread at a
time, and no process but the one that has opened it.
"""
from __future__ import absolute_import, division, print_function

import errno
import os
import socket
import struct

# linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLMSG_ERROR = 2
_NLM_F_REQUEST = 1
_ANY_STATE = 0xffffffff
_NO_COOKIE = b'\xff' * 8

_HEADER = struct.Struct('=IHHII')    # nlmsghdr
_ASKED = struct.Struct('=BBBxI')     # inet_diag_req_v2, before its id
_TOLD = struct.Struct('=BBBB')       # inet_diag_msg, before its id
_BEHIND = struct.Struct('=IIIII')    # and behind it; uid, inode are the last
_ID = 48                             # bytes of inet_diag_sockid

# ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT: in these somebody may still
# read what we send.
_STATES = frozenset([1, 4, 5, 8])

_MAPPED = b'\0' * 10 + b'\xff\xff'   # RFC 4291, section 2.5.5.2

# What the kernel says of all users that are not known in our user namespace,
# and what is said here: that number may be somebody's.
OVERFLOW = 65534
STRANGER = -1
# And where it could not be asked, for want of a descriptor or of memory.
NOT_ASKED = -2
_EXHAUSTED = frozenset([errno.EMFILE, errno.ENFILE, errno.ENOBUFS,
                        errno.ENOMEM])


class Exhausted(Exception):
    """There is no socket to ask the kernel on, for the moment."""


class Owners(object):
    """Asks the kernel; may be used by several threads.

    ``usable``
        Whether the kernel can tell at all; where it cannot, it is not asked
        again. None before `prepare`.
    """

    def __init__(self):
        self._idle = []  # (pid, socket)
        self._sequence = 0
        self._tells_strangers = False
        self.usable = None

    def prepare(self):
        """Find out, where the configuration is read: the first question of all
        may have the kernel load its module for this."""
        self._tells_strangers = _knows_all_users()
        self.usable = self._try()
        # Programs that read the configuration and serve nothing keep no file.
        self.close()

    def uid(self, connection):
        """The number of the user whose socket the peer of this one is; None if
        the kernel cannot tell, `STRANGER` if it has no number here, `NOT_ASKED`
        if nothing is left to ask with.

        ``connection`` is a socket of the server's. Never raises, never waits.
        """
        if not self.usable:
            return None
        try:
            return self._uid(_ends(connection))
        except Exhausted:
            return NOT_ASKED
        except Exception:  # no rule may hang on an oddity of the system's
            return None

    def close(self):
        idle, self._idle = self._idle, []
        for _pid, asking in idle:
            asking.close()

    __del__ = close

    def _try(self):
        """Whether the kernel answers, as it does for a socket that is not."""
        address = socket.AF_INET, _MAPPED + b'\x7f\0\0\1', b'\0\0'
        try:
            found = self._ask((address, address))
        except Exhausted:
            return True  # it will be asked when there is something to judge
        except Exception:
            return False
        return (_HEADER.unpack_from(found)[1] == _NLMSG_ERROR
                and struct.unpack_from('=i', found, _HEADER.size)[0]
                == -errno.ENOENT)

    def _uid(self, ends):
        found = self._ask(ends)
        if _HEADER.unpack_from(found)[1] != _SOCK_DIAG_BY_FAMILY:
            return None
        place = _HEADER.size
        family, state, _timer, _retransmits = _TOLD.unpack_from(found, place)
        place += _TOLD.size
        if (state not in _STATES
                or _addresses(family, found[place:place + _ID]) != tuple(
                    end[1:] for end in ends)):
            return None  # a listening socket, for example
        uid, inode = _BEHIND.unpack_from(found, place + _ID)[3:]
        # Once nobody has a socket open any more, it is said to be root's.
        if not inode:
            return None
        return (STRANGER if uid == OVERFLOW and not self._tells_strangers
                else uid)

    def _ask(self, ends):
        """The kernel's message about the socket that has these two ends."""
        pid, asking = self._take()
        sequence = self._sequence = (self._sequence + 1) & 0xffffffff
        try:
            asking.send(_request(ends, sequence))
            found, sender = asking.recvfrom(4096)
            # Nought is the kernel itself.
            if sender[0] or _HEADER.unpack_from(found)[3] != sequence:
                raise ValueError('another answer')
        except Exception:
            # What comes later must not be taken for another answer.
            asking.close()
            raise
        self._idle.append((pid, asking))
        return found

    def _take(self):
        pid = os.getpid()
        try:
            found = self._idle.pop()  # one step: no other thread has it now
        except IndexError:
            pass
        else:
            if found[0] == pid:
                return found
            found[1].close()  # the parent's as well
        try:
            asking = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                   _NETLINK_SOCK_DIAG)
        except EnvironmentError as error:
            if error.errno in _EXHAUSTED:
                raise Exhausted(error)
            raise
        asking.setblocking(False)
        return pid, asking


def _ends(connection):
    """(family, address, port) of the peer, and of this end; packed."""
    return tuple(_packed(connection.family, name) for name in (
        connection.getpeername(), connection.getsockname()))


def _packed(family, name):
    address = socket.inet_pton(family, name[0].partition('%')[0])
    if family == socket.AF_INET:
        address = _MAPPED + address
    elif address.startswith(_MAPPED):
        family = socket.AF_INET
    return family, address, struct.pack('!H', name[1])


def _request(ends, sequence):
    (family, peer, peer_port), (_family, own, own_port) = ends
    if family == socket.AF_INET:
        peer, own = peer[12:] + b'\0' * 12, own[12:] + b'\0' * 12
    body = (_ASKED.pack(family, socket.IPPROTO_TCP, 0, _ANY_STATE)
            # From the view of the socket that is looked for, any interface.
            + peer_port + own_port + peer + own + b'\0' * 4 + _NO_COOKIE)
    return _HEADER.pack(_HEADER.size + len(body), _SOCK_DIAG_BY_FAMILY,
                        _NLM_F_REQUEST, sequence, 0) + body


def _addresses(family, ident):
    """The two (address, port) of an inet_diag_sockid, as in `_ends`."""
    ports, first, second = (ident[:2], ident[2:4]), ident[4:20], ident[20:36]
    if family == socket.AF_INET:
        first, second = _MAPPED + first[:4], _MAPPED + second[:4]
    return (first, ports[0]), (second, ports[1])


def _knows_all_users():
    """Whether no user of another namespace can be told as `OVERFLOW`."""
    try:
        with open('/proc/self/uid_map') as known:
            return known.read().split() == ['0', '0', '4294967295']
    except (IOError, OSError):
        return False
