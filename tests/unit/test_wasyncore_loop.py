"""hooks.wasyncore_server, wasyncore_reserved: real servers in one loop.

The test's thread plays the loop, see waitress_dummies.
"""
from __future__ import absolute_import, division, print_function

import socket
from collections import namedtuple

import pytest
from waitress import wasyncore
from waitress.server import BaseWSGIServer, create_server

from Products.ZServerViews.hooks import wasyncore_reserved, wasyncore_server
from Products.ZServerViews.hooks.wasyncore import WaitressHook
from Products.ZServerViews.hooks.wasyncore1 import OldWaitressHook

from .waitress_dummies import Dispatcher, World, zope

Address = namedtuple('Address', 'family address text')

GET = b'GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n'


def hello(environ, start_response):
    start_response('200 OK', [('Content-Length', '5')])
    return [b'hello']


class Served(World):
    """Two servers in one loop, and a listener for views beside them.

    The limit of the loop's map leaves room for two connections.
    """

    def __init__(self):
        World.__init__(self)
        hooks = [WaitressHook(self.table, self.site),
                 OldWaitressHook(self.table, self.site)]
        self.hook, = [hook for hook in hooks if hook.unusable() is None]
        self.site.signals.install = lambda drains: None
        self.site.settings.listen = Address(
            socket.AF_INET, ('127.0.0.1', 0), 'here')
        self.mount('/view', hello)
        self.hook.install()
        self.map, self.workers, self.clients = {}, Dispatcher(), []
        create_server(zope, map=self.map, _dispatcher=self.workers,
                      listen='127.0.0.1:0 127.0.0.1:0', connection_limit=10)
        self.turn()
        self.servers = [server for server in self.map.values()
                        if hasattr(server, 'active_channels')]
        assert len(self.map) == 8 - 2  # a server and a trigger each
        for server in self.servers:
            gate = wasyncore_server.gate_of(server)
            if gate is not None:
                gate.limit = gate.reserve.limit = 8

    def turn(self, times=4):
        for _time in range(times):
            wasyncore.poll(0.01, self.map)

    def connect(self, number, sent=b''):
        server = self.servers[number]
        client = socket.create_connection(server.socket.getsockname()[:2])
        client.settimeout(10)
        client.sendall(sent)
        self.clients.append(client)
        return client

    def close(self):
        self.hook.uninstall()
        wasyncore.close_all(self.map)
        for client in self.clients:
            client.close()


@pytest.fixture
def served():
    made = Served()
    yield made
    made.close()


def test_one_queue_for_all_servers_of_a_loop(served):
    clients = [served.connect(number % 2, GET % b'zope')
               for number in range(10)]
    served.turn(10)
    assert len(served.workers.tasks) == 2
    for _time in range(20):
        served.workers.run()
        served.turn()
    for client in clients:
        assert client.recv(1000).endswith(b'zope:/zope')


def test_a_patch_of_somebody_else_sees_each_request_of_the_site(monkeypatch):
    own, seen = BaseWSGIServer.__dict__['add_task'], []

    def add_task(server, task):
        seen.append(task)
        own(server, task)

    monkeypatch.setattr(BaseWSGIServer, 'add_task', add_task)
    served = Served()
    try:
        client = served.connect(0)
        for number in 1, 2:
            client.sendall(GET % b'page')
            served.turn()
            assert len(seen) == number
            served.workers.run()
            served.turn()
            assert client.recv(1000).endswith(b'zope:/page')
    finally:
        served.close()


def test_who_gives_way_is_closed_behind_the_turn(served, monkeypatch):
    """Its descriptor must not be another's while there are events for it."""
    monkeypatch.setattr(wasyncore_server, 'idle_since', lambda channel: 0
                        if not channel.requests and not channel.will_close
                        else None)
    idle = [served.connect(0) for _number in range(2)]
    served.turn()
    gone = [channel for channel in wasyncore_server.channels_of(
        served.servers[0])]
    socket_before = gone[0].socket
    served.connect(0)
    served.servers[0].handle_accept()
    assert gone[0].will_close and socket_before.fileno() != -1
    served.turn()
    assert idle[0].recv(1) == b''
    assert len(served.map) == 8


def test_at_the_end_nobody_gives_way_in_readable(served, monkeypatch):
    """The loop ends if a descriptor that it asks for is closed."""
    monkeypatch.setattr(wasyncore_server, 'idle_since', lambda channel: 0
                        if not channel.requests and not channel.will_close
                        else None)
    for _number in range(3):
        served.connect(0)
    served.turn()
    for _number in range(3):
        served.connect(0)
    served.site.drain.begin(1000)
    served.turn()
    gate = wasyncore_server.gate_of(served.servers[0])
    channels = wasyncore_server.channels_of(served.servers[0])
    gate.exhausted(OSError(24, 'Too many open files'))
    assert channels == wasyncore_server.channels_of(served.servers[0])


def test_the_listener_goes_with_connections_open(served):
    clients = [served.connect(2, GET % b'view'), served.connect(2)]
    other = served.connect(0)
    served.turn()
    assert clients[0].recv(1000).endswith(b'hello')
    served.hook.uninstall()
    served.turn()
    assert [client.recv(1) for client in clients] == [b'', b'']
    assert served.site.reserved is None
    other.sendall(GET % b'page')
    served.turn()
    served.workers.run()
    served.turn()
    assert other.recv(1000).endswith(b'zope:/page')


def test_the_listener_outlives_a_clock_that_is_set_back(served, monkeypatch):
    monkeypatch.setattr(wasyncore_reserved, 'MOST', 1)
    clients = [served.connect(2)]
    served.turn()
    for channel in served.servers[2].active_channels.values():
        channel.last_activity += 1000000
    clients.append(served.connect(2, GET % b'view'))
    served.turn()
    assert clients[0].recv(1) == b''
    assert clients[1].recv(1000).endswith(b'hello')


def test_behind_a_request_that_the_listener_refuses_nothing_is_answered(
        served):
    client = served.connect(2, b'GARBAGE\r\n\r\n' + GET % b'view')
    served.turn()
    answers = b''
    for data in iter(lambda: client.recv(1000), b''):
        answers += data
    assert answers == wasyncore_reserved.BAD_REQUEST


def test_a_view_before_others_while_it_drains(served):
    served.site.drain.hold()
    client = served.connect(0, GET % b'view' + GET % b'view')
    served.turn()
    answers = b''
    for data in iter(lambda: client.recv(1000), b''):
        answers += data
    assert answers.count(b'hello') == 2
    assert answers.lower().count(b'connection: close') == 1


def test_a_queue_that_another_thread_empties():
    assert wasyncore_server._popped(wasyncore_server.Reserve(
        1, None).parked) is None


def test_the_end_of_the_loop_is_told(served):
    loop, = served.site.loops.all
    assert loop.running is None
    wasyncore.loop(0, map=served.map, count=1)
    assert loop.running is False


def test_everything_is_there_again_with_the_next_view(served):
    begun = []
    served.site.signals.install = begun.append
    listener = served.site.reserved
    served.hook.uninstall()
    served.turn()
    assert served.site.reserved is None
    assert [wasyncore_server.gate_of(server)
            for server in served.servers[:2]] == [None, None]
    served.hook.install()
    served.turn()
    assert served.site.reserved not in (None, listener)
    assert begun == [True, True]
    served.connect(0, GET % b'view')
    served.turn()
    assert served.clients[-1].recv(1000).endswith(b'hello')
