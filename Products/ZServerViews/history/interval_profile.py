"""A profile of an interval, which nobody had to start: made from the looks.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.profiles.sampled import Profile
from Products.ZServerViews.history import records
from Products.ZServerViews.history.stays import stays_of

UNKNOWN = u'(the stack is not known any more)', u'', None

SAMPLER = (u'history: a look a second while a worker is busy for over a second '
           u'or a request waits')


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


def profile_of(history, first, last, path=None, worker=None, title=u''):
    """The `Profile` of an interval of a `model.History`; see `stays_of`."""
    found = history.between(first, last)
    looks = [record for record in found if record['kind'] == records.LOOK]
    late = sorted(record['late'] or 0.0 for record in looks) or [0.0]
    gaps = [record['seconds'] for record in found
            if record['kind'] == records.GAP]
    frames, stacks, samples = Numbers(), Numbers(), []
    for stay in stays_of(found, first, last, path, worker):
        known = (history.table.frames(stay.stack) or (UNKNOWN,)
                 if stay.stack is not None else (UNKNOWN,))
        samples.append((stacks.of(tuple(map(frames.of, known))), stay.seconds,
                        stay.worker, stay.state, stay.path, stay.start))
    return Profile(frames.all, stacks.all, samples, {
        'title': title, 'start': first, 'seconds': last - first,
        'planned': None, 'taken': len(looks),
        'late_p99': late[int(0.99 * (len(late) - 1))],
        'longest_gap': max(gaps + late), 'own_cost': None,
        'sampler': SAMPLER})
