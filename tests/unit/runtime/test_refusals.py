"""runtime.refusals: each reason once a minute for each view."""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews.runtime import refusals as refusals_module
from Products.ZServerViews.runtime.refusals import Refusals
from tests.unit import dummies


class Clock(object):
    now = 1000.0

    def __call__(self):
        return self.now


def make():
    site = dummies.Site()
    clock = Clock()
    return Refusals(site, clock), clock, site.log_queue.logged


def test_a_reason_is_told_once_a_minute_for_each_view():
    refusals, clock, logged = make()
    for _time in range(5):
        refusals.tell('/a', 'it is late')
    assert logged == [(logging.WARNING, '/a refused: it is late', None)]
    refusals.tell('/b', 'it is late')
    refusals.tell('/a', 'it is early')
    assert len(logged) == 3
    clock.now += 59.9
    refusals.tell('/a', 'it is late')
    assert len(logged) == 3
    clock.now += 0.1
    for _time in range(5):
        refusals.tell('/a', 'it is late')
    assert len(logged) == 4


def test_what_is_remembered_has_a_bound(monkeypatch):
    monkeypatch.setattr(refusals_module, 'MOST', 3)
    refusals, clock, logged = make()
    for path in '/a', '/b', '/c', '/d', '/e', '/a':
        refusals.tell(path, 'it is late')
    assert [line[1][:2] for line in logged] == ['/a', '/b', '/c']
    clock.now += 61
    refusals.tell('/d', 'it is late')
    assert len(logged) == 4 and len(refusals._told) == 1
