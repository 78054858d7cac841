"""What a waitress knows of itself and of the site's requests, for views that tell
it. Which request has a record is up to `record`.
"""
from __future__ import absolute_import, division, print_function

import errno
import socket
import threading

from Products.ZServerViews.servers.waitress.entries import (
    channels_of,
    in_flight,
    requests_of,
)
from Products.ZServerViews.servers.waitress.record import RECORD

_NOTHING_THERE = frozenset([errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR])

# Another thread may close the channel just now, and the descriptor be that of a
# file that would be waited for.
_PEEK = socket.MSG_PEEK | getattr(socket, 'MSG_DONTWAIT', 0)

_WORKER = 'waitress-'


class WaitressState(object):
    """Asked in any event loop; reads what workers, and the server's own loop,
    write, without a lock.

    ``site``
        Of it the requests on the listener for views are counted too.
    """

    knows_queue = True
    worker = worker_count = text = None
    not_known = ()

    def __init__(self, server, site=None):
        self._server = server
        self._site = site

    @property
    def connection_limit(self):
        return self._server.adj.connection_limit

    def requests(self):
        found = []
        for channel in channels_of(self._server):
            records = [(place, getattr(request, RECORD))
                       for place, request in enumerate(requests_of(channel))
                       if hasattr(request, RECORD)]
            if records:
                gone = _is_gone(channel)
                for place, one in records:
                    one.gone = gone
                    one.behind = place > 0
                    found.append(one)
        return found

    def in_flight(self):
        """How many others are not answered in full, for a view that asks."""
        elsewhere = (0 if self._site is None
                     else self._site.in_flight_on_listener())
        # One of them is that view's own request.
        return max(0, in_flight(self._server) + elsewhere - 1)

    def look(self):
        """For `servers.views_loop`: nothing is to be remembered."""

    def worker_idents(self):
        return list(workers())

    def connections(self):
        return len(channels_of(self._server))


def workers():
    """See `runtime.site.Site.workers`."""
    return dict((thread.ident, None) for thread in list(
        threading._active.copy().values()) if _is_worker(thread.name))


def _is_worker(name):
    return name.startswith(_WORKER) and name[len(_WORKER):].isdigit()


def _is_gone(channel):
    """Whether the client has closed; asks the system, without waiting."""
    if not channel.connected:
        return True
    try:
        return channel.socket.recv(1, _PEEK) == b''
    except socket.error as error:
        return error.errno not in _NOTHING_THERE
