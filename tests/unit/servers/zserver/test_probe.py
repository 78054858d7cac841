"""servers.zserver.probe: what is missing in a ZServer is named, and nothing is
left of the look."""
from __future__ import absolute_import, division, print_function

import os
import re

import pytest

from Products.ZServerViews.servers.zserver import probe
from tests.unit.servers.attributes import read_of

http = pytest.importorskip('ZServer.HTTPServer')

import asyncore  # noqa: E402

# What variables and attributes of this name are, and classes of ours that are
# mixed into those of ZServer.
KINDS = {'channel': 'channel', 'request': 'request', 'server': 'server',
         'main': 'server', 'zope': 'handler'}
MIXINS = {'ServedServer': 'server', 'ServedChannel': 'channel',
          'ViewsServer': 'server', 'ViewsChannel': 'channel'}

# Our own attributes on their objects.
OURS = {'answers_view', 'body_moved', 'end_behind', 'given', 'idle_from',
        'last_activity', 'start', 'view_connection', '_headroom', '_site',
        '_zope_class', 'channels', 'is_unix', 'main', '__class__', '__dict__',
        'queued', 'begun', '_admission', 'views_only', 'leave'}
# Of a text or a dictionary that has such a name.
OTHERS = {('request', 'get'), ('request', 'partition'), ('request', 'split')}

READ = sorted(pair for pair in read_of('zserver', KINDS, MIXINS, ['probe'])
              if pair[1] not in OURS and pair not in OTHERS)


class Log(object):
    def log(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(http.zhttp_server, 'log_info', lambda *args: None)
    made = http.zhttp_server('127.0.0.1', 0, logger_object=Log())
    made.install_handler(http.zhttp_handler('Zope2', ''))
    yield made
    made.close()


def test_nothing_is_missing(server):
    assert probe.look_at(server) is None


def test_all_that_is_read_is_looked_at():
    assert len(READ) > 40
    looked_at = set((kind, name) for kind in probe.NEEDS
                    for name in probe.NEEDS[kind].split())
    assert set(READ) <= looked_at


class Without(object):
    """An object of theirs that does not have this."""

    def __init__(self, made, name):
        self._made, self._name = made, name

    def __getattr__(self, name):
        if name == self._name:
            raise AttributeError(name)
        return getattr(self._made, name)


@pytest.mark.parametrize('kind, name', [
    (kind, name) for kind in sorted(probe.NEEDS)
    for name in probe.NEEDS[kind].split()])
def test_what_is_missing_is_named(server, monkeypatch, kind, name):
    plain_try = probe._try

    def without(server):
        objects, wrong = plain_try(server)
        objects[kind] = Without(objects[kind], name)
        return objects, wrong

    monkeypatch.setattr(probe, '_try', without)
    reason = probe.look_at(server)
    assert re.search(r'has no %s\.%s; ' % (probe.CLASSES[kind], name), reason)
    assert probe.version() in reason


@pytest.mark.parametrize('owner, name', [
    (http.zhttp_channel, '__init__'), (http.zhttp_channel, 'close'),
    (http.zhttp_channel, 'work')])
def test_a_channel_that_cannot_be_tried(server, monkeypatch, owner, name):
    def fails(*args):
        raise TypeError('more arguments')

    monkeypatch.setattr(owner, name, fails)
    reason = probe.look_at(server)
    if name == '__init__':
        assert 'has no server that can be tried (more arguments)' in reason
    else:
        assert reason is None  # nobody has called it


def test_nothing_is_left(server):
    before = (len(os.listdir('/proc/self/fd')), dict(asyncore.socket_map),
              server.total_requests.as_long(), server.handlers[:])
    for _time in range(20):
        assert probe.look_at(server) is None
    assert (len(os.listdir('/proc/self/fd')), dict(asyncore.socket_map),
            server.total_requests.as_long(), server.handlers) == before
