"""One database, as `/-/database` tells of it: in the loop, without waiting."""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.format.text import clean
from Products.ZServerViews.format.units import seconds
from Products.ZServerViews.zopeapp import connections, storage_kinds

# Beyond these, connections are left out and counted.
MOST_CONNECTIONS = 100

# Of the caches of all connections, those left out included.
_SUMS = ('cached_objects', 'objects'), ('cached_bytes', 'bytes')


def document(name, db, watched_of, timed, working):
    """For JSON.

    ``watched_of(db)``
        The `Watched` of this or another database, or None.
    ``timed``
        Whether calls of storages are.
    ``working``
        {ident of a worker: its request}
    """
    watched = watched_of(db)
    # Only of the class when it has been closed, as at the process's end.
    storage = vars(db).get('storage')
    pool, members = connections.pool_of(db)
    rows = sorted((_connection(member, watched_of, working)
                   for member in members),
                  key=lambda row: -(row['open_seconds'] or 0))
    pool['oldest_open_seconds'] = rows[0]['open_seconds'] if rows else None
    for total, key in _SUMS:
        pool[total] = sum(row['cache'][key] for row in rows)
    return {'name': clean(name), 'pool': pool,
            'storage': storage_kinds.document(storage, members),
            'readings': None if watched is None
            else watched.readings.document(),
            'connections': rows[:MOST_CONNECTIONS],
            'connections_omitted': max(0, len(rows) - MOST_CONNECTIONS),
            'calls': None if watched is None or not timed
            else _calls(watched),
            'pack': None if watched is None else _packs(
                watched.packs, storage)}


def _connection(connection, watched_of, working):
    opened = connections.open_seconds(connection)
    ident, request = (None, None) if opened is None else _holder(
        [(one, watched_of(getattr(one, '_db', None))) for one in connections.together(connection)],
        working)
    return {'open_seconds': seconds(opened), 'thread_ident': ident,
            'request': None if request is None else request.title(),
            'request_has_ended': None if request is None
            else working.get(ident) is not request,
            'cache': connections.cache_of(connection)}


def _holder(together, working):
    """(ident, request), as far as they are known, of a connection and those that
    were opened with it: [(connection, the Watched of its database or None)]."""
    for connection, watched in together:
        found = None if watched is None else watched.holder(connection)
        if found is not None:
            return found
    # `DB.open` has not returned it yet: it asks its storage what has changed.
    for connection, watched in together:
        ident = None if watched is None else watched.caller(connection)
        if ident is not None:
            return ident, working.get(ident)
    return None, None


def _calls(watched):
    rates = watched.rates()
    return {'totals': watched.totals(), 'errors': watched.errors(),
            'per_second': dict((str(window), rates[window])
                               for window in rates)}


def _packs(packs, storage):
    running, last = packs.running(), packs.last
    return {'in_progress': (running is not None
                            or storage_kinds.is_packing(storage)),
            'running_seconds': None if running is None
            else seconds(running.so_far()),
            'last': None if last is None else {
                'began': time.strftime('%Y-%m-%dT%H:%M:%SZ',
                                       time.gmtime(last.began)),
                'seconds': seconds(last.seconds), 'error': last.error,
                'request': None if last.request is None
                else last.request.title()}}
