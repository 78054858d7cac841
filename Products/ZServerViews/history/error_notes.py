"""Errors of requests, by their class and the place where they were raised.

The worker that fails notes the frames of the traceback, without a variable of
theirs, and no text of the exception. The recorder's thread makes records.
"""
from __future__ import absolute_import, division, print_function

from collections import deque

from Products.ZServerViews.format.text import clean, text
from Products.ZServerViews.history import records
from Products.ZServerViews.history.quotas import Quotas

# Notes of workers between two looks, and frames of each.
MOST_NOTES = 500
MOST_FRAMES = 60

# So many different ones, and so many records of each in a minute.
MOST_KEYS = 300
EACH_MINUTE = 5

LONGEST = 100


class Errors(object):
    """What workers note, and the records of it."""

    def __init__(self):
        self._notes = deque(maxlen=MOST_NOTES)
        self._quotas = Quotas(MOST_KEYS, EACH_MINUTE)
        self._untold = {}  # {key: the last record that it was not to have}

    # By workers:

    def failed(self, request, exc_info, moment):
        """The publisher gives up on a request for this exception.

        ``request``
            The `monitor.requests.Request`, or None.
        """
        self._notes.append((request, exc_info[0].__name__,
                            _frames_of(exc_info[2]), moment))

    # By the recorder:

    def take(self, table, wall, now):
        """(records, [(request, class of its error)]) of all notes."""
        found, classes = [], []
        while self._notes:
            request, name, frames, moment = self._notes.popleft()
            name = clean(name, LONGEST)
            if request is not None:
                classes.append((request, name))
            frames = [(text(code.co_name), text(code.co_filename), line or 0)
                      for code, line in frames]
            place = list(frames[-1]) if frames else None
            key = name, tuple(place or ())
            count = self._quotas.count(key, moment)
            made = {'kind': records.ERROR, 'time': wall(moment),
                    'class': name, 'place': place, 'count': count,
                    'path': None if request is None else text(request.path),
                    'stack': table.intern(frames) if frames else None}
            if count:
                found.append(made)
                self._untold.pop(key, None)
            elif key in self._quotas:
                self._untold[key] = made
        for key, count in self._quotas.overdue(now):
            found.append(dict(self._untold.pop(key), count=count))
        return found, classes


def _frames_of(traceback):
    """[(code, line)] of the innermost frames, the outermost first."""
    found = deque(maxlen=MOST_FRAMES)
    while traceback is not None:
        found.append((traceback.tb_frame.f_code, traceback.tb_lineno))
        traceback = traceback.tb_next
    return list(found)
