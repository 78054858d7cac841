"""A profile of an interval, which nobody had to start: made from the looks.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.profiles.sampled import Profile
from Products.ZServerViews.history import records
from Products.ZServerViews.history.stays import Stays
from Products.ZServerViews.monitor.thread_states import UNKNOWN

# Formats that know only frames have no frame for '-': that would say 'computes'.
NOT_KNOWN = u'not known'
NO_STACK = u'(the stack is not known any more)', u'', None

SAMPLER = (u'history: a look a second while a worker is busy for over a second '
           u'or a request waits')

# Samples whose times are kept.
MOST = 20000


class Numbers(object):
    """Things that get numbers as they come; equal ones have the same.

    ``all``
        Each once, by its number.
    """

    def __init__(self):
        self.all = []
        self._numbers = {}

    def of(self, thing):
        number = self._numbers.get(thing)
        if number is None:
            number = self._numbers[thing] = len(self.all)
            self.all.append(thing)
        return number


class Samples(object):
    """Stays as the samples of a profile; where there are very many, equal ones
    are added up, without their times.
    """

    def __init__(self, table):
        self._table = table
        self.frames, self.stacks = Numbers(), Numbers()
        self._numbers = {}  # {stack in the table: number here}
        self._samples = []
        self._sums = {}

    def add(self, stays):
        for stay in stays:
            number = self._numbers.get(stay.stack)
            if number is None:
                number = self._numbers[stay.stack] = self._number(stay.stack)
            state = NOT_KNOWN if stay.state == UNKNOWN else stay.state
            self._samples.append((number, stay.seconds, stay.worker,
                                  state, stay.path, stay.start))
        if len(self._samples) > MOST:
            self._add_up()

    def all(self):
        if self._sums:
            self._add_up()
        return self._samples or [
            (key[0], self._sums[key]) + key[1:] + (None,)
            for key in self._sums]

    def _add_up(self):
        sums = self._sums
        for number, seconds, worker, state, path, _start in self._samples:
            key = number, worker, state, path
            sums[key] = sums.get(key, 0.0) + seconds
        self._samples = []

    def _number(self, stack):
        known = () if stack is None else self._table.frames(stack)
        return self.stacks.of(tuple(map(self.frames.of, known or (NO_STACK,))))


def profile_of(history, first, last, path=None, worker=None, title=u''):
    """The `Profile` of an interval of a `model.History`; see `Stays`."""
    stays, samples = Stays(first, last, path, worker), Samples(history.table)
    late, longest = [], 0.0
    for record in history.between(first, last):
        if record['kind'] == records.LOOK:
            late.append(record['late'] or 0.0)
            samples.add(stays.add(record))
        elif record['kind'] == records.GAP:
            longest = max(longest, record['seconds'])
    samples.add(stays.rest())
    late.sort()
    return Profile(samples.frames.all, samples.stacks.all, samples.all(), {
        'title': title, 'start': first, 'seconds': last - first,
        'planned': None, 'taken': len(late), 'own_cost': None,
        'late_p99': late[int(0.99 * (len(late) - 1))] if late else None,
        'longest_gap': max(late + [longest]), 'sampler': SAMPLER})
