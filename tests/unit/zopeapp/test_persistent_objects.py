"""zopeapp.persistent_objects: ghosts stay ghosts."""
from __future__ import absolute_import, division, print_function

import sys

import pytest

from Products.ZServerViews.zopeapp.persistent_objects import of_zodb

ZODB = pytest.importorskip('ZODB')
transaction = pytest.importorskip('transaction')
persistent = pytest.importorskip('persistent')
mapping = pytest.importorskip('persistent.mapping')


class Own(persistent.Persistent):
    """Has an attribute of its own where the base class has one."""

    @property
    def _p_jar(self):
        raise AssertionError('code of the site')


@pytest.fixture
def root():
    db = ZODB.DB(None)
    opened = db.open()
    opened.root()['one'] = mapping.PersistentMapping(a=1)
    transaction.commit()
    yield opened.root()
    opened.close()
    db.close()


def test_which_types():
    objects = of_zodb()
    assert objects.has(Own)
    assert not objects.has(dict) and not objects.has(object())


def test_loaded_ones_and_ghosts(root):
    objects = of_zodb()
    one = root['one']
    one.get('a')
    is_ghost, size = objects.read(one)
    assert not is_ghost and size > 0
    one._p_deactivate()
    assert objects.read(one) == (True, 0)
    assert one._p_changed is None
    assert objects.read(type(one)()) is None


def test_no_code_of_a_class_is_run():
    assert of_zodb().read(Own()) is None


def test_without_zodb(monkeypatch):
    monkeypatch.setitem(sys.modules, 'persistent', None)
    assert of_zodb() is None
