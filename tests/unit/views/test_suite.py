"""The suite as a whole, as one entry of the configuration mounts it."""
from __future__ import absolute_import, division, print_function

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews.config.mounts import mounts_of
from Products.ZServerViews.config.resolve import resolve
from Products.ZServerViews.config.sections import TIERS, Entry
from Products.ZServerViews.interfaces import ISuite, IView
from Products.ZServerViews.views import monitor
from Products.ZServerViews.views.formatted import CONTENT_TYPES
from Products.ZServerViews.views.index import name_of

NAME = 'Products.ZServerViews.views.monitor'


def test_the_contract():
    assert verifyObject(ISuite, monitor)
    assert {'threads', 'requests', 'workers'} <= set(
        name for name, _view in monitor.views())


def test_one_entry_mounts_all():
    mounts = mounts_of([Entry('place', 'said', '/-/', NAME)])
    paths = dict((mount.path, mount) for mount in mounts)
    assert len(paths) == len(monitor.views())
    assert paths['/-/threads'].tier == 'sensitive'
    assert paths['/-/workers'].tier == 'operator'
    assert [mount.path for mount in mounts if mount.is_offloaded] == [
        '/-/history', '/-/memory', '/-/loggers/tail']


@pytest.mark.parametrize('view', [view for _name, view in monitor.views()],
                         ids=[name for name, _view in monitor.views()])
def test_each_view_says_what_the_index_needs(view):
    assert verifyObject(IView, view)
    assert view.tier in TIERS
    assert view.summary
    assert 'GET' in view.methods and 'HEAD' in view.methods
    assert set(view.formats) <= set(CONTENT_TYPES)
    for name in view.formats:
        assert callable(getattr(view, 'as_' + name))


def test_by_its_name_in_the_index_each_view_can_be_mounted_alone():
    for mount in mounts_of([Entry('place', 'said', '/-/', NAME)]):
        assert resolve(name_of(mount)) is mount.view
