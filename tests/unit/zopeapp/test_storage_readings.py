"""zopeapp.storage_readings: what a storage must be asked for."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.zopeapp import storage_readings, zeo_server
from Products.ZServerViews.zopeapp.storage_readings import (
    StorageReadings,
    size_of,
)
from tests.waiting import awaited


class Storage(object):
    """A file."""

    def getSize(self):
        return 5000

    def __len__(self):
        return 12


class RelStorage(Storage):
    """Of a relational database."""

    _store_connection_pool = object()

    def __len__(self):
        raise AssertionError('it would count all rows')


class Client(Storage):
    """Of ZEO."""

    _server_addr = "('127.0.0.1', 8100)"
    _addr = [('127.0.0.1', 8100)]
    _storage = '2'

    def _call(self, name):
        assert name == 'get_info'
        return {'size': 7000, 'length': 13}


def test_sizes():
    assert size_of(Storage()) == {'bytes': 5000, 'objects': 12}
    assert size_of(RelStorage()) == {'bytes': 5000, 'objects': None}
    assert size_of(Client()) == {'bytes': 7000, 'objects': 13}


@pytest.fixture
def start():
    made = []

    def start(find):
        readings = StorageReadings('main', find, interval=0.01)
        made.append(readings)
        readings.start()
        return readings

    yield start
    for readings in made:
        readings.stop()


def test_a_file(start):
    storage = Storage()
    readings = start(lambda: storage)
    awaited(lambda: readings.document()['size']['value'])
    assert readings.document()['size']['value'] == {
        'bytes': 5000, 'objects': 12}
    assert readings.document()['server'] is None


def test_a_client(start, monkeypatch):
    asked = []
    monkeypatch.setattr(zeo_server, 'ask', lambda *args: asked.append(args)
                        or {'waiting': 4})
    storages = [Client()]
    readings = start(lambda: storages[0])
    awaited(lambda: readings.document()['server']['value'])
    assert readings.document()['server']['value'] == {'waiting': 4}
    assert asked[0] == ([('127.0.0.1', 8100)], '2')
    # Its database is closed.
    storages[0] = None
    awaited(lambda: readings.document()['server']['value'] is None)
    awaited(lambda: readings.document()['size']['value'] is None)
    assert storage_readings.storage_kinds.client(None) is None
