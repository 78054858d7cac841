"""``/-/loggers``: the levels of all loggers, and changes of them for a time.

To set one takes the lock of ``logging``, and to show many takes milliseconds: such
requests are offloaded.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.access.peer import Facts
from Products.ZServerViews.base import ViewError
from Products.ZServerViews.format.tables import Column, Table
from Products.ZServerViews.format.text import WIDTH, clean, text
from Products.ZServerViews.format.units import duration, seconds, utc
from Products.ZServerViews.http.query import Choice, Number, Text, Time
from Products.ZServerViews.monitor import loggers as facts_of
from Products.ZServerViews.monitor.log_ring import is_below
from Products.ZServerViews.runtime.log_change import Change
from Products.ZServerViews.runtime.log_levels import Over, TooMany
from Products.ZServerViews.views.changing import may_change, meant, require_change
from Products.ZServerViews.views.formatted import TAKEN_OUT, Found, MonitorView

MOST, USUAL = 1000, 200
# Seconds that a change lasts: without another word, and at most.
LASTS, LONGEST = 600, 3600

# What may be asked for, by the method.
_MEANT = {'GET': {'name', 'limit'},
          'POST': {'name', 'level', 'for', 'path', 'user', 'to'},
          'DELETE': {'name', 'id'}}


class Levels(Found):
    """The loggers at one moment.

    ``levels``
        The LogLevels.
    ``changes``, ``ended``
        [(Change, Logger, its own level before)], and the Ended.
    ``loggers``, ``omitted``
        [(name, Logger)], and how many more there are.
    ``tells_whose``
        Whether to show for which path and user a change is.
    """


class LoggersView(MonitorView):
    """GET lists, POST changes one level, DELETE puts back."""

    name = 'loggers'
    summary = u'levels of loggers; POST changes one for a time, DELETE puts back'
    needs_recorder = True
    needs_log_levels = True
    methods = ('GET', 'HEAD', 'POST', 'DELETE')
    parameters = (
        Text('name', u'the name of a logger', 200),
        Text('level', u'a level such as DEBUG, or a number from 1 to 50', 20,
             facts_of.level_number),
        Time('for', LONGEST),
        Text('path', u'a path such as /report, or /shop/* for all below it'),
        Text('user', u'the name of a user'),
        Choice('to', ('log', 'memory')),
        Number('id', 1, 999999999, None),
        Number('limit', 1, MOST, None))

    def runs_aside_for(self, environ):
        """Whether something is to be set or shown, and not refused."""
        return (environ['REQUEST_METHOD'] not in ('POST', 'DELETE')
                or may_change(environ['zserverviews.site'], environ))

    def collect(self, asked):
        if asked.method != 'GET':
            require_change(asked)
        values = meant(asked, _MEANT)
        name = None
        if asked.method == 'POST':
            name = self._begin(asked, values)
        elif asked.method == 'DELETE':
            self._put_back(asked, values)
        return _levels(asked.site, values.get('limit', USUAL),
                       name or values.get('name'),
                       asked.site.access.allowed(
                           'sensitive', Facts.of_environ(asked.environ)))

    def _begin(self, asked, values):
        if 'name' not in values or 'level' not in values:
            raise _bad(u'State name and level in the query string, such as '
                       u'?name=root&level=DEBUG.')
        name, path = values['name'], values.get('path')
        if path is not None:
            _require_path(path)
        known = facts_of.known_names().get(name)
        if known is None:
            raise ViewError('404 Not Found', u'There is no logger of that name '
                            u'so far: GET lists them.\n')
        logger = facts_of.get(known)
        change = Change(known, values['level'], path, values.get('user'),
                        values.get('to') == 'memory')
        try:
            asked.site.log_levels.begin(logger, change,
                                        values.get('for', LASTS))
        except Over:
            raise ViewError('404 Not Found', TAKEN_OUT)
        except TooMany:
            raise ViewError('409 Conflict', u'There are too many changes: put '
                            u'one back first.\n')
        return name

    def _put_back(self, asked, values):
        name, number = values.get('name'), values.get('id')
        found = asked.site.log_levels.put_back(
            lambda change: (name in (None, change.name)
                            and number in (None, change.id)))
        if values and not found:
            raise ViewError('404 Not Found', u'There is no such change.\n')

    def as_text(self, found):
        parts = [_of_changes(found)]
        if found.ended:
            parts.append(_of_ended(found))
        parts.append(_of_loggers(found))
        return u'\n'.join(parts)

    def document(self, found):
        return {
            'changes': [dict(_change(change, found),
                             before=facts_of.level_name(before),
                             until=utc(change.ends),
                             seconds_left=seconds(
                                 found.levels.seconds_left(change)),
                             note=_note(change, logger))
                        for change, logger, before in found.changes],
            'ended': [dict(_change(one.change, found), ended=utc(one.when),
                           reason=one.reason) for one in found.ended],
            'loggers': [{
                'name': clean(name),
                'level': facts_of.level_name(found.levels.own_level(logger)),
                'effective_level': facts_of.level_name(
                    found.levels.level_in_force(logger)),
                'handlers_level': _of_handlers(logger),
                'disabled': bool(logger.disabled)}
                for name, logger in found.loggers],
            'omitted_loggers': found.omitted}


def _require_path(path):
    if not path.startswith(u'/'):
        raise _bad(u'A path begins with a slash.')
    if u'*' in path[:-1]:
        raise _bad(u'A * in a path may only be its last character, as in /shop/*, '
                   u'for all paths that begin with /shop/.')


def _bad(what):
    return ViewError('400 Bad Request', what + u'\n')


def _levels(site, limit, name, tells_whose):
    levels = site.log_levels
    everything = facts_of.all_loggers()
    # PY2: a name may have any bytes.
    names = [known for known in everything
             if name is None or is_below(text(known), name)]
    # Those first that have a level of their own.
    names.sort(key=lambda known: (known != facts_of.ROOT,
                                  not everything[known].level, text(known)))
    return Levels(levels=levels, changes=levels.changes, ended=levels.ended,
                  loggers=[(known, everything[known])
                           for known in names[:limit]],
                  omitted=max(0, len(names) - limit), tells_whose=tells_whose)


def _change(change, found):
    tells = found.tells_whose
    return {'id': change.id, 'logger': clean(change.name),
            'level': facts_of.level_name(change.level),
            'restricted': change.is_restricted,
            'path': clean(change.path) if tells and change.path else None,
            'user': clean(change.user) if tells and change.user else None,
            'to': 'memory' if change.to_memory else 'log'}


def _note(change, logger):
    return facts_of.obstacle(logger, change.level, change.to_memory)


def _of_handlers(logger):
    level = facts_of.handlers_level(logger)
    return None if level is None else facts_of.level_name(level) or 'NOTSET'


def _of_changes(found):
    if not found.changes:
        return u'no level is changed\n'
    table = Table(Column('ID', right=True),
                  Column('LOGGER', cut_end=False, flexible=True), 'LEVEL',
                  'BEFORE', Column('LEFT', right=True), 'TO',
                  Column('ONLY FOR', flexible=True))
    for change, _logger, before in found.changes:
        table.add(change.id, change.name, facts_of.level_name(change.level),
                  facts_of.level_name(before),
                  duration(found.levels.seconds_left(change)),
                  u'memory' if change.to_memory else u'log',
                  _whose(change, found))
    lines = table.lines()
    for change, logger, _before in found.changes:
        note = _note(change, logger)
        if note is not None:
            lines.append(clean(u'%d: %s' % (change.id, note), WIDTH))
    return u''.join(line + u'\n' for line in lines)


def _whose(change, found):
    if not change.is_restricted:
        return None
    if not found.tells_whose:
        return u'some requests'
    return u' '.join(u'%s %s' % pair for pair in (
        (u'path', change.path), (u'user', change.user)) if pair[1] is not None)


def _of_ended(found):
    return u''.join(clean(
        u'%s  %s of %s has ended: %s' % (
            utc(one.when), facts_of.level_name(one.change.level),
            one.change.name, one.reason), WIDTH) + u'\n'
        for one in found.ended)


def _of_loggers(found):
    table = Table(Column('LOGGER', cut_end=False, flexible=True), 'LEVEL',
                  'IN FORCE', 'HANDLERS')
    for name, logger in found.loggers:
        levels = found.levels
        table.add(name, facts_of.level_name(levels.own_level(logger)),
                  u'disabled' if logger.disabled
                  else facts_of.level_name(levels.level_in_force(logger)),
                  _of_handlers(logger))
    said = table.text()
    if found.omitted:
        said += u'%d more are left out\n' % found.omitted
    return said


loggers = LoggersView()
