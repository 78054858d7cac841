"""Requests that take long: what became of each, from look to look.

A worker that finishes one leaves a note in `Ended`, if it was slow; the
recorder's thread looks at those in work, and makes the records.
"""
from __future__ import absolute_import, division, print_function

import os
from bisect import bisect_right
from collections import deque

from Products.ZServerViews.format.text import text
from Products.ZServerViews.history import records
from Products.ZServerViews.monitor.requests import WAITING
from Products.ZServerViews.monitor.thread_states import DATABASE

# The classes of latency, by their lower ends in seconds.
CLASSES = (0.1, 0.5, 2.0, 10.0, 60.0)

# Notes of workers between two looks.
MOST_NOTES = 2000

# Of requests that are faster than the setting slow-request, so many of each
# class have a record in a minute; of the others so many. As many may come at once;
# of those behind them one has a record now and then, so the newest are not old.
FEW = 10
MANY = 60
MINUTE = 60

# Different stays of one request, each at a stack in a state.
MOST_STAYS = 100


def class_of(seconds):
    """The index in `CLASSES`; -1 for what is faster than all."""
    return bisect_right(CLASSES, seconds) - 1


class Ended(object):
    """What workers note of the slow requests that they have finished.

    ``least``
        Faster ones are not noted, in seconds since the request came.
    """

    least = CLASSES[0]

    def __init__(self):
        self._notes = deque(maxlen=MOST_NOTES)
        self.note = self._notes.append  # (request, moment, ident)

    def take(self):
        """All notes, the oldest first; they are taken out."""
        found = []
        while self._notes:
            found.append(self._notes.popleft())
        return found


class Story(object):
    """What the looks have seen of one request in work.

    The time between two looks belongs half to what the one has seen, and half
    to what the other has; that before the first look to the first, and that
    behind the last look to the last.

    ``stays``
        [stack, state, seconds] in their order.
    ``phases``
        {name: seconds}
    """

    def __init__(self, request, number, worker):
        self.request = request
        self.id = number
        self.worker = worker
        self.stays = []
        self.phases = {}
        self.logged = False
        self._phase = None
        self._until = request.started
        self._looks = self._in_storage = 0

    def see(self, now, stack, state):
        """A look at this moment."""
        half = max(0.0, now - self._until) / 2
        first = not self.stays
        self._add(half)
        if first or self.stays[-1][:2] != [stack, state]:
            self._begin(stack, state)
        self._phase = self.request.phase
        self._until = now
        self._add(half * (2 if first else 1))
        self._looks += 1
        self._in_storage += state == DATABASE

    def end(self, now):
        """It has ended at this moment."""
        self._add(max(0.0, now - self._until))
        self._until = now

    @property
    def storage(self):
        """The share of its looks that found it in a storage; or None."""
        if not self._looks:
            return None
        return round(self._in_storage / self._looks, 3)

    def _begin(self, stack, state):
        if len(self.stays) >= MOST_STAYS:
            self._merge()
        self.stays.append([stack, state, 0.0])

    def _merge(self):
        """Make one of those at the same place: their order is lost then, and
        their time is not."""
        merged = {}
        for stack, state, seconds in self.stays:
            stay = merged.setdefault((stack, state), [stack, state, 0.0])
            stay[2] += seconds
        self.stays = sorted(merged.values(), key=lambda stay: -stay[2])[
            :MOST_STAYS // 2]

    def _add(self, seconds):
        if self.stays:
            self.stays[-1][records.STAY_SECONDS] += seconds
        if self._phase is not None:
            self.phases[self._phase] = (
                self.phases.get(self._phase, 0.0) + seconds)


class SlowRequests(object):
    """The stories of all that are in work; for one thread.

    ``wall(moment)``
        The wall clock at a moment of the monotonic one.
    """

    def __init__(self, wall):
        self._wall = wall
        self._count = 0
        self._stories = {}  # {id of a Request: Story}
        self._errors = {}   # {id of a Request: (it, the class of its error)}
        self._left = {}     # {(class, most): (how many may have one, when)}

    def story_of(self, request, worker):
        """(its Story, whether it is new)"""
        story = self._stories.get(id(request))
        if story is not None and story.request is request:
            return story, False
        story = Story(request, self._number(), worker)
        self._stories[id(request)] = story
        return story, True

    def begun(self, story, now):
        """The record for a new story."""
        return dict(self._head(story.request, story.id, story.worker),
                    kind=records.BEGUN, time=self._wall(now))

    def take(self, ended, slow, working, names, errors):
        """The records of those that have ended.

        ``ended``
            Notes of `Ended`.
        ``slow``
            From so many seconds on each request has one.
        ``working``
            The requests in work. A story without its request there is over,
            and no worker has left a note if it was fast.
        ``names``
            A function for {ident: name} of the threads.
        ``errors``
            [(request, name of the error's class)] of what has failed; taken
            behind ``ended``, else one of these may have failed meanwhile.
        """
        found = []
        for request, name in errors:
            self._errors[id(request)] = request, name
        names = names() if ended else {}
        for request, moment, ident in ended:
            story = self._stories.pop(id(request), None)
            if story is None or story.request is not request:
                story = Story(request, None, names.get(ident))
            seconds = moment - request.received
            if self._is_wanted(moment, seconds, slow):
                if story.id is None:
                    story.id = self._number()
                story.end(moment)
                _request, error = self._errors.get(id(request), (None, None))
                found.append(self._record(story, moment, seconds, error))
        self._forget_all_but(working, errors)
        return found

    def _forget_all_but(self, working, failed):
        living = set(map(id, working))
        for key in list(self._stories):
            if key not in living:
                del self._stories[key]
        # One that failed just now may have begun behind ``working``.
        living.update(id(request) for request, _name in failed)
        for key in list(self._errors):
            if key not in living:
                del self._errors[key]

    def _is_wanted(self, now, seconds, slow):
        most = MANY if seconds >= slow else FEW
        key = class_of(seconds), most
        left, since = self._left.get(key, (most, now))
        left = min(most, left + most * max(0.0, now - since) / MINUTE)
        self._left[key] = left - 1 if left >= 1 else left, max(now, since)
        return left >= 1

    def _number(self):
        self._count += 1
        return u'%d-%d' % (os.getpid(), self._count)

    def _record(self, story, moment, seconds, error):
        request = story.request
        phases = dict((name, round(story.phases[name], 3))
                      for name in story.phases)
        record = self._head(request, story.id, story.worker)
        if record['waited'] is not None:
            phases[WAITING] = record['waited']
        record.update(
            kind=records.REQUEST, time=self._wall(moment),
            seconds=round(seconds, 3), phases=phases, storage=story.storage,
            status=None if not request.status else text(request.status),
            error=error,
            stacks=[[stack, state, round(stayed, 3)]
                    for stack, state, stayed in story.stays])
        return record

    def _head(self, request, number, worker):
        started, received = request.started, request.received
        waited = (round(max(0.0, started - received), 3)
                  if request.knows_wait and started is not None else None)
        return {'id': number, 'method': text(request.method),
                'path': text(request.path), 'began': self._wall(received),
                'waited': waited, 'worker': worker}
