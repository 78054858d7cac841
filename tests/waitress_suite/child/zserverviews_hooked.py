"""A pytest plugin: waitress's tests run with the hook installed.

The hook goes in before any test module is imported, so it is in the test
process and in every server process that a test forks. Each test begins with
a look whether it still is; at the end it is taken out again.

Requests are recorded, as for the monitor: otherwise channels are waitress's
own. Waitress's tests of channels make them by hand, past the server: they find
our class under the name of waitress's own, so that they test it as well.
"""
from __future__ import absolute_import, division, print_function

import os

import pytest
from waitress import channel
from waitress.server import BaseWSGIServer
from zserverviews_answers import SECTION

from Products.ZServerViews.config.sections import PRODUCT_SECTION
from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.runtime import patching
from Products.ZServerViews.servers.waitress import known_heads
from Products.ZServerViews.service import Service


def changed(before, after):
    """The attributes of a class that are not what they were."""
    return dict((name, after.get(name)) for name in set(before) | set(after)
                if before.get(name) is not after.get(name))


class Hooked(object):

    def __init__(self):
        if os.environ['ZSV_KNOWN_HEADS'] == 'off':
            known_heads.LIMIT = 0
        self.original = dict(vars(BaseWSGIServer))
        self.service = Service()
        self.service.configure({PRODUCT_SECTION: SECTION})
        self.service.site.recorder = Recorder()
        self.ours = changed(self.original, vars(BaseWSGIServer))
        if 'channel_class' not in self.ours:
            raise pytest.UsageError('the hook did not change channel_class')
        channel.HTTPChannel = BaseWSGIServer.channel_class

    def complaint(self):
        """Why the hook is not in force in this process, or None."""
        for name, value in sorted(self.ours.items()):
            found = vars(BaseWSGIServer).get(name)
            if found is not value:
                return ('the hook is not in force: {} is {!r} instead of {!r}'
                        .format(name, found, value))
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self):
        complaint = self.complaint()
        if complaint:
            pytest.fail(complaint, pytrace=False)

    # Last: the record of the run still sees the hook installed.
    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self):
        complaint = self.complaint()
        self.service.site.recorder = None
        self.service.configure({})
        # Trampolines stay, with nothing in their slots.
        left = [key for key, seam in patching._seams.items() if seam.filled]
        if left and not complaint:
            complaint = 'the hook left behind: {}'.format(left)
        if complaint:
            pytest.exit(complaint, returncode=1)


def pytest_configure(config):
    config.pluginmanager.register(Hooked())
