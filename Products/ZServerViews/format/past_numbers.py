"""The numbers of an interval of the history, as lines of a text."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.units import duration, size


def numbers(document):
    """Yields a line for each that is known; for the document of an interval.
    """
    found = document['summary']
    requests = found['requests']
    pairs = [
        (u'finished', _counts(requests) if found['minutes'] else None),
        (u'in work', _at_most(found['most_in_work'])),
        (u'waiting', _waiting(found)),
        (u'loop lag', _up_to(found['lag'])),
        (u'interpreter late', _up_to(found['late'])),
        (u'garbage', _garbage(found)),
        (u'conflicts', _counts(found['conflicts'])),
        (u'errors', _counts(found['errors'])),
        (u'memory', None if found['rss'] is None else size(found['rss'])),
        (u'processor', _share(found['cpu'], found['seconds']))]
    pairs += [(u'database ' + name, _counts(found['databases'][name]))
              for name in sorted(found['databases'])]
    pairs.append((u'looks', u'%d, at most %s late' % (
        document['looks'], duration(document['longest_late']))))
    pairs = [(name, value) for name, value in pairs if value is not None]
    width = max(len(name) for name, _value in pairs)
    for name, value in pairs:
        yield u'%s  %s' % (name.ljust(width), value)


def _counts(counts):
    return u', '.join(u'%d %s' % (counts[name], name) for name in sorted(
        counts, key=lambda name: (-counts[name], name))) or None


def _at_most(number):
    return None if number is None else u'at most %d' % number


def _up_to(seconds):
    return None if seconds is None else u'up to ' + duration(seconds)


def _waiting(found):
    if found['most_waiting'] is None:
        return None
    said = u'at most %d' % found['most_waiting']
    if found['longest_wait']:
        said += u', up to ' + duration(found['longest_wait'])
    return said


def _garbage(found):
    if not found['gc_pauses']:
        return None
    return u'%d collections, %s in all, up to %s' % (
        found['gc_pauses'], duration(found['gc_seconds']),
        duration(found['gc_longest']))


def _share(used, seconds):
    if used is None or not seconds:
        return None
    return u'%.0f %% of one' % (100 * used / seconds)
