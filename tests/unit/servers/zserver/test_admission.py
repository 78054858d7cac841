"""servers.zserver.admission: what running servers show only by chance."""
from __future__ import absolute_import, division, print_function

import errno
import socket
import time

import pytest

from Products.ZServerViews.servers import admission as limits_module
from Products.ZServerViews.servers.zserver import admission as admission_module
from tests.unit.servers.zserver.server_dummies import Listener, Running, ask

pytest.importorskip('ZServer.HTTPServer')


def test_below_the_limit_the_loop_waits_as_long_as_it_likes(loop):
    assert loop.admission.turn(30) == 30
    assert loop.server.readable()
    assert len(loop.site.begun) == 1


def test_those_that_wait_are_noted_in_each_turn(loop):
    noted = []
    loop.admission.records.note_waiting = lambda: noted.append(1)
    loop.admission.turn(30)
    assert noted == []
    loop.site.recorder = object()
    loop.admission.turn(30)
    assert noted == [1]


def test_views_that_come_again_register_no_further_handler(monkeypatch):
    registered = []
    monkeypatch.setattr(admission_module.zope_signals, 'register',
                        lambda *args: registered.append(args))
    loop = Running()
    limit = loop.admission.limit
    for _time in range(3):
        loop.admission.limit, loop.admission.is_new = limit, True
        loop.admission.turn(30)
        loop.admission.limit = None
        loop.admission.release()
    assert len(loop.site.begun) == 6  # and ended
    assert len(registered) == 1


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
    assert admission_module.idle_since(channel) == channel.idle_from
    setattr(channel, busy, ['x'])
    assert admission_module.idle_since(channel) is None


def test_a_body_gives_way_when_nothing_of_it_comes(loop):
    channel = loop.connect(age=99)
    channel.current_request = object()
    channel.collect_incoming_data('part')
    assert channel.collected == ['part']
    assert admission_module.idle_since(channel) is None
    channel.body_moved -= limits_module.BODY_STALLS + 1
    assert admission_module.idle_since(channel) == channel.body_moved


def test_a_part_of_a_head_makes_nobody_younger(loop):
    channel = loop.connect(age=9)
    channel.collect_incoming_data('GET')
    assert admission_module.idle_since(channel) < time.time() - 8


def test_the_end_of_an_answer_does(loop):
    channel = loop.connect(age=9)
    channel.done()
    assert admission_module.idle_since(channel) > time.time() - 8


def test_all_of_the_reserve_is_in_use(loop, monkeypatch):
    monkeypatch.setattr(limits_module, 'HEADROOM', 2)
    channels = [loop.connect() for _number in range(6)]
    assert loop.admission.turn(30) <= 1
    assert not loop.server.readable()
    # Nobody is accepted, and so nobody would have to give way: but somebody
    # must when he is old enough.
    channels[2].idle_from -= 9
    loop.admission.turn(30)
    assert channels[2].closed and loop.server.readable()
    assert loop.admission.turn(30) <= 1


def test_requests_beyond_the_limit_wait_in_their_order(loop):
    channels = [loop.connect() for _number in range(8)]
    for number, channel in enumerate(channels):
        ask(channel, number)
        ask(channel, 'second')
    busy = [channel for channel in channels if channel.started]
    # One entry is the server's.
    assert busy == channels[:4]
    assert all(channel.queued for channel in channels[4:])
    loop.admission.turn(30)
    assert not channels[4].started
    channels[1].close()
    channels[5].close()
    channels[0].done()
    loop.admission.turn(30)
    assert [channel.started for channel in channels] == [
        [0], [1], [2], [3], [4], [], [6], []]
    channels[2].done()
    channels[3].done()
    channels[4].done()
    loop.admission.turn(30)
    assert channels[7].started == [7] and not channels[7].queued
    assert not loop.admission.site.log_queue.lines


def test_a_view_takes_no_room_of_zopes(loop):
    channels = [loop.connect() for _number in range(6)]
    for channel in channels[:5]:
        channel.working = channel.answers_view = 1
    ask(channels[5], 'zope')
    assert channels[5].started == ['zope']


def exhausted(code=errno.EMFILE):
    return socket.error(code, 'none left')


def test_without_a_descriptor_the_oldest_gives_way(loop):
    channel = loop.connect(age=9)
    loop.server.error = exhausted()
    assert loop.server.accept() is None
    assert channel.closed and loop.admission.turn(30) == 30


def test_without_a_descriptor_and_without_idle_ones_it_pauses(loop):
    loop.connect()
    loop.server.error = exhausted(errno.ENFILE)
    assert loop.server.accept() is None
    assert loop.admission.turn(30) <= limits_module.PAUSE
    assert not loop.server.readable()
    assert len(loop.site.log_queue.lines) == 1


def test_another_error_is_medusas(loop):
    loop.server.error = exhausted(errno.EPERM)
    with pytest.raises(socket.error):
        loop.server.accept()


def test_when_no_view_is_left_nobody_waits_for_room(loop):
    channels = [loop.connect() for _number in range(8)]
    for channel in channels:
        ask(channel, 'zope')
    loop.admission.release()
    assert not channels[7].started
    loop.admission.limit = None
    loop.admission.release()
    assert [channel.started for channel in channels] == [['zope']] * 8
    ask(loop.connect(), 'zope')


def test_the_listener_opens_with_the_first_turn(loop):
    assert loop.opened == [loop.admission]
    loop.admission.turn(30)
    assert len(loop.opened) == 1
    # The configuration has changed, and may have one now.
    loop.listener = Listener({})
    loop.admission.is_new = True
    loop.admission.turn(30)
    assert loop.admission.listener is loop.listener
    loop.admission.is_new = True
    loop.admission.turn(30)
    assert len(loop.opened) == 2 and len(loop.site.begun) == 1


def test_its_connections_do_not_count(loop):
    loop.admission.listener = Listener({})
    loop.map['listener'] = loop.admission.listener
    for number in range(9):
        loop.map[-1 - number] = loop.admission.listener.channels[number] = number
    idle = [loop.connect(age=9) for _number in range(3)]
    loop.server.result = 'socket', 'address'
    loop.server.accept()
    assert loop.admission.turn(30) == 30
    assert not any(channel.closed for channel in idle)
    # One entry is the server's.
    ask(loop.connect(), 'zope')
    assert loop.admission._size() == 5
    loop.server.accept()
    assert idle[0].closed


def test_it_closes_with_the_last_view(loop):
    listener = loop.admission.listener = Listener({})
    loop.admission.release()
    assert not listener.stopped
    loop.admission.limit = None
    for _time in range(2):
        loop.admission.release()
    assert listener.stopped == 1 and loop.admission.listener is None


def test_in_a_forked_child_the_loop_begins_anew(loop):
    class Closing(Listener):
        closed = 0

        def close(self):
            self.closed += 1

    loop.admission.turn(30)
    listener = loop.admission.listener = Closing({})
    loop.admission._headroom.queued.append(loop.connect(age=1))
    loop.admission.begin_anew()
    assert listener.closed == 1 and loop.admission.listener is None
    assert not loop.admission._headroom.queued
    loop.admission.turn(30)
    assert len(loop.site.begun) == 2
