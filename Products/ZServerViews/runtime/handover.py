"""Hands a listening socket from a companion whose process has gone to the
process that takes the place of that one.

Without this the address would be in use until the companion ends. The socket
itself is passed on, so that no client that waits in it is lost. They meet at a
name in the kernel's own namespace of unix sockets (unix(7)), which needs no
file; the kernel tells each the user of the other, who must be the same.

The side of the companion has only the standard library, so nothing is imported
here that needs more.
"""
from __future__ import absolute_import, division, print_function

import binascii
import os
import socket
import struct

# Seconds to wait for a companion that has accepted. It waits for nothing else.
PATIENCE = 0.5

# What comes with the socket.
WORD = b'listener'


def meeting_point(address):
    """The name at which who has a `config.addresses.Address` can be met."""
    text = repr((int(address.family), address.address)).encode('utf-8')
    return 'zserver-views-companion-%d-%08x' % (
        os.getuid(), binascii.crc32(text) & 0xffffffff)


# In the companion:

def offer(name):
    """A socket that is readable once somebody wants the listener; None if there
    can be none."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind('\0' + name)
        sock.listen(1)
        sock.setblocking(False)
    except OSError:
        sock.close()
        return None
    return sock


def hand_over(offering, listening):
    """Give it to who has come; whether it is theirs now."""
    try:
        taker, _address = offering.accept()
    except OSError:
        return False
    with taker:
        if _user_of(taker) != os.getuid():
            return False
        try:
            socket.send_fds(taker, [WORD], [listening.fileno()])
        except OSError:
            return False  # gone again
    return True


# In the process that begins:

def take(address):
    """The listening socket that a companion has for an Address; None if there
    is no such companion, which is known at once."""
    if not hasattr(socket, 'recv_fds'):
        return None
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with client:
        try:
            client.settimeout(PATIENCE)
            client.connect('\0' + meeting_point(address))
            if _user_of(client) != os.getuid():
                return None
            _word, filenos, _flags, _from = socket.recv_fds(
                client, len(WORD), 1)
        except OSError:
            return None
    for fileno in filenos:
        os.set_inheritable(fileno, False)
        return _checked(socket.socket(fileno=fileno), address)
    return None


def _checked(sock, address):
    """The socket if it listens there, or None."""
    if (sock.family == address.family
            and _packed(sock.family, sock.getsockname())
            == _packed(address.family, address.address)
            and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)):
        sock.setblocking(False)
        return sock
    sock.close()
    return None


def _packed(family, name):
    # IPv6 has several texts for one address, and the kernel may have another.
    if family == socket.AF_UNIX:
        return name
    return socket.inet_pton(family, name[0].partition('%')[0]), name[1]


def _user_of(sock):
    """The number of the user at the other end of a unix socket."""
    credentials = struct.Struct('3i')  # of a process: pid, uid, gid
    return credentials.unpack(sock.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, credentials.size))[1]
