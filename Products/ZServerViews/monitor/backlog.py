"""Since when requests have waited for a worker, without a pause.

The wait of the oldest request does not show this: where clients give up, each
request is young, however long no response has been sent.
"""
from __future__ import absolute_import, division, print_function


class Backlog(object):
    """Remembers from one look to the next.

    Of two looks that threads take at once one may be forgotten.
    """

    def __init__(self):
        # Since when requests have waited, and when that was seen; in one, so
        # that nobody gets the one of a look and the other of the next.
        self._seen = None, None

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
        before, looked = self._seen
        if not received:
            self._seen = None, now
            return None
        since = min(received)
        if moved is not None:
            since = max(since, moved)
        # Whether this is the wait of the last look, with no request served.
        if (before is not None and now - looked <= gap
                and (moved is None or moved <= before)):
            since = min(before, since)
        self._seen = since, now
        return max(0.0, now - since)
