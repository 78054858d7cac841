"""What was so in an interval, as a value for JSON.

Made by whoever has a `model.History`: the view, or the command that reads files.
It takes some tenths of a second for a day, so it never runs in the event loop.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.history import records
from Products.ZServerViews.history.minutes import INTERVAL
from Products.ZServerViews.history.stays import Stays
from Products.ZServerViews.history.summary import Looks, summed

# What a document has at most.
MOST_HELD = 50
MOST_STACKS = 10
MOST_STAYS = 30
MOST_LOGS = 200
MOST_SLOW = 100
MOST_ERRORS = 150
MOST_QUEUED = 50


def interval(history, first, last, path=None, worker=None, rules=()):
    """The document of an interval.

    ``first``, ``last``
        In seconds since the epoch.
    ``path``, ``worker``
        Only requests with this path, and workers with this name, if given.
    ``rules``
        What `Incidents.documents` returns.
    """
    by_kind = dict((kind, []) for kind in records.KINDS)
    looks, held = Looks(), Held(Stays(first, last, path, worker))
    # The last minute may end later.
    for record in history.between(first, last + INTERVAL):
        kind = record['kind']
        if kind == records.MINUTE or record['time'] <= last:
            if kind == records.LOOK:
                looks.add(record)
                held.add(record)
            else:
                # Of those that nobody knows, nothing is shown.
                by_kind.setdefault(kind, []).append(record)
    return {
        'from': first, 'to': last, 'path': path, 'worker': worker,
        'process': history.process, 'ended': history.ended,
        'recorded': history.span(),
        'looks': looks.number, 'longest_late': looks.longest['late'],
        'summary': looks.added_to(summed(
            _minutes(by_kind[records.MINUTE], first, last))),
        'held': held.documents(history, by_kind[records.BEGUN]),
        'queued': looks.queued(MOST_QUEUED),
        'slow': _slow(history, by_kind[records.REQUEST], path, worker),
        'errors': _errors(history, path),
        'log': by_kind[records.LOG][-MOST_LOGS:],
        'gaps': by_kind[records.GAP],
        'incidents': by_kind[records.INCIDENT],
        'starts': by_kind[records.START],
        'rules': list(rules)}


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
        self._requests = {}  # {(worker, id): [path, {(stack, state): seconds}]}

    def add(self, look):
        self._count(self._stays.add(look))
        if len(self._requests) > 20 * MOST_HELD:
            # Those that held one for longest are shown.
            for key in self._longest_first()[10 * MOST_HELD:]:
                del self._requests[key]

    def _count(self, stays):
        for stay in stays:
            held = self._requests.setdefault((stay.worker, stay.id),
                                             [stay.path, {}])[1]
            place = stay.stack, stay.state
            held[place] = held.get(place, 0.0) + stay.seconds

    def _longest_first(self):
        return sorted(self._requests, key=lambda key: -sum(
            self._requests[key][1].values()))

    def documents(self, history, begun):
        """The longest ones first.

        ``begun``
            The records of this kind.
        """
        self._count(self._stays.rest())
        methods = dict((record['id'], record['method']) for record in begun)
        return [self._document(history, key, methods.get(key[1]))
                for key in self._longest_first()[:MOST_HELD]]

    def _document(self, history, key, method):
        path, places = self._requests[key]
        states = {}
        for (_stack, state), seconds in places.items():
            states[state] = states.get(state, 0.0) + seconds
        return {'worker': key[0], 'id': key[1], 'path': path,
                'method': method,
                'seconds': round(sum(places.values()), 3),
                'states': dict((state, round(states[state], 3))
                               for state in states),
                'stacks': _stacks(history, places)}


def _stacks(history, seconds):
    longest = sorted(seconds, key=lambda place: -seconds[place])
    return [{'seconds': round(seconds[place], 3), 'state': place[1],
             'stack': _frames(history, place[0])}
            for place in longest[:MOST_STACKS]]


def _slow(history, found, path, worker):
    """The stories of slow requests that ended in the interval, and of those that
    are kept from before, the slowest first."""
    stories = {}
    for kept in history.slow():
        stories[kept.record['id']] = kept.record, kept.frames
    for record in found:
        stories.setdefault(record['id'], (record, None))
    inside = set(record['id'] for record in found)
    made = [_story(history, record, frames, record['id'] in inside)
            for record, frames in stories.values()
            if path in (None, record['path'])
            and worker in (None, record['worker'])]
    made.sort(key=lambda story: (not story['inside'], -story['seconds']))
    return made[:MOST_SLOW]


def _story(history, record, frames, inside):
    story = dict(record, inside=inside)
    del story['kind']
    story['ended'] = story.pop('time')
    story['stacks'] = [
        {'seconds': seconds, 'state': state,
         'stack': list(map(list, frames[stack])) if frames and stack in frames
         else _frames(history, stack)}
        for stack, state, seconds in _longest(record['stacks'])]
    return story


def _longest(stays):
    """Those, in their order."""
    if len(stays) <= MOST_STAYS:
        return stays
    least = sorted(stay[records.STAY_SECONDS] for stay in stays)[-MOST_STAYS]
    return [stay for stay in stays
            if stay[records.STAY_SECONDS] >= least][:MOST_STAYS]


def _errors(history, path):
    made = []
    for name, place, count, first, last, newest in history.errors():
        shown = [kept for kept in newest
                 if path in (None, kept.record['path'])]
        if shown:
            made.append({
                'class': name, 'place': place, 'count': count,
                'first': first, 'last': last, 'newest': [
                    {'time': kept.record['time'],
                     'path': kept.record['path'],
                     'stack': [list(frame) for frames
                               in kept.frames.values() for frame in frames]}
                    for kept in reversed(shown)]})
    return made[:MOST_ERRORS]
