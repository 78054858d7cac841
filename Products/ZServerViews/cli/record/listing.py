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
    parts += _names(surveys)
    killed = [survey for survey in surveys if survey.state == KILLED]
    for survey in killed[-MOST_ENDS:]:
        parts.append(last_moment(survey))
    return u'\n'.join(parts)


def _names(surveys):
    """The names of processes, where their numbers do not tell them apart."""
    numbers = [(survey.instance, survey.pid) for survey in surveys]
    if len(set(numbers)) == len(numbers):
        return
    lines = [u'some have the same number; choose one by --process:']
    lines += [u'  %s  %s' % (survey.process.name, survey.instance)
              for survey, number in zip(surveys, numbers)
              if numbers.count(number) > 1]
    yield u''.join(clean(line) + u'\n' for line in lines)


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


def last_moment(survey):
    """What is known of a process when it had a record for the last time."""
    title = u'process %s of %s was killed, or its machine went down' % (
        survey.pid, survey.instance)
    if survey.was_busy:
        lines = [title + u'; at the last look, %s:' % moment(survey.last_look['time']),
                 _memory(survey)] + list(_look(survey))
    else:
        lines = [title + u'; its last record is of %s:' % moment(survey.ended),
                 _memory(survey), u'  no worker had been busy for over a second' + (
                     u'' if survey.last_look is None
                     else u' since ' + moment(survey.last_look['time']))]
    return u''.join(clean(line) + u'\n' for line in lines)


def _memory(survey):
    growth, since = survey.growth or (0, 0)
    return u'  resident memory ' + size(survey.memory) + (
        u', %s %s than %s before' % (
            size(abs(growth)), u'more' if growth > 0 else u'less', duration(since))
        if growth else u'')


def _look(survey):
    look = survey.last_look
    yield u'  %s in work, %s waiting, the oldest for %s' % (
        _number(look.get('in_work')), _number(look.get('waiting')),
        duration(look.get('oldest_wait')))
    for worker in look['workers']:
        yield u'  %s  %s  %s  %s' % (
            worker[NAME], duration(worker[AGE]), worker[STATE], worker[PATH])
        stack = survey.stacks.get(worker[STACK])
        for frame in telling(stack or []):
            yield INDENT + frame_line(frame, WIDTH - len(INDENT))


def _number(value):
    return u'-' if value is None else u'%d' % value
