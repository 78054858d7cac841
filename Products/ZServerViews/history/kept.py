"""Records that are kept however many others come: of each class the newest, and
the slowest."""
from __future__ import absolute_import, division, print_function

import json
import zlib
from bisect import insort
from collections import deque

from Products.ZServerViews.history import records
from Products.ZServerViews.history.stories import CLASSES, class_of

# Of each class.
NEWEST = 10
SLOWEST = 10

# Stacks of a request, those where it was for longest.
MOST_STACKS = 30

# Classes of errors, beside those of latency; and different errors.
MOST_ERROR_CLASSES = 20
MOST_ERRORS = 150
MOST_INCIDENTS = 100


class Kept(object):
    """A record with the stacks that it needs, which the table may forget.

    They are compressed: of some hundred requests, each with stacks of its own,
    they would be larger than all else.
    """

    __slots__ = 'record', '_data'

    def __init__(self, record, table):
        if record['kind'] == records.REQUEST:
            record = dict(record, stacks=longest(record['stacks'], MOST_STACKS))
        self.record = record
        numbers = sorted(set(records.stacks_of(record)))
        self._data = zlib.compress(json.dumps(
            [[number, table.frames(number)] for number in numbers],
            separators=(',', ':')).encode('ascii'), 3) if numbers else None

    def frames(self):
        """{number: list of [function, file, line]}; unpacked each time."""
        if self._data is None:
            return {}
        return dict(json.loads(zlib.decompress(self._data).decode('ascii')))


def longest(stays, most):
    """So many of a request's stays, in their order."""
    if len(stays) <= most:
        return stays
    least = sorted(stay[records.STAY_SECONDS] for stay in stays)[-most]
    return [stay for stay in stays
            if stay[records.STAY_SECONDS] >= least][:most]


class OfClass(object):
    """The newest and the slowest requests of one class."""

    def __init__(self):
        self.newest = deque(maxlen=NEWEST)
        self._slowest = []  # (seconds, number, Kept), the slowest last
        self._count = 0

    def add(self, kept):
        self._count += 1
        self.newest.append(kept)
        # No two have the same number, so nothing compares the third.
        insort(self._slowest, (kept.record['seconds'], self._count, kept))
        del self._slowest[:-SLOWEST]

    def all(self):
        found = dict((id(kept), kept) for kept in self.newest)
        found.update((id(kept), kept) for _s, _n, kept in self._slowest)
        return list(found.values())


class SlowKept(object):
    """Requests by their class of latency, and by the class of their error."""

    def __init__(self):
        self._classes = [OfClass() for _class in CLASSES]
        self._errors = {}

    def add(self, kept):
        number = class_of(kept.record['seconds'])
        if number >= 0:
            self._classes[number].add(kept)
        error = kept.record.get('error')
        if error is not None:
            if error not in self._errors:
                _make_room(self._errors, MOST_ERROR_CLASSES,
                           lambda one: one.newest[-1].record['time'])
            self._errors.setdefault(error, OfClass()).add(kept)

    def all(self):
        """Each once, the oldest first."""
        found = {}
        for one in self._classes + list(self._errors.values()):
            found.update((id(kept), kept) for kept in one.all())
        return sorted(found.values(), key=lambda kept: kept.record['time'])


class OneError(object):
    """An error of one class at one place: how often, when, and the newest."""

    def __init__(self, time):
        self.count = 0
        self.first = self.last = time
        self.newest = deque(maxlen=NEWEST)

    def add(self, record, table):
        self.count += record['count']
        self.last = record['time']
        for one in _each(record):
            self.first = min(self.first, one['time'])
            self.newest.append(Kept(one, table))


def _each(record):
    """One record for each error that a record of errors tells of."""
    for earlier in record.get('before', ()):
        yield dict(record, before=[], time=earlier[records.EARLIER_TIME],
                   path=earlier[records.EARLIER_PATH],
                   stack=earlier[records.EARLIER_STACK])
    yield dict(record, before=[])


class ErrorsKept(object):
    """{(class, place): OneError}; the one that has not come for longest goes.
    """

    def __init__(self):
        self._errors = {}

    def add(self, record, table):
        key = record['class'], tuple(record['place'] or ())
        if key not in self._errors:
            _make_room(self._errors, MOST_ERRORS, lambda one: one.last)
            self._errors[key] = OneError(record['time'])
        self._errors[key].add(record, table)

    def all(self):
        """[(class, place, OneError)], that which came last first."""
        return sorted(((name, list(place), one) for (name, place), one
                       in self._errors.items()),
                      key=lambda found: -found[2].last)


def _make_room(found, most, age):
    if len(found) >= most:
        del found[min(found, key=lambda key: age(found[key]))]
