"""The document of an interval of the history as a text for people.

See `history.answers`. Lines have at most 80 columns, but for commands to copy.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews._compat import text_type
from Products.ZServerViews.format.past_numbers import numbers
from Products.ZServerViews.format.stack_places import (
    frame_line,
    place,
    short_place,
    telling,
)
from Products.ZServerViews.format.stacks import short
from Products.ZServerViews.format.tables import Column, Table
from Products.ZServerViews.format.text import (
    WIDTH,
    clean,
    cut,
    cut_middle,
    shell_quoted,
)
from Products.ZServerViews.format.units import duration, size

INDENT = u'    '

# What a text shows; the document has more.
MOST_HELD = 20
MOST_STACKS = 6
MOST_SLOW = 20
MOST_ERRORS = 20
MOST_LOGS = 30
# Times below this are left out where there are longer ones, in seconds.
SHORT = 0.3


def to_text(document):
    lines = []
    for part in (_heading, _gaps, numbers, _held, _queued, _slow, _errors,
                 _log, _incidents, _rules, _disk):
        found = list(part(document))
        if found and lines:
            lines.append(u'')
        lines += found
    return u''.join(clean(line, None if isinstance(line, Whole) else WIDTH) + u'\n'
                    for line in lines)


class Whole(text_type):
    """A line that is no use if it is cut."""


def moment(seconds):
    """``2026-11-27 03:12:00`` of this machine's time."""
    return time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(seconds))


def clock(seconds):
    """``03:12:00`` of this machine's time."""
    return time.strftime('%H:%M:%S', time.localtime(seconds))


def span(first, last):
    """From when to when; the second date is there where it is another."""
    return u'%s to %s' % (moment(first), (
        clock if _day(first) == _day(last) else moment)(last))


def _day(seconds):
    return time.localtime(seconds)[:3]


def _when(seconds, document):
    """A time, with its date if the interval is not of that day alone."""
    days = set(map(_day, (seconds, document['from'], document['to'])))
    return (clock if len(days) == 1 else moment)(seconds)


def _heading(document):
    yield u'%s (%s)' % (span(document['from'], document['to']),
                        time.strftime('%Z'))
    only = [u'%s %s' % (name, document[name]) for name in ('path', 'worker')
            if document[name] is not None]
    if only:
        yield u'only ' + u' and '.join(only)
    process, recorded = document['process'], document['recorded']
    if process is not None:
        yield u'process %d, recorded since %s%s' % (
            process['pid'], moment(process['time']),
            u', has ended' if document['ended'] else u'')
    if (recorded is None or recorded[0] > document['to']
            or recorded[1] < document['from']):
        yield u'nothing is recorded of this time'
        if recorded is not None:
            yield u'there are records from ' + span(*recorded)
    for line in _in_files(document, recorded):
        yield line
    for start in document['starts']:
        yield u'the process began at ' + moment(start['time'])


def _in_files(document, recorded):
    """The command for what this process has not in its memory."""
    disk = document.get('disk')
    if disk is not None and (recorded is None or document['from'] < recorded[0]):
        yield u'files may have more of it:'
        yield Whole(INDENT + u'zserverviews record %s \\' % shell_quoted(
            disk['folder']))
        yield INDENT * 2 + u'--from %d --to %d' % (document['from'], document['to'])


def _gaps(document):
    for gap in document['gaps']:
        yield (u'no look possible for %s until %s: something held the '
               u'interpreter,' % (duration(gap['seconds']),
                                  _when(gap['time'], document)))
        yield u'or the process did not get the processor'


def _held(document):
    if not document['held']:
        return
    yield u'WHO HELD THE WORKERS'
    told = []
    for held in document['held'][:MOST_HELD]:
        head = u'%s  %s  ' % (duration(held['seconds']).rjust(8),
                              cut_middle(clean(held['worker']), 20))
        request = u'%s%s' % (u'' if held['method'] is None
                             else held['method'] + u' ', held['path'])
        since = u''
        if held['since'] is not None and held['since'] < document['from']:
            since = u'  since ' + _when(held['since'], document)
        yield head + cut_middle(clean(request), WIDTH - len(head + since)) + since
        for line in _places(held['stacks'], told):
            yield line
    for line in _rest(document['held'], MOST_HELD):
        yield line


def _rest(all_of_them, most):
    if len(all_of_them) > most:
        yield u'%d more in the other formats' % (len(all_of_them) - most)


def _places(stacks, told):
    """Where it was, for how long; the longest with its frames, unless they are
    among those that have been ``told``."""
    shown = [one for number, one in enumerate(stacks[:MOST_STACKS])
             if not number or one['seconds'] >= SHORT]
    for one in shown:
        yield _stay(one)
    for one in shown[:1]:
        frames = telling(one['stack'])
        if frames not in told:
            told.append(frames)
            for frame in frames:
                yield INDENT * 3 + u'  ' + frame_line(frame, WIDTH - 14)


def _stay(one):
    state = one['state'] + u' ' if one['state'] != u'-' else u''
    return u'%s  %sat %s' % (INDENT + duration(one['seconds']).rjust(8),
                             state, place(one['stack']))


def _queued(document):
    if document['queued']:
        yield u'WAITED FOR A WORKER (at so many looks)'
        table = Table(Column(u'LOOKS', right=True), Column(
            u'PATH', flexible=True))
        for one in document['queued'][:MOST_HELD]:
            table.add(one['looks'], one['path'])
        for line in table.lines()[1:]:
            yield line


def _slow(document):
    stories = [story for story in document['slow'] if story['inside']]
    older = len(document['slow']) - len(stories)
    if stories:
        yield u'SLOW REQUESTS'
    for story in stories[:MOST_SLOW]:
        for line in _story(story, _when(story['began'], document)):
            yield line
    for line in _rest(stories, MOST_SLOW):
        yield line
    if older:
        yield u'%d slow requests of other times are kept, in the other ' \
              u'formats' % older


def _story(story, began):
    head = u'%s  %s  ' % (duration(story['seconds']).rjust(8), began)
    yield head + cut_middle(clean(u'%s %s' % (
        story['method'], story['path'])), WIDTH - len(head))
    said = [u'status %s' % (story['status'] or u'-')]
    if story.get('error'):
        said.append(story['error'])
    said += [u'%s %s' % (name, duration(story['phases'][name]))
             for name in ('waiting', 'traversing', 'publishing', 'sending')
             if story['phases'].get(name)]
    if story['storage']:
        said.append(u'storage %.0f %%' % (100 * story['storage']))
    yield INDENT + u', '.join(said)
    stays = story['stacks']
    for stay in stays if len(stays) <= 2 * MOST_STACKS else sorted(
            stays, key=lambda stay: -stay['seconds'])[:2 * MOST_STACKS]:
        if stay['seconds'] >= SHORT:
            yield _stay(stay)


def _errors(document):
    errors = [one for one in document['errors']
              if one['last'] >= document['from']
              and one['first'] <= document['to']]
    if errors:
        yield u'ERRORS (since the process began)'
    for one in errors[:MOST_ERRORS]:
        where = (u'(not known)' if one['place'] is None
                 else short_place(one['place']))
        yield u'%s  %s at %s' % ((u'%d' % one['count']).rjust(8),
                                 clean(one['class']), where)
        newest = one['newest'][0]
        yield INDENT * 2 + u'  first %s, last %s' % (
            moment(one['first']), moment(one['last']))
        yield INDENT * 2 + u'  ' + cut_middle(clean(newest['path']), 68)
    for line in _rest(errors, MOST_ERRORS):
        yield line


def _log(document):
    if document['log']:
        yield u'WHAT WAS LOGGED (without arguments)'
    for one in document['log'][-MOST_LOGS:]:
        times = u'' if one['count'] == 1 else u' (%d times)' % one['count']
        yield u'%s  %s %s%s' % (_when(one['time'], document), one['level'],
                                cut_middle(one['logger'], 30), times)
        yield INDENT * 2 + u'  ' + one['text']
        if one['text'].startswith(u'('):
            path, line = one['place']
            yield INDENT * 2 + u'  at %s:%d' % (
                cut(short(path), 60, end=False), line)


def _incidents(document):
    if document['incidents']:
        yield u'INCIDENTS'
    for one in document['incidents']:
        yield u'%s  %s: %s' % (_when(one['time'], document), one['rule'],
                               one['said'])


def _rules(document):
    if document['rules']:
        yield u'RULES'
    for rule in document['rules']:
        yield u'%s: last %s%s' % (
            rule['name'],
            u'never' if rule['last'] is None else moment(rule['last']),
            u'' if rule['lasted'] is None else u', for ' + duration(rule['lasted']))
        yield INDENT + u'why not since: ' + rule['why_not_since']


def _disk(document):
    disk = document.get('disk')  # not in what was read from files
    if disk is None:
        return
    yield u'FILES'
    yield u'%s  %s written, of at most %s' % (
        cut(disk['folder'], 40, end=False), size(disk['written_bytes']),
        size(disk['limit_bytes']))
    lost = disk['lost']
    if lost:
        yield u'records lost: ' + u', '.join(
            u'%d %s' % (lost[why], why.replace('_', u' ')) for why in sorted(lost))
    if disk['error'] is not None:
        yield u'cannot be written now: ' + disk['error']
    if disk['hanging_seconds'] >= 1:
        yield u'the disk has not answered for %s; %s wait in memory' % (
            duration(disk['hanging_seconds']), size(disk['waiting_bytes']))
