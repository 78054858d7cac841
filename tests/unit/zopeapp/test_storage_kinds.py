"""zopeapp.storage_kinds: what storages say of themselves at once."""
from __future__ import absolute_import, division, print_function

import pytest
from ZODB.DB import DB
from ZODB.MappingStorage import MappingStorage

from Products.ZServerViews.zopeapp import storage_kinds

NOTHING = {'kind': None, 'name': None, 'inner': [], 'blobs': None,
           'zeo': None, 'relstorage': None}


class Some(object):
    """Has the attributes that it is given."""

    def __init__(self, **given):
        vars(self).update(given)


class ClientStorage(Some):
    """Of ZEO."""


class RelStorage(Some):
    """Of RelStorage."""


def cache():
    return Some(_n_accesses=7, _n_adds=3, _n_evicts=1, maxsize=20000)


def test_of_a_closed_database():
    assert storage_kinds.document(None) == NOTHING
    assert not storage_kinds.is_packing(None)


def test_a_file(tmpdir):
    module = pytest.importorskip('ZODB.FileStorage')
    storage = module.FileStorage(str(tmpdir.join('Data.fs')),
                                 blob_dir=str(tmpdir.join('blobs')))
    try:
        assert storage_kinds.document(storage) == dict(
            NOTHING, kind='FileStorage', name=str(tmpdir.join('Data.fs')),
            blobs=str(tmpdir.join('blobs')) + '/')
        assert not storage_kinds.is_packing(storage)
        storage._pack_is_in_progress = True
        assert storage_kinds.is_packing(storage)
    finally:
        storage._pack_is_in_progress = False
        storage.close()


def test_a_storage_that_wraps_others():
    module = pytest.importorskip('ZODB.DemoStorage')
    storage = module.DemoStorage()
    found = storage_kinds.document(storage)
    assert found['kind'] == 'DemoStorage'
    assert found['inner'] == ['MappingStorage', 'MappingStorage']
    storage.close()


def test_storages_that_wrap_each_other_for_ever():
    storage = Some(tpc_vote=None)
    storage.base = storage
    assert len(storage_kinds.all_of(storage)) == storage_kinds.DEEPEST + 1


@pytest.mark.parametrize('connected', [True, False])
def test_a_client_of_zeo(connected):
    client = ClientStorage(
        __name__='zeo', _server_addr="('127.0.0.1', 8100)", _cache=cache(),
        _server=Some(client=Some(operational=connected)))
    found = storage_kinds.document(client)
    assert (found['kind'], found['name']) == ('ClientStorage', 'zeo')
    assert found['zeo'] == {
        'connected': connected, 'server': "('127.0.0.1', 8100)",
        'cache_hits': 7, 'cache_added': 3, 'cache_evicted': 1,
        'cache_limit_bytes': 20000}


class Disconnected(object):
    def __getattr__(self, name):
        raise ClientDisconnected


class ClientDisconnected(Exception):
    pass


def test_an_old_client_of_zeo():
    client = ClientStorage(_server_addr=None, _connection=None,
                           _server=Disconnected(), _cache=cache())
    assert storage_kinds.zeo(client)['connected'] is False
    client._connection = object()
    assert storage_kinds.zeo(client)['connected'] is True
    assert storage_kinds.zeo(client)['server'] is None
    del client._connection, client._server
    assert storage_kinds.zeo(client)['connected'] is None


def test_relstorage():
    storage = RelStorage(
        _options=Some(blob_dir='/blobs'),
        _cache=Some(local_client=Some(_cache=Some(
            hits=9, misses=4, sets=5, weight=100, limit=1000))),
        _store_connection_pool=Some(_count=3, _connections=[1, 2]))
    members = [Some(_normal_storage=Some(_load_connection=Some(
        connection=connection))) for connection in (None, 'one')]
    found = storage_kinds.document(storage, members + [Some()])
    assert found['blobs'] == '/blobs'
    assert found['relstorage'] == {
        'cache_hits': 9, 'cache_misses': 4, 'cache_sets': 5,
        'cache_bytes': 100, 'cache_limit_bytes': 1000, 'load_connections': 1,
        'store_connections_idle': 2, 'instances': 3}


@pytest.mark.parametrize('name, shown', [
    ('/var/Data.fs', '/var/Data.fs'),
    ("RelStorage: <PostgreSQLAdapter at 7f history free,"
     "dsn='dbname=zodb user=zope host=db'>",
     'RelStorage: <PostgreSQLAdapter at 7f history free,'
     'dsn=dbname=zodb user=zope host=db'),
    ("RelStorage: <PostgreSQLAdapter at 7f history free,"
     "dsn='postgresql://zope:secret@db/zodb'>",
     'RelStorage: <PostgreSQLAdapter at 7f history free,dsn='),
    ("dsn='postgresql:///zodb?host=db&user=zope&password=secret'",
     'dsn=host=db user=zope'),
    ("dsn='postgresql:///zodb?user=zope;password=secret'", 'dsn=user=zope'),
    ("dsn='dbname=postgresql://zope:secret@db/zodb port=1'",
     'dsn=dbname=postgresql://zope:...@db/zodb port=1'),
    # What RelStorage leaves of: host=db password='a secret'
    ('RelStorage: <PostgreSQLAdapter at 7f history free,'
     'dsn="host=db secret\'">',
     'RelStorage: <PostgreSQLAdapter at 7f history free,dsn=host=db'),
    ("RelStorage: MySQLAdapter, history free, db='zodb', "
     "password='a secret', user='zope'",
     "RelStorage: MySQLAdapter, history free, db='zodb', "
     "password=..., user='zope'")])
def test_no_name_has_a_password(name, shown):
    assert storage_kinds.name_of(Some(__name__=name)) == shown


@pytest.mark.parametrize('name', [
    "a {'user': 'zope', 'password': 'it\\'s secret', 'port': 1}",
    'mysql://zope:sec/r@et@db/zodb of secrets', 'x pwd=secret,port=1',
    'x token: "a \\"secret"', "passwd='a secret' secret=secret"])
def test_other_words_for_it(name):
    shown = storage_kinds.name_of(Some(__name__=name))
    assert 'secret' not in shown.replace('of secrets', '').replace(
        'secret=...', '') and '...' in shown


def test_a_storage_of_which_each_attribute_raises_is_told_as_far_as_it_goes():
    class Client(Some):
        def __getattr__(self, name):
            raise RuntimeError(name)

    found = storage_kinds.document(Client(
        __name__='zeo', _server_addr='server', _cache=Some(
            _n_accesses=7, _n_adds=lambda: 3)))
    assert (found['name'], found['zeo']['cache_hits']) == ('zeo', 7)
    assert found['zeo']['connected'] is found['zeo']['cache_added'] is None


def test_a_storage_of_somebody_elses_making():
    class Odd(object):
        def __getattr__(self, name):
            raise RuntimeError(name)

    assert storage_kinds.document(Odd()) == dict(NOTHING, kind='Odd')


def test_what_asks_somebody_when_it_syncs():
    class Client(MappingStorage):
        def sync(self):
            """Asks its server."""

    for storage, syncs in ((MappingStorage(), False), (Client(), True)):
        db = DB(storage)
        try:
            of_connection = db.open()._storage
            # ZODB3 puts nothing around it.
            is_around = type(of_connection).__module__ == 'ZODB.mvccadapter'
            assert storage_kinds.syncs(of_connection) == (
                syncs or not is_around)
        finally:
            db.close()
    assert storage_kinds.syncs(Client())
