"""From looks to times: for how long each worker was where it was seen."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.history import records

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
        self.worker = row[records.NAME]
        self.id = row[records.ID]
        self.path = row[records.PATH]
        self.state = row[records.STATE]
        self.stack = row[records.STACK]
        self.start = start
        self.seconds = seconds


def stays_of(found, first, last, path=None, worker=None):
    """The `Stay` of each worker in each look among these records.

    Of the time between two looks at the same request one half belongs to each;
    but what a look was late belongs to what it has seen: that has kept the
    interpreter. Before the first look at it, a request was there since its
    worker began with it.

    ``first``, ``last``
        The interval; times outside it do not count.
    ``path``, ``worker``
        Only those of the path, and of the thread with that name, if given.
    """
    rows = {}  # {(worker, id of the request): [(time, late, row)]}
    for record in found:
        if record['kind'] == records.LOOK:
            for row in record['workers']:
                if (path in (None, row[records.PATH])
                        and worker in (None, row[records.NAME])):
                    rows.setdefault((row[records.NAME], row[records.ID]),
                                    []).append((record['time'],
                                                record['late'] or 0.0, row))
    made = []
    for seen in rows.values():
        bounds = _bounds(seen)
        for (begin, end), (_time, _late, row) in zip(bounds, seen):
            begin, end = max(begin, first), min(end, last)
            if end > begin:
                made.append(Stay(row, begin, end - begin))
    made.sort(key=lambda stay: stay.start)
    return made


def _bounds(seen):
    """[(begin, end)] of each of the looks at one request."""
    time, _late, row = seen[0]
    begins, ends = [time - (row[records.AGE] or 0.0)], []
    for (before, _late, _row), (time, late, _row) in zip(seen, seen[1:]):
        if time - before > APART + late:
            ends.append(before + HALF)
            begins.append(time - HALF - late)
        else:
            on_time = max(before, time - late)
            middle = (before + on_time) / 2
            ends.append(middle)
            begins.append(middle)
    ends.append(seen[-1][0] + HALF)
    return list(zip(begins, ends))
