"""Admission control: more connections than the limit; no sockets here.

A server that has reached its limit stops accepting: then views would be
unreachable when they are needed most. While views are served it goes on
accepting, up to `HEADROOM` further connections, by these rules:

- Connections without a request in work are evicted, the oldest first.
- Zope never has more requests at once than the limit allows. Further ones are
  queued in the order of their arrival.

Everything here runs in the server's event loop.
"""
from __future__ import absolute_import, division, print_function

import errno
import logging
from collections import deque

from Products.ZServerViews._compat import monotonic

# Connections beyond the server's own limit.
HEADROOM = 500
# Seconds that a connection has for its first request, or between two.
GRACE = 0.5
# Seconds without a byte after which a body counts as given up.
BODY_STALLS = 10
# Seconds without accepting when the process has no descriptor left.
PAUSE = 0.5
# Seconds between two complaints about that.
COMPLAIN_EACH = 60

EXHAUSTED = frozenset([errno.EMFILE, errno.ENFILE, errno.ENOBUFS,
                       errno.ENOMEM])


def longest_idle(connections, idle_since, now, grace=GRACE):
    """The connection to evict, or None.

    ``idle_since(connection)``
        Since when it waits for a request, in seconds as ``now``; None if it
        must not be evicted.
    """
    found, found_since = None, now - grace
    for connection in connections:
        since = idle_since(connection)
        if since is not None and since < found_since:
            found, found_since = connection, since
    return found


def accepted(accept, exhausted):
    """What ``accept()`` returns; None if the process has no descriptor left.

    ``exhausted(error)`` is called then. Other errors come through.
    """
    try:
        return accept()
    except EnvironmentError as error:  # PY2: socket.error is no OSError
        if error.errno not in EXHAUSTED:
            raise
        exhausted(error)
        return None


class Headroom(object):
    """The state of one server.

    ``limit``
        How many connections the server's own configuration allows.
    ``queued``
        Complete requests for Zope that are queued, the oldest first, in
        whatever form the hook has them.
    ``pause_ends``
        Until when accepting is paused; None if it is not.
    ``special``
        Whether there is anything to do in the next iteration, besides what
        the server does itself.
    """

    def __init__(self, limit, log_queue, clock=monotonic):
        self.limit = limit
        self.queued = deque()
        self._log_queue = log_queue
        self._clock = clock
        self.pause_ends = None
        self._complained = None

    @property
    def special(self):
        return bool(self.queued) or self.pause_ends is not None

    def may_accept(self, connections):
        """Whether to accept one more connection besides these."""
        if self.pause_ends is not None:
            if self._clock() < self.pause_ends:
                return False
            self.pause_ends = None
        return connections < self.limit + HEADROOM

    def exhausted(self, error):
        """There was no descriptor for a new connection: pause accepting.

        Without a pause, the event loop would do nothing else.
        """
        now = self._clock()
        self.pause_ends = now + PAUSE
        if (self._complained is None
                or now - self._complained > COMPLAIN_EACH):
            self._complained = now
            self._log_queue.log(
                logging.ERROR, 'No connection can be accepted at the '
                'moment: %s. Raise the limit of open files (ulimit '
                '-n), or find out what holds them open', error)
