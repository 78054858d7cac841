"""A site that has more than the one of monitor_dummies: for all views."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.access import Access
from Products.ZServerViews.bearer import Token
from Products.ZServerViews.drain import Drain
from Products.ZServerViews.monitor.helperchecks import HelperChecks
from Products.ZServerViews.monitor.process import Process
from Products.ZServerViews.process_settings import ProcessSettings
from Products.ZServerViews.table import ViewTable

from . import dummies, monitor_dummies

WORD = 'Right-token-0123456789'
TOKEN = {'HTTP_AUTHORIZATION': 'Bearer ' + WORD}
# A peer that is near, and one that is not.
NEAR = {'REMOTE_ADDR': '127.0.0.1', 'SERVER_PROTOCOL': 'HTTP/1.1',
        'HTTP_HOST': 'localhost'}
FAR = dict(NEAR, REMOTE_ADDR='192.0.2.1')


class Site(monitor_dummies.Site):
    """Its loop has turned, its token is WORD, and nothing is wrong."""

    def __init__(self, **given):
        monitor_dummies.Site.__init__(self)
        self.loops.begin(None).turns = 1
        given['token_file'] = Token('/token', WORD.encode('ascii'))
        self.settings = ProcessSettings(given)
        self.access = Access(self.settings)
        self.drain = Drain()
        self.checks = HelperChecks({})
        self.journal = dummies.Journal()
        self.journal.dropped = 0
        self.table = ViewTable()
        self.process = Process(1000000000.0, '3.99.1', 'CPython', 'Linux')
        self.process.versions = {'Zope': '6.3', 'waitress': '3.0.2'}

    def mount(self, *mounts):
        self.table.replace(mounts)
