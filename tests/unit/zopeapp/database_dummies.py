"""A site whose databases are watched, as Zope's are."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import get_ident, monotonic
from Products.ZServerViews.runtime.patching import calling, seam
from Products.ZServerViews.zopeapp import zeo_server
from Products.ZServerViews.zopeapp.opened import Databases
from tests.unit import dummies
from tests.unit.monitor import monitor_dummies


class Tab(object):
    """What Zope's configuration calls ``dbtab``."""

    def __init__(self, **mount_paths):
        self.databases = {}
        self.mount_paths = dict(
            (path, name) for name, path in mount_paths.items())


class Configuration(object):
    dbtab = None


class Site(monitor_dummies.Site):
    """Told of by ``watch``, which gives it databases."""

    def __init__(self, **mount_paths):
        monitor_dummies.Site.__init__(self)
        self.log_queue = dummies.LogQueue()
        self.configuration = Configuration()
        self.tab = self.configuration.dbtab = Tab(**mount_paths)

    def watch(self, timed=True):
        from ZODB.DB import DB
        from ZODB.POSException import ConflictError
        self.databases = Databases(
            self, lambda: self.configuration, seam(DB, '__init__', calling),
            ConflictError)
        self.databases.watch(timed)
        return self.databases

    def open(self, name, storage=None, **options):
        """A DB that Zope has opened by this name."""
        import ZODB
        return ZODB.DB(storage, database_name=name,
                       databases=self.tab.databases, **options)

    def begins(self, path):
        """A request of the calling thread."""
        request = self.recorder.received('GET', path, None)
        self.recorder.begins(request)
        return request

    def close(self):
        if self.databases is not None:
            self.databases.end()
        for database in list(self.tab.databases.values()):
            database.close()


class Client(object):
    """The parts of a client of ZEO."""

    operational = True
    client = property(lambda self: self)
    _n_accesses = _n_adds = _n_evicts = maxsize = 0


def busy_site():
    """A site with a database of which there is something to tell; to close.
    """
    from ZODB.MappingStorage import MappingStorage
    site = Site(main='/')
    storage = MappingStorage()
    storage._server_addr, storage._server = 'server', Client()
    storage._cache = storage._server
    db = site.open('main', storage)
    site.watch()
    site.begins('/page')
    site.held = db.open()  # the pool itself does not keep it
    readings = site.databases._of(db).readings
    readings._size._found = monotonic(), {'bytes': 1000, 'objects': 10}
    readings._server._found = monotonic(), dict.fromkeys(zeo_server.TOLD, 0)
    # One that waits for a connection.
    site.databases._of(db)._entering[get_ident()] = 'open', 0.0
    # It has run for long enough to have all rates.
    watched = site.databases._of(db)
    watched.windows.add(monotonic() - 1000, watched.totals())
    return site


class Stopping(object):
    """Calls of a storage wait here, once it stops them."""

    def __init__(self):
        import threading
        self.reached = threading.Event()
        self.goes_on = threading.Event()
        self.goes_on.set()

    def __call__(self):
        if not self.goes_on.is_set():
            self.reached.set()
            assert self.goes_on.wait(60)
