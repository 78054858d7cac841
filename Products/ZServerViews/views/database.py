"""``/-/database``: connections, caches and storages, and who waits for them.

What it shows is collected by `zopeapp.opened`, which takes no lock of ZODB: so
it answers while a storage hangs.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.tables import Column, Table
from Products.ZServerViews.format.text import WIDTH, clean, cut_middle
from Products.ZServerViews.format.units import duration, size
from Products.ZServerViews.monitor.threads import thread_names
from Products.ZServerViews.views.formatted import Found, MonitorView, facts

# In a text, calls that have run for less are left out: there are always some.
SHORT = 0.1

INDENT = u'    '


class DatabaseView(MonitorView):
    """All databases that Zope has opened."""

    name = 'database'
    summary = u'databases: connections, caches, storages, who waits for them'
    needs_recorder = True
    needs_databases = True

    def collect(self, asked):
        databases = asked.site.databases
        document = (
            {'databases': [], 'not_opened': [], 'storage_timing': False,
             'relstorage_calls': None, 'waits': [], 'waits_omitted': 0}
            if databases is None else databases.collect())
        names = thread_names(asked.site.workers)
        for row in document['waits'] + [
                row for database in document['databases']
                for row in database['connections']]:
            row['thread_name'] = _name(row['thread_ident'], names)
        return Found(document=document)

    def document(self, found):
        return found.document

    def as_text(self, found):
        document = found.document
        if not document['databases'] and not document['not_opened']:
            return u'no database is watched\n'
        parts = [_not_connected(document) + _waits(document)]
        parts += map(_database, document['databases'])
        if document['relstorage_calls']:
            parts.append(_relstorage_calls(document['relstorage_calls']))
        if document['not_opened']:
            parts.append(clean(u'not opened yet: ' + u', '.join(
                document['not_opened']), WIDTH) + u'\n')
        return u'\n'.join(parts)


def _name(ident, names):
    """The name of a thread, or a word for one without; None for no thread."""
    if ident is None:
        return None
    return clean(names.get(ident, u'thread-%d' % ident))


def _not_connected(document):
    """A line for each database whose ZEO server is away."""
    return u''.join(
        cut_middle(clean(u'database %s is not connected to its ZEO server'
                         % told['name']), WIDTH) + u'\n'
        for told in document['databases']
        if told['storage']['zeo'] is not None
        and told['storage']['zeo']['connected'] is False)


def _waits(document):
    rows = [row for row in document['waits'] if row['seconds'] >= SHORT]
    if not document['storage_timing']:
        return u'calls of storages are not timed\n'
    if not rows:
        return u'nobody waits for a storage\n'
    table = Table(Column('WAITED', right=True), 'CALL',
                  Column('DATABASE', flexible=True),
                  Column('THREAD', cut_end=False, flexible=True))
    for row in rows:
        table.add(duration(row['seconds']), row['call'], row['database'],
                  row['thread_name'])
    lines = [u'%d in a call of a storage, one of them for %s'
             % (len(rows) + document['waits_omitted'],
                duration(rows[0]['seconds'])), u'']
    return u'\n'.join(lines + _with_requests(table, rows)) + u'\n'


def _with_requests(table, rows):
    """The lines of a table, below each row its request."""
    all_lines = table.lines()
    lines = [all_lines[0]]
    for row, line in zip(rows, all_lines[1:]):
        lines.append(line)
        if row['request'] is not None:
            ended = (u'  (has ended)' if row.get('request_has_ended')
                     else u'')
            lines.append(INDENT + cut_middle(
                clean(row['request']),
                WIDTH - len(INDENT) - len(ended)) + ended)
    return lines


def _database(told):
    paths = u', '.join(told['mount_points'])
    lines = cut_middle(clean(u'database %s%s' % (
        told['name'], u' at ' + paths if paths else u'')), WIDTH) + u'\n'
    for line in facts(_facts(told)).splitlines():
        lines += cut_middle(clean(line), WIDTH) + u'\n'
    rows = told['connections']
    if rows:
        lines += u'\n' + u'\n'.join(_with_requests(_connections(rows), rows))
        lines += u'\n'
    if told['connections_omitted']:
        lines += (u'%d more connections are left out\n'
                  % told['connections_omitted'])
    return lines


def _facts(told):
    """(name, text) of each line about one database."""
    pool, storage, calls = told['pool'], told['storage'], told['calls']
    found = [(u'storage', u' over '.join(
        [storage['kind'] or u'closed'] + storage['inner'])),
        (u'  name', storage['name']),
        (u'  size', _size(told['readings'])),
        (u'connections', u'%d open, %d idle, limit %s' % (
            pool['open'], pool['idle'], pool['limit'])),
        (u'  open for', duration(pool['oldest_open_seconds']))]
    if calls is not None:
        found += [(name, _rate(name, calls)) for name in (
            u'loads', u'stores', u'commits', u'conflicts')]
        found.append((u'errors', sum(calls['errors'].values())))
        found += [(u'  ' + name, number) for name, number
                  in sorted(calls['errors'].items())]
    found.append((u'pack', _pack(told['pack'])))
    if storage['blobs'] is not None:
        found.append((u'blobs', storage['blobs']))
    for kind in 'zeo', 'relstorage':
        found += _of_kind(kind, storage[kind])
    return found + _server(told['readings'])


def _relstorage_calls(rows):
    """What RelStorage says of its own steps."""
    table = Table(Column('SAMPLES', right=True), Column('OF', right=True),
                  Column('MEAN', right=True),
                  Column('CALL', cut_end=False, flexible=True))
    for row in rows:
        table.add(u'%d' % row['samples'], u'%d %%' % round(
            row['sample_ratio'] * 100), duration(
                row['seconds'] / row['samples']), row['call'])
    return (u'relstorage calls, of all databases\n\n'
            + u'\n'.join(table.lines()) + u'\n')


def _size(readings):
    found = None if readings is None else readings['size']
    value = None if found is None else found['value']
    if value is None:
        return None if found is None else found['state']
    objects = (u'' if value['objects'] is None
               else u', %d objects' % value['objects'])
    return size(value['bytes']) + objects + _age(found)


def _age(found):
    """How old a reading is, and what is wrong with the next one, if it is."""
    return u' (%s ago%s)' % (
        duration(found['age_seconds']),
        u'' if found['state'] == u'ok' else u'; ' + found['state'])


def _server(readings):
    """Lines of what the ZEO server says of itself."""
    found = None if readings is None else readings['server']
    if found is None:
        return []
    if found['value'] is None:
        return [(u'zeo server', found['state'])]
    return [(u'zeo server', u'asked' + _age(found))] + [
        (u'  ' + name.replace('_', u' '), number)
        for name, number in sorted(found['value'].items())]


def _rate(name, calls):
    rates = [u'%.1f/s in %s s' % (rates[name], window) for window, rates
             in sorted(calls['per_second'].items(),
                       key=lambda item: int(item[0])) if rates is not None]
    return u'; '.join([u'%d' % calls['totals'][name]]
                      + [u', '.join(rates)] * bool(rates))


def _pack(pack):
    if pack is None:
        return u'-'
    last = pack['last']
    if pack['running_seconds'] is not None:
        return u'runs, for %s' % duration(pack['running_seconds'])
    if pack['in_progress']:
        return u'runs'  # somebody has asked the storage itself
    if last is None:
        return u'none by this process'
    return u'%s, took %s%s' % (
        last['began'], duration(last['seconds']),
        u', failed: ' + last['error'] if last['error'] else u'')


def _of_kind(kind, document):
    """Lines of what only ZEO, or only RelStorage, has."""
    if document is None:
        return []
    state = {True: u'connected', False: u'not connected'}.get(
        document.get('connected'))
    return [(kind, state)] + [
        (u'  ' + name.replace('_', u' '),
         size(document[name]) if name.endswith('_bytes') else document[name])
        for name in sorted(document) if name != 'connected']


def _connections(rows):
    table = Table(Column('OPEN FOR', right=True),
                  Column('THREAD', cut_end=False, flexible=True),
                  Column('OBJECTS', right=True), Column('TARGET', right=True),
                  Column('GHOSTS', right=True), Column('BYTES', right=True),
                  Column('TARGET', right=True))
    for row in rows:
        cache = row['cache']
        table.add(duration(row['open_seconds']), row['thread_name'],
                  cache['objects'], cache['target_objects'], cache['ghosts'],
                  size(cache['bytes']), size(cache['target_bytes']))
    return table


database = DatabaseView()
