"""zopeapp.relstorage_calls: what RelStorage tells perfmetrics."""
from __future__ import absolute_import, division, print_function

import sys
import threading
import types

import pytest

from Products.ZServerViews.zopeapp import relstorage_calls
from Products.ZServerViews.zopeapp.relstorage_calls import RelStorageCalls

VOTE = 'relstorage.storage.RelStorage.tpc_vote.t'
LOAD = 'relstorage.storage.load.Loader.load.t'


class Sent(object):
    """A client that keeps what it is to send."""

    def __init__(self):
        self.sent = []

    def timing(self, *args):
        self.sent.append(('timing',) + args)

    def incr(self, *args, **kw):
        self.sent.append(('incr',) + args)

    def sendbuf(self, buf):
        self.sent.append(('sendbuf', buf))

    def gauge(self, *args):
        self.sent.append(('gauge',) + args)


@pytest.fixture
def perfmetrics(monkeypatch):
    """As much of that package; what it has set is ``stack.default``."""
    package = types.ModuleType('perfmetrics')
    package.clientstack = types.ModuleType('perfmetrics.clientstack')
    statsd = types.ModuleType('perfmetrics.statsd')

    class ClientStack(object):
        default = None

    package.stack = package.clientstack.ClientStack = ClientStack
    package.set_statsd_client = lambda client: setattr(
        ClientStack, 'default', client)
    statsd.null_client = Sent()
    for module in package, package.clientstack, statsd:
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return package


@pytest.fixture
def calls(perfmetrics):
    made = RelStorageCalls()
    made.begin()
    yield made
    made.end()


def test_means_and_how_many_are_sampled(perfmetrics, calls):
    client = perfmetrics.stack.default
    for milliseconds in (10, 20):
        client.timing(VOTE, milliseconds, 1, buf=[], rate_applied=True)
    client.timing(LOAD, 3, 0.1, buf=[], rate_applied=True)
    # This one leaves the choice to statsd, and sends all.
    client.timing('relstorage.other', 1, 0.5)
    client.timing('somebody.else.t', 3)
    assert calls.document() == [
        {'call': 'other', 'samples': 1, 'seconds': 0.001, 'sample_ratio': 1},
        {'call': 'storage.RelStorage.tpc_vote', 'samples': 2,
         'seconds': 0.03, 'sample_ratio': 1},
        {'call': 'storage.load.Loader.load', 'samples': 1, 'seconds': 0.003,
         'sample_ratio': 0.1}]


def test_threads_are_added_up(perfmetrics, calls):
    client = perfmetrics.stack.default
    threads = [threading.Thread(target=lambda: [
        client.timing(VOTE, 2) for _number in range(100)])
        for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row, = calls.document()
    assert (row['samples'], row['seconds']) == (400, 0.8)


def test_names_are_bounded(perfmetrics, calls, monkeypatch):
    monkeypatch.setattr(relstorage_calls, 'MOST', 2)
    for number in range(5):
        perfmetrics.stack.default.timing('relstorage.%d' % number, 1)
    assert len(calls.document()) == 2


def test_nothing_is_left_at_the_end(perfmetrics):
    calls = RelStorageCalls()
    assert calls.document() is None
    calls.end()
    calls.begin()
    calls.begin()
    assert calls.document() == []
    calls.end()
    calls.end()
    assert perfmetrics.stack.default is None
    assert calls.document() is None


def test_who_was_there_is_told_all_and_comes_back(perfmetrics):
    before = perfmetrics.stack.default = Sent()
    calls = RelStorageCalls()
    calls.begin()
    client, buf = perfmetrics.stack.default, []
    client.timing(VOTE, 10, 1, buf=buf, rate_applied=True)
    client.timing('an odd one', None)
    client.incr(VOTE, 1)
    client.sendbuf(buf)
    client.gauge('a', 1)
    assert before.sent == [
        ('timing', VOTE, 10, 1, buf, True),
        ('timing', 'an odd one', None, 1, None, False), ('incr', VOTE, 1),
        ('sendbuf', buf), ('gauge', 'a', 1)]
    calls.end()
    assert perfmetrics.stack.default is before


def test_what_others_put_there_meanwhile_stays(perfmetrics):
    before = perfmetrics.stack.default = Sent()
    calls = RelStorageCalls()
    calls.begin()
    ours, theirs = perfmetrics.stack.default, Sent()
    perfmetrics.stack.default = theirs
    calls.end()
    assert perfmetrics.stack.default is theirs
    # They may still call ours, which counts no more.
    ours.timing(VOTE, 10)
    assert len(before.sent) == 1 and ours.document() == []
    calls.begin()
    assert perfmetrics.stack.default.before is theirs
    calls.end()


def test_a_fault_of_ours_is_nobodys_elses(perfmetrics, calls):
    perfmetrics.stack.default.timing(None, 1)
    perfmetrics.stack.default.timing(VOTE, 'long')
    assert calls.document() == []


def test_without_perfmetrics(monkeypatch):
    monkeypatch.setitem(sys.modules, 'perfmetrics', None)
    calls = RelStorageCalls()
    calls.begin()
    assert calls.document() is None
    calls.end()
