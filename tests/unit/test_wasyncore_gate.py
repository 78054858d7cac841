"""hooks.wasyncore_server: its Gate, and what no running server shows."""
from __future__ import absolute_import, division, print_function

import errno
import functools
import socket
import time
import types

import pytest
from waitress.server import BaseWSGIServer

from Products.ZServerViews.drain import Drain
from Products.ZServerViews.hooks import wasyncore_server
from Products.ZServerViews.hooks.wasyncore_reserved import ReservedServer
from Products.ZServerViews.hooks.wasyncore_server import Gate, is_known
from Products.ZServerViews.reserve import BODY_STALLS, RESERVE, Reserve
from Products.ZServerViews.site import Site

from . import dummies


class Adjustments(object):
    url_prefix = ''
    connection_limit = 100
    cleanup_interval = 30


class Server(object):
    """Of waitress, without a socket."""

    adj = Adjustments()
    accepting = True
    next_channel_cleanup = 2 ** 62

    def __init__(self):
        self._map = {}

    def pull_trigger(self):
        pass


class Request(object):
    def __init__(self):
        self.headers = {}


class Channel(object):
    """A connection with so many requests."""

    total_outbufs_len = 0
    request = server = None
    will_close = False
    _held = ()
    connected = True
    last_activity = 0

    def __init__(self, number):
        self.requests = [Request() for _request in range(number)]

    @property
    def closing(self):
        return ['CONNECTION' in request.headers for request in self.requests]


def opened(*channels):
    site = Site()
    site.signals.install = lambda drains: None
    site.journal = dummies.Journal()
    server, handed_over = Server(), []
    server._map.update(enumerate(channels))
    gate = Gate(server, site,
                lambda server, channel: handed_over.append(channel))
    return site, gate, handed_over


def test_held_ends_connections_and_nothing_else():
    idle, busy, several = Channel(0), Channel(1), Channel(3)
    site, gate, _handed_over = opened(idle, busy, several)
    assert not gate.special
    site.drain.hold()
    assert gate.special
    assert gate.readable() is True
    # Behind the first of several the others would be lost.
    assert several.closing == [False, False, True]
    assert (idle.closing, busy.closing) == ([], [True])
    assert site.journal.logged == []


def test_what_comes_while_held():
    channel = Channel(2)
    site, gate, handed_over = opened(channel)
    site.drain.hold()
    gate.submit(channel)
    assert handed_over == [channel]
    assert channel.closing == [False, True]


def test_behind_the_release():
    channel = Channel(1)
    site, gate, handed_over = opened(channel)
    site.drain.hold()
    site.drain.release()
    assert not gate.special
    gate.submit(channel)
    assert handed_over == [channel]
    assert channel.closing == [False]


def test_requests_that_are_held_back_are_the_last():
    channel = Channel(1)
    channel._held = [Request()]
    site, gate, _handed_over = opened(channel)
    site.drain.hold()
    gate.submit(channel)
    assert channel.closing == [False]
    assert 'CONNECTION' in channel._held[0].headers


def test_maintenance_is_done_for_a_full_server_too():
    _site, gate, _handed_over = opened(Channel(1))
    server, asked = gate._server, []
    server.next_channel_cleanup = 0
    server.maintenance = asked.append
    assert gate.readable()
    assert len(asked) == 1
    assert gate.readable()
    assert len(asked) == 1
    server.accepting = False
    assert not gate.readable()


def test_a_body_that_stalls_gives_way():
    channel = Channel(0)
    channel.request = Request()
    channel.request.headers_finished = True
    channel.last_activity = time.time()
    assert wasyncore_server.idle_since(channel) is None
    channel.last_activity -= BODY_STALLS + 1
    assert wasyncore_server.idle_since(channel) == channel.last_activity


def test_who_has_gone_while_waiting_for_room_is_not_handed_over():
    channels = [Channel(1), Channel(1)]
    _site, gate, handed_over = opened(*channels)
    gate.reserve.parked.extend(channels)
    channels[0].connected = False
    assert gate.readable()
    assert handed_over == channels[1:]


class Listening(object):
    """A socket with connections that wait."""

    def __init__(self, gate, waiting, error=None):
        self.gate, self.waiting, self.error = gate, waiting, error
        gate._server.handle_accept = self.accept
        gate._server.socket = self

    def accept(self):
        if self.waiting:
            self.waiting -= 1
            self.gate._server._map[object()] = Channel(0)

    def shutdown(self, how):
        if self.error:
            raise self.error


@pytest.mark.parametrize('error', [None, socket.error(107, 'not connected')])
@pytest.mark.parametrize('waiting', [0, 2, 2 * RESERVE])
def test_the_end(waiting, error):
    site, gate, _handed_over = opened()
    Listening(gate, waiting, error)
    now = [100.0]
    site.drain = Drain(lambda: now[0])
    site.drain.begin(30)
    assert gate.readable() is False
    assert gate._server.accepting is False
    assert len(gate._server._map) == min(waiting, RESERVE)
    now[0] += 31
    with pytest.raises(SystemExit):
        gate.readable()
    assert [line[1].split()[0] for line in site.journal.logged] == [
        'SIGTERM:', 'The']


def test_ctrl_c_between_two_turns():
    site, gate, _handed_over = opened()
    site.drain.stop()
    assert gate.special
    with pytest.raises(KeyboardInterrupt):
        gate.readable()


@pytest.mark.parametrize('number, comes_through', [
    (errno.EMFILE, False), (errno.EBADF, True)])
def test_an_error_of_accept(number, comes_through):
    _site, gate, _handed_over = opened()

    def original(server):
        raise socket.error(number, 'words')

    gate._server.__dict__['_views_gate'] = gate
    accept = wasyncore_server._make_accept(original)
    if comes_through:
        with pytest.raises(socket.error):
            accept(gate._server)
    else:
        assert accept(gate._server) is None
        assert gate.special


def test_since_when_a_part_of_a_head_is_there():
    """Not since its last byte; nobody asks before the server is full."""
    class Head(object):
        headers_finished = False

    channel = Channel(0)
    channel.request, channel.last_activity = Head(), 5
    _site, gate, _handed_over = opened(channel)
    gate.look_around()
    channel.last_activity = 50
    assert wasyncore_server.idle_since(channel) == 5


def is_readable(server, site, original):
    """What the loop is told, and whether waitress itself was asked."""
    asked = []
    gate = Gate(server, site, lambda server, channel: None)
    readable = wasyncore_server._make_readable(
        original(asked), site.drain, lambda server: setattr(
            server, '_views_gate', gate) or gate)
    server._map[7], server._fileno = server, 7
    return readable(server), asked, gate


def waitress_own(asked):
    """As a function of waitress's."""
    return types.FunctionType(_template.__code__, {
        '__name__': 'waitress.server', 'asked': asked})


def _template(server):
    asked.append(server)  # noqa: F821, a global of its module
    return True


def unknown(asked):
    def readable(server):
        asked.append(server)
        return 'theirs'

    return readable


@pytest.mark.parametrize('members, original, answer, is_asked', [
    ({}, waitress_own, True, False),
    ({'next_channel_cleanup': 0}, waitress_own, True, True),
    ({'accepting': False}, waitress_own, True, True),
    ({}, unknown, 'theirs', True)])
def test_waitress_is_asked_where_it_has_to_do(members, original, answer,
                                              is_asked, monkeypatch):
    monkeypatch.setattr(wasyncore_server, '_READABLE',
                        frozenset(_template.__code__.co_names))
    site, server = Site(), Server()
    site.signals.install = lambda drains: None
    for name, value in members.items():
        setattr(server, name, value)
    said, asked, gate = is_readable(server, site, original)
    assert (said, bool(asked)) == (answer, is_asked)
    assert gate.quiet


@pytest.mark.parametrize('begin', [
    lambda site, gate: site.drain.hold(),
    lambda site, gate: gate.parked.append(Channel(1)),
    lambda site, gate: setattr(gate.reserve, 'pause_ends', 2 ** 62)])
def test_the_gate_is_asked_where_it_has_to_do(begin):
    site, server = Site(), Server()
    site.signals.install = lambda drains: None
    _said, asked, gate = is_readable(server, site, unknown)
    begin(site, gate)
    asked[:] = []
    server._views_gate = gate
    readable = wasyncore_server._make_readable(unknown(asked), site.drain, None)
    assert readable(server) in (True, False)
    assert asked == [] and not gate.quiet


def test_waitress_since_2_is_known():
    readable = BaseWSGIServer.__dict__['readable']
    assert is_known(readable, wasyncore_server._READABLE) is hasattr(
        BaseWSGIServer, 'in_connection_overflow')


def patched(tell):
    """In its code are no other names than in waitress's own."""
    def add_task(self, task):
        tell(task)
        self.task_dispatcher.add_task(task)

    return add_task


class Wrapped(object):
    """As those of wrapt: it shows the code of what it wraps."""

    def __init__(self, function):
        self.__code__ = function.__code__
        self.__globals__ = getattr(function, '__globals__')
        self.__closure__ = None


@pytest.mark.parametrize('make', [
    patched, Wrapped, lambda own: functools.partial(own),
    lambda own: types.FunctionType(own.__code__, {})])
def test_a_patch_is_not_known(make):
    own = BaseWSGIServer.__dict__['add_task']
    names = frozenset(['task_dispatcher', 'add_task'])
    assert is_known(own, names)
    assert not is_known(make(own), names)


def test_who_is_not_asked_by_its_loop_is_left_alone():
    server = Server()
    server._fileno = 7
    readable = wasyncore_server._make_readable(lambda server: 'original',
                                               Drain(), None)
    assert readable(server) == 'original'


class Accepting(object):
    """What is below a server for views alone."""

    def __init__(self, error):
        self.error = error
        self.active_channels = {}

    def accept(self):
        raise self.error


def test_a_listener_for_views_without_descriptors():
    class Made(ReservedServer, Accepting):
        views_reserve = Reserve(32, dummies.Journal())

    server = Made(socket.error(errno.EMFILE, 'Too many open files'))
    assert server.accept() is None
    assert server.views_reserve.special
    assert server.get_server_name('127.0.0.1') == '127.0.0.1'
    server.error = socket.error(errno.EBADF, 'Bad file descriptor')
    with pytest.raises(socket.error):
        server.accept()


def test_rubbish_from_somebody_who_has_gone():
    class Gone(Channel):
        def send(self, data):
            raise socket.error(errno.EPIPE, 'Broken pipe')

    channel = Gone(1)
    channel.requests[0].error = ValueError('rubbish')
    ReservedServer().add_task(channel)
    assert channel.requests == []
    assert channel.will_close


def test_with_the_last_view_nobody_waits_for_room_any_more():
    channels = [Channel(1), Channel(1)]
    _site, gate, handed_over = opened(*channels)
    gate.reserve.parked.extend(channels)
    gate._server.__dict__['_views_gate'] = gate
    for channel in channels:
        channel.server = gate._server
    gate.release()
    assert handed_over == channels
    assert wasyncore_server.gate_of(gate._server) is None
