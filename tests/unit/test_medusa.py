"""hooks.medusa, with dummies: what a real ZServer shows only after minutes.

Everything else of this hook is tested over real servers.
"""
from __future__ import absolute_import, division, print_function

import socket
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
