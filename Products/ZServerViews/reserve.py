"""What a server does with more connections than its limit; no sockets here.

A server that has reached its limit accepts nobody: then views would be out of
reach when they are needed most. While views are served it goes on accepting,
up to `RESERVE` further connections, by these rules:

- Connections without a request in work give way, the oldest first.
- No more requests than the limit allows are with Zope at once. Further ones
  wait for room, in the order in which they came.

Everything here runs in the server's loop.
"""
from __future__ import absolute_import, division, print_function

import errno
import logging
from collections import deque

from Products.ZServerViews._compat import monotonic

# Connections beyond the server's own limit.
RESERVE = 500
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


def oldest(connections, idle_since, now, grace=GRACE):
    """The connection that gives way, or None.

    ``idle_since(connection)``
        Since when it waits for a request, in seconds as ``now``; None if it
        must not give way.
    """
    found, found_since = None, now - grace
    for connection in connections:
        since = idle_since(connection)
        if since is not None and since < found_since:
            found, found_since = connection, since
    return found


def accepted(accept, exhausted):
    """What ``accept()`` returns; None if the process has no descriptor left.

    ``exhausted(error)`` is told of that. Other errors come through.
    """
    try:
        return accept()
    except EnvironmentError as error:  # PY2: socket.error is no OSError
        if error.errno not in EXHAUSTED:
            raise
        exhausted(error)
        return None


class Reserve(object):
    """The state of one server.

    ``limit``
        How many connections the server's own configuration allows.
    ``parked``
        Complete requests for Zope that wait for room, the oldest first, in
        whatever form the hook has them.
    ``pause_ends``
        Until when nobody is accepted; None if that is no question.
    ``special``
        Whether there is anything to do in the loop's next turn, beside what
        the server does itself.
    """

    def __init__(self, limit, journal, clock=monotonic):
        self.limit = limit
        self.parked = deque()
        self._journal = journal
        self._clock = clock
        self.pause_ends = None
        self._complained = None

    @property
    def special(self):
        return bool(self.parked) or self.pause_ends is not None

    def may_accept(self, connections):
        """Whether one more may come, beside these many."""
        if self.pause_ends is not None:
            if self._clock() < self.pause_ends:
                return False
            self.pause_ends = None
        return connections < self.limit + RESERVE

    def exhausted(self, error):
        """There was no descriptor for a new connection: wait a moment.

        Asked again at once, the loop would do nothing else.
        """
        now = self._clock()
        self.pause_ends = now + PAUSE
        if (self._complained is None
                or now - self._complained > COMPLAIN_EACH):
            self._complained = now
            self._journal.log(
                logging.ERROR, 'No connection can be accepted for now: %s. '
                'Raise the limit of open files (ulimit -n) or find out what '
                'keeps them open', error)
