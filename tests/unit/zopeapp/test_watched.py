"""zopeapp.watched: one database, its connections and its waits."""
from __future__ import absolute_import, division, print_function

import gc
import threading
from collections import deque

import pytest

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.zopeapp.watched import Watched
from tests.unit.dummies import ManualClock
from tests.unit.zopeapp.database_dummies import Site, Stopping
from tests.waiting import awaited

pytest.importorskip('ZODB')
transaction = pytest.importorskip('transaction')

from ZODB.MappingStorage import MappingStorage  # noqa: E402
from ZODB.POSException import ConflictError, POSKeyError  # noqa: E402
from ZODB.tests.MVCCMappingStorage import MVCCMappingStorage  # noqa: E402


class Instances(MVCCMappingStorage):
    """Each connection has one of its own."""

    wait = staticmethod(lambda: None)

    def new_instance(self):
        self.wait()
        made = MVCCMappingStorage.new_instance(self)
        made.__class__ = Instances
        made.wait = self.wait
        return made

    def load(self, *args, **kw):
        self.wait()
        return MVCCMappingStorage.load(self, *args, **kw)


class Shared(MappingStorage):
    """All connections have the same."""

    wait = staticmethod(lambda: None)

    def tpc_vote(self, *args, **kw):
        self.wait()
        return MappingStorage.tpc_vote(self, *args, **kw)


@pytest.fixture
def site():
    made = Site()
    yield made
    made.close()


@pytest.fixture(params=[Instances, Shared])
def db(site, request):
    return site.open('main', request.param())


def watch(site, db, timed=True):
    watched = Watched(db, site.recorder.here, ConflictError, 5, ManualClock())
    watched.begin(timed)
    return watched


@pytest.fixture
def watched(site, db):
    made = watch(site, db)
    yield made
    made.end()


def write(db):
    connection = db.open()
    connection.root()['a'] = connection.root().get('a', 0) + 1
    transaction.commit()
    connection.close()


def aside(call):
    """Call it in a thread; returns that."""
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def test_calls_are_counted(db, watched):
    before = watched.totals()
    for _number in range(3):
        write(db)
    after = watched.totals()
    assert after['commits'] - before['commits'] == 3
    assert after['stores'] - before['stores'] == 3
    assert watched.waits() == []
    assert watched.errors() == {}


def test_a_key_that_is_not_there_is_an_error_and_no_conflict(db, watched):
    connection = db.open()
    with pytest.raises(POSKeyError):
        connection.get(b'\0\0\0\0\0\0\7\7')
    connection.close()
    assert watched.errors() == {'POSKeyError': 1}
    assert watched.totals()['conflicts'] == 0


def test_who_has_a_connection(site, db, watched):
    request = site.begins('/page')
    connection = db.open()
    assert watched.holder(connection) == (get_ident(), request)
    watched.tick()
    assert watched.holder(connection) == (get_ident(), request)
    connection.close()
    watched.tick()
    assert watched.holder(connection) is None


def test_connections_that_were_open_before(site, db):
    connection = db.open()
    watched = watch(site, db)
    assert watched.holder(connection) is None
    connection.root()['b'] = 1
    transaction.commit()
    assert watched.totals()['commits'] == 1
    connection.close()
    watched.end()


def test_rates(db, watched):
    watched._clock.now += 10
    write(db)
    assert watched.rates()[10]['commits'] == 0.1


def test_a_commit_that_hangs_is_seen(site):
    wait = Stopping()
    storage = Shared()
    storage.wait = wait
    db = site.open('main', storage)
    watched = watch(site, db)
    wait.goes_on.clear()
    thread = aside(lambda: write(db))
    try:
        assert wait.reached.wait(60)
        watched._clock.now += 7
        assert watched.waits() == [(thread.ident, 'tpc_vote', 7.0)]
    finally:
        wait.goes_on.set()
        thread.join()
    assert watched.waits() == []
    watched.end()


def test_loads_and_new_connections_that_hang_are_seen(site):
    wait = Stopping()
    storage = Instances()
    db = site.open('main', storage)
    connection = db.open()
    watched = watch(site, db)
    storage.wait = connection._storage.wait = wait
    wait.goes_on.clear()

    def load():
        connection.cacheMinimize()
        connection.root()._p_activate()

    def open():
        db.open().close()

    threads = [aside(open), aside(open)]
    try:
        # Both wait before ZODB's lock, or one has it.
        awaited(lambda: sorted(name for _ident, name, _seconds
                               in watched.waits()) == ['new_instance', 'open'])
        threads.append(aside(load))
        awaited(lambda: len(watched.waits()) == 3)
        assert 'load' in [name for _ident, name, _seconds in watched.waits()]
    finally:
        wait.goes_on.set()
        for thread in threads:
            thread.join()
    assert watched.waits() == []
    connection.close()
    watched.end()


def test_what_a_connection_has_counted_outlives_it(site):
    db = site.open('main', Instances(), pool_size=1)
    watched = watch(site, db)
    held = [db.open() for _number in range(5)]
    assert len(watched.all_calls) == 5
    loads = watched.totals()['loads']
    for connection in held:
        connection.close()
    del held, connection
    gc.collect()
    watched.tick()
    assert watched.totals()['loads'] >= loads
    # Those of the connections that have gone are used again.
    held = [db.open() for _number in range(5)]
    assert len(watched.all_calls) == 5
    assert len(watched._by_storage) <= 6
    for connection in held:
        connection.close()
    watched.end()


def test_nothing_is_left_at_the_end(site, db):
    connection = db.open()
    storages = [db, db.storage, connection._storage,
                getattr(db, '_mvcc_storage', db.storage)]
    watched = watch(site, db)
    assert 'open' in vars(db)
    second = db.open()
    watched.end()
    watched.end()
    assert 'open' not in vars(db) and 'pack' not in vars(db)
    for storage in storages + [second._storage]:
        for value in vars(storage).values():
            assert getattr(value, '__module__', '') != (
                'Products.ZServerViews.zopeapp.storage_calls')
    write(db)
    assert watched.totals()['commits'] == 0
    connection.close()
    second.close()


def test_a_connection_that_is_made_meanwhile_is_wrapped_once(db, watched):
    connection = db.open()
    # `begin` finds it in the pool too.
    watched._watch_storage(connection._storage)
    assert len(watched.all_calls) == len(watched._by_storage) + len(
        watched._free)
    before = watched.totals()['loads']
    connection._storage.load(b'\0' * 8)
    assert watched.totals()['loads'] - before == 1
    connection.close()


def test_what_is_wrapped_while_it_ends_is_undone(site):
    storage = Instances()
    db = site.open('main', storage)
    watched = watch(site, db)
    connections = [db.open()]
    assert 'load' in vars(connections[0]._storage)
    # In another thread, while a worker makes a connection.
    storage.wait = watched.end
    connections.append(db.open())
    for connection in connections:
        assert 'load' not in vars(connection._storage)
        connection.close()


def test_what_is_looked_at_while_it_ends_is_undone(db, watched):
    class Ending(deque):
        def popleft(self):
            found = deque.popleft(self)
            watched.end()
            return found

    watched._wrapped = Ending(watched._wrapped)
    watched.tick()  # which has nothing more to look at then
    assert not watched._wrapped
    assert 'open' not in vars(db) and 'pack' not in vars(db)


def test_it_may_end_just_before_that(db, watched):
    class Ending(deque):
        def popleft(self):
            watched.end()
            return deque.popleft(self)

    watched._wrapped = Ending(watched._wrapped)
    watched.tick()  # and no failure is logged
    assert 'open' not in vars(db) and 'pack' not in vars(db)


def test_without_timing(site, db):
    watched = watch(site, db, timed=False)
    connection = db.open()
    assert watched.holder(connection) == (get_ident(), None)
    write(db)
    assert watched.totals()['commits'] == 0
    connection.close()
    watched.end()


def test_a_pack(db, watched):
    db.pack()
    assert watched.packs.last.error is None


def test_odd_connections_and_storages_are_left_alone(site, db, watched):
    class Odd(object):
        __slots__ = ()

    odd = Odd()
    assert watched._open(lambda: odd)() is odd
    assert watched._entering == {}
    watched._watch_storage(Odd())
    write(db)
    assert watched.totals()['commits'] == 1


def test_a_database_that_has_gone(site):
    import ZODB
    db = ZODB.DB(None)
    watched = watch(site, db)
    watched.end()
    db.close()
    db = None
    transaction.abort()
    gc.collect()
    if watched.db() is None:
        watched.tick()
    assert watched.waits() == []
