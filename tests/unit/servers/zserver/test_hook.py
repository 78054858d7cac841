"""servers.zserver.hook, with dummies: what a real ZServer shows only by chance.

Everything else of this hook is tested over real servers.
"""
from __future__ import absolute_import, division, print_function

import sys

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews.servers.contracts import IHook
from Products.ZServerViews.servers.zserver import hook as hook_module


class Site(object):
    record_of = log_queue = signs = None

    def __init__(self):
        self.tell_workers = set()


def test_the_hook_keeps_its_contract():
    hook = hook_module.MedusaHook(None, Site())
    assert verifyObject(IHook, hook, tentative=True)
    assert not hook.installed


# The servers and handlers of ZServer

class Server(object):

    def __init__(self):
        self.handlers = []


class Seams(object):
    changed = ()

    def install(self, servers):
        assert not self.changed
        self.changed = servers

    def uninstall(self):
        assert self.changed
        self.changed = ()


@pytest.fixture
def server(monkeypatch):
    server = Server()
    monkeypatch.setattr(hook_module, 'Seams', lambda *args: Seams())
    monkeypatch.setattr(hook_module, '_http_servers', lambda: [server])
    monkeypatch.setattr(hook_module.probe, 'look_at', lambda server: None)
    for owner in (hook_module.ViewHandler, hook_module.Answering,
                  hook_module.Records, hook_module.Lines,
                  hook_module.MedusaState):
        monkeypatch.setattr(owner, 'prepare', lambda self: None)
    return server


def test_install_and_uninstall_are_a_pair(server):
    site = Site()
    hook = hook_module.MedusaHook(None, site)
    assert hook.unusable() is None
    # The loop may be on its way through a list: none is ever changed.
    handlers = server.handlers = [ZopeHandler()]
    for _time in range(2):
        hook.install()
        installed = server.handlers
        assert installed[1:] == handlers and hook.installed
        assert hook._seams.changed == [server]
        assert site.record_of is not None
        assert site.tell_workers == {hook._state.workers}
    for _time in range(2):
        hook.uninstall()
        assert site.tell_workers == set()
        assert server.handlers == handlers and not hook.installed
        assert not hook._seams.changed
        assert site.record_of is None
    assert len(handlers) == 1 and len(installed) == 2


def test_a_handler_that_somebody_has_removed(server):
    hook = hook_module.MedusaHook(None, Site())
    hook.install()
    del server.handlers[:]
    hook.uninstall()
    assert not hook.installed


def test_without_a_server_it_says_so(monkeypatch):
    monkeypatch.delitem(sys.modules, 'ZServer.HTTPServer', raising=False)
    assert 'no HTTP server of ZServer' in hook_module.MedusaHook(
        None, Site()).unusable()


class Request(object):
    uri, request, version = '/view', 'GET /view HTTP/1.1', '1.1'

    def __init__(self, server):
        self.channel = self
        self.server = server


class ZopeHandler(object):

    def __init__(self, matches=True):
        self.matches = matches
        self.got = []

    def match(self, request):
        return self.matches

    def continue_request(self, body, request):
        self.got.append((body, request))


class Table(object):
    by_path = {}


class Answering(object):
    site = Site


def test_a_view_that_has_gone_while_the_body_came_in_is_left_to_zope(server):
    handler = hook_module.ViewHandler(Table(), Answering)
    other, zope = ZopeHandler(matches=False), ZopeHandler()
    server.handlers = [handler, other, zope]
    request = Request(server)
    handler.continue_request('body', request)
    assert (other.got, zope.got) == ([], [('body', request)])


def test_a_server_without_another_handler(server):
    handler = hook_module.ViewHandler(Table(), Answering)
    server.handlers = [handler]
    assert handler._zope_handler(Request(server)) is None


def test_a_listener_for_views_without_a_handler_of_zopes():
    handler = hook_module.ViewsHandler.__new__(hook_module.ViewsHandler)
    main = type('Main', (object,), {'handlers': [handler]})()
    server = type('Server', (object,), {'main': main})()
    request = Request(server)
    assert handler._zope_handler(request) is None
    zope = main.handlers = [handler, ZopeHandler()]
    assert handler._zope_handler(request) is zope[1]
