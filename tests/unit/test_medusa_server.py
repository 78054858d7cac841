"""hooks.medusa_server: what running servers show only by chance or late."""
from __future__ import absolute_import, division, print_function

import errno
import socket
import sys
import time

import pytest

from Products.ZServerViews import reserve
from Products.ZServerViews.hooks import medusa_gate, medusa_server
from Products.ZServerViews.hooks.medusa_gate import Gate
from Products.ZServerViews.hooks.medusa_log import Lines
from Products.ZServerViews.hooks.medusa_server import Seams

http = pytest.importorskip('ZServer.HTTPServer')

import asyncore  # noqa: E402
from ZServer import HTTPResponse  # noqa: E402


class Journal(object):

    def __init__(self):
        self.lines = []

    def log(self, level, message, *args):
        self.lines.append(message % args)


class Loop(object):
    turns = 0
    running = None


class Drain(object):
    draining = False


class Site(object):
    recorder = None

    def __init__(self):
        self.drain = Drain()
        self.journal = Journal()
        self.begun = []

    def begin_loop(self, wake, drains):
        assert not drains
        self.begun.append(wake)
        return Loop()


class Chat:
    """What is needed of asynchat's, from which all channels come."""

    def readable(self):
        return 1

    def writable(self):
        return 0


class PlainChannel(Chat):
    """What is needed of a zhttp_channel."""

    working = closed = 0
    current_request = None
    no_more_requests = 0

    def __init__(self, server, conn, addr):
        self.server = server
        self.queue, self.producer_fifo = [], []
        self.started, self.collected = [], []

    def work(self):
        self.working = 1
        self.started.append(self.queue.pop(0))

    def done(self):
        self.working = 0
        self.work_again = True

    def close(self):
        self.closed = 1
        for key, channel in list(self.server.map.items()):
            if channel is self:
                del self.server.map[key]

    def collect_incoming_data(self, data):
        self.collected.append(data)


class Records(object):
    """Some entries of queues are their own records."""

    def __init__(self):
        self.noted = []

    def note(self, queue):
        self.noted += queue

    def of_entry(self, entry):
        return entry if isinstance(entry, Record) else None


class Record(object):
    gone = False


class Listener(object):

    def __init__(self, channels):
        self.channels = channels
        self.stopped = 0

    def stop(self):
        self.stopped += 1


class PlainServer:
    channel_class = PlainChannel
    accepting = 1
    result = error = None

    def accept(self):
        if self.error is not None:
            raise self.error
        return self.result


class Old(object):
    """A server, and what else is in the loop's map."""

    def __init__(self, limit=5):
        self.site = Site()
        self.map = {}
        self.woken = []
        self.listener = None
        self.opened = []
        self.gate = Gate(self.site, self.map, self.woken.append, Records(),
                         self.listen)
        self.gate.limit = limit
        self.server = medusa_server.served(PlainServer, self.gate)()
        self.server.map = self.map
        self.map[0] = self.server
        self.gate.turn(30)

    def listen(self, gate):
        self.opened.append(gate)
        return self.listener

    def connect(self, age=0):
        channel = self.server.channel_class(self.server, None, None)
        channel.idle_from -= age
        self.map[len(self.map) + 1] = channel
        return channel


@pytest.fixture
def loop():
    return Old()


def test_below_the_limit_the_loop_waits_as_long_as_it_likes(loop):
    assert loop.gate.turn(30) == 30
    assert loop.server.readable()
    assert len(loop.site.begun) == 1


def test_a_server_that_does_not_listen_is_not_readable(loop):
    loop.server.accepting = 0
    assert not loop.server.readable()


def test_the_oldest_idle_connection_gives_way(loop):
    channels = [loop.connect(age) for age in (1, 3, 2, 0)]
    loop.server.result = 'socket', 'address'
    assert loop.server.accept() == loop.server.result
    assert [channel.closed for channel in channels] == [0, 1, 0, 0]


def test_below_the_limit_nobody_gives_way(loop):
    channel = loop.connect(age=9)
    loop.server.result = 'socket', 'address'
    loop.server.accept()
    assert not channel.closed


def test_nobody_was_there_to_be_accepted(loop):
    channels = [loop.connect(age=9) for _number in range(9)]
    assert loop.server.accept() is None
    assert not any(channel.closed for channel in channels)


@pytest.mark.parametrize('busy', ['working', 'queue', 'producer_fifo'])
def test_who_has_a_request_does_not_give_way(loop, busy):
    channel = loop.connect(age=9)
    assert medusa_gate.idle_since(channel) == channel.idle_from
    setattr(channel, busy, ['x'])
    assert medusa_gate.idle_since(channel) is None


def test_a_body_gives_way_when_nothing_of_it_comes(loop):
    channel = loop.connect(age=99)
    channel.current_request = object()
    channel.collect_incoming_data('part')
    assert channel.collected == ['part']
    assert medusa_gate.idle_since(channel) is None
    channel.body_moved -= reserve.BODY_STALLS + 1
    assert medusa_gate.idle_since(channel) == channel.body_moved


def test_a_part_of_a_head_makes_nobody_younger(loop):
    channel = loop.connect(age=9)
    channel.collect_incoming_data('GET')
    assert medusa_gate.idle_since(channel) < time.time() - 8


def test_the_end_of_an_answer_does(loop):
    channel = loop.connect(age=9)
    channel.done()
    assert medusa_gate.idle_since(channel) > time.time() - 8


def test_all_of_the_reserve_is_in_use(loop, monkeypatch):
    monkeypatch.setattr(reserve, 'RESERVE', 2)
    channels = [loop.connect() for _number in range(6)]
    assert loop.gate.turn(30) <= 1
    assert not loop.server.readable()
    # Nobody is accepted, and so nobody would have to give way: but somebody
    # must when he is old enough.
    channels[2].idle_from -= 9
    loop.gate.turn(30)
    assert channels[2].closed and loop.server.readable()
    assert loop.gate.turn(30) <= 1


def ask(channel, name):
    channel.queue.append(name)
    channel.work()


def test_requests_beyond_the_limit_wait_in_their_order(loop):
    channels = [loop.connect() for _number in range(8)]
    for number, channel in enumerate(channels):
        ask(channel, number)
        ask(channel, 'second')
    busy = [channel for channel in channels if channel.started]
    # One entry is the server's.
    assert busy == channels[:4]
    assert all(channel.parked for channel in channels[4:])
    loop.gate.turn(30)
    assert not channels[4].started
    channels[1].close()
    channels[5].close()
    channels[0].done()
    loop.gate.turn(30)
    assert [channel.started for channel in channels] == [
        [0], [1], [2], [3], [4], [], [6], []]
    channels[2].done()
    channels[3].done()
    channels[4].done()
    loop.gate.turn(30)
    assert channels[7].started == [7] and not channels[7].parked
    assert not loop.gate.site.journal.lines


def test_a_view_takes_no_room_of_zopes(loop):
    channels = [loop.connect() for _number in range(6)]
    for channel in channels[:5]:
        channel.working = channel.answers_view = 1
    ask(channels[5], 'zope')
    assert channels[5].started == ['zope']


def test_nothing_in_the_queue_is_no_work(loop):
    channel = loop.connect()
    channel.work()
    assert channel.started == []


def exhausted(code=errno.EMFILE):
    return socket.error(code, 'none left')


def test_without_a_descriptor_the_oldest_gives_way(loop):
    channel = loop.connect(age=9)
    loop.server.error = exhausted()
    assert loop.server.accept() is None
    assert channel.closed and loop.gate.turn(30) == 30


def test_without_a_descriptor_and_without_idle_ones_it_pauses(loop):
    loop.connect()
    loop.server.error = exhausted(errno.ENFILE)
    assert loop.server.accept() is None
    assert loop.gate.turn(30) <= reserve.PAUSE
    assert not loop.server.readable()
    assert len(loop.site.journal.lines) == 1


def test_another_error_is_medusas(loop):
    loop.server.error = exhausted(errno.EPERM)
    with pytest.raises(socket.error):
        loop.server.accept()


def test_when_no_view_is_left_nobody_waits_for_room(loop):
    channels = [loop.connect() for _number in range(8)]
    for channel in channels:
        ask(channel, 'zope')
    loop.gate.release()
    assert not channels[7].started
    loop.gate.limit = None
    loop.gate.release()
    assert [channel.started for channel in channels] == [['zope']] * 8
    ask(loop.connect(), 'zope')


# The listener for views

def test_the_listener_opens_with_the_first_turn(loop):
    assert loop.opened == [loop.gate]
    loop.gate.turn(30)
    assert len(loop.opened) == 1
    # The configuration has changed, and may have one now.
    loop.listener = Listener({})
    loop.gate.is_new = True
    loop.gate.turn(30)
    assert loop.gate.listener is loop.listener
    loop.gate.is_new = True
    loop.gate.turn(30)
    assert len(loop.opened) == 2 and len(loop.site.begun) == 1


def test_its_connections_do_not_count(loop):
    loop.gate.listener = Listener({})
    loop.map['listener'] = loop.gate.listener
    for number in range(9):
        loop.map[-1 - number] = loop.gate.listener.channels[number] = number
    idle = [loop.connect(age=9) for _number in range(3)]
    loop.server.result = 'socket', 'address'
    loop.server.accept()
    assert loop.gate.turn(30) == 30
    assert not any(channel.closed for channel in idle)
    # One entry is the server's.
    ask(loop.connect(), 'zope')
    assert loop.gate._size() == 5
    loop.server.accept()
    assert idle[0].closed


def test_it_closes_with_the_last_view(loop):
    listener = loop.gate.listener = Listener({})
    loop.gate.release()
    assert not listener.stopped
    loop.gate.limit = None
    for _time in range(2):
        loop.gate.release()
    assert listener.stopped == 1 and loop.gate.listener is None


# Requests for Zope are told

def test_requests_are_noted_if_somebody_wants_to_know(loop):
    channel = loop.connect()
    ask(channel, 'first')
    assert loop.gate.records.noted == []
    loop.site.recorder = object()
    ask(channel, 'second')
    assert loop.gate.records.noted == ['second']


def test_the_record_of_a_client_that_goes_says_so(loop):
    channel, record = loop.connect(), Record()
    loop.site.recorder = object()
    ask(channel, record)
    channel.close()
    assert record.gone and channel.closed
    loop.connect().close()


def test_at_the_end_of_the_server_nothing_is_given_to_zope(loop):
    channel = loop.connect()
    channel.no_more_requests = 1
    ask(channel, Record())
    channel.close()
    assert channel.started == [] and not channel.queue[0].gone


class Response(object):
    _http_connection = 'keep-alive'


def test_while_it_drains_the_last_answer_ends_the_connection(loop):
    loop.site.drain.draining = True
    channel = loop.connect()
    entries = [('Zope2', None, Response()) for _number in range(2)]
    channel.queue += entries
    channel.work()
    channel.done()
    channel.work()
    assert [entry[2]._http_connection for entry in entries] == [
        'keep-alive', 'close']
    # WSGI has no such attribute, and closes always.
    ask(loop.connect(), ('Zope2WSGI', {}, len))


def test_requests_in_work_end_their_connections_too(loop):
    last, first, view, idle = [loop.connect() for _number in range(4)]
    entries = [('Zope2', None, Response()) for _number in range(4)]
    ask(last, entries[0])
    ask(first, entries[1])
    ask(first, entries[2])
    view.working = view.answers_view = 1
    loop.gate.turn(30)
    assert entries[0][2]._http_connection == 'keep-alive'
    loop.site.drain.draining = True
    loop.gate.turn(30)
    assert [entry[2]._http_connection for entry in entries] == [
        'close', 'keep-alive', 'keep-alive', 'keep-alive']
    assert idle.begun is None


# The seams

@pytest.fixture
def seams(monkeypatch):
    woken = []
    monkeypatch.setattr('ZServer.PubCore.ZEvent.Wakeup', woken.append)
    made = Seams(Site(), Records(), Lines(None), None)
    made.woken = woken
    yield made
    made.uninstall()


SEAMS = [(http, name) for name in ('zhttp_collector',
                                   'get_http_header_max_length')
         if hasattr(http, name)]
SEAMS += [(HTTPResponse, 'LoggingProducer'), (asyncore, 'poll')]


def in_place():
    return [getattr(owner, name) for owner, name in SEAMS]


def test_install_and_uninstall_are_a_pair(seams):
    server = PlainServer()
    before = in_place()
    seams.install([server, PlainServer()])
    assert not set(before) & set(in_place())
    assert isinstance(server, medusa_gate.ServedServer)
    assert seams.gate.limit and seams.gate.is_new
    seams.uninstall()
    assert in_place() == before
    assert server.__class__ is PlainServer
    release, = seams.woken
    release()
    # The same gate again: connections have kept it.
    gate = seams.gate
    seams.install([server])
    assert seams.gate is gate is server._gate


def test_a_patch_over_ours_stays(seams, monkeypatch):
    original = asyncore.poll
    seams.install([])
    ours = asyncore.poll
    theirs = lambda *args: ours(*args)  # noqa: E731
    asyncore.poll = theirs
    seams.uninstall()
    try:
        assert asyncore.poll is theirs
    finally:
        asyncore.poll = original


def test_nothing_is_undone_before_it_is_done(seams):
    seams.uninstall()
    assert seams.woken == []


class Poller(object):
    """An asyncore with two ways to poll."""

    def __init__(self, error=None):
        self.error = error
        self.calls = []

    def poll(self, timeout, map):
        self.calls.append(('select', timeout, map))
        if self.error is not None:
            raise self.error

    def poll2(self, timeout, map):
        self.calls.append(('poll', timeout, map))
        if isinstance(self.error, KeyError):
            raise self.error


def test_select_while_it_can(loop):
    library = Poller()
    poll = medusa_server._make_poll(library, loop.gate)
    poll(30, loop.map)
    poll(1)
    assert library.calls == [('select', 30, loop.map), ('select', 1, None)]


def test_others_see_whether_the_loop_turns(loop):
    seen = []

    class Library(Poller):
        def poll(self, timeout, map):
            seen.append((loop.gate.loop.running, loop.gate.loop.turns))
            raise self.error

    loop.gate.loop.turns = 0
    poll = medusa_server._make_poll(Library(KeyError()), loop.gate)
    for turn in 1, 2:
        with pytest.raises(KeyError):
            poll(30, loop.map)
        assert seen[-1] == (True, turn)
        assert loop.gate.loop.running is False


def test_what_each_turn_asks_is_found_in_the_first_class(loop):
    channel = loop.connect()
    for name, answer in ('readable', 1), ('writable', 0):
        assert name in channel.__class__.__dict__
        assert getattr(channel, name)() == answer


def test_poll_from_the_first_turn_that_select_cannot(loop):
    library = Poller(ValueError('filedescriptor out of range in select()'))
    poll = medusa_server._make_poll(library, loop.gate)
    for _turn in range(3):
        poll(30, loop.map)
    assert [call[0] for call in library.calls] == ['select'] + ['poll'] * 2
    assert len(loop.site.journal.lines) == 1


def test_an_error_of_poll_is_not_ours(loop):
    library = Poller(ValueError('out of range'))
    poll = medusa_server._make_poll(library, loop.gate)
    poll(30, loop.map)
    library.poll2 = library.poll
    poll = medusa_server._make_poll(library, loop.gate)
    poll(30, loop.map)
    with pytest.raises(ValueError):
        poll(30, loop.map)


def test_the_loops_of_others_are_theirs(loop):
    library, other = Poller(), {}
    turns = loop.gate.loop.turns
    medusa_server._make_poll(library, loop.gate)(30, other)
    assert library.calls == [('select', 30, other)]
    assert loop.gate.loop.turns == turns


class Request(object):

    def __init__(self):
        self.channel = self
        self.terminator = None

    def set_terminator(self, terminator):
        self.terminator = terminator


@pytest.mark.parametrize('size', [10, 11])
def test_a_body_is_kept_as_by_zserver(size):
    collector_class = medusa_server._make_collector(http.zhttp_collector, 10)
    request = Request()
    collected = []

    class Handler(object):
        def continue_request(self, body, request):
            collected.append(body.read())

    collector = collector_class(Handler(), request, size)
    assert request.terminator == size and request.collector is collector
    assert hasattr(collector.data, 'fileno') == (size > 10)
    collector.collect_incoming_data('ab')
    collector.collect_incoming_data('c')
    collector.found_terminator()
    assert collected == ['abc'] and request.collector is None


def test_limits_of_zserver_4():
    config = sys.modules.get('ZServer.Zope2.Startup.config')
    if config is None:
        pytest.skip('ZServer of Zope 2.13 has them elsewhere')
    assert medusa_server.limits() == (config.ZSERVER_CONNECTION_LIMIT,
                                      config.ZSERVER_LARGE_FILE_THRESHOLD)
