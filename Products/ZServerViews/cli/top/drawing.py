"""A picture as lines with styles, for a screen of some size or for a log.

Whatever came from an instance is cleaned: no line has a control character.
"""
from __future__ import absolute_import, division, print_function

import sys
import time
import unicodedata

from Products.ZServerViews._compat import is_plain
from Products.ZServerViews.cli.top.judging import FULL, NOT_READY, OK
from Products.ZServerViews.format.stacks import frame_line
from Products.ZServerViews.format.tables import GAP, Column, Table
from Products.ZServerViews.format.text import clean, cut, cut_middle
from Products.ZServerViews.format.units import duration

PLAIN, TITLE, BAD, WARNING, SELECTED, OLD = (
    'plain', 'title', 'bad', 'warning', 'selected', 'old')
KEYS = u'q quit  arrows select  Enter stack  s sort  r reverse  f freeze  h help'
HELP = [
    u'q, Ctrl-C    quit',
    u'up, down     select a request, or scroll its stack; also k, j, Page keys',
    u'Enter        open the stack of the worker that has the request',
    u'Escape       close it; also left, Backspace',
    u's            sort requests by age, time worked, phase, instance, path',
    u'r            reverse the order',
    u'f, space     freeze the screen, and let it go on',
    u'h, ?         this help; any key closes it',
    u'',
    u'stuck        all workers are busy, none has taken a request for 5 s, and',
    u'             requests wait; or /-/live fails',
    u'full         all workers are busy for 5 s, and no request waits',
    u'silent       no answer in time; the numbers are those of the last answer',
    u'dead         no connection; its requests are the last that were known']
# Beyond these, waiting requests tell nothing new in a log.
MOST_IN_A_LOG = 10
# Lines that are not for instances: titles, an empty line, keys, some requests.
OTHERS = 4
# Of the name of an instance, before numbers give way to it.
LEAST_NAME = 16
# In which a reason is broken into lines, on however narrow a screen.
LEAST_WIDTH = 20


def screen(picture, desk, width, height):
    """[(text, style)] for a screen, at most height of them."""
    heading = [(cut(_heading(picture, desk), width), TITLE)]
    if desk.helps:
        body = [(line, PLAIN) for line in HELP]
    elif desk.opened is not None:
        body = _stack(picture, desk, width, height - 2)
    else:
        body = _overview(picture, desk, width, height - 2)
    body = body[:height - 2] + [(u'', PLAIN)] * (height - 2 - len(body))
    lines = heading + body + [(cut(KEYS, width), TITLE)]
    return [(fitted(line, width), style) for line, style in lines[:height]]


def block(picture, desk, width):
    """The lines for a log."""
    lines = [u'%s  %s' % (time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(
        picture.clock_time)), _counts(picture))]
    lines += [line for line, _style in instances(picture.rows, width)]
    shown = desk.shown(picture)
    if shown:
        lines += _requests(shown[:MOST_IN_A_LOG], picture, width)
    left = len(shown) - MOST_IN_A_LOG + picture.omitted
    if left > 0:
        lines.append(u'and %d more requests' % left)
    return [fitted(line, width).rstrip() for line in lines]


def _heading(picture, desk):
    said = u'%s  %s' % (time.strftime('%H:%M:%S', time.localtime(
        picture.clock_time)), _counts(picture))
    return said + (u'  FROZEN' if desk.frozen is not None else u'')


def _counts(picture):
    number = len(picture.rows)
    return u'%d %s: %s' % (
        number, u'instance' if number == 1 else u'instances',
        u', '.join(u'%d %s' % (count, state)
                   for state, count in picture.counts()))


def _overview(picture, desk, width, height):
    shown = desk.shown(picture)
    room = height if not shown else max(
        height - len(shown) - OTHERS + 2, height // 2)
    lines = _within(instances(picture.rows, width), room)
    room = height - len(lines) - 2
    if not shown or room < 2:
        return lines
    rows = _requests(shown, picture, width)
    first = max(0, min(desk.at - room // 2, len(shown) - (room - 1)))
    lines.append((u'', PLAIN))
    lines.append((u'%s, %s' % (rows[0], desk.order), PLAIN))
    for at in range(first, min(first + room, len(shown))):
        style = OLD if shown[at].old else PLAIN
        lines.append((rows[at + 1], SELECTED if at == desk.at else style))
    return lines


def _within(lines, room):
    if len(lines) <= room:
        return lines
    left = len([1 for line, _style in lines[room - 1:]
                if not line.startswith(u' ')])
    return lines[:room - 1] + [(u'... and %d more' % left, PLAIN)]


def instances(rows, width):
    """[(line, style)]: the titles, a line for each, and its reasons below."""
    lines = _table_of_instances(rows, width)
    found = [(lines[0], PLAIN)]
    for row, line in zip(rows, lines[1:]):
        style = style_of(row.state)
        found.append((line, style))
        for reason in row.reasons:
            found += [(u'  ' + part, style)
                      for part in wrapped(clean(reason), width - 2)]
    return found


def _table_of_instances(rows, width):
    """The lines; on a narrow screen without the numbers that tell least."""
    columns = [('STATE', lambda row: row.state),
               ('BUSY', lambda row: _of(row.busy, row.total)),
               ('WAIT', lambda row: row.waiting),
               ('OLDEST', lambda row: duration(row.oldest)),
               ('REQ/S', lambda row: _rate(row.rate)),
               ('P50', lambda row: duration(row.p50)),
               ('P95', lambda row: duration(row.p95)),
               ('#', lambda row: row.number)]
    names = [row.name for row in rows]
    least = min(LEAST_NAME, max(map(len, names + [u'INSTANCE'])))
    while True:
        table = Table(*[Column(title, right=title != 'STATE')
                        for title, _value in columns])
        for row in rows:
            table.add(*[value(row) for _title, value in columns])
        room = width - max(map(len, table.lines(sys.maxsize))) - len(GAP)
        if room >= least or len(columns) <= 3:
            break
        # The number stays: it tells of which instance a request is.
        del columns[-2]
    table.columns.append(Column('INSTANCE', cut_end=False, flexible=True))
    table.rows = [row + (name,) for row, name in zip(table.rows, names)]
    return table.lines(width)


def style_of(state):
    """Of a state: which are bad."""
    if state == OK:
        return PLAIN
    return WARNING if state in (FULL, NOT_READY, 'asked') else BAD


def _of(busy, total):
    return None if busy is None else u'%d/%s' % (
        busy, u'-' if total is None else total)


def _rate(rate):
    return None if rate is None else u'%.1f' % rate


def wrapped(line, width):
    """The line in parts that are not longer; words stay whole where they can."""
    parts, width = [], max(width, LEAST_WIDTH)
    while len(line) > width:
        # Not at the spaces in front of a further part: it would never end.
        at = line.rfind(u' ', 3, width + 1)
        at = width if at < 0 else at
        parts.append(line[:at])
        line = u'  ' + line[at:].lstrip()
    return parts + [line]


def _requests(shown, picture, width):
    """The line of titles, and one for each request."""
    table = Table(Column('AGE', right=True), Column('WORKED', right=True),
                  'PHASE', Column('WORKER', cut_end=False), Column(
                      '#', right=True))
    for request in shown:
        table.add(duration(request.age), duration(request.worked),
                  request.phase, request.worker, request.number)
    lines = table.lines(width - 10)
    longest = max(map(len, lines))
    room = width - longest - len(GAP)
    found = [lines[0].ljust(longest) + GAP + u'REQUEST']
    for request, line in zip(shown, lines[1:]):
        gone = u' (client gone)' if request.gone else u''
        if request.old is not None:
            gone += u' (%s ago)' % duration(request.old)
        found.append(line.ljust(longest) + GAP + cut_middle(
            clean(request.title), room - len(gone)) + gone)
    return found


def _stack(picture, desk, width, height):
    request, thread = desk.opened, picture.thread_of(desk.opened)
    lines = [u'#%d  %s' % (request.number, clean(request.title)),
             u'age %s, worked %s, %s, worker %s, user %s' % (
                 duration(request.age), duration(request.worked),
                 request.phase, clean(request.worker), clean(request.user))]
    if thread is None:
        return [(line, PLAIN) for line in lines + [
            u'', _why_no_stack(request, picture)]]
    lines.append(u'%s%s' % (clean(thread['state']), (
        u'' if thread['unmoved_seconds'] is None else
        u', not moved for %s' % duration(thread['unmoved_seconds']))))
    frames = [u'  ' + frame_line(path, line, clean(function), width - 2)
              for path, line, function in (
                  frame[:3] for frame in thread['stack'])]
    room = max(1, height - len(lines) - 1)
    desk.back = min(desk.back, max(0, len(frames) - room))
    end = len(frames) - desk.back
    frames = frames[max(0, end - room):end]
    return [(line, PLAIN) for line in lines + [u''] + frames]


def _why_no_stack(request, picture):
    if request.ident is None:
        return u'It waits for a worker, so it has no stack.'
    trouble = picture.missing.get(request.number, {}).get('threads')
    return (u'Its stack is asked for.' if trouble is None
            else u'Its stack is not known: %s' % trouble.text)


def fitted(line, width):
    """As much of a line as has room, clean; some characters need two cells."""
    line = clean(line)
    if is_plain(line):
        return line[:width]
    found, used = [], 0
    for character in line:
        used += _cells(character)
        if used > width:
            break
        found.append(character)
    return u''.join(found)


def _cells(character):
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in 'WF' else 1
