"""All databases that Zope has opened, and what can be told of them at once.

`Databases.collect` runs in the event loop, also while a storage hangs with the
lock of its database: it reads plain attributes, calls no method of ZODB and
takes no lock. What needs either is read by helper threads.
"""
from __future__ import absolute_import, division, print_function

import logging
import sys
import time

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews._daemons import Daemon, make_lock
from Products.ZServerViews.format.text import clean
from Products.ZServerViews.format.units import seconds
from Products.ZServerViews.runtime.patching import calling, seam
from Products.ZServerViews.zopeapp import one_database, storage_kinds
from Products.ZServerViews.zopeapp.relstorage_calls import RelStorageCalls
from Products.ZServerViews.zopeapp.storage_readings import StorageReadings
from Products.ZServerViews.zopeapp.watched import Watched

# Seconds between two looks at the counters.
INTERVAL = 5.0

# Beyond these, waits are left out and counted.
MOST_WAITS = 100


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
        # Held for a look at that and a change of it. A worker may open what
        # `watch` finds at the same moment.
        self._lock = make_lock()
        self._relstorage_calls = RelStorageCalls()
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
        with self._lock:
            watched, self._watched = self._watched, {}
            self._relstorage_calls.end()
        for one in watched.values():
            one.end()

    def start(self):
        """Look at the counters again and again, in a thread."""
        if self._watches and not self._daemon.runs:
            self._daemon.start(self._run)
        if self._watches:
            for watched in list(self._watched.values()):
                watched.start()

    def begin_anew(self):
        """In a forked child: the threads, and what they did, are the parent's.
        """
        self._daemon.dismiss()
        self._lock = make_lock()  # which a thread of the parent's may have
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
        # Whatever fails here is nothing for the worker that opens it.
        watched = None
        try:
            watched = Watched(db, self._here, self._conflict, INTERVAL)
            watched.readings = StorageReadings(name, watched.storage)
            if self._is_first(db, watched):
                self._begin_with(watched)
        except Exception:  # a database of somebody else's making
            self._forget(watched)
            self._failed(name)

    def _failed(self, name):
        self._site.log_queue.log(
            logging.ERROR, 'The database %s is not watched; the site is '
            'not affected', name, exc_info=sys.exc_info())

    def _is_first(self, db, watched):
        """Whether it is the one that watches this database from now on."""
        with self._lock:
            if not self._watches or self._of(db) is not None:
                return False
            self._watched[id(db)] = watched
            return True

    def _begin_with(self, watched):
        # In another thread it may end meanwhile, and sees to that itself.
        watched.begin(self._timed)
        if self._timed and storage_kinds.is_relational(watched.storage()):
            with self._lock:
                if self._watches:
                    self._relstorage_calls.begin()
        if self._daemon.runs:
            watched.start()

    def _forget(self, watched):
        with self._lock:
            for key, known in list(self._watched.items()):
                if known is watched:
                    del self._watched[key]
        if watched is not None:
            watched.end()

    def _here(self):
        recorder = self._site.recorder
        # As recorder.here() does: each request asks, when it opens a connection.
        return None if recorder is None else recorder.current.get(get_ident())

    def _run(self):
        while self._daemon.is_current:
            for watched in list(self._watched.values()):
                self._tick(watched)
            # By this name a dump of threads knows that this one sleeps.
            time.sleep(INTERVAL)

    def _tick(self, watched):
        if watched.db() is None:  # nobody has it any more
            self._forget(watched)
            return
        try:
            watched.tick()
        except Exception:
            self._forget(watched)
            self._failed(getattr(watched.db(), 'database_name', None))

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
        told = [dict(one_database.document(
            name, opened[name], self._of, self._timed, working),
            mount_points=sorted(paths.get(name, [])))
            for name in sorted(opened)]
        waits = [wait for name in sorted(opened)
                 for wait in self._waits(name, opened[name], working)]
        waits.sort(key=lambda wait: -wait['seconds'])
        return {'databases': told,
                'not_opened': sorted(set(paths) - set(opened)),
                'relstorage_calls': self._relstorage_calls.document(),
                'storage_timing': self._timed,
                'waits': waits[:MOST_WAITS],
                'waits_omitted': max(0, len(waits) - MOST_WAITS)}

    def counts(self):
        """{name: {what is counted: how often so far}} of those that are open.
        """
        opened = self._all()
        watched = [(name, self._of(opened[name])) for name in sorted(opened)]
        return dict((clean(name), one.totals()) for name, one in watched
                    if one is not None)

    def idents_in_calls(self):
        """The idents of the threads that are in a call of a storage now."""
        return frozenset(ident for watched in list(self._watched.values())
                         for ident, _call, _seconds in watched.waits())

    def _of(self, db):
        """The `Watched` of a database, or None."""
        watched = self._watched.get(id(db))
        return (watched if watched is not None and watched.db() is db
                else None)

    def _waits(self, name, db, working):
        watched = self._of(db)
        for ident, call, waited in ([] if watched is None
                                    else watched.waits()):
            request = working.get(ident)
            yield {'database': clean(name), 'call': call,
                   'seconds': seconds(waited), 'thread_ident': ident,
                   'request': None if request is None else request.title()}
