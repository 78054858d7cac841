"""How often something may have a record: a few times a minute, the rest is
counted."""
from __future__ import absolute_import, division, print_function

MINUTE = 60


class Quotas(object):
    """By key, for one thread.

    ``most``
        How many different keys there may be; all others share one.
    ``each``
        How many records a key may have in a minute.
    """

    OTHERS = object()

    def __init__(self, most, each):
        self._most = most
        self._each = each
        self._states = {}  # {key: [since when, records since, not told]}

    def count(self, key, now):
        """It has happened once more: how often since its last record, if it is
        to have one now; else 0."""
        state = self._states.get(key)
        if state is None:
            if len(self._states) >= self._most:
                self._forget(now)
            if len(self._states) >= self._most:
                key = self.OTHERS
            state = self._states.setdefault(key, [now, 0, 0])
        if now - state[0] >= MINUTE:
            state[:2] = [now, 0]
        state[2] += 1
        if state[1] >= self._each:
            return 0
        state[1] += 1
        told, state[2] = state[2], 0
        return told

    def overdue(self, now):
        """[(key, how often)] of what has had no record, where its minute is over:
        it is to have one, since it may never happen again."""
        found = []
        for key, state in self._states.items():
            since, _told, left = state
            if left and key is not self.OTHERS and now - since >= MINUTE:
                state[:] = [now, 1, 0]
                found.append((key, left))
        return found

    def __contains__(self, key):
        """Whether it is counted for itself."""
        return key in self._states

    def _forget(self, now):
        for key in [key for key, (since, _told, left) in self._states.items()
                    if now - since >= MINUTE and not left]:
            del self._states[key]
