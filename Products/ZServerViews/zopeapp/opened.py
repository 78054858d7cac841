"""All databases that Zope has opened, and what can be told of them at once.

`Databases.collect` runs in the event loop, also while a storage hangs with the
lock of its database: it reads plain attributes, calls no method of ZODB and
takes no lock. What needs either is read by helper threads.
"""
from __future__ import absolute_import, division, print_function

import logging
import sys
import time

from Products.ZServerViews._daemons import Daemon
from Products.ZServerViews.format.text import clean
from Products.ZServerViews.format.units import seconds
from Products.ZServerViews.runtime.patching import calling, seam
from Products.ZServerViews.zopeapp import connections, storage_kinds
from Products.ZServerViews.zopeapp.storage_readings import StorageReadings
from Products.ZServerViews.zopeapp.watched import Watched

# Seconds between two looks at the counters.
INTERVAL = 5.0

# Beyond these, entries are left out and counted: of connections for each
# database, of waits for all.
MOST_CONNECTIONS = 100
MOST_WAITS = 100

# Of the caches of all connections, those left out included.
_SUMS = ('cached_objects', 'objects'), ('cached_bytes', 'bytes')


def of_zope(site):
    """The `Databases` of this process; None without Zope. Imports."""
    try:
        from App.config import getConfiguration
        from ZODB.DB import DB
        from ZODB.POSException import ConflictError
    except ImportError:
        return None
    return Databases(site, getConfiguration, seam(DB, '__init__', calling),
                     ConflictError)


class Databases(object):
    """Watches the databases of a site; told by the service, not by the loop.

    ``configuration``
        A function for Zope's configuration.
    ``opens``
        The seam of `DB.__init__`.
    ``conflict``
        The class of exceptions that are conflicts.
    """

    def __init__(self, site, configuration, opens, conflict):
        self._site = site
        self._configuration = configuration
        self._opens = opens
        self._conflict = conflict
        self._watched = {}  # {id of a database: its Watched}
        self._timed = True
        self._watches = False
        self._daemon = Daemon('zserver-views-databases')
        self._content = self._opened  # one object, by which it is emptied

    # Never in the loop:

    def watch(self, timed):
        """Begin with all databases that are open; later ones follow.

        ``timed``
            Whether calls of storages are timed.
        """
        if self._watches and timed != self._timed:
            self.end()
        self._timed = timed
        self._watches = True
        self._opens.fill(self._content)
        for name, db in sorted(self._all().items()):
            self._begin(name, db)

    def end(self):
        """Leave all as it was found; may be called again."""
        self._watches = False
        self._opens.empty(self._content)
        self._daemon.dismiss()
        watched, self._watched = self._watched, {}
        for one in watched.values():
            one.end()
            one.readings.stop()

    def start(self):
        """Look at the counters again and again, in a thread."""
        if self._watches and not self._daemon.runs:
            self._daemon.start(self._run)
        if self._watches:
            for watched in list(self._watched.values()):
                watched.readings.start()

    def begin_anew(self):
        """In a forked child: the threads, and what they did, are the parent's.
        """
        self._daemon.dismiss()
        if self._watches:
            self.end()
            self.watch(self._timed)

    def _opened(self, original, db, *args, **kw):
        """Stands in the place of `DB.__init__`."""
        original(db, *args, **kw)
        if self._watches and any(db is one for one in self._all().values()):
            self._begin(db.database_name, db)

    def _begin(self, name, db):
        if self._of(db) is not None:
            return
        watched = Watched(db, self._here, self._conflict, INTERVAL)
        # Whatever fails here is nothing for the worker that opens it.
        try:
            watched.readings = StorageReadings(name, watched.storage)
            self._watched[id(db)] = watched
            watched.begin(self._timed)
            if self._daemon.runs:
                watched.readings.start()
        except Exception:  # a database of somebody else's making
            watched.end()
            self._site.log_queue.log(
                logging.ERROR, 'The database %s is not watched; the site is '
                'not affected', name, exc_info=sys.exc_info())

    def _here(self):
        recorder = self._site.recorder
        return None if recorder is None else recorder.here()

    def _run(self):
        while self._daemon.is_current:
            for watched in list(self._watched.values()):
                watched.tick()
            # By this name a dump of threads knows that this one sleeps.
            time.sleep(INTERVAL)

    # In the loop too:

    def _all(self):
        """{name: DB} of those that are open."""
        dbtab = getattr(self._configuration(), 'dbtab', None)
        return {} if dbtab is None else dict(dbtab.databases)

    def _mount_paths(self):
        """{name: [path]}"""
        dbtab = getattr(self._configuration(), 'dbtab', None)
        found = {}
        for path, name in getattr(dbtab, 'mount_paths', {}).copy().items():
            found.setdefault(name, []).append(path)
        return found

    def collect(self):
        """All that is known at this moment, for JSON; see docs/database.rst.

        In any thread; never waits.
        """
        recorder = self._site.recorder
        working = {} if recorder is None else recorder.current.copy()
        opened, paths = self._all(), self._mount_paths()
        told = [self._told(name, opened[name], working) for name
                in sorted(opened)]
        for one in told:
            one['mount_points'] = sorted(paths.get(one['name'], []))
        waits = [wait for name in sorted(opened)
                 for wait in self._waits(name, opened[name], working)]
        waits.sort(key=lambda wait: -wait['seconds'])
        return {'databases': told,
                'not_opened': sorted(set(paths) - set(opened)),
                'storage_timing': self._timed,
                'waits': waits[:MOST_WAITS],
                'waits_omitted': max(0, len(waits) - MOST_WAITS)}

    def _of(self, db):
        """The `Watched` of a database, or None."""
        watched = self._watched.get(id(db))
        return (watched if watched is not None and watched.db() is db
                else None)

    def _told(self, name, db, working):
        watched = self._of(db)
        # Only of the class when it has been closed, as at the process's end.
        storage = vars(db).get('storage')
        pool, members = connections.pool_of(db)
        rows = sorted((_connection(member, watched, working)
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
                'calls': None if watched is None or not self._timed
                else _calls(watched),
                'pack': None if watched is None else _packs(
                    watched.packs, storage)}

    def _waits(self, name, db, working):
        watched = self._of(db)
        for ident, call, waited in ([] if watched is None
                                    else watched.waits()):
            request = working.get(ident)
            yield {'database': clean(name), 'call': call,
                   'seconds': seconds(waited), 'thread_ident': ident,
                   'request': None if request is None else request.title()}


def _connection(connection, watched, working):
    opened = connections.open_seconds(connection)
    ident, request = (None, None) if opened is None or watched is None else (
        _holder(connection, watched, working))
    return {'open_seconds': seconds(opened), 'thread_ident': ident,
            'request': None if request is None else request.title(),
            'request_has_ended': None if request is None
            else working.get(ident) is not request,
            'cache': connections.cache_of(connection)}


def _holder(connection, watched, working):
    """(ident, request), as far as they are known."""
    found = watched.holder(connection)
    if found is not None:
        return found
    # `DB.open` has not returned it yet: it asks its storage what has changed.
    ident = watched.caller(connection)
    return ident, working.get(ident)


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
