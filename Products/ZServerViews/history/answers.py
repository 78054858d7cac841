"""What was so in an interval, as a value for JSON.

Made by whoever has a `model.History`: the view, or the command that reads files.
It takes some tenths of a second for a day, so it never runs in the event loop.
"""
from __future__ import absolute_import, division, print_function

from collections import deque

from Products.ZServerViews.history import records
from Products.ZServerViews.history.asked_path import AskedPath
from Products.ZServerViews.history.kept import MOST_STACKS as MOST_STAYS
from Products.ZServerViews.history.kept import longest
from Products.ZServerViews.history.minutes import INTERVAL
from Products.ZServerViews.history.stays import Stays
from Products.ZServerViews.history.summary import Looks, summed

# What a document has at most.
MOST_OF_A_KIND = 3000
MOST_HELD = 50
MOST_STACKS = 10
MOST_LOGS = 200
MOST_SLOW = 100
MOST_ERRORS = 150
MOST_QUEUED = 50


def interval(history, first, last, path=None, worker=None, rules=()):
    """The document of an interval.

    ``first``, ``last``
        In seconds since the epoch.
    ``path``, ``worker``
        Only requests with this path, in any way it can be written, and workers with
        this name, if given.
    ``rules``
        What `Incidents.documents` returns.
    """
    gathered = Gathered(first, last, path, worker)
    # The last minute may end later.
    for record in history.between(first, last + INTERVAL):
        if record['kind'] == records.MINUTE or record['time'] <= last:
            gathered.add(record)
    found, looks = gathered.lists, gathered.looks
    return {
        'from': first, 'to': last, 'path': path, 'worker': worker,
        'process': history.process, 'ended': history.ended,
        'recorded': history.span(),
        'looks': looks.number, 'longest_late': looks.longest['late'],
        'summary': looks.added_to(summed(
            _minutes(found[records.MINUTE], first, last))),
        'held': gathered.held.documents(history, gathered.methods),
        'queued': looks.queued(MOST_QUEUED),
        'slow': _slow(history, gathered.slow, gathered.is_asked_for),
        'errors': _errors(history, gathered.is_path),
        'log': list(found[records.LOG])[-MOST_LOGS:],
        'gaps': list(found[records.GAP]),
        'incidents': list(found[records.INCIDENT]),
        'starts': list(found[records.START]),
        'rules': list(rules)}


class Gathered(object):
    """The records of an interval, taken one after the other.

    ``looks``, ``held``
        A `summary.Looks`, and a `Held`.
    ``slow``
        The records of the slowest requests.
    ``methods``
        {id of a request: its method}
    ``lists``
        {kind: records} of other kinds, the last ones.
    """

    def __init__(self, first, last, path, worker):
        self.looks, self.held = Looks(), Held(Stays(first, last, path, worker))
        self.slow, self.methods = [], {}
        self.lists = dict((kind, deque(maxlen=MOST_OF_A_KIND))
                          for kind in records.KINDS)
        self.is_path, self._worker = AskedPath(path), worker

    def add(self, record):
        kind = record['kind']
        if kind == records.LOOK:
            self.looks.add(record)
            self.held.add(record)
        elif kind == records.BEGUN:
            self.methods[record['id']] = record['method']
        elif kind == records.REQUEST:
            if self.is_asked_for(record):
                self.slow.append(record)
            if len(self.slow) > 20 * MOST_SLOW:
                self.slow = sorted(self.slow, key=_seconds)[-MOST_SLOW:]
        elif kind in self.lists:
            self.lists[kind].append(record)

    def is_asked_for(self, request):
        return (self._worker in (None, request['worker'])
                and self.is_path(request['path']))


def _seconds(record):
    return record['seconds']


def _minutes(found, first, last):
    """Those of which the greater part is in the interval."""
    return [minute for minute in found
            if first <= minute['time'] - minute['seconds'] / 2 < last]


def _frames(history, number):
    return [] if number is None else history.table.definition(number)


class Held(object):
    """Who held the workers: each request, and where it was for how long."""

    def __init__(self, stays):
        self._stays = stays
        self._requests = {}  # {(worker, id): (path, {(stack, state): seconds})}
        self._since = {}     # {id: when its worker has begun with it}

    def add(self, look):
        self._count(self._stays.add(look))
        for row in look['workers']:
            if row[records.ID] not in self._since and row[records.AGE] is not None:
                self._since[row[records.ID]] = look['time'] - row[records.AGE]
        if len(self._requests) > 20 * MOST_HELD:
            # Those that held one for longest are shown.
            for key in self._longest_first()[10 * MOST_HELD:]:
                del self._requests[key]
                # Whoever holds one still is in the next look, with its age.
                self._since.pop(key[1], None)

    def _count(self, stays):
        for stay in stays:
            key = stay.worker, stay.id
            held = self._requests.get(key)
            if held is None:
                held = self._requests[key] = stay.path, {}
            place = stay.stack, stay.state
            held[1][place] = held[1].get(place, 0.0) + stay.seconds

    def _longest_first(self):
        return sorted(self._requests, key=lambda key: -sum(
            self._requests[key][1].values()))

    def documents(self, history, methods):
        """The longest ones first.

        ``methods``
            {id of a request: its method}
        """
        self._count(self._stays.rest())
        return [self._document(history, key, methods.get(key[1]))
                for key in self._longest_first()[:MOST_HELD]]

    def _document(self, history, key, method):
        path, places = self._requests[key]
        since, states = self._since.get(key[1]), {}
        for (_stack, state), seconds in places.items():
            states[state] = states.get(state, 0.0) + seconds
        return {'worker': key[0], 'id': key[1], 'path': path,
                'method': method,
                'since': None if since is None else round(since, 3),
                'seconds': round(sum(places.values()), 3),
                'states': dict((state, round(states[state], 3))
                               for state in states),
                'stacks': _stacks(history, places)}


def _stacks(history, seconds):
    longest = sorted(seconds, key=lambda place: -seconds[place])
    return [{'seconds': round(seconds[place], 3), 'state': place[1],
             'stack': _frames(history, place[0])}
            for place in longest[:MOST_STACKS]]


def _slow(history, found, is_asked_for):
    """The stories of slow requests that ended in the interval, and of those that
    are kept from before, the slowest first."""
    stories = {}
    for kept in history.slow():
        stories[kept.record['id']] = kept.record, kept
    for record in found:
        stories.setdefault(record['id'], (record, None))
    inside = set(record['id'] for record in found)
    chosen = [(record['id'] not in inside, -record['seconds'], record, kept)
              for record, kept in stories.values()
              if is_asked_for(record)]
    chosen.sort(key=lambda one: one[:2])
    return [_story(history, record, {} if kept is None else kept.frames(),
                   not is_outside)
            for is_outside, _seconds, record, kept in chosen[:MOST_SLOW]]


def _story(history, record, frames, inside):
    story = dict(record, inside=inside)
    del story['kind']
    story['ended'] = story.pop('time')
    story['stacks'] = [
        {'seconds': seconds, 'state': state,
         'stack': frames.get(stack) or _frames(history, stack)}
        for stack, state, seconds in longest(record['stacks'], MOST_STAYS)]
    return story


def _errors(history, is_path):
    made = []
    for name, place, count, first, last, newest in history.errors():
        shown = [kept for kept in newest if is_path(kept.record['path'])]
        if shown:
            made.append({
                'class': name, 'place': place, 'count': count,
                'first': first, 'last': last, 'newest': [
                    {'time': kept.record['time'],
                     'path': kept.record['path'],
                     'stack': [frame for frames in kept.frames().values()
                               for frame in frames]}
                    for kept in reversed(shown)]})
    return made[:MOST_ERRORS]
