"""servers.waitress.admission, listener: real servers in one loop.

The test's thread plays the loop, see waitress_dummies.
"""
from __future__ import absolute_import, division, print_function

import socket

import pytest
from waitress import wasyncore
from waitress.server import BaseWSGIServer, create_server

from Products.ZServerViews.config.values import Address
from Products.ZServerViews.servers.waitress import entries
from Products.ZServerViews.servers.waitress import listener as listener_module
from Products.ZServerViews.servers.waitress import admission as admission_module
from Products.ZServerViews.servers.waitress.hook import WaitressHook
from Products.ZServerViews.servers.waitress.hook1 import OldWaitressHook
from Products.ZServerViews.servers.waitress.listener import ClosingListener
from tests.unit.waitress_dummies import Dispatcher, World, zope
from tests.waiting import awaited

GET = b'GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n'


def hello(environ, start_response):
    start_response('200 OK', [('Content-Length', '5')])
    return [b'hello']


class Served(World):
    """Two servers in one loop, and a listener for views in its own.

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
        # A server and a trigger each.
        assert len(self.map) == 4
        self.views_loop = self.site.views_loop
        self.listener = self.views_loop.listener
        for server in self.servers:
            admission = admission_module.admission_of(server)
            if admission is not None:
                admission.limit = admission.headroom.limit = 6

    def turn(self, times=4):
        for _time in range(times):
            wasyncore.poll(0.01, self.map)

    def connect(self, number, sent=b''):
        server = (self.servers + [self.listener])[number]
        client = socket.create_connection(server.socket.getsockname()[:2])
        client.settimeout(10)
        client.sendall(sent)
        self.clients.append(client)
        return client

    def close(self):
        self.hook.uninstall()
        self.turn()
        awaited(lambda: self.views_loop.has_ended)
        wasyncore.close_all(self.map)
        for client in self.clients:
            client.close()


@pytest.fixture
def served():
    made = Served()
    yield made
    made.close()


@pytest.fixture
def no_grace(monkeypatch):
    """Connections without a request may be evicted at once."""
    monkeypatch.setattr(admission_module, 'idle_since', lambda channel: 0
                        if not channel.requests and not channel.will_close
                        else None)


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


def test_who_gives_way_is_closed_behind_the_turn(served, no_grace):
    """Its descriptor must not be another's while there are events for it."""
    idle = [served.connect(0) for _number in range(2)]
    served.turn()
    gone = [channel for channel in admission_module.channels_of(
        served.servers[0])]
    socket_before = gone[0].socket
    served.connect(0)
    served.servers[0].handle_accept()
    assert gone[0].will_close and socket_before.fileno() != -1
    served.turn()
    assert idle[0].recv(1) == b''
    assert len(served.map) == 6


def test_at_the_end_nobody_gives_way_in_readable(served, no_grace):
    """The loop ends if a descriptor that it asks for is closed."""
    for _number in range(3):
        served.connect(0)
    served.turn()
    for _number in range(3):
        served.connect(0)
    served.site.drain.begin(1000)
    served.turn()
    admission = admission_module.admission_of(served.servers[0])
    channels = admission_module.channels_of(served.servers[0])
    admission.exhausted(OSError(24, 'Too many open files'))
    assert channels == admission_module.channels_of(served.servers[0])


def test_the_listener_goes_with_connections_open(served):
    clients = [served.connect(2, GET % b'view'), served.connect(2)]
    other = served.connect(0)
    served.turn()
    assert clients[0].recv(1000).endswith(b'hello')
    served.hook.uninstall()
    served.turn()
    assert [client.recv(1) for client in clients] == [b'', b'']
    awaited(lambda: served.views_loop.has_ended)
    assert served.site.views_socket is None and served.site.views_loop is None
    other.sendall(GET % b'page')
    served.turn()
    served.workers.run()
    served.turn()
    assert other.recv(1000).endswith(b'zope:/page')


def test_the_listener_outlives_a_clock_that_is_set_back(served, monkeypatch):
    monkeypatch.setattr(listener_module, 'MOST', 1)
    clients = [served.connect(2)]
    served.turn()
    for channel in awaited(lambda: list(
            served.listener.active_channels.values())):
        channel.last_activity += 1000000
    clients.append(served.connect(2, GET % b'view'))
    served.turn()
    assert clients[0].recv(1) == b''
    assert clients[1].recv(1000).endswith(b'hello')


def test_behind_a_request_that_the_listener_refuses_nothing_is_answered(
        served):
    # What waitress 2 refuses too.
    client = served.connect(2, b'GET /view HTTP/1.1\r\nno header\r\n\r\n'
                            + GET % b'view')
    served.turn()
    answers = b''
    for data in iter(lambda: client.recv(1000), b''):
        answers += data
    assert answers == listener_module.BAD_REQUEST


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
    assert admission_module._popped(admission_module.Headroom(
        1, None).queued) is None


def test_the_end_of_the_loop_is_told(served):
    loop, = served.site.loops.of_servers
    assert loop.running is None
    wasyncore.loop(0, map=served.map, count=1)
    assert loop.running is False


def test_everything_is_there_again_with_the_next_view(served):
    begun = []
    served.site.signals.install = begun.append
    listener = served.site.views_socket
    served.hook.uninstall()
    served.turn()
    assert [admission_module.admission_of(server)
            for server in served.servers[:2]] == [None, None]
    served.hook.install()
    served.turn()
    # The next one waits until the one before has left its address.
    awaited(lambda: served.site.views_socket not in (None, listener))
    served.views_loop = served.site.views_loop
    assert begun == [True, True]
    served.connect(0, GET % b'view')
    served.turn()
    assert served.clients[-1].recv(1000).endswith(b'hello')


def test_connections_of_the_listener_do_not_count(served):
    listener = served.listener
    clients = [socket.create_connection(listener.socket.getsockname())
               for _number in range(5)]
    served.clients += clients
    awaited(lambda: len(entries.channels_of(listener)) == 5)
    assert len(served.map) == 4
    for number in range(2):
        client = served.connect(number, GET % b'zope')
        served.turn(10)
        served.workers.run()
        served.turn()
        assert client.recv(1000).endswith(b'zope:/zope')
    assert len(entries.channels_of(listener)) == 5


def test_who_is_evicted_is_not_read(served, no_grace):
    """Its request would be served, and its answer be lost."""
    idle = [served.connect(0) for _number in range(2)]
    served.turn()
    gone = admission_module.channels_of(served.servers[0])[0]
    served.connect(0)
    served.servers[0].handle_accept()
    for client in idle:
        client.sendall(GET % b'zope')
    # As the loop does, which had this event in the same iteration.
    served.map[gone._fileno].handle_read_event()
    assert not gone.requests and gone.request is None
    served.turn()
    assert gone._fileno is None


def test_the_loop_of_two_servers_ends_for_us_with_the_last(served):
    """What belongs to a loop that has ended is undone in any thread."""
    left = []
    admissions = served.hook._admissions
    served.site.end_loop = lambda loop: left.append(
        loop.is_for_views or len(admissions))
    served.hook.uninstall()
    served.turn()
    awaited(lambda: len(left) == 2)
    assert sorted(left) == [0, True]


def test_the_listener_is_closed_when_no_event_of_it_can_come(served):
    listener, loop, seen = served.listener, served.views_loop, []
    fileno, sock = listener._fileno, listener.socket

    def close():
        listener.close()
        seen.append(loop.map[fileno])
        # Its descriptor can be nobody else's in this iteration.
        loop.map[fileno].handle_read_event()
        seen.append(sock.fileno())

    assert loop.wake(close)
    awaited(lambda: sock.fileno() == -1)
    assert isinstance(seen[0], ClosingListener) and seen[1] == fileno
    assert fileno not in loop.map


def test_without_descriptors_none_is_closed_in_the_middle(
        served, monkeypatch):
    monkeypatch.setattr(admission_module, 'idle_since', lambda channel: 0
                        if not channel.will_close else None)
    served.connect(0)
    served.turn()
    admission = admission_module.admission_of(served.servers[0])
    channel, = admission_module.channels_of(served.servers[0])
    admission.exhausted(OSError(24, 'Too many open files'))
    assert channel._fileno is not None
    # Also if its client takes nothing.
    assert not served.map[channel._fileno].writable()
    served.turn(1)
    assert channel._fileno is None


def test_a_view_that_is_answered_by_waitress_1_is_not_idle():
    class Channel(object):
        requests = ()
        _held = ['the request of a view']
        total_outbufs_len = 0
        will_close = False
        server = None

    assert admission_module.idle_since(Channel) is None
