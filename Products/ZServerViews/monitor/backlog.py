"""Since when requests have waited for a worker, without a pause.

How long the oldest of them has waited does not tell: where clients give up,
each of them is young, however long nobody has got an answer.
"""
from __future__ import absolute_import, division, print_function


class Backlog(object):
    """Remembers from one look to the next; one thread at a time looks."""

    def __init__(self):
        self._since = self._looked = None

    def look(self, received, moved, now, gap):
        """For how many seconds at least one request has waited; None if none
        waits now.

        ``received``
            The moments at which those came that wait for a worker now.
        ``moved``
            When a worker has last taken or finished a request: with that a
            new wait begins. None if that never was.
        ``now``
            This moment, of the same clock.
        ``gap``
            Of the time between two looks that are further apart than so many
            seconds nothing is known; only those count then that wait now.
        """
        looked, self._looked = self._looked, now
        if not received:
            self._since = None
            return None
        since = min(received)
        if moved is not None:
            since = max(since, moved)
        if not self._goes_on(looked, moved, now, gap):
            self._since = since
        self._since = min(self._since, since)
        return max(0.0, now - self._since)

    def _goes_on(self, looked, moved, now, gap):
        """Whether this is the wait of the look before, with nobody served."""
        return (self._since is not None and now - looked <= gap
                and (moved is None or moved <= self._since))
