"""A site and a server for the views of the suite."""
from __future__ import absolute_import, division, print_function

from zope.interface import implementer

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews._tallies import Counts, PerThread
from Products.ZServerViews.config.settings import ProcessSettings
from Products.ZServerViews.monitor.metrics import Metrics
from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.monitor.thread_clocks import NoClocks
from Products.ZServerViews.runtime.loops import Loops
from Products.ZServerViews.runtime.routes import Routes
from Products.ZServerViews.servers.contracts import IServerState
from tests.unit import dummies


class Site(object):
    """With a recorder and no loop."""

    databases = disk_keeper = history = None

    def __init__(self):
        self.clock = dummies.ManualClock()
        self.recorder = Recorder(self.clock)
        self.metrics = Metrics(None, self.clock)
        self.recorder.tally = self.metrics.tally
        self.settings = ProcessSettings()
        self.counts = PerThread(Counts)
        self.table = Routes()
        self.process = None
        self.loops = Loops()
        self.thread_clocks = NoClocks()
        self.workers = dict


@implementer(IServerState)
class Server(object):
    """Tells what it is given."""

    connection_limit = 100
    knows_queue = True
    worker = worker_count = text = None
    not_known = ()

    def __init__(self, requests=(), workers=()):
        self.all = list(requests)
        self.workers = list(workers)

    def requests(self):
        return self.all

    def in_flight(self):
        return len(self.all)

    def worker_idents(self):
        return self.workers

    def connections(self):
        return 7


def server(site):
    """One whose thread here works at a request, and with one that waits."""
    made = Server([site.recorder.here(),
                   site.recorder.received('GET', '/waits', None)],
                  [get_ident(), 1, 2])
    site.clock.now += 4
    return made


def ask(view, site, server=None, query='', method='GET', **environ):
    """(status, headers, text) of what a view answers."""
    environ.update({'REQUEST_METHOD': method, 'QUERY_STRING': query,
                    'zserverviews.site': site})
    if server is not None:
        environ['zserverviews.server'] = server
    driver = dummies.Driver(view, dummies.request(), environ)
    status, headers, body = dummies.split(driver.run())
    assert driver.reports == [], driver.reports
    return status.partition(' ')[2], headers, body.decode('utf-8')
