"""The socket of the listener that is for views alone (setting ``listen``)."""
from __future__ import absolute_import, division, print_function

import errno
import logging
import os
import socket
import stat

from Products.ZServerViews.runtime import handover
from Products.ZServerViews.runtime.siblings import sockets_of_processes

# Connections that may wait to be accepted: a unix socket refuses further ones
# at once, and ZServer accepts one in each iteration of its event loop.
BACKLOG = 128
# Who reads and writes the unix socket: the user of the site.
MODE = 0o600


def open_for(site, others_expected=False):
    """Bind the socket that the settings of a Site ask for; it is
    ``site.views_socket`` then. None if they ask for none, or if there is one.

    A failure is logged, once if it is the same again; the site goes on without.

    ``others_expected``
        Whether this process is one of several, of which another has a single
        address, and who calls tries again.
    """
    address = site.settings.listen
    if address is None or site.views_socket is not None:
        return None
    try:
        site.views_socket = _first_free(address)
    except (socket.error, OSError) as error:
        failure = site.settings, str(error)
        if failure != site.views_socket_failure:
            site.views_socket_failure = failure
            site.log_queue.log(*_failure(address, error, others_expected))
        return None
    site.views_socket_failure = None
    site.log_queue.log(logging.INFO, 'Views are also served at %s',
                       address.told(site.views_socket))
    return site.views_socket


def _failure(address, error, others_expected):
    """(level, message, arguments) for the log."""
    if not (others_expected and error.errno == errno.EADDRINUSE):
        return (logging.ERROR, 'No listener for views at %s: %s%s. The views '
                "are reachable on the site's own ports only",
                address.text, error, _remedy(address, error))
    if address.is_of_several:
        return (logging.WARNING, 'No listener for views: all addresses of %s '
                'are in use; trying again every 2 s. There must be one for '
                'each process, and some more for restarts', address.text)
    return (logging.INFO, 'No listener for views at %s in this process: another '
            'process listens there; trying again every 2 s', address.text)


def _remedy(address, error):
    """What to do, to be appended to the error; may be ''."""
    if error.errno == errno.EADDRNOTAVAIL:
        return ': this machine has no such address'
    if address.family == socket.AF_UNIX:
        folder = os.path.dirname(address.address)
        if error.errno == errno.ENOENT:
            return ': create the folder %s' % folder
        if error.errno == errno.EACCES:
            return ': user %d may not write to the folder %s' % (
                os.geteuid(), folder)
        if os.path.isfile(address.address):
            return ': that is a file and no socket; it is left as it is'
    if error.errno == errno.EADDRINUSE:
        return ': another process has it (see ss -lp)'
    return ''


def _first_free(address):
    remove_those_of_the_dead(address)
    failure = None
    for choice in address.choices():
        try:
            return _bound(choice)
        except (socket.error, OSError) as error:
            if error.errno != errno.EADDRINUSE:
                raise
            failure = error
    raise failure


def _bound(address):
    try:
        return bind(address)
    except (socket.error, OSError) as error:
        # The companion of a process that was killed may have the address.
        found = (handover.take(address)
                 if error.errno == errno.EADDRINUSE else None)
        if found is None:
            raise
        return found


def remove_those_of_the_dead(address):
    """Remove the unix sockets that processes have left which have ended; others
    of their name are there no more, to replace them."""
    for path, pid in sockets_of_processes(address):
        # Who is alive may be about to listen.
        if not _is_alive(pid):
            try:
                _remove_stale(path)
            except (socket.error, OSError):
                pass  # another process has done so


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except OSError as error:
        return error.errno != errno.ESRCH
    except OverflowError:
        return False  # of no process
    return True


def bind(address):
    """A listening socket that does not block, for a `config.addresses.Address`.

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


def is_free(address):
    """Whether nobody listens at a `config.addresses.Address`."""
    try:
        sock = socket.socket(address.family, socket.SOCK_STREAM)
    except socket.error:
        return False
    try:
        if address.family == socket.AF_UNIX:
            sock.setblocking(False)
            return sock.connect_ex(address.address) != 0
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address.address)
        return True
    except socket.error:
        return False
    finally:
        sock.close()


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
