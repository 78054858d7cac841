"""A site that has more than the one of monitor_dummies: for all views."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.access.policy import Access
from Products.ZServerViews.access.token import Token
from Products.ZServerViews.config.settings import ProcessSettings
from Products.ZServerViews.monitor.helperchecks import HelperChecks
from Products.ZServerViews.monitor.process import Process
from Products.ZServerViews.runtime.draining import Drain
from Products.ZServerViews.runtime.log_levels import LogLevels
from Products.ZServerViews.runtime.log_redirect import LogRedirect
from Products.ZServerViews.runtime.refusals import Refusals
from Products.ZServerViews.runtime.routes import Routes
from tests.unit import dummies
from tests.unit.monitor import monitor_dummies

WORD = 'Right-token-0123456789'
TOKEN = {'HTTP_AUTHORIZATION': 'Bearer ' + WORD}
# A peer that is near, and one that is not.
NEAR = {'REMOTE_ADDR': '127.0.0.1', 'SERVER_PROTOCOL': 'HTTP/1.1',
        'HTTP_HOST': 'localhost'}
FAR = dict(NEAR, REMOTE_ADDR='192.0.2.1')


class Budget(object):
    """Has views offloaded for as long as it is told."""

    def __init__(self):
        self.left = {}

    def seconds_left(self, usage):
        return self.left.get(usage)


class Watchdog(object):
    """Has seen what it is told."""

    stands_for = None

    def site_stands_for(self):
        return self.stands_for


class Site(monitor_dummies.Site):
    """Its loop has turned, its token is WORD, and nothing is wrong."""

    def __init__(self, **given):
        monitor_dummies.Site.__init__(self)
        self.loops.begin(None).turns = 1
        given['token_file'] = Token('/token', WORD.encode('ascii'))
        self.settings = ProcessSettings(given)
        self.access = Access(self.settings)
        self.refusals = Refusals(self)
        self.drain = Drain()
        self.watchdog = Watchdog()
        self.is_listening_at, self.instance_name = None, 'site'
        self.checks = HelperChecks({})
        self.log_queue = dummies.LogQueue()
        self.log_queue.dropped = 0
        self.log_redirect = LogRedirect(self.loops, self.log_queue)
        self.log_levels = LogLevels(self, self.clock, lambda: 1000000000.0)
        self.budget = Budget()
        self.table = Routes()
        self.process = Process(1000000000.0, '3.99.1', 'CPython', 'Linux')
        self.process.versions = {'Zope': '6.3', 'waitress': '3.0.2'}

    def listening_at(self):
        return self.is_listening_at

    def mount(self, *mounts):
        self.table.replace(mounts)
