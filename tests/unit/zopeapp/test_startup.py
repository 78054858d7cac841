"""startup: Zope's own pipeline, and the moment at which it is ready."""
from __future__ import absolute_import, division, print_function

import sys

import pytest
from zope.component import getGlobalSiteManager, handle

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.zopeapp import startup


@pytest.mark.skipif(PY2, reason='not on Python 2.7')
def test_the_outermost_part(monkeypatch):
    from ZPublisher.httpexceptions import HTTPExceptionHandler
    assert startup.outermost() is HTTPExceptionHandler
    monkeypatch.setitem(sys.modules, 'ZPublisher.httpexceptions', None)
    assert startup.outermost() is None


def test_zope_has_started(monkeypatch):
    from zope.processlifetime import ProcessStarting
    manager = getGlobalSiteManager()
    before = set(one.handler for one in manager.registeredHandlers())
    calls = []
    startup.when_started(lambda: calls.append(1))
    assert calls == []
    handle(ProcessStarting())
    assert calls == [1]
    for one in list(manager.registeredHandlers()):
        if one.handler not in before:
            manager.unregisterHandler(one.handler, one.required)
    monkeypatch.setitem(sys.modules, 'zope.processlifetime', None)
    startup.when_started(lambda: calls.append(2))
    assert set(one.handler for one in manager.registeredHandlers()) == before
