"""Several minutes as one: what the records of `minutes` say together."""
from __future__ import absolute_import, division, print_function

# How the numbers of several minutes become one.
_SUMS = ('seconds', 'waited', 'retries', 'commits', 'looks', 'own_cpu', 'cpu',
         'gc_pauses', 'gc_seconds')
_COUNTS = 'requests', 'conflicts', 'errors'
_LONGEST = ('most_in_work', 'most_waiting', 'longest_wait', 'lag', 'late',
            'gc_longest', 'rss', 'threads', 'descriptors')


def summed(minutes, looks):
    """One document; with what the looks add, who come more often."""
    found = {'minutes': len(minutes)}
    for name in _SUMS:
        found[name] = _sum(minute.get(name) for minute in minutes)
    for name in _COUNTS:
        found[name] = _counts(minute.get(name) or {} for minute in minutes)
    for name in _LONGEST:
        found[name] = _longest(minute.get(name) for minute in minutes)
    found['databases'] = _databases(minutes)
    for name, of_look in (('most_in_work', 'in_work'), ('lag', 'lag'),
                          ('most_waiting', 'waiting'), ('rss', 'rss'),
                          ('longest_wait', 'oldest_wait')):
        found[name] = _longest([found[name]] + [
            look.get(of_look) for look in looks])
    return found


def _known(values):
    return [value for value in values if value is not None]


def _sum(values):
    values = _known(values)
    return round(sum(values), 4) if values else None


def _longest(values):
    values = _known(values)
    return max(values) if values else None


def _counts(all_counts):
    found = {}
    for counts in all_counts:
        for name in counts:
            found[name] = found.get(name, 0) + counts[name]
    return found


def _databases(minutes):
    names = set(name for minute in minutes
                for name in minute.get('databases') or {})
    return dict((name, _counts(
        (minute.get('databases') or {}).get(name) or {}
        for minute in minutes)) for name in names)
