"""What a storage must be asked for: its size, and its server.

It may take a lock, or wait for another machine, so helper threads ask, each in
its own rhythm and for one thing: see `monitor.slow_readings`.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.monitor.slow_readings import SlowReading
from Products.ZServerViews.zopeapp import storage_kinds, zeo_server


class StorageReadings(object):
    """Of one database.

    ``find``
        A function for its storage; None when it has been closed.
    """

    def __init__(self, name, find, **options):
        self._find = find
        self._size = SlowReading('size ' + name, self._read_size, **options)
        self._server = None
        if storage_kinds.client(find()) is not None:
            self._server = SlowReading('zeo ' + name, self._ask_server,
                                       **options)

    def _all(self):
        return [reading for reading in (self._size, self._server)
                if reading is not None]

    def start(self):
        for reading in self._all():
            reading.start()

    def stop(self):
        for reading in self._all():
            reading.stop()

    def document(self):
        """For JSON: {'size': ..., 'server': ... or None}; never waits."""
        return {'size': self._size.document(),
                'server': None if self._server is None
                else self._server.document()}

    def _read_size(self):
        storage = self._find()
        return None if storage is None else size_of(storage)

    def _ask_server(self):
        client = storage_kinds.client(self._find())
        return None if client is None else zeo_server.ask(
            client._addr, getattr(client, '_storage', '1'))


def size_of(storage):
    """{'bytes', 'objects'} of a storage; waits for as long as that takes.

    A client of ZEO knows the size of the moment at which it has connected, so
    its server is asked. RelStorage would count all rows for the objects.
    """
    client = storage_kinds.client(storage)
    ask = getattr(client, '_call', None)
    if ask is not None:
        found = ask('get_info')
        return {'bytes': found.get('size'), 'objects': found.get('length')}
    return {'bytes': storage.getSize(),
            'objects': None if storage_kinds.is_relational(storage)
            else len(storage)}
