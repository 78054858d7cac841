"""What was so in an interval, as a value for JSON.

Made by whoever has a `model.History`: the view, or the command that reads files.
It takes some tenths of a second for a day, so it never runs in the event loop.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.history import records
from Products.ZServerViews.history.minutes import INTERVAL
from Products.ZServerViews.history.stays import stays_of
from Products.ZServerViews.history.summary import summed

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
    later = history.between(first, last + INTERVAL)
    found = [record for record in later if record['time'] <= last]
    looks = _of(found, records.LOOK)
    return {
        'from': first, 'to': last, 'path': path, 'worker': worker,
        'process': history.process, 'ended': history.ended,
        'recorded': history.span(),
        'looks': len(looks),
        'longest_late': max([look['late'] or 0.0 for look in looks] or [0.0]),
        'summary': summed(_minutes(later, first, last), looks),
        'held': _held(history, found, first, last, path, worker),
        'queued': _queued(looks),
        'slow': _slow(history, found, path, worker),
        'errors': _errors(history, path),
        'log': _of(found, records.LOG)[-MOST_LOGS:],
        'gaps': _of(found, records.GAP),
        'incidents': _of(found, records.INCIDENT),
        'starts': _of(found, records.START),
        'rules': list(rules)}


def _of(found, kind):
    return [record for record in found if record['kind'] == kind]


def _minutes(found, first, last):
    """Those of which the greater part is in the interval."""
    return [minute for minute in _of(found, records.MINUTE)
            if first <= minute['time'] - minute['seconds'] / 2 < last]


def _frames(history, number):
    return [] if number is None else history.table.definition(number)


def _held(history, found, first, last, path, worker):
    """Who held the workers: each request, and where it was for how long."""
    requests, begun = {}, dict((record['id'], record) for record
                               in _of(found, records.BEGUN))
    for stay in stays_of(found, first, last, path, worker):
        key = stay.worker, stay.id
        held = requests.get(key)
        if held is None:
            held = requests[key] = {
                'worker': stay.worker, 'id': stay.id, 'path': stay.path,
                'method': begun.get(stay.id, {}).get('method'),
                'seconds': 0.0, 'states': {}, 'stacks': {}}
        held['seconds'] += stay.seconds
        held['states'][stay.state] = (held['states'].get(stay.state, 0.0)
                                      + stay.seconds)
        place = stay.stack, stay.state
        held['stacks'][place] = (held['stacks'].get(place, 0.0)
                                 + stay.seconds)
    made = sorted(requests.values(), key=lambda held: -held['seconds'])
    for held in made[:MOST_HELD]:
        held['stacks'] = _stacks(history, held['stacks'])
        held['seconds'] = round(held['seconds'], 3)
        held['states'] = dict((state, round(held['states'][state], 3))
                              for state in held['states'])
    return made[:MOST_HELD]


def _stacks(history, seconds):
    longest = sorted(seconds, key=lambda place: -seconds[place])
    return [{'seconds': round(seconds[place], 3), 'state': place[1],
             'stack': _frames(history, place[0])}
            for place in longest[:MOST_STACKS]]


def _queued(looks):
    """[{path, looks}] of those that waited, the most frequent first."""
    counts = {}
    for look in looks:
        for path in look.get('queue') or ():
            counts[path] = counts.get(path, 0) + 1
    return [{'path': path, 'looks': counts[path]} for path in sorted(
        counts, key=lambda path: (-counts[path], path))[:MOST_QUEUED]]


def _slow(history, found, path, worker):
    """The stories of slow requests that ended in the interval, and of those that
    are kept from before, the slowest first."""
    stories = {}
    for kept in history.slow():
        stories[kept.record['id']] = kept.record, kept.frames
    for record in _of(found, records.REQUEST):
        stories.setdefault(record['id'], (record, None))
    inside = set(record['id'] for record in _of(found, records.REQUEST))
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
