"""config.checks: the setting check -> functions."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.config import checks as checks_module
from Products.ZServerViews.zopeapp import databases
from tests.unit import dummies


class Checks(object):

    def solr(self):
        return None


@pytest.fixture
def checks(monkeypatch):
    dummies.module(monkeypatch, 'mychecks', fine=lambda: None,
                   wants=lambda one: None, default=lambda one=1: None,
                   checks=Checks(), kind=Checks, number=5)


def test_none():
    assert checks_module.read(()) == ({}, [])


def test_names(checks):
    calls, mistakes = checks_module.read(
        ['zodb', 'mychecks.fine', 'mychecks.default', 'mychecks.checks.solr',
         'mychecks.kind'])
    assert mistakes == []
    assert calls['zodb'] is databases.check_databases
    assert calls['mychecks.fine']() is None
    assert calls['mychecks.checks.solr']() is None
    assert len(calls) == 5


@pytest.mark.parametrize('name, said', [
    ('zeo', 'neither a dotted name nor one of the words zodb'),
    ('mychecks.number', 'mychecks.number is int, which cannot be called'),
    ('mychecks.wants', 'cannot be called without arguments'),
    ('mychecks.nothing', "has no attribute 'nothing'"),
    ('no.such.module', "importing 'no' failed")])
def test_mistakes(checks, name, said):
    calls, (mistake,) = checks_module.read([name, 'mychecks.fine'])
    assert mistake.startswith('the setting check (%r): ' % name)
    assert said in mistake
    assert list(calls) == ['mychecks.fine']


def test_twice(checks):
    calls, (mistake,) = checks_module.read(['mychecks.fine'] * 2)
    assert 'it is given twice' in mistake
