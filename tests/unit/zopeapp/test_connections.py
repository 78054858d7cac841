"""zopeapp.connections: a pool and its caches, without its lock."""
from __future__ import absolute_import, division, print_function

import gc
import threading
import weakref

import pytest

from Products.ZServerViews.zopeapp import connections
from tests.unit.zopeapp.database_dummies import Site, Stopping

pytest.importorskip('ZODB')


@pytest.fixture
def site():
    made = Site()
    yield made
    made.close()


def test_a_pool(site):
    db = site.open('main', pool_size=3)
    pool, members = connections.pool_of(db)
    assert pool == {'limit': 3, 'connections': 1, 'open': 0, 'idle': 1,
                    'historical': 0}
    assert connections.open_seconds(members[0]) is None
    first, second = db.open(), db.open()
    pool, members = connections.pool_of(db)
    assert set(members) == {first, second}
    assert (pool['open'], pool['idle']) == (2, 0)
    assert connections.open_seconds(first, lambda: first.opened + 5) == 5
    assert connections.open_seconds(first, lambda: first.opened - 5) == 0
    first.close()
    assert connections.pool_of(db)[0]['idle'] == 1
    second.close()


def test_connections_to_the_past_are_counted(site):
    db = site.open('main')
    past = db.open(before=db.lastTransaction())
    assert connections.pool_of(db)[0]['historical'] == 1
    past.close()


def test_a_cache(site):
    db = site.open('main', cache_size=77, cache_size_bytes=10 ** 6)
    connection = db.open()
    connection.root()
    found = connections.cache_of(connection)
    assert 0 < found.pop('bytes') < 10 ** 5
    assert found == {'objects': 1, 'ghosts': 0, 'target_objects': 77,
                     'target_bytes': 10 ** 6}
    connection.cacheMinimize()
    found = connections.cache_of(connection)
    assert (found['objects'], found['ghosts']) in [(0, 1), (0, 0)]
    connection.close()


class Member(object):
    pass


class OldSet(object):
    """As ZODB3 has it."""

    def __init__(self):
        self.data = weakref.WeakValueDictionary()


def test_members_of_weak_sets():
    member = Member()
    old = OldSet()
    old.data[1] = member
    new = weakref.WeakSet([member, Member()])
    gc.collect()
    assert connections.members(old) == connections.members(new) == [member]


def test_while_somebody_holds_the_lock(site):
    db = site.open('main')
    wait = Stopping()
    wait.goes_on.clear()

    def hold():
        # DB.open and all statistics of ZODB take it.
        lock = getattr(db, '_lock', None)
        (lock.acquire if lock is not None else db._a)()
        wait()
        (lock.release if lock is not None else db._r)()

    thread = threading.Thread(target=hold)
    thread.start()
    assert wait.reached.wait(60)
    try:
        pool, members = connections.pool_of(db)
        assert pool['idle'] == 1
        assert connections.cache_of(members[0])['objects'] >= 0
    finally:
        wait.goes_on.set()
        thread.join()
