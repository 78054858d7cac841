"""A site and a server for the views of the suite."""
from __future__ import absolute_import, division, print_function

from zope.interface import implementer

from Products.ZServerViews.contracts import IServerState
from Products.ZServerViews.loops import Loops
from Products.ZServerViews.monitor.recorder import Recorder

from . import dummies


class Site(object):
    """With a recorder and no loop."""

    def __init__(self):
        self.clock = dummies.ManualClock()
        self.recorder = Recorder(self.clock)
        self.loops = Loops()


@implementer(IServerState)
class Server(object):
    """Tells what it is given."""

    connection_limit = 100
    names = {}

    def __init__(self, requests=(), workers=()):
        self.all = list(requests)
        self.workers = list(workers)

    def requests(self):
        return self.all

    def worker_idents(self):
        return self.workers

    def worker_names(self):
        return self.names

    def connections(self):
        return 7


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
