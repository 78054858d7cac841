"""Which requests wait for a worker, as the event loops see it.

Only an event loop may ask its server. So it does, once a second, in an
iteration that the watchdog has asked for; the recorder's thread reads that.
"""
from __future__ import absolute_import, division, print_function

import sys

from Products.ZServerViews._compat import monotonic

# Seconds between two questions, and after which an answer says nothing more.
INTERVAL = 0.9
STALE = 3.0

# How many of the oldest are named.
MOST_PATHS = 20


class Waits(object):
    """What the servers of one process have told.

    ``report(exc_info)``
        Called once for a server that fails to tell; it is not asked again.
    ``number``, ``received``, ``paths``
        How many wait, when the oldest of them came, and the paths of the
        oldest.
    """

    def __init__(self, report, clock=monotonic):
        self._report = report
        self._clock = clock
        self.begin_anew()

    def begin_anew(self):
        """Know nothing; also in a forked child."""
        self._seen = {}  # {id of a state: (moment, number, received, paths)}
        self._failed = set()

    def ask(self, loop):
        """In this event loop: ask its server, if that tells, and it is time.

        Never raises: the loop would end with it.
        """
        state = loop.state
        if state is None or id(state) in self._failed:
            return
        try:
            self._ask(state)
        except Exception:
            self._failed.add(id(state))
            self._report(sys.exc_info())

    def _ask(self, state):
        now = self._clock()
        seen = self._seen.get(id(state))
        if seen is not None and now - seen[0] < INTERVAL:
            return
        if not state.knows_queue:
            return
        waiting = sorted((request for request in state.requests()
                          if request.started is None and not request.behind),
                         key=lambda request: request.received)
        self._seen[id(state)] = (
            now, len(waiting), waiting[0].received if waiting else None,
            [request.path for request in waiting[:MOST_PATHS]])

    def now(self):
        """(number, longest wait in seconds, paths) of those that waited when it was
        told; three None where nobody has told lately.

        Most have a worker a moment later, so none is taken to wait still.
        """
        now = self._clock()
        # Copied in one step of the interpreter: a loop may add one.
        told = [seen for seen in self._seen.copy().values()
                if now - seen[0] <= STALE]
        if not told:
            return None, None, None
        waits = [max(0.0, seen[0] - seen[2]) for seen in told
                 if seen[2] is not None]
        return (sum(seen[1] for seen in told), max(waits) if waits else None,
                [path for seen in told for path in seen[3]][:MOST_PATHS])
