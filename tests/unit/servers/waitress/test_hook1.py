"""servers.waitress.hook1: the older channel of waitress 1.3 and 1.4.

What is said of the hook as such holds beside any waitress; the rest needs
the older channel itself, which a newer waitress does not have.
"""
from __future__ import absolute_import, division, print_function

import sys
import threading
import time
import types

import pytest
import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer
from zope.interface.verify import verifyObject

from Products.ZServerViews.runtime.routes import Routes
from Products.ZServerViews.servers.contracts import IHook
from Products.ZServerViews.servers.waitress.hook import WaitressHook
from Products.ZServerViews.servers.waitress.hook1 import (
    HoldingConnection,
    OldWaitressHook,
    RuledConnection,
    ViewChannel1,
    ViewConnection1,
)
from tests.unit import dummies
from tests.unit.waitress_dummies import Connection, Server, World, body, zope

NEWER = hasattr(HTTPChannel, 'send_continue')


def test_the_hook_keeps_its_contract():
    assert verifyObject(IHook, OldWaitressHook(Routes(), None),
                        tentative=True)


def test_one_hook_for_each_waitress():
    usable = [hook(Routes(), None).unusable() is None
              for hook in (WaitressHook, OldWaitressHook)]
    assert usable == [NEWER, not NEWER]


def test_without_waitress(monkeypatch):
    monkeypatch.setitem(sys.modules, 'waitress', None)
    assert 'waitress' in OldWaitressHook(Routes(), None).unusable()


NEW = type('NewChannel', (object,), {'send_continue': None})


@pytest.mark.parametrize('members, reason', [
    ({'channel_class': NEW, 'add_task': None}, '2.0 or newer'),
    ({}, 'no BaseWSGIServer.add_task, BaseWSGIServer.channel_class;'),
    (None, 'no waitress.server.BaseWSGIServer'),
])
def test_a_waitress_without_the_seams(monkeypatch, members, reason):
    stub = types.ModuleType('waitress.server')
    if members is not None:
        stub.BaseWSGIServer = type('BaseWSGIServer', (object,), members)
    monkeypatch.setattr(waitress, 'server', stub)
    assert reason in OldWaitressHook(Routes(), None).unusable()


@pytest.fixture
def old_channel():
    if NEWER:
        pytest.skip('the installed waitress is 2.0 or newer')


@pytest.fixture
def old_world(old_channel):
    made = World()
    made.hook = OldWaitressHook(made.table, made.site)
    made.hook.install()
    made.mount('/view', dummies.view('200 OK', [], [b'the view']))
    yield made
    made.hook.uninstall()


class Client(Connection):
    """Sends several requests at once."""

    def ask(self, *targets):
        self.send(*[line for target in targets for line in
                    ('GET %s HTTP/1.1' % target, 'Host: a', '')])
        self.turn()

    def work(self):
        self.server.task_dispatcher.run()

    @property
    def waiting(self):
        """The paths of the requests that a worker would serve."""
        return [request.path for request in self.channel.requests]


@pytest.fixture
def client(old_world, server):
    made = Client(server)
    yield made
    wasyncore.close_all(made.map)
    made.client.close()


def bodies(answers):
    return [part.partition(b'\r\n\r\n')[2]
            for part in answers.split(b'HTTP/1.1 200 OK')[1:]]


def test_install_and_uninstall_are_a_pair(old_channel):
    hook = OldWaitressHook(Routes(), dummies.Site())
    hook.install()
    during = dict(vars(BaseWSGIServer))
    for _time in range(3):
        hook.install()
        assert issubclass(BaseWSGIServer.channel_class, ViewChannel1)
        assert issubclass(BaseWSGIServer.channel_class, HTTPChannel)
        hook.uninstall()
        assert BaseWSGIServer.channel_class is HTTPChannel
        # Each trampoline stays, and there is one of them.
        assert dict(vars(BaseWSGIServer)) == during


def test_views_on_a_connection(client):
    for _time in range(3):
        client.ask('/view')
        assert body(client.answer(1)) == b'the view'
        assert type(client.channel) is BaseWSGIServer.channel_class
    client.send('GET /view HTTP/1.1', 'Host: a', 'Connection: close', '',
                'GET /view HTTP/1.1', 'Host: a', '')
    assert bodies(client.answer()) == [b'the view']
    assert client.channel.requests == []
    assert not client.open


def test_each_view_in_its_place(client):
    client.ask('/a', '/b', '/view', '/view?x', '/c', '/view', '/d')
    assert client.waiting == ['/a', '/b']
    got = []
    for _time in range(3):
        worker = threading.Thread(target=client.work)
        worker.start()
        worker.join()
        got += bodies(client.answer(8))
    assert got == [b'zope:/a', b'zope:/b', b'the view', b'the view',
                   b'zope:/c', b'the view', b'zope:/d']
    assert type(client.channel) is BaseWSGIServer.channel_class


def test_a_view_waits_for_the_worker(client):
    seen = []

    def slow(environ, start_response):
        client.turn(3)
        seen.append((client.waiting, client.read()))
        return zope(environ, start_response)

    client.server.application = slow
    client.ask('/a', '/view')
    client.turn(3)
    client.work()
    assert seen == [(['/a'], b'')]
    assert bodies(client.answer()) == [b'zope:/a', b'the view']


def test_a_view_waits_until_the_worker_has_left(client):
    client.ask('/a', '/view')
    client.work()
    with client.channel.task_lock:
        assert bodies(client.answer()) == [b'zope:/a']
        assert client.waiting == []
    assert bodies(client.answer()) == [b'the view']


def test_nothing_is_read_before_the_worker_has_left(client):
    with client.channel.task_lock:
        client.ask('/view')
        client.turn(3)
        assert not client.channel.request and not client.channel.requests
    assert body(client.answer()) == b'the view'


def test_a_worker_that_comes_late_finds_nothing(client, old_world):
    old_world.mount('/later', dummies.view('200 OK', [], iter([b'', b'x'])))
    client.ask('/later')
    assert isinstance(client.entry, ViewConnection1)
    client.channel.service()
    assert [request.path for request in client.channel._held] == ['/later']
    assert client.channel.total_outbufs_len == 0


def held_requests(client):
    """Puts requests behind one of the site; returns those held back."""
    client.ask('/a', '/view', '/b')
    assert isinstance(client.entry, HoldingConnection)
    closed = []
    for request in client.channel._held:
        request.close = lambda request=request: closed.append(request.path)
    return closed


@pytest.mark.parametrize('attribute', ['will_close', 'close_when_flushed'])
def test_a_connection_that_is_to_be_closed(client, attribute):
    closed = held_requests(client)
    setattr(client.channel, attribute, True)
    client.work()
    assert b'the view' not in client.answer()
    assert closed == ['/view', '/b']
    assert not client.open


@pytest.mark.parametrize('end', ['handle_close', 'close'])
def test_a_client_that_leaves_or_a_server_that_ends(client, end):
    closed = held_requests(client)
    getattr(client.entry, end)()
    assert closed == ['/view', '/b']
    assert not client.open


def test_maintenance_leaves_it_alone(client):
    held_requests(client)
    client.channel.last_activity = 1
    client.turn()
    client.work()
    client.server.active_channels = {1: client.channel}
    client.server.maintenance(time.time())
    assert not client.channel.requests
    assert not client.channel.will_close


def test_a_channel_that_is_closing_gets_no_view(client):
    client.channel.close_when_flushed = True
    client.channel.outbufs[0].append(b'')
    client.ask('/view')
    assert client.server.task_dispatcher.tasks == [client.channel]
    assert client.answer() is None
    assert not client.open


def test_a_view_that_is_gone_when_its_turn_comes(client, old_world):
    client.ask('/a', '/view')
    old_world.table.replace([])
    for _time in range(2):
        client.work()
        client.turn()
    assert bodies(client.answer()) == [b'zope:/a', b'zope:/view']


def test_a_failure_in_its_turn_ends_the_connection_only(client, old_world):
    client.ask('/a', '/view')
    client.server.add_task = lambda channel: 1 // 0
    client.work()
    client.turn(3)
    assert not client.open


def test_a_connection_older_than_the_hook(old_channel, server):
    client = Client(server)
    assert type(client.channel) is HTTPChannel
    world = World()
    world.mount('/view', dummies.view('200 OK', [], [b'the view']))
    world.hook = OldWaitressHook(world.table, world.site)
    world.hook.install()
    try:
        with client.channel.task_lock:
            client.ask('/view')
        assert server.task_dispatcher.tasks
        client.work()
        assert body(client.answer()) == b'zope:/view'
        client.ask('/view')
        assert body(client.answer()) == b'the view'
        assert isinstance(client.entry, RuledConnection)
        assert type(client.channel) is HTTPChannel
        with client.channel.task_lock:
            client.ask('/view')
            assert client.waiting == []
        assert body(client.answer()) == b'the view'
    finally:
        world.hook.uninstall()


@pytest.mark.parametrize('prefix', ['', '/site'])
@pytest.mark.parametrize('line', [
    'NONSENSE', 'GET', 'GET  HTTP/1.1', 'GET /vi%65w HTTP/1.1'])
def test_a_request_that_is_no_views_goes_on(old_world, prefix, line):
    client = Client(Server(url_prefix=prefix))
    client.send(line)
    client.turn()
    assert client.server.task_dispatcher.tasks == [client.channel]


def test_other_tasks_go_on(old_world, server):
    broken = type('Channel', (), {'requests': [object()]})()
    tasks = [object(), broken]
    for task in tasks:
        server.add_task(task)
    assert server.task_dispatcher.tasks == tasks


def test_expect_continue_of_each_request(client):
    for _time in range(2):
        client.get('/view', 'Content-Length: 5', 'Expect: 100-continue', '',
                   method='POST')
        assert client.answer() == b'HTTP/1.1 100 Continue\r\n\r\n'
        client.client.sendall(b'hello')
        assert body(client.answer()) == b'the view'
