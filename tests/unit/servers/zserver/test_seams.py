"""servers.zserver.seams: what running servers show only by chance or late."""
from __future__ import absolute_import, division, print_function

import sys

import pytest

from Products.ZServerViews.runtime.loops import beyond_select
from Products.ZServerViews.servers.zserver import seams as seams_module
from Products.ZServerViews.servers.zserver.log import Lines
from Products.ZServerViews.servers.zserver.seams import Seams
from Products.ZServerViews.servers.zserver.server import ServedServer
from tests.unit.servers.zserver.server_dummies import (
    Part,
    PlainServer,
    Records,
    Site,
)

http = pytest.importorskip('ZServer.HTTPServer')

import asyncore  # noqa: E402

from cStringIO import StringIO  # noqa: E402
from ZServer import HTTPResponse  # noqa: E402


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
    seams.install([server, PlainServer()])
    ours, their_class = in_place(), server.__class__
    assert isinstance(server, ServedServer)
    for _time in range(3):
        assert seams.part.in_force
        assert seams.admission.limit and seams.admission.is_new
        seams.uninstall()
        assert not seams.part.in_force
        assert seams.admission.limit is None
        seams.woken.pop()()
        # The same admission control again: connections have kept it. Nor does
        # any chain grow.
        admission = seams.admission
        seams.install([server])
        assert seams.admission is admission is server._admission
        assert in_place() == ours
        assert server.__class__ is their_class


def test_without_views_a_server_is_asked_itself(seams):
    class Asked(PlainServer):
        def readable(self):
            return 'theirs'

        def accept(self):
            return 'accepted'

    server = Asked()
    seams.install([server])
    seams.admission.open = False
    assert not server.readable()
    seams.uninstall()
    assert server.readable() == 'theirs'
    assert server.accept() == 'accepted'


def test_a_patch_over_ours_stays(seams, monkeypatch):
    seams.install([])
    ours, called = asyncore.poll, []

    def theirs(*args):
        called.append(args)
        return ours(*args)

    monkeypatch.setattr(asyncore, 'poll', theirs)
    seams.uninstall()
    assert asyncore.poll is theirs
    seams.install([])
    assert asyncore.poll is theirs
    asyncore.poll(0, {})
    assert called == [(0, {})]


def test_what_zserver_makes_without_views(seams):
    seams.install([])
    longest = (http.get_http_header_max_length()
               if hasattr(http, 'get_http_header_max_length') else None)
    seams.uninstall()
    if longest is not None:
        assert http.get_http_header_max_length() == longest
    made = HTTPResponse.LoggingProducer(None, 5)
    assert made.__class__.__module__ == 'ZServer.Producers'
    request = Request()
    collector = http.zhttp_collector(None, request, 3)
    assert request.collector is collector
    assert request.terminator == 3


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


class Slot(object):
    """A seam that has been filled."""

    def __init__(self, original, content=None):
        self.original = original
        self.filled = content


def poll_of(library, admission, part=None):
    """The trampoline of that library's poll."""
    slot = Slot(library.poll)
    slot.filled = (admission, part, beyond_select(
        seams_module._Polls(slot, library), admission.log))
    return seams_module.make_poll(slot)


def test_a_fault_of_ours_before_an_iteration(loop):
    library, part = Poller(), Part()
    loop.admission.turn = lambda timeout: 1 // 0
    poll_of(library, loop.admission, part)(30, loop.map)
    assert library.calls == [('select', 30, loop.map)]
    assert part.faults == 1


def test_select_while_it_can(loop):
    library = Poller()
    poll = poll_of(library, loop.admission)
    poll(30, loop.map)
    poll(1)
    assert library.calls == [('select', 30, loop.map), ('select', 1, None)]


def test_others_see_whether_the_loop_turns(loop):
    seen = []

    class Library(Poller):
        def poll(self, timeout, map):
            seen.append((loop.admission.loop.running, loop.admission.loop.turns))
            raise self.error

    loop.admission.loop.turns = 0
    poll = poll_of(Library(KeyError()), loop.admission)
    for turn in 1, 2:
        with pytest.raises(KeyError):
            poll(30, loop.map)
        assert seen[-1] == (True, turn)
        assert loop.admission.loop.running is False


def test_poll_from_the_first_turn_that_select_cannot(loop):
    library = Poller(ValueError('filedescriptor out of range in select()'))
    poll = poll_of(library, loop.admission)
    for _turn in range(3):
        poll(30, loop.map)
    assert [call[0] for call in library.calls] == ['select'] + ['poll'] * 2
    assert len(loop.site.log_queue.lines) == 1


def test_an_error_of_poll_is_not_ours(loop):
    library = Poller(ValueError('filedescriptor out of range in select()'))
    poll = poll_of(library, loop.admission)
    poll(30, loop.map)
    library.poll2 = library.poll
    poll = poll_of(library, loop.admission)
    poll(30, loop.map)
    with pytest.raises(ValueError):
        poll(30, loop.map)


def test_the_loops_of_others_are_theirs(loop):
    library, other = Poller(), {}
    turns = loop.admission.loop.turns
    poll_of(library, loop.admission)(30, other)
    assert library.calls == [('select', 30, other)]
    assert loop.admission.loop.turns == turns


class Request(object):

    def __init__(self):
        self.channel = self
        self.terminator = None

    def set_terminator(self, terminator):
        self.terminator = terminator


@pytest.mark.parametrize('size', [10, 11])
def test_a_body_is_kept_as_by_zserver(size):
    # ZServer's own, where another test has put in the trampoline.
    own = getattr(http.zhttp_collector, '__mro__', [None])[-2]
    collector_class = seams_module.make_collector(
        own or http.zhttp_collector, Slot(None, (10, StringIO)))
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
    assert seams_module.limits() == (config.ZSERVER_CONNECTION_LIMIT,
                                      config.ZSERVER_LARGE_FILE_THRESHOLD)
