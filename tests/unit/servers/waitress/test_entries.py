"""servers.waitress.entries: what is in flight."""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.servers.waitress.entries import in_flight
from Products.ZServerViews.servers.waitress.listener import ViewsServer
from tests.unit.servers.waitress.admission_dummies import (
    Channel,
    Request,
    Server,
    opened,
)


class Connection(object):
    """Stands in the map for a channel whose view is answered."""

    answers_view = True

    def __init__(self, channel):
        self.views_channel = channel


def number_in_flight(*entries, **workers):
    server = Server()
    server._map.update(enumerate(entries))
    server._map['server'] = server
    server.task_dispatcher.__dict__.update(workers)
    return in_flight(server)


def test_idle_connections_have_nothing_in_flight():
    half, of_views = Channel(0), Channel(0)
    half.request = Request()
    half.request.headers_finished = False
    of_views.server = ViewsServer()
    assert number_in_flight(Channel(0), half, of_views) == 0


def test_each_request_is_in_flight():
    held, sending, body = Channel(1), Channel(0), Channel(0)
    held._held = [Request()]
    sending.total_outbufs_len = 5
    body.request = Request()
    body.request.headers_finished = True
    body.last_activity = time.time()
    assert number_in_flight(Channel(3), held, sending, body,
                            active_count=1, queue=['task']) == 7


def test_views_are_in_flight():
    at_once = Channel(1)
    at_once.request = at_once.requests[0]
    assert number_in_flight(Connection(Channel(2)), at_once) == 3


def test_what_workers_have_is_in_flight_whoever_has_gone():
    assert number_in_flight(Channel(0), active_count=2, queue=['task']) == 3
    assert number_in_flight(Channel(1), active_count=2) == 2
    # A view's takes no worker.
    assert number_in_flight(Connection(Channel(1)), active_count=1) == 2


def test_what_waits_for_room_is_no_workers():
    _site, admission, _handed_over = opened()
    channel, server = Channel(1), admission._server
    admission.queued.append(channel)
    server._map.update({1: channel, 2: server})
    server._views_admission = admission
    assert in_flight(server) == 1
    server.task_dispatcher.active_count = 1  # of one who has gone
    assert in_flight(server) == 2


def test_a_dispatcher_that_tells_nothing():
    server = Server()
    server._map[1] = Channel(1)
    server.task_dispatcher = object()
    assert in_flight(server) == 1
