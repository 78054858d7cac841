"""A site that starts nothing real."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.runtime.site import Site
from tests.unit import dummies


class Part(object):
    """Is started and stopped."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *args: self.calls.append(name)


def site_of_parts():
    made = Site()
    made.log_queue = dummies.LogQueue()
    made.log_redirect, made.watchdog = Part(), Part()
    made.checks, made.signals = Part(), Part()
    return made


def begin_loop(site):
    site.begin_loop(lambda: None, drains=False)
