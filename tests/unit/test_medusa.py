"""hooks.medusa, with dummies: what a real ZServer shows only after minutes.

Everything else of this hook is tested over real servers.
"""
from __future__ import absolute_import, division, print_function

import socket
import sys
import time

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews.hooks import medusa
from Products.ZServerViews.interfaces import IHook


class Channel:
    """What the hook needs of a channel at rest."""

    closed = 0

    def __init__(self):
        self.queue = []
        self.last_activity = time.time()

    def readable(self):
        return 1

    def writable(self):
        return 0

    def close(self):
        self.closed = 1


class Exchange(object):
    status = None

    def __init__(self):
        self.closed = False

    def close(self):
        self.closed = True


class Pump(object):
    logged = False

    def __init__(self):
        self.exchange = Exchange()


@pytest.fixture
def channel():
    class Answering(medusa.AnsweringChannel, Channel):
        _resting_class = Channel

    return Answering()


def test_the_hook_keeps_its_contract():
    hook = medusa.MedusaHook(None, None)
    assert verifyObject(IHook, hook)
    assert not hook.installed


def test_a_client_that_stands_still_is_closed(channel):
    channel._pump = pump = Pump()
    assert channel.readable() and channel.writable()
    channel.last_activity -= medusa.CLIENT_TIMEOUT + 1
    assert not channel.readable()
    assert channel.closed and pump.exchange.closed
    assert not channel.writable()


def test_waiting_for_zope_is_not_standing_still(channel):
    channel._due = object()
    channel.last_activity -= medusa.CLIENT_TIMEOUT + 1
    assert channel.readable()
    assert not channel.closed


def test_a_client_that_only_asks_is_not_read_any_more(channel):
    channel.queue = [object()] * (medusa.MOST_QUEUED - 1)
    assert channel.readable()
    channel.queue.append(object())
    assert not channel.readable()
    assert not channel.closed


class GoneSocket(object):

    def setsockopt(self, *args):
        raise socket.error('the client has gone')


class Due(object):
    mount = environ = request = None

    def exchange(self, site):
        return Exchange()


def test_a_socket_that_has_gone_does_not_stop_the_answer(channel):
    channel.socket = GoneSocket()
    channel._due = Due()
    channel._begin()
    assert isinstance(channel._pump.exchange, Exchange)
    assert channel._due is None


# The servers and handlers of ZServer

class Server(object):

    def __init__(self):
        self.handlers = []

    def install_handler(self, handler):
        self.handlers.insert(0, handler)

    def remove_handler(self, handler):
        self.handlers.remove(handler)


@pytest.fixture
def server(monkeypatch):
    server = Server()
    monkeypatch.setattr(medusa, '_http_servers', lambda: [server])
    monkeypatch.setattr(medusa.ViewHandler, 'prepare', lambda handler: None)
    return server


def test_install_and_uninstall_are_a_pair(server):
    hook = medusa.MedusaHook(None, None)
    assert hook.unusable() is None
    for _time in range(2):
        hook.install()
        assert len(server.handlers) == 1 and hook.installed
    hook.uninstall()
    assert server.handlers == [] and not hook.installed


def test_a_handler_that_somebody_has_removed(server):
    hook = medusa.MedusaHook(None, None)
    hook.install()
    del server.handlers[:]
    hook.uninstall()
    assert not hook.installed


def test_without_a_server_it_says_so(monkeypatch):
    monkeypatch.delitem(sys.modules, 'ZServer.HTTPServer', raising=False)
    assert 'no HTTP server of ZServer' in medusa.MedusaHook(
        None, None).unusable()


class Request(object):
    uri = '/view'

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


def test_a_view_that_has_gone_while_the_body_came_in_is_left_to_zope(server):
    handler = medusa.ViewHandler(Table(), None)
    other, zope = ZopeHandler(matches=False), ZopeHandler()
    server.handlers = [handler, other, zope]
    request = Request(server)
    handler.continue_request('body', request)
    assert (other.got, zope.got) == ([], [('body', request)])


def test_a_server_without_another_handler(server):
    handler = medusa.ViewHandler(Table(), None)
    server.handlers = [handler]
    assert handler._zope_handler(Request(server)) is None


def test_at_the_end_of_the_server_no_view_is_started(channel):
    channel.working, channel.no_more_requests = 0, 1
    view_request = medusa.ViewRequest.__new__(medusa.ViewRequest)
    channel.queue = [view_request]
    channel.work()
    assert channel.queue == [view_request]
    assert not channel.working and channel._due is None


class FailingPump(Pump):
    sent_bytes = 0

    def turn(self, channel):
        raise socket.error('broken')


def test_a_socket_that_fails_closes_the_channel(channel):
    channel._pump = pump = FailingPump()
    channel.answer()
    assert channel.closed and pump.exchange.closed


class LoggedPump(Pump):
    logged = True
    sent_bytes = 7

    def __init__(self):
        Pump.__init__(self)
        self.exchange.status = '200 OK'


def test_a_log_that_resolves_names_is_written_in_the_loop(channel):
    written = []

    class Logged(object):
        reply_code = None
        log = written.append

    class Resolving(object):
        class logger(object):
            resolver = None

    channel._request, channel.server = Logged(), Resolving()
    channel._log(LoggedPump())
    assert written == [7]
    assert channel._request.reply_code == 200
