"""One database that is watched: who has its connections, who waits for it.

Only objects of this database are changed, each method by `wrapping`; what they
do stays the same. Workers write without a lock, and a reader takes none.
"""
from __future__ import absolute_import, division, print_function

import weakref
from collections import deque

from Products.ZServerViews._compat import get_ident, monotonic
from Products.ZServerViews.monitor.windows import Windows
from Products.ZServerViews.zopeapp import storage_calls, storage_kinds
from Products.ZServerViews.zopeapp.connections import all_of
from Products.ZServerViews.zopeapp.packs import Packs
from Products.ZServerViews.zopeapp.wrapping import (
    Wrapped, attribute, has, wrap_all)


class Watched(object):
    """A database, from `begin` to `end`.

    ``here``
        A function for the request that the calling thread works at, or None.
    ``conflict``
        The class of exceptions that are conflicts.
    ``interval``
        Seconds between two `tick`.
    ``all_calls``
        Every `storage_calls.Calls`; they are kept, and given to the next
        connection when one goes.
    ``packs``
        The `packs.Packs`.
    ``readings``
        The `StorageReadings` of its storage, or None.
    """

    readings = None

    def __init__(self, db, here, conflict, interval, clock=monotonic):
        self.db = weakref.ref(db)
        self.all_calls = []
        self.packs = Packs(here)
        self.windows = Windows(interval)
        self._here = here
        self._conflict = conflict
        self._clock = clock
        self._free = deque()
        self._by_storage = {}  # {id of a storage: (weak reference, its Calls)}
        # {id of a connection: (ident, request, since when it is open)}
        self._holders = {}
        self._entering = {}    # {ident: (name, since)}
        self._wrapped = deque()
        self._has_ended = False

    def begin(self, timed):
        """Wrap what tells of the connections, and of calls if ``timed``.

        In any thread but the loop; what is in work goes on unseen.
        """
        db = self.db()
        self._wrapped.append(Wrapped(db, 'open', self._open))
        self._wrapped.append(Wrapped(db, 'pack', self.packs.wrap))
        if timed:
            self._time(db)
        self.tick()

    def _time(self, db):
        # ZODB 5 has something that makes a storage for each connection; before,
        # only some storages do that themselves.
        source = attribute(db, '_mvcc_storage')
        if not has(source, 'new_instance'):
            source = db.storage
        find = storage_calls.OfEachThread(self.all_calls.append)
        client = attribute(storage_kinds.client(db.storage), '_server')
        self._wrapped.extend(wrap_all(client, {
            'load_before': lambda original: storage_calls.timed_call(
                'load_before', original, find.here, self._conflict,
                self._clock)}))
        if not has(source, 'new_instance'):
            self._wrapped.extend(wrap_all(source, storage_calls.makers(
                find, self._conflict, self._clock)))
            return
        self._wrapped.append(Wrapped(source, 'new_instance', self._new))
        for connection in all_of(db.pool):
            storage = connection._normal_storage
            if storage is not None:
                self._watch_storage(storage)

    def start(self):
        """Have the readings read again and again, until the end."""
        self.readings.start()
        self._unless_ended()

    def end(self):
        """Undo it all; may be called again, in several threads at once."""
        self._has_ended = True
        if self.readings is not None:
            self.readings.stop()
        while True:
            try:
                wrapped = self._wrapped.pop()
            except IndexError:
                return
            wrapped.undo()

    def _unless_ended(self):
        """What has been added to the wrapped ones just now is to go too, if
        the end came meanwhile."""
        if self._has_ended:
            self.end()

    # In workers:

    def _open(self, original):
        entering, clock, here = self._entering, self._clock, self._here
        holders, by_storage = self._holders, self._by_storage

        def open(*args, **kw):
            ident = get_ident()
            entering[ident] = 'open', clock()
            try:
                connection = original(*args, **kw)
            finally:
                entering.pop(ident, None)
            try:
                holders[id(connection)] = ident, here(), connection.opened
                known = by_storage.get(id(connection._normal_storage))
                if known is not None:
                    known[1].thread = ident
            except Exception:  # a connection of somebody else's making
                pass
            return connection

        return open

    def _new(self, original):
        entering = self._entering

        def new_instance(*args, **kw):
            ident = get_ident()
            before = entering.get(ident)
            entering[ident] = 'new_instance', self._clock()
            try:
                storage = original(*args, **kw)
            finally:
                if before is None:
                    entering.pop(ident, None)
                else:
                    entering[ident] = before
            self._watch_storage(storage)
            return storage

        return new_instance

    def _watch_storage(self, storage):
        try:
            calls = self._calls_for(storage)
            if calls is None:
                return
            find = storage_calls.OfOneConnection(calls)
            makers = storage_calls.makers(find, self._conflict, self._clock)
            if not storage_kinds.syncs(storage):
                del makers['sync']
            self._wrapped.extend(wrap_all(storage, makers))
        except Exception:  # it takes no attributes: it is not seen, and works
            pass
        self._unless_ended()

    def _calls_for(self, storage):
        """Its Calls; None if it has some: `begin` and the worker that has made
        the storage may both come here."""
        try:
            calls = self._free.pop()
        except IndexError:
            calls = storage_calls.Calls()
            self.all_calls.append(calls)
        key = id(storage)

        def gone(reference):
            # Its address may be another's by now.
            known = self._by_storage.get(key)
            if known is not None and known[0] is reference:
                del self._by_storage[key]
            self._free.append(calls)

        try:
            entry = weakref.ref(storage, gone), calls
        except TypeError:
            self._free.append(calls)
            raise
        if self._by_storage.setdefault(key, entry) is entry:
            return calls
        self._free.append(calls)
        return None

    # For the thread that samples:

    def tick(self):
        """Note how far the counters are, and forget what has gone."""
        db = self.db()
        if db is None:
            return
        self.windows.add(self._clock(), self.totals())
        living = set(map(id, [connection for connection in all_of(db.pool)
                              if connection.opened is not None]))
        for key in list(self._holders):
            if key not in living:
                self._holders.pop(key, None)
        for _number in range(len(self._wrapped)):
            # Step by step: a worker may add some meanwhile, and `end` may
            # take them all.
            try:
                one = self._wrapped.popleft()
            except IndexError:
                break
            if one.is_alive:
                self._wrapped.append(one)
        self._unless_ended()

    # For readers in any thread:

    def storage(self):
        """The storage, or None when the database has been closed: then only
        its class has something by that name."""
        db = self.db()
        return None if db is None else vars(db).get('storage')

    def totals(self):
        return storage_calls.totals(list(self.all_calls))

    def errors(self):
        return storage_calls.errors(list(self.all_calls))

    def rates(self):
        """See `Windows.per_second`."""
        return self.windows.per_second(self._clock(), self.totals())

    def holder(self, connection):
        """(ident of the thread, its request or None) that has opened a
        connection, or None where that was not seen."""
        known = self._holders.get(id(connection))
        # Else it is about to be opened anew.
        return (known[:2] if known is not None
                and known[2] == connection.opened else None)

    def caller(self, connection):
        """The ident of the thread that is in a call of its own storage, or None.
        """
        known = self._by_storage.get(id(connection._normal_storage))
        return (known[1].thread if known is not None
                and known[1].running() is not None else None)

    def waits(self):
        """[(ident, name of a call, its seconds)], the innermost call of each
        thread that is in one at this moment."""
        innermost = {}
        found = [(ident,) + entry for ident, entry
                 in self._entering.copy().items()]
        for calls in list(self.all_calls):
            running = calls.running()
            if running is not None:
                found.append((calls.thread,) + running)
        for ident, name, since in found:
            if ident not in innermost or since >= innermost[ident][1]:
                innermost[ident] = name, since
        now = self._clock()
        return [(ident, name, max(0.0, now - since))
                for ident, (name, since) in innermost.items()]
