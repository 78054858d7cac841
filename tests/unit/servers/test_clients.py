"""servers.clients: as Zope's own request has it."""
from __future__ import absolute_import, division, print_function

import sys

import pytest

from Products.ZServerViews.servers.clients import zope_client


class Module(object):
    trusted_proxies = ('192.0.2.1', '192.0.2.2')


@pytest.mark.parametrize('peer, forwarded, client', [
    ('192.0.2.1', '', '192.0.2.1'),
    ('192.0.2.1', '198.51.100.9', '198.51.100.9'),
    ('192.0.2.1', 'forged, 198.51.100.9', '198.51.100.9'),
    ('192.0.2.1', '198.51.100.9, 192.0.2.2', '198.51.100.9'),
    ('192.0.2.1', '192.0.2.2', '192.0.2.1'),
    ('192.0.2.9', '198.51.100.9', '192.0.2.9')])
def test_the_client(monkeypatch, peer, forwarded, client):
    monkeypatch.setitem(sys.modules, 'ZPublisher.HTTPRequest', Module)
    assert zope_client(peer, forwarded) == client


def test_without_a_publisher(monkeypatch):
    monkeypatch.delitem(sys.modules, 'ZPublisher.HTTPRequest', raising=False)
    assert zope_client('192.0.2.1', '198.51.100.9') == '192.0.2.1'
