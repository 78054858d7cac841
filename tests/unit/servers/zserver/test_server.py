"""servers.zserver.server: what running servers show only by chance or late."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.servers.zserver import server as server_module
from tests.unit.servers.zserver.server_dummies import (
    Part,
    PlainChannel,
    Record,
    Response,
    ask,
)

http = pytest.importorskip('ZServer.HTTPServer')


def test_a_server_that_does_not_listen_is_not_readable(loop):
    loop.server.accepting = 0
    assert not loop.server.readable()


def test_nothing_in_the_queue_is_no_work(loop):
    channel = loop.connect()
    channel.work()
    assert channel.started == []


@pytest.mark.parametrize('plain', [http.zhttp_channel, PlainChannel])
def test_who_only_asks_is_not_read_any_more(plain):
    readable = server_module.bounded(plain.readable.__func__)
    channel = PlainChannel(None, None, None)
    channel.queue = [object()] * (server_module.MOST_QUEUED - 1)
    assert readable(channel)
    channel.queue.append(object())
    assert not readable(channel)


def test_a_channel_that_will_not_be_read_is_not_read():
    channel = PlainChannel(None, None, None)
    assert not server_module.bounded(lambda channel: 0)(channel)


def test_what_each_turn_asks_is_found_in_the_first_class(loop):
    channel = loop.connect()
    for name, answer in ('readable', 1), ('writable', 0):
        assert name in channel.__class__.__dict__
        assert getattr(channel, name)() == answer


def test_requests_are_noted_if_somebody_wants_to_know(loop):
    channel = loop.connect()
    ask(channel, 'first')
    assert loop.admission.records.noted == []
    loop.site.recorder = object()
    ask(channel, 'second')
    assert loop.admission.records.noted == ['second']


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
    view.view_connection = object()
    loop.admission.turn(30)
    assert entries[0][2]._http_connection == 'keep-alive'
    loop.site.drain.draining = True
    loop.admission.turn(30)
    assert [entry[2]._http_connection for entry in entries] == [
        'close', 'keep-alive', 'keep-alive', 'keep-alive']
    assert idle.begun is None


def test_a_fault_of_ours_loses_no_request_of_zope(loop):
    part = Part()
    loop.admission.failed = part.failed
    loop.site.recorder = object()
    loop.admission.records = None
    loop.admission.has_room = None
    loop.admission.evict_for_one_more = None
    channel = loop.connect()
    ask(channel, 'first')
    channel.queue.append('second')
    channel.work()
    assert channel.started == ['first']
    assert channel.queue == ['second']
    assert part.faults >= 3
    before = part.faults
    loop.server.result = 'accepted'
    assert loop.server.accept() == 'accepted'
    assert part.faults == before + 1
