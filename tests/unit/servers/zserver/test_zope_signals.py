"""servers.zserver.zope_signals: what Zope's own handler calls."""
from __future__ import absolute_import, division, print_function

import signal
import sys
from types import ModuleType

import pytest

from Products.ZServerViews.servers.zserver import zope_signals
from tests.unit import dummies


class SignalHandler(object):
    """As Zope's."""

    def __init__(self):
        self.registry = {signal.SIGTERM: []}

    def getRegisteredSignals(self):
        return self.registry.keys()

    def registerHandler(self, number, handler):
        self.registry[number].insert(0, handler)

    def signalHandler(self, number, frame):
        for handler in self.registry[number]:
            handler()


class World(object):

    def __init__(self):
        self.site = dummies.Site()
        self.served = True
        self.woken = 0
        zope_signals.register(self.site, lambda: self.served, self.wake)

    def wake(self):
        self.woken += 1


@pytest.fixture
def zope(monkeypatch):
    module = ModuleType('Signals.SignalHandler')
    module.SignalHandler = SignalHandler()
    monkeypatch.setitem(sys.modules, 'Signals.SignalHandler', module)
    before = signal.signal(signal.SIGTERM, module.SignalHandler.signalHandler)
    yield module.SignalHandler
    signal.signal(signal.SIGTERM, before)


def test_the_guard_begins_and_the_loop_is_woken(zope):
    world = World()
    assert signal.SIGINT not in zope.registry
    zope.signalHandler(signal.SIGTERM, None)
    assert world.site.exit_guard.begun_with == [('SIGTERM', 0.0, True)]
    assert world.woken == 1


def test_nothing_without_views_or_with_the_setting_off(zope):
    world = World()
    world.served = False
    zope.signalHandler(signal.SIGTERM, None)
    world.served, world.site.settings.signals = True, False
    zope.signalHandler(signal.SIGTERM, None)
    assert world.site.exit_guard.begun_with == []
    assert world.woken == 0


def test_a_handler_of_somebody_else_over_zopes(zope):
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    World()
    assert zope.registry[signal.SIGTERM] == []


def test_where_zope_handles_none(monkeypatch):
    monkeypatch.delitem(sys.modules, 'Signals.SignalHandler', raising=False)
    assert World().woken == 0
