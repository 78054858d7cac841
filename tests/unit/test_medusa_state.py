"""hooks.medusa_state: which requests there are, and whose threads."""
from __future__ import absolute_import, division, print_function

import threading

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews.contracts import IServerState
from Products.ZServerViews.hooks import medusa_state
from Products.ZServerViews.hooks.medusa_gate import ServedChannel
from Products.ZServerViews.hooks.medusa_state import MedusaState
from Products.ZServerViews.monitor.recorder import Recorder

pytest.importorskip('ZServer.HTTPServer')


class Gate(object):
    limit = 7

    def __init__(self):
        self.map = {}


class Seams(object):

    def __init__(self):
        self.gate = Gate()


class Site(object):

    def __init__(self):
        self.recorder = Recorder()


class Records(object):
    """The record of what is in a queue is that; a view's has none."""

    def of_entry(self, entry):
        return None if entry == 'view' else entry


class Channel(ServedChannel):
    working = 0

    def __init__(self, *queue):
        self.queue = list(queue)


class Rendezvous(object):

    def __init__(self, *waiting):
        self._lists = [], list(waiting), []

    def handle(self):
        pass


class Pool(object):
    _handle = None


@pytest.fixture
def state():
    made = MedusaState(Site(), Seams(), Records())
    made.prepare()
    made._pool = Pool()
    return made


def test_its_contract(state):
    assert verifyObject(IServerState, state, tentative=True)
    assert state.connection_limit == 7


def test_each_request_is_told_once(state):
    recorder = state._site.recorder
    in_work, given, queued, behind, gone = [
        recorder.received('GET', '/%d' % number, None) for number in range(5)]
    recorder.current[1] = in_work
    channels = Channel(), Channel('view', behind)
    state._seams.gate.map.update({1: channels[0], 2: object(),
                                  3: channels[1]})
    channels[0].given, channels[1].given = in_work, given
    assert state.requests() == [in_work, given, behind]
    state._pool._handle = Rendezvous(gone, queued, given).handle
    assert state.requests() == [in_work, given, gone, queued, behind]
    assert [record.behind for record in state.requests()] == [
        False, False, False, False, True]
    channels[1].queue = [behind, gone]
    assert state.requests()[-1] is behind and not behind.behind
    channels[1].working = 1
    state.requests()
    assert behind.behind
    state._site.recorder = None
    assert state.requests() == []


class Worker(object):
    """As ZServerPublisher: its constructor is the thread."""

    def __init__(self, begun, ends):
        self.inside(begun, ends)

    def inside(self, begun, ends):
        begun.set()
        ends.wait(30)


def test_workers_have_names(state):
    state._worker_code = Worker.__init__.__func__.__code__
    assert state.worker_idents() == []
    ends, threads = threading.Event(), []
    try:
        for number in range(3):
            begun = threading.Event()
            # As ZServer's, without a Thread object.
            medusa_state_start(Worker, begun, ends)
            assert begun.wait(30)
            idents = state.worker_idents()
            threads += set(idents).difference(threads)
            assert len(idents) == number + 1
            names = state.worker_names()
            assert [names[ident] for ident in threads] == [
                'worker-%d' % found for found in range(number + 1)]
    finally:
        ends.set()


def medusa_state_start(function, *args):
    import thread
    thread.start_new_thread(function, args)


def test_clients_are_counted(state):
    class Chat(object):
        pass

    state._chat = Chat
    state._seams.gate.map.update({1: Chat(), 2: object(), 3: Chat()})
    assert state.connections() == 2


def test_what_zserver_has(state):
    state.prepare()
    assert state._queue() == [] or state._pool._handle is not None
    assert state._worker_code.co_name == '__init__'
    assert medusa_state._outermost(_frame()) is not state._worker_code


def _frame():
    import sys
    return sys._getframe()
