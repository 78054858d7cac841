"""zopeapp.configuration: what Zope says of the process."""
from __future__ import absolute_import, division, print_function

from App import config

from Products.ZServerViews.zopeapp.configuration import instance_name


class Configuration(object):
    instancehome = '/srv/zope/instances/zope1'


def test_the_name_of_the_instance(monkeypatch):
    monkeypatch.setattr(config, 'getConfiguration', Configuration)
    assert instance_name() == 'zope1'
    monkeypatch.setattr(Configuration, 'instancehome', '/srv/zope2/')
    assert instance_name() == 'zope2'
    monkeypatch.setattr(Configuration, 'instancehome', None)
    assert instance_name() == ''
