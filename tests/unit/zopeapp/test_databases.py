"""zopeapp.databases: the readiness check zodb."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.zopeapp import databases
from tests.unit import dummies


class Storage(object):
    """In this process, as a file is."""

    def __init__(self):
        self.asked = []

    def getSize(self):
        self.asked.append('size')
        return 5


class Client(Storage):
    """Of another process, as ZEO's is."""

    connected = True

    def is_connected(self):
        return self.connected

    def history(self, oid, size=1):
        assert oid == b'\0' * 8 and size == 1
        self.asked.append('history')
        return []


class Database(object):
    storage = object()

    def __init__(self, storage):
        self.storage = storage


@pytest.fixture
def configuration(monkeypatch):
    """The configuration that Zope has read."""
    class Configuration(object):
        pass

    made = Configuration()
    dummies.module(monkeypatch, 'App')
    dummies.module(monkeypatch, 'App.config', getConfiguration=lambda: made)
    return made


def opened(configuration, **opened_storages):
    class DBTab(object):
        databases = dict((name, Database(opened_storages[name]))
                         for name in opened_storages)
    configuration.dbtab = DBTab()


def test_storages_are_asked():
    storage, client = Storage(), Client()
    assert databases.ask(storage) is None
    assert databases.ask(client) is None
    assert (storage.asked, client.asked) == (['size'], ['history'])


def test_a_client_that_is_not_connected_is_not_asked():
    client = Client()
    client.connected = False
    assert databases.ask(client) == u'not connected'
    assert client.asked == []


def test_all_databases(configuration):
    main, other = Client(), Storage()
    opened(configuration, main=main, other=other)
    assert databases.check_databases() is None
    assert (main.asked, other.asked) == (['history'], ['size'])
    main.connected = False
    assert databases.check_databases() == u'database main: not connected'


def test_what_a_storage_raises_comes_through(configuration):
    storage = Storage()
    storage.getSize = lambda: {}['x']
    opened(configuration, main=storage)
    with pytest.raises(KeyError):
        databases.check_databases()


def test_before_zope_has_opened_one(configuration):
    assert databases.check_databases() == u'no database is open'
    opened(configuration)
    assert databases.check_databases() == u'no database is open'


def test_real_storages():
    ZODB = pytest.importorskip('ZODB')
    from ZODB.DemoStorage import DemoStorage
    from ZODB.MappingStorage import MappingStorage
    for storage in MappingStorage(), DemoStorage():
        database = ZODB.DB(storage)
        assert databases.ask(database.storage) is None
        database.close()


def test_a_file(tmpdir):
    ZODB = pytest.importorskip('ZODB')
    from ZODB.FileStorage import FileStorage
    database = ZODB.DB(FileStorage(str(tmpdir.join('Data.fs'))))
    assert databases.ask(database.storage) is None
    # The same calls as for a client of ZEO.
    assert len(database.storage.history(databases.ROOT)) == 1
    database.close()


def test_a_database_that_has_been_closed(configuration):
    """ZODB takes its storage away; what its class has is for readers."""
    opened(configuration, main=Storage())
    database = configuration.dbtab.databases['main']
    del database.storage
    assert databases.check_databases() == u'database main: closed'
