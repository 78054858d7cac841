"""Several minutes as one: what the records of `minutes` say together."""
from __future__ import absolute_import, division, print_function

# How the numbers of several minutes become one.
_SUMS = ('seconds', 'waited', 'retries', 'commits', 'looks', 'own_cpu', 'cpu',
         'gc_pauses', 'gc_seconds')
_COUNTS = 'requests', 'conflicts', 'errors'
_LONGEST = ('most_in_work', 'most_waiting', 'longest_wait', 'lag', 'late',
            'gc_longest', 'rss', 'threads', 'descriptors')


# What looks have of the same; they come more often.
_OF_LOOKS = (('most_in_work', 'in_work'), ('most_waiting', 'waiting'),
             ('longest_wait', 'oldest_wait'), ('lag', 'lag'), ('rss', 'rss'))


class Looks(object):
    """What many looks say together.

    ``number``
        How many there were.
    ``longest``
        {key of a look: the largest}; None where none knows it.
    """

    def __init__(self):
        self.number = 0
        self.longest = dict((of_look, None) for _name, of_look in _OF_LOOKS)
        self.longest['late'] = 0.0
        self._paths = {}

    def add(self, look):
        self.number += 1
        for key in self.longest:
            self.longest[key] = _longest([self.longest[key], look.get(key)])
        for path in look.get('queue') or ():
            self._paths[path] = self._paths.get(path, 0) + 1

    def added_to(self, document):
        """The document of `summed`, with what they know better."""
        return dict(document, **dict(
            (name, _longest([document[name], self.longest[of_look]]))
            for name, of_look in _OF_LOOKS))

    def queued(self, most):
        """[{path, looks}] of those that waited, the most frequent first."""
        return [{'path': path, 'looks': self._paths[path]}
                for path in sorted(self._paths, key=lambda path: (
                    -self._paths[path], path))[:most]]


def summed(minutes):
    """One document of all."""
    found = {'minutes': len(minutes)}
    for name in _SUMS:
        found[name] = _sum(minute.get(name) for minute in minutes)
    for name in _COUNTS:
        found[name] = _counts(minute.get(name) or {} for minute in minutes)
    for name in _LONGEST:
        found[name] = _longest(minute.get(name) for minute in minutes)
    found['databases'] = _databases(minutes)
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
