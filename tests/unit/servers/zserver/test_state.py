"""servers.zserver.state: which requests there are, and whose threads."""
from __future__ import absolute_import, division, print_function

import threading
import time

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.servers.contracts import IServerState
from Products.ZServerViews.servers.zserver import state as state_module
from Products.ZServerViews.servers.zserver.server import ServedChannel
from Products.ZServerViews.servers.zserver.state import MedusaState

pytest.importorskip('ZServer.HTTPServer')


class Admission(object):
    limit = 7

    def __init__(self):
        self.map = {}


class Seams(object):

    def __init__(self):
        self.admission = Admission()


class Site(object):

    def __init__(self):
        self.recorder = Recorder()


class Records(object):
    """The record of what is in a queue is that; a view's has none."""

    queue = ()

    def of_entry(self, entry):
        return None if entry == 'view' else entry

    def waiting(self):
        return list(self.queue)


class Channel(ServedChannel):
    working = 0

    current_request = None
    producer_fifo = ()

    def __init__(self, *queue):
        self.queue = list(queue)


@pytest.fixture
def state():
    made = MedusaState(Site(), Seams(), Records())
    made.prepare()
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
    state._seams.admission.map.update({1: channels[0], 2: object(),
                                  3: channels[1]})
    channels[0].given, channels[1].given = in_work, given
    assert state.requests() == [in_work, given, behind]
    state._records.queue = gone, queued, given
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


class Answering(object):
    at_once = False


def in_flight(state, *channels):
    """What a view is told whose own request is not among these."""
    state._http = Channel
    state.answering = Answering()
    state._seams.admission.map.clear()
    state._seams.admission.map.update(enumerate(channels))
    state._seams.admission.map['listener'] = object()
    state.answering.at_once = True
    found = state.in_flight()
    state.answering.at_once = False
    assert state.in_flight() == max(0, found - 1)
    return found


def test_what_connections_have_in_flight(state):
    idle, several, sending, viewed, receiving = [
        Channel() for _number in range(5)]
    assert in_flight(state, idle) == 0
    several.working, several.queue = 1, ['one', 'another']
    assert in_flight(state, idle, several) == 3
    sending.producer_fifo = ['part']
    assert in_flight(state, sending) == 1
    viewed.working = 1
    viewed.answers_view, viewed.view_connection = True, object()
    assert in_flight(state, viewed) == 1
    viewed.working = 0
    assert in_flight(state, viewed) == 1
    receiving.current_request = object()
    assert in_flight(state, receiving) == 0
    receiving.body_moved = time.time()
    assert in_flight(state, receiving) == 1


def test_what_workers_have_in_flight_for_nobody(state):
    recorder = state._site.recorder
    own, gone, queued = [recorder.received('GET', '/%d' % number, None)
                         for number in range(3)]
    recorder.current.update({1: own, 2: gone})
    channel = Channel()
    channel.given, channel.working = own, 1
    assert in_flight(state, channel) == 2
    state._records.queue = queued, 'view'
    assert in_flight(state, channel) == 3
    state._site.recorder = None
    assert in_flight(state, channel) == 1


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
            names = state.workers()
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
    state._seams.admission.map.update({1: Chat(), 2: object(), 3: Chat()})
    assert state.connections() == 2


def test_what_zserver_has(state):
    assert state._worker_code.co_name == '__init__'
    assert state_module._outermost(_frame()) is not state._worker_code


def _frame():
    import sys
    return sys._getframe()
