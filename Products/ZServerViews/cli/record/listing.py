"""All processes as a table, and what was in work when one was killed."""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.cli.record.left import KILLED, Survey
from Products.ZServerViews.format.stack_places import frame_line, telling
from Products.ZServerViews.format.tables import Column, Table
from Products.ZServerViews.format.text import clean
from Products.ZServerViews.format.units import duration, size
from Products.ZServerViews.history.records import AGE, NAME, PATH, STACK, STATE

# Of the processes that were killed: the last ones.
MOST_ENDS = 3
INDENT = u'      '
# Two moments need more than the 80 columns of a view.
WIDTH = 120


def listing(found, tell):
    """The text about these `left.Process` objects."""
    surveys = [Survey(process, tell) for process in found]
    parts = [_table(surveys)]
    killed = [survey for survey in surveys if survey.state == KILLED]
    for survey in killed[-MOST_ENDS:]:
        parts.append(last_look(survey))
    return u'\n'.join(parts)


def _table(surveys):
    table = Table(Column('instance', flexible=True), Column('pid', right=True),
                  'from', 'to', Column('records', right=True),
                  Column('lost', right=True), Column('size', right=True),
                  Column('damaged', right=True), 'end')
    for survey in surveys:
        table.add(survey.instance, survey.pid, moment(survey.began),
                  moment(survey.ended), survey.records, survey.lost,
                  size(survey.process.size), size(survey.damaged), survey.state)
    return table.text(WIDTH)


def moment(seconds):
    """A time for people, in UTC."""
    if seconds is None:
        return u'-'
    return u'' + time.strftime('%Y-%m-%d %H:%M:%SZ', time.gmtime(seconds))


def last_look(survey):
    """What a process did when somebody looked for the last time."""
    title = u'process %s of %s was killed, or its machine went down' % (
        survey.pid, survey.instance)
    look = survey.last_look
    if look is None:
        return title + u'; no worker was busy when it was looked at\n'
    lines = [title + u'; at the last look, %s:' % moment(look['time']),
             u'  resident memory %s%s' % (size(look.get('rss')),
                                          _growth(look, survey)),
             u'  %s in work, %s waiting, the oldest for %s' % (
                 _number(look.get('in_work')), _number(look.get('waiting')),
                 duration(look.get('oldest_wait')))]
    for worker in look['workers']:
        lines.append(u'  %s  %s  %s  %s' % (
            worker[NAME], duration(worker[AGE]), worker[STATE], worker[PATH]))
        stack = survey.stacks.get(worker[STACK])
        lines += [INDENT + frame_line(frame, WIDTH - len(INDENT))
                  for frame in telling(stack or [])]
    return u''.join(clean(line) + u'\n' for line in lines)


def _growth(look, survey):
    growth = survey.growth
    if not growth or look.get('rss') is None:
        return u''
    return u', %s %s than a minute before' % (
        size(abs(growth)), u'more' if growth > 0 else u'less')


def _number(value):
    return u'-' if value is None else u'%d' % value
