"""The families of `/-/metrics` that tell of databases.

They are made of the document of `/-/database`, in an event loop; nothing here
waits. What is not known of a database has no series.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.exposition import COUNTER, GAUGE, Family

# (family, key in the totals of calls, what it counts)
_CALLS = (
    ('zope_database_loads', 'loads', 'Objects that were asked of the storage.'),
    ('zope_database_server_loads', 'server_loads',
     'Objects that a client of ZEO has asked of its server.'),
    ('zope_database_stores', 'stores', 'Objects that were stored.'),
    ('zope_database_commits', 'commits', 'Transactions that were finished.'),
    ('zope_database_aborts', 'aborts', 'Transactions that were given up.'),
    ('zope_database_conflicts', 'conflicts',
     'Conflicts that the storage has found.'))


def databases(document):
    """Of what `zopeapp.opened.Databases.collect` returns; the most important
    first."""
    told = document['databases']
    return (_waits(document) + _connections(told) + _calls(told)
            + _storages(told) + _relstorage_calls(
                document['relstorage_calls'] or ()))


def _waits(document):
    """How many threads are in calls of a storage, and for how long at most."""
    if not document['storage_timing']:
        return []
    running = Family('zope_database_calls_running', GAUGE, 'Threads that are '
                     'in a call of the storage; at most 100 in all are told.')
    longest = Family('zope_database_call_oldest_seconds', GAUGE, 'How long the '
                     'one of them is in it that is longest.')
    for database in document['databases']:
        name = database['name']
        seconds = [wait['seconds'] for wait in document['waits']
                   if wait['database'] == name]
        running.add(len(seconds), ('database', name))
        longest.add(max([0.0] + seconds), ('database', name))
    return [running, longest]


def _connections(told):
    connections = Family('zope_database_connections', GAUGE,
                         'Connections in the pool.')
    limit = Family('zope_database_connection_limit', GAUGE,
                   'The setting pool-size.')
    oldest = Family('zope_database_connection_oldest_seconds', GAUGE, 'How '
                    'long the one is open that has been open longest.')
    objects = Family('zope_database_cached_objects', GAUGE,
                     'Objects in the caches of all connections.')
    size = Family('zope_database_cached_bytes', GAUGE,
                  'Their size, as ZODB estimates it.')
    for database in told:
        pool, label = database['pool'], ('database', database['name'])
        for state in 'open', 'idle':
            connections.add(pool[state], label, ('state', state))
        limit.add(pool['limit'], label)
        oldest.add(pool['oldest_open_seconds'] or 0.0, label)
        objects.add(pool['cached_objects'], label)
        size.add(pool['cached_bytes'], label)
    return [connections, limit, oldest, objects, size]


def _calls(told):
    timed = [database for database in told if database['calls'] is not None]
    made = []
    for name, key, help in _CALLS:
        family = Family(name, COUNTER, help)
        for database in timed:
            family.add(database['calls']['totals'].get(key),
                       ('database', database['name']))
        made.append(family)
    errors = Family('zope_database_errors', COUNTER, 'Exceptions that the '
                    'storage has raised.')
    for database in timed:
        for kind, number in sorted(database['calls']['errors'].items()):
            errors.add(number, ('database', database['name']),
                       ('error_type', kind))
    return made + [errors]


def _storages(told):
    connected = Family('zope_database_server_connected', GAUGE, '1 while the '
                       'client of ZEO is connected, else 0.')
    packing = Family('zope_database_pack_running', GAUGE,
                     '1 while a pack runs, else 0.')
    size = Family('zope_database_size_bytes', GAUGE, 'What the storage says of '
                  'its size.')
    objects = Family('zope_database_objects', GAUGE, 'What it says of the '
                     'number of its objects.')
    age = Family('zope_database_size_age_seconds', GAUGE,
                 'How long ago it has said so.')
    for database in told:
        label = 'database', database['name']
        zeo, pack = database['storage']['zeo'], database['pack']
        if zeo is not None and zeo.get('connected') is not None:
            connected.add(int(zeo['connected']), label)
        if pack is not None:
            packing.add(int(pack['in_progress']), label)
        reading = (database['readings'] or {}).get('size')
        if reading is not None and reading['value'] is not None:
            size.add(reading['value']['bytes'], label)
            objects.add(reading['value']['objects'], label)
            age.add(reading['age_seconds'], label)
    return [connected, packing, size, objects, age]


def _relstorage_calls(rows):
    """Of the process, since RelStorage does not say of which database."""
    samples = Family('zope_relstorage_call_samples', COUNTER, 'Calls that '
                     'RelStorage has timed.')
    taken = Family('zope_relstorage_call_sampled_seconds', COUNTER,
                   'How long these have taken, in whole milliseconds each.')
    ratio = Family('zope_relstorage_call_sample_ratio', GAUGE,
                   'How many of the calls RelStorage times.')
    for row in rows:
        label = 'call', row['call']
        samples.add(row['samples'], label)
        taken.add(row['seconds'], label)
        ratio.add(row['sample_ratio'], label)
    return [samples, taken, ratio]
