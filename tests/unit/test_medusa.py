"""hooks.medusa, with dummies: what a real ZServer shows only after minutes.

Everything else of this hook is tested over real servers.
"""
from __future__ import absolute_import, division, print_function

import socket
import sys
import time

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews.contracts import IHook
from Products.ZServerViews.hooks import medusa, medusa_channel


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
    waiting = False

    def __init__(self):
        self.closed = False

    def close(self):
        self.closed = True


class Pump(object):
    logged = False

    def __init__(self):
        self.exchange = Exchange()

    def close(self):
        self.exchange.close()


@pytest.fixture
def channel():
    class Answering(medusa_channel.AnsweringChannel, Channel):
        _resting_class = Channel

    return Answering()


class Site(object):
    record_of = journal = None


def test_the_hook_keeps_its_contract():
    hook = medusa.MedusaHook(None, Site())
    assert verifyObject(IHook, hook, tentative=True)
    assert not hook.installed


def test_a_client_that_stands_still_is_closed(channel):
    channel._pump = pump = Pump()
    assert channel.readable() and channel.writable()
    channel.last_activity -= medusa_channel.CLIENT_TIMEOUT + 1
    assert not channel.readable()
    assert channel.closed and pump.exchange.closed
    assert not channel.writable()


def test_waiting_for_a_view_aside_is_not_standing_still(channel):
    channel._pump = pump = Pump()
    pump.exchange.waiting = True
    channel.last_activity -= medusa_channel.CLIENT_TIMEOUT + 1
    assert channel.readable()
    assert not channel.writable()
    pump.exchange.waiting = False
    assert channel.readable()
    assert channel.writable()
    assert not channel.closed


def test_waiting_for_zope_is_not_standing_still(channel):
    channel._due = object()
    channel.last_activity -= medusa_channel.CLIENT_TIMEOUT + 1
    assert channel.readable()
    assert not channel.closed


def test_a_client_that_only_asks_is_not_read_any_more(channel):
    channel.queue = [object()] * (medusa_channel.MOST_QUEUED - 1)
    assert channel.readable()
    channel.queue.append(object())
    assert not channel.readable()
    assert not channel.closed


class GoneSocket(object):

    def setsockopt(self, *args):
        raise socket.error('the client has gone')


class Due(object):
    mount = environ = request = None

    def exchange(self, site, wake):
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
    monkeypatch.setattr(medusa, 'Seams', lambda *args: Seams())
    monkeypatch.setattr(medusa, '_http_servers', lambda: [server])
    for owner in (medusa.ViewHandler, medusa.Records, medusa.Lines,
                  medusa.MedusaState):
        monkeypatch.setattr(owner, 'prepare', lambda self: None)
    return server


def test_install_and_uninstall_are_a_pair(server):
    site = Site()
    hook = medusa.MedusaHook(None, site)
    assert hook.unusable() is None
    # The loop may be on its way through a list: none is ever changed.
    handlers = server.handlers = [ZopeHandler()]
    for _time in range(2):
        hook.install()
        installed = server.handlers
        assert installed[1:] == handlers and hook.installed
        assert hook._seams.changed == [server]
        assert site.record_of is not None
    for _time in range(2):
        hook.uninstall()
        assert server.handlers == handlers and not hook.installed
        assert not hook._seams.changed
        assert site.record_of is None
    assert len(handlers) == 1 and len(installed) == 2


def test_a_handler_that_somebody_has_removed(server):
    hook = medusa.MedusaHook(None, Site())
    hook.install()
    del server.handlers[:]
    hook.uninstall()
    assert not hook.installed


def test_without_a_server_it_says_so(monkeypatch):
    monkeypatch.delitem(sys.modules, 'ZServer.HTTPServer', raising=False)
    assert 'no HTTP server of ZServer' in medusa.MedusaHook(
        None, Site()).unusable()


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
    handler = medusa.ViewHandler(Table(), None, None, None)
    other, zope = ZopeHandler(matches=False), ZopeHandler()
    server.handlers = [handler, other, zope]
    request = Request(server)
    handler.continue_request('body', request)
    assert (other.got, zope.got) == ([], [('body', request)])


def test_a_server_without_another_handler(server):
    handler = medusa.ViewHandler(Table(), None, None, None)
    server.handlers = [handler]
    assert handler._zope_handler(Request(server)) is None


def test_at_the_end_of_the_server_no_view_is_started(channel):
    channel.working, channel.no_more_requests = 0, 1
    view_request = medusa_channel.ViewRequest.__new__(medusa_channel.ViewRequest)
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

    request = Logged()
    channel._request, channel.server = request, Resolving()
    channel._log(LoggedPump())
    assert written == [7]
    assert request.reply_code == 200
    # Or they would keep each other alive.
    assert channel._request is None


# What medusa refuses

class Resting(Channel):
    """A channel of medusa's that finds the end of a body."""

    current_request = None
    working = no_more_requests = 0
    error = None

    def __init__(self):
        Channel.__init__(self)
        self.pushed = []

    def found_terminator(self):
        raise ValueError('no colon')

    def push(self, producer, send):
        if not self.closed:
            self.pushed.append((producer, send))

    def work(self):
        pass


@pytest.fixture
def resting():
    class Answering(medusa_channel.AnsweringChannel, Resting):
        _resting_class = Resting

    return Answering()


def test_a_failure_without_a_request_is_medusas(resting):
    with pytest.raises(ValueError):
        resting.found_terminator()


def test_a_failure_of_a_channel_that_was_closed_is_medusas(resting):
    resting.current_request, resting.closed = object(), 1
    with pytest.raises(ValueError):
        resting.found_terminator()


def test_nothing_is_refused_on_a_closed_channel(resting):
    resting.closed = 1
    resting.push_with_producer('no')
    assert resting.queue == [] and resting.pushed == []


def test_the_parts_of_a_worker_are_not_put_behind_the_queue(resting):
    resting.queue = [medusa_channel.ViewRequest(None, None, None, 0)]
    resting.working = 1
    resting.push('part', 0)
    assert resting.pushed == [('part', 0)]


def test_what_medusa_refuses_waits_for_its_turn(resting):
    resting.working = 1
    resting.push_with_producer('refused')
    resting.close_when_done()
    resting.work()
    assert resting.pushed == [] and len(resting.queue) == 2
    resting.answer()
    assert isinstance(resting, medusa_channel.AnsweringChannel)
    resting.working = 0
    resting.work()
    assert resting.pushed == [('refused', 0), (None, 0)]
    resting.answer()
    assert resting.__class__ is Resting


def test_a_listener_for_views_without_a_handler_of_zopes():
    handler = medusa.ReservedHandler.__new__(medusa.ReservedHandler)
    main = type('Main', (object,), {'handlers': [handler]})()
    server = type('Server', (object,), {'main': main})()
    request = Request(server)
    assert handler._zope_handler(request) is None
    zope = main.handlers = [handler, ZopeHandler()]
    assert handler._zope_handler(request) is zope[1]
