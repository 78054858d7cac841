"""A profile of an interval, which nobody had to start: made from the looks.

It has what the renderers of `format.profiles` take.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.history import records
from Products.ZServerViews.history.stays import stays_of

UNKNOWN = u'(the stack is not known any more)', u'', 0


class Profile(object):
    """Stacks with times.

    ``frames``
        A list of (function, file, line).
    ``stacks``
        A list of tuples of indexes of frames, the outermost first.
    ``samples``
        A list of tuples (index of a stack, seconds, name of the thread, state,
        path, when it began in seconds since the epoch).
    ``about``
        What is known of how it was made.
    """

    def __init__(self, about):
        self.frames, self.stacks, self.samples = [], [], []
        self.about = about
        self._frames, self._stacks = {}, {}

    def add(self, frames, stay):
        """The time of a `stays.Stay` at these frames."""
        frames = tuple(map(tuple, frames)) or (UNKNOWN,)
        number = self._stacks.get(frames)
        if number is None:
            number = self._stacks[frames] = len(self.stacks)
            self.stacks.append(tuple(map(self._frame, frames)))
        self.samples.append((number, stay.seconds, stay.worker, stay.state,
                             stay.path, stay.start))

    def _frame(self, frame):
        number = self._frames.get(frame)
        if number is None:
            number = self._frames[frame] = len(self.frames)
            self.frames.append(frame)
        return number


def profile_of(history, first, last, path=None, worker=None, title=u''):
    """The `Profile` of an interval of a `model.History`; see `stays_of`."""
    found = history.between(first, last)
    looks = [record for record in found if record['kind'] == records.LOOK]
    late = sorted(record['late'] or 0.0 for record in looks) or [0.0]
    gaps = [record['seconds'] for record in found
            if record['kind'] == records.GAP]
    profile = Profile({
        'title': title, 'start': first, 'seconds': last - first,
        'planned': None, 'taken': len(looks),
        'late_p99': late[int(0.99 * (len(late) - 1))],
        'longest_gap': max(gaps + late), 'own_cost': None,
        'sampler': 'history: a look in each second in which a worker was busy '
                   'for over a second or a request waited'})
    for stay in stays_of(found, first, last, path, worker):
        profile.add(() if stay.stack is None
                    else history.table.frames(stay.stack), stay)
    return profile
