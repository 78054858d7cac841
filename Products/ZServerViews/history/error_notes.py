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
MOST_NOTES = 2000
MOST_FRAMES = 60

# So many different ones are told apart.
MOST_KEYS = 300

LONGEST = 100


class Errors(object):
    """What workers note, and the records of it."""

    def __init__(self):
        self._notes = deque(maxlen=MOST_NOTES)
        self._quotas = Quotas(MOST_KEYS)

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
        classes = self._sort()
        return [_record(count, entries, table, wall)
                for count, entries in self._quotas.due(now)], classes

    def rest(self, table, wall):
        """The records of all that had none, at the end."""
        self._sort()
        return [_record(count, entries, table, wall)
                for count, entries in self._quotas.rest()]

    def _sort(self):
        classes = []
        while self._notes:
            request, name, frames, moment = self._notes.popleft()
            name = clean(name, LONGEST)
            if request is not None:
                classes.append((request, name))
            frames = [(text(code.co_name), text(code.co_filename), line or 0)
                      for code, line in frames]
            self._quotas.note(
                (name, frames[-1] if frames else None),
                (name, frames, moment, None if request is None
                 else text(request.path)))
        return classes


def _record(count, entries, table, wall):
    name, frames, _moment, _path = entries[-1]
    told = [[wall(moment), path, table.intern(frames) if frames else None]
            for _name, frames, moment, path in entries]
    time, path, stack = told.pop()
    return {'kind': records.ERROR, 'time': time, 'class': name,
            'place': list(frames[-1]) if frames else None, 'count': count,
            'path': path, 'stack': stack, 'before': told}


def _frames_of(traceback):
    """[(code, line)] of the innermost frames, the outermost first."""
    found = deque(maxlen=MOST_FRAMES)
    while traceback is not None:
        found.append((traceback.tb_frame.f_code, traceback.tb_lineno))
        traceback = traceback.tb_next
    return list(found)
