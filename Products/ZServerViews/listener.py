"""The socket of the listener that is for views alone (setting ``listen``)."""
from __future__ import absolute_import, division, print_function

import errno
import logging
import os
import socket
import stat

# Connections that may wait to be accepted: a unix socket refuses further ones
# at once, and ZServer accepts one in each turn of its loop.
BACKLOG = 128
# Who reads and writes the unix socket: the user of the site.
MODE = 0o600


def open_for(site):
    """Bind the socket that the settings of a Site ask for; it is
    ``site.reserved`` then. None if they ask for none, or if there is one.

    A failure is logged; the site goes on without.
    """
    address = site.settings.listen
    if address is None or site.reserved is not None:
        return None
    try:
        site.reserved = bind(address)
    except (socket.error, OSError) as error:
        site.journal.log(
            logging.ERROR, 'No listener for views at %s: %s. The views are '
            "reachable on the site's own ports only", address.text, error)
        return None
    site.journal.log(logging.INFO, 'Views are also served at %s',
                     address.text)
    return site.reserved


def bind(address):
    """A listening socket that does not block, for a `datatypes.Address`.

    Raises socket.error where there can be none, such as for an address that
    somebody else has.
    """
    if address.family == socket.AF_UNIX:
        _remove_stale(address.address)
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        _prepare(sock, address)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _prepare(sock, address):
    if address.family == socket.AF_UNIX:
        sock.bind(address.address)
        # Nobody can connect before listen().
        os.chmod(address.address, MODE)
        return
    if address.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(address.address)


def _remove_stale(path):
    """Remove the socket that a process left which has ended."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return  # somebody's file: bind() will say so
    except OSError:
        return
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        client.setblocking(False)
        client.connect(path)
    except socket.error as error:
        if error.errno == errno.ECONNREFUSED:
            os.unlink(path)
    finally:
        client.close()
