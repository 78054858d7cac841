"""How often something may have a record: at once, and then each few seconds for all
that has come meanwhile."""
from __future__ import absolute_import, division, print_function

from collections import OrderedDict, deque

# Seconds between two records of the same key; longer where there are many keys, so
# that all of them have five in a second.
PAUSE = 5.0
EACH = 0.2
# A key is forgotten when it has not come for so many seconds.
MINUTE = 60.0
# So many of the newest entries are kept until the next record.
NEWEST = 10


class State(object):
    """``told``
        When it had its last record, or None.
    ``count``, ``newest``
        How often it has come since, and the last entries, the oldest first.
    """

    __slots__ = 'told', 'count', 'newest'

    def __init__(self):
        self.told, self.count = None, 0
        self.newest = deque(maxlen=NEWEST)


class Quotas(object):
    """By key, for one thread.

    ``most``
        How many different keys there may be; all others share one.
    """

    OTHERS = object()

    def __init__(self, most):
        self._most = most
        self._states = OrderedDict()  # {key: State}

    def note(self, key, entry):
        """It has happened once more."""
        if key not in self._states and len(self._states) >= self._most:
            key = self.OTHERS
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = State()
        state.count += 1
        state.newest.append(entry)

    def due(self, now):
        """[(how often since the last record, entries)] of what is to have one now.

        The entries are the newest, the oldest of them first. All are of one key; of
        those that share one there is only the last.
        """
        pause = max(PAUSE, EACH * len(self._states))
        found = []
        for key, state in list(self._states.items()):
            quiet = pause if state.told is None else now - state.told
            if state.count and quiet >= pause:
                entries = list(state.newest)
                found.append((state.count, entries[-1:] if key is self.OTHERS
                              else entries))
                state.told, state.count = now, 0
                state.newest.clear()
            elif quiet >= max(MINUTE, pause):
                del self._states[key]
        return found

    def rest(self):
        """As `due`, of all that had none, at the end."""
        return self.due(float('inf'))
