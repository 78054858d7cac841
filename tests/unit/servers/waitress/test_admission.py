"""servers.waitress.admission: its Admission, and what no running server shows."""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.servers.admission import BODY_STALLS
from Products.ZServerViews.servers.waitress import admission as admission_module
from tests.unit.servers.waitress.admission_dummies import Channel, Request, opened


def test_held_ends_connections_and_nothing_else():
    idle, busy, several = Channel(0), Channel(1), Channel(3)
    site, admission, _handed_over = opened(idle, busy, several)
    assert not admission.special
    site.drain.hold()
    assert admission.special
    assert admission.readable() is True
    # Behind the first of several the others would be lost.
    assert several.closing == [False, False, True]
    assert (idle.closing, busy.closing) == ([], [True])
    assert site.log_queue.logged == []


def test_what_comes_while_held():
    channel = Channel(2)
    site, admission, handed_over = opened(channel)
    site.drain.hold()
    assert not admission.keeps(channel)
    assert channel.closing == [False, True]


def test_behind_the_release():
    channel = Channel(1)
    site, admission, handed_over = opened(channel)
    site.drain.hold()
    site.drain.release()
    assert not admission.special
    assert not admission.keeps(channel)
    assert channel.closing == [False]


def test_requests_that_are_held_back_are_the_last():
    channel = Channel(1)
    channel._held = [Request()]
    site, admission, _handed_over = opened(channel)
    site.drain.hold()
    assert not admission.keeps(channel)
    assert channel.closing == [False]
    assert 'CONNECTION' in channel._held[0].headers


def test_maintenance_is_done_for_a_full_server_too():
    _site, admission, _handed_over = opened(Channel(1))
    server, asked = admission._server, []
    server.next_channel_cleanup = 0
    server.maintenance = asked.append
    assert admission.readable()
    assert len(asked) == 1
    assert admission.readable()
    assert len(asked) == 1
    server.accepting = False
    assert not admission.readable()


def test_a_body_that_stalls_gives_way():
    channel = Channel(0)
    channel.request = Request()
    channel.request.headers_finished = True
    channel.last_activity = time.time()
    assert admission_module.idle_since(channel) is None
    channel.last_activity -= BODY_STALLS + 1
    assert admission_module.idle_since(channel) == channel.last_activity


def test_who_has_gone_while_waiting_for_room_is_not_handed_over():
    channels = [Channel(1), Channel(1)]
    _site, admission, handed_over = opened(*channels)
    admission.headroom.queued.extend(channels)
    channels[0].connected = False
    assert admission.readable()
    assert handed_over == channels[1:]


def test_the_end_of_the_views_is_in_the_loop():
    _site, admission, _handed_over = opened()
    trigger, done = admission._server.trigger, []
    pulled = []
    trigger.pull_trigger = pulled.append
    admission.leave(lambda: done.append(1))
    assert done == [] and len(pulled) == 1
    pulled[0]()
    assert done == [1]
    # Its loop has ended; it has been closed.
    admission.loop.running = False
    admission.leave(lambda: done.append(2))
    admission.loop.running, trigger._fileno = True, None
    admission.leave(lambda: done.append(3))
    assert done == [1, 2, 3] and len(pulled) == 1


def test_a_closed_server_is_not_woken():
    """Its trigger's descriptor is that of another file, maybe."""
    _site, admission, _handed_over = opened()
    assert admission.loop.wake() is True
    admission._server.trigger._fileno = None
    admission._server.trigger.pull_trigger = None
    assert admission.loop.wake() is False


def test_since_when_a_part_of_a_head_is_there():
    """Not since its last byte; nobody asks before the server is full."""
    class Head(object):
        headers_finished = False

    channel = Channel(0)
    channel.request, channel.last_activity = Head(), 5
    _site, admission, _handed_over = opened(channel)
    admission.look_around()
    channel.last_activity = 50
    assert admission_module.idle_since(channel) == 5


def test_with_the_last_view_nobody_waits_for_room_any_more():
    channels = [Channel(1), Channel(1)]
    _site, admission, handed_over = opened(*channels)
    admission.headroom.queued.extend(channels)
    admission._server._views_admission = admission
    for channel in channels:
        channel.server = admission._server
    admission.release()
    assert handed_over == channels
    assert admission_module.admission_of(admission._server) is None
