"""What we tell of a process, by the names that plone.observability 1.2 has.

So dashboards and alerts that were made for it go on. A metric is here only if
we know what it means there; docs/metrics.rst lists the others, and where a
number means a little less or more. Its label ``scope`` says whether all
processes of one database tell the same.

Everything here is called in an event loop and waits for nothing.
"""
from __future__ import absolute_import, division, print_function

import threading
from bisect import bisect_left

from Products.ZServerViews._tallies import new_row
from Products.ZServerViews.format.exposition import (
    COUNTER,
    GAUGE,
    HISTOGRAM,
    UNKNOWN,
    Family,
)
from Products.ZServerViews.format.text import text
from Products.ZServerViews.monitor.tally import DURATIONS, grouped

INSTANCE = 'scope', 'instance'
GLOBAL = 'scope', 'global'

# In seconds; each is one of ours too, so what they have is known exactly.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# For each place in a row of ours, the one in theirs.
_PLACES = [bisect_left(BOUNDS, bound) for bound in DURATIONS] + [len(BOUNDS)]

# (name, kind, name of `readings.NUMBERS`, help). What is a counter there
# without the ending of one, OpenMetrics knows no kind for.
_READINGS = (
    ('plone_process_rss_bytes', GAUGE, 'process_resident_memory_bytes',
     'Current resident set size of the process in bytes.'),
    ('plone_process_rss_peak_bytes', GAUGE,
     'process_resident_memory_peak_bytes',
     'Peak resident set size of the process in bytes.'),
    ('plone_process_cpu_seconds', UNKNOWN, 'process_cpu_seconds_total',
     'Total CPU time (user and system) in seconds.'))

# (name, key of a database's pool, help)
_POOLS = (
    ('plone_zodb_connections', 'connections',
     'ZODB connections, in use or idle in the pool.'),
    ('plone_zodb_connections_idle', 'idle', 'Idle ZODB connections.'),
    ('plone_zodb_pool_size', 'limit', 'The setting pool-size.'),
    ('plone_zodb_cache_size', 'cached_objects',
     'Objects in the ZODB caches.'),
    ('plone_zodb_cache_size_bytes', 'cached_bytes',
     'Estimated size of the ZODB caches in bytes.'))

# (name, key of what a storage says of its size, help)
_SIZES = (
    ('plone_zodb_object_count', 'objects', 'Objects in the database.'),
    ('plone_zodb_db_size_bytes', 'bytes', 'Size of the database in bytes.'))

# (name, key in the totals of calls, help)
_CALLS = (
    ('plone_zodb_loads', 'loads', 'Objects loaded from the storage.'),
    ('plone_zodb_stores', 'stores', 'Objects stored in the storage.'))


def requests(total):
    """Of a `Tally.total`."""
    finished = Family('plone_requests', COUNTER, 'HTTP requests.')
    durations = Family('plone_request_duration_seconds', HISTOGRAM,
                       'From the reception of a request to the end of its '
                       'answer.', BOUNDS)
    by_user = grouped(total, lambda key: key[2])
    for auth, is_nobody in ('authenticated', False), ('anonymous', True):
        row = new_row(BOUNDS)
        ours = by_user.get(is_nobody, new_row(DURATIONS))
        for place, number in zip(_PLACES, ours):
            row[place] += number
        row[-1] = ours[-1]
        labels = INSTANCE, ('auth', auth)
        finished.add(sum(row[:-1]), *labels)
        durations.add(row, *labels)
    return [finished, durations, _errors(total)]


def _errors(total):
    family = Family('plone_request_errors', UNKNOWN,
                    'HTTP errors by status code.')
    by_status = grouped(total, lambda key: (text(key[1]), key[2]))
    for status, is_nobody in sorted(by_status):
        if status[:1] in (u'4', u'5'):
            family.add(sum(by_status[status, is_nobody][:-1]), INSTANCE,
                       ('status_code', status),
                       ('auth', 'anonymous' if is_nobody else 'authenticated'))
    return family


def conflicts(errors):
    """Of the Counts of `Tally.errors`."""
    family = Family('plone_zodb_conflicts', COUNTER, 'ZODB conflict errors; '
                    'retry says whether the request was tried again.')
    for retry, has_been in ('true', True), ('false', False):
        family.add(sum(errors.get(('conflict', kind, has_been), 0)
                       for kind in ('read', 'write')),
                   INSTANCE, ('retry', retry))
    return [family]


def process(readings, about, now):
    """Of `Readings`, a `process.Process` or None, and the seconds since 1970.
    """
    made = [Family(name, kind, help).add(readings.numbers.get(ours), INSTANCE)
            for name, kind, ours, help in _READINGS]
    # What threading.active_count() says, which takes a lock.
    made.append(Family('plone_threads_active', GAUGE, 'Python threads.').add(
        len(threading._active) + len(threading._limbo), INSTANCE))
    if about is not None:
        made += [
            Family('plone_uptime_seconds', GAUGE, 'Process uptime in seconds.'
                   ).add(max(0.0, now - about.started), INSTANCE),
            _versions(about)]
    return made


def _versions(about):
    labels = [('python_version', about.python)]
    versions = about.versions or {}
    for label, package in (('zope_version', 'Zope'),
                           ('plone_version', 'Plone')):
        if package in versions:
            labels.append((label, versions[package]))
    return Family('plone_info', GAUGE, 'Version information.').add(
        1, INSTANCE, *labels)


def databases(document):
    """Of the document of `/-/database`."""
    pools = [Family(name, GAUGE, help) for name, _key, help in _POOLS]
    sizes = [Family(name, GAUGE, help) for name, _key, help in _SIZES]
    calls = [Family(name, COUNTER, help) for name, _key, help in _CALLS]
    for database in document['databases']:
        label = 'database', database['name']
        for family, (_name, key, _help) in zip(pools, _POOLS):
            family.add(database['pool'][key], INSTANCE, label)
        reading = (database['readings'] or {}).get('size')
        said = (reading or {}).get('value') or {}
        for family, (_name, key, _help) in zip(sizes, _SIZES):
            family.add(said.get(key), GLOBAL, label)
        totals = (database['calls'] or {}).get('totals', {})
        for family, (_name, key, _help) in zip(calls, _CALLS):
            family.add(totals.get(key), INSTANCE, label)
    return pools + calls + sizes
