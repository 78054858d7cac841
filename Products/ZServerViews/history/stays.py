"""From looks to times: for how long each worker was where it was seen."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.history import records
from Products.ZServerViews.history.asked_path import AskedPath

# Between two looks that are further apart, in seconds, nobody knows.
APART = 2.0
# What a look stands for then, on each side.
HALF = 0.5


class Stay(object):
    """A worker at one place, as one look has seen it.

    ``start``, ``seconds``
        From when on, in seconds since the epoch, and how long.
    """

    __slots__ = ('worker', 'id', 'path', 'state', 'stack', 'start', 'seconds')

    def __init__(self, row, start, seconds):
        (self.worker, self.id, self.path, self.state, self.stack,
         _age) = row
        self.start = start
        self.seconds = seconds


class Stays(object):
    """Takes looks one after the other, and tells of each worker when the next
    one has seen it.

    Of the time between two looks at the same request one half belongs to each;
    but what a look was late belongs to what it has seen: that has kept the
    interpreter. Before the first look at it, a request was there since its
    worker began with it.

    ``first``, ``last``
        The interval; times outside it do not count.
    ``path``, ``worker``
        Only those of the path, and of the thread with that name, if given.
    """

    def __init__(self, first, last, path=None, worker=None):
        self._first, self._last = first, last
        self._is_path, self._worker = AskedPath(path), worker
        self._open = {}  # {name of a worker: (when seen, begin, row)}

    def add(self, look):
        """The `Stay` objects that are known with this record of a look."""
        time, late = look['time'], look['late'] or 0.0
        found = []
        for row in look['workers']:
            name = row[records.NAME]
            if self._worker not in (None, name) or not self._is_path(
                    row[records.PATH]):
                continue
            before = self._open.get(name)
            begin = time - (row[records.AGE] or 0.0)
            if before is not None:
                end = before[0] + HALF
                if before[2][records.ID] == row[records.ID]:
                    end, begin = _between(before[0], time, late)
                self._close(found, before, end)
            self._open[name] = time, begin, row
        return found

    def rest(self):
        """Those that no later look has seen."""
        found = []
        for before in self._open.values():
            self._close(found, before, before[0] + HALF)
        return found

    def _close(self, found, before, end):
        begin, end = max(before[1], self._first), min(end, self._last)
        if end > begin:
            found.append(Stay(before[2], begin, end - begin))


def _between(before, time, late):
    """(end, begin) of what two looks have seen."""
    if time - before > APART + late:
        return before + HALF, time - HALF - late
    middle = (before + max(before, time - late)) / 2
    return middle, middle
