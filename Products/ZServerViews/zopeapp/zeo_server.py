"""What a ZEO server says of itself, asked on a connection of its own.

That is not ZEO's own protocol, but the word ``ruok`` that ZEO has for monitoring
programs: it is answered although the client of this process is not connected.
Servers before ZEO 4, such as that of ZODB3 3.10, do not know the word and would log
a failed handshake: by the version that each server sends first, they are not asked.
Helper threads only: it waits for another machine.
"""
from __future__ import absolute_import, division, print_function

import contextlib
import json
import re
import socket
import struct

from Products.ZServerViews._compat import native_types

# Seconds for each step.
TIMEOUT = 5.0

# No answer of ZEO's is longer, in bytes.
LONGEST = 1 << 20

QUESTION = b'\x00\x00\x00\x04ruok'
# What a server older than that says first: Z200 to Z3101.
_OLD = re.compile(b'[A-Z][0-3]')

# What is told of its answer, all numbers.
TOLD = ('aborts', 'active_txns', 'commits', 'conflicts', 'conflicts_resolved',
        'connections', 'loads', 'stores', 'waiting')


class OldServer(ValueError):
    """It cannot be asked."""


def ask(addresses, storage_name, timeout=TIMEOUT):
    """{name of `TOLD`: number} of a storage of the first server that answers.

    ``addresses``
        As a client of ZEO has them: one or many, each a path or a pair.

    Raises what the last one has raised: ValueError for an answer that is none,
    and `OldServer`. None without addresses.
    """
    error = None
    for address in many(addresses):
        try:
            return told(answer(address, timeout), storage_name)
        except (EnvironmentError, ValueError, struct.error) as raised:
            error = raised
    if error is not None:
        raise error
    return None


def many(addresses):
    """A list of addresses, if it was one."""
    if isinstance(addresses, native_types):
        return [addresses]
    if (isinstance(addresses, tuple) and len(addresses) == 2
            and isinstance(addresses[1], int)):
        return [addresses]
    return list(addresses or ())


def answer(address, timeout):
    """The text with which a server answers."""
    with contextlib.closing(connected(address, timeout)) as sock:
        if _OLD.match(_message(sock)):  # the version of its protocol
            raise OldServer('ZEO before 4 does not answer "ruok"')
        sock.sendall(QUESTION)
        return _message(sock).decode('utf-8')


def connected(address, timeout):
    """A socket that is connected to it."""
    if not isinstance(address, native_types):
        return socket.create_connection(address[:2], timeout)
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.settimeout(timeout)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def told(text, storage_name):
    """The numbers of one storage."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError('no answer of a ZEO server')
    stats = found.get(storage_name, {})
    return dict((name, stats[name]) for name in TOLD
                if isinstance(stats.get(name), int))


def _message(sock):
    size, = struct.unpack('>I', _read(sock, 4))
    if size > LONGEST:
        raise ValueError('no answer of a ZEO server')
    return _read(sock, size)


def _read(sock, size):
    parts = []
    while size:
        part = sock.recv(min(size, 65536))
        if not part:
            raise EnvironmentError('the ZEO server has closed the connection')
        parts.append(part)
        size -= len(part)
    return b''.join(parts)
