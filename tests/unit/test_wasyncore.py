"""hooks.wasyncore: put into waitress, taken out, and what is left of both."""
from __future__ import absolute_import, division, print_function

import sys
import types

import pytest
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer
from zope.interface.verify import verifyObject

from Products.ZServerViews.contracts import IHook
from Products.ZServerViews.hooks import wasyncore_reserved, wasyncore_server
from Products.ZServerViews.hooks.wasyncore import WaitressHook
from Products.ZServerViews.table import ViewTable

from . import dummies
from .waitress_dummies import Connection, Server, World, body


def test_the_hook_keeps_its_contract():
    assert verifyObject(IHook, WaitressHook(ViewTable(), dummies.Site()),
                        tentative=True)


def test_install_and_uninstall_are_a_pair():
    before = dict(vars(BaseWSGIServer))
    hook = WaitressHook(ViewTable(), dummies.Site())
    assert hook.unusable() is None
    hook.uninstall()
    assert not hook.installed
    for _time in range(2):
        hook.install()
        during = dict(vars(BaseWSGIServer))
        hook.install()
        assert dict(vars(BaseWSGIServer)) == during
        assert hook.installed
        assert BaseWSGIServer.channel_class is HTTPChannel
        hook.uninstall()
        hook.uninstall()
        assert not hook.installed
        assert dict(vars(BaseWSGIServer)) == before


def test_the_listener_is_imported_before_a_loop_may_want_it():
    site = dummies.Site()
    hook = WaitressHook(ViewTable(), site)
    try:
        hook.install()
        assert hook._open_listener is None
        hook._listen(None)  # no server is looked at
        site.settings.listen = object()
        hook.install()
        assert hook._open_listener is wasyncore_reserved.open_listener
    finally:
        hook.uninstall()


def test_a_patch_over_ours_is_not_taken_away(monkeypatch):
    hook = WaitressHook(ViewTable(), dummies.Site())
    original = BaseWSGIServer.__dict__['add_task']
    channel_class = BaseWSGIServer.channel_class
    hook.install()

    def theirs(server, task):
        raise AssertionError('not called')

    BaseWSGIServer.add_task = theirs
    try:
        hook.uninstall()
        assert BaseWSGIServer.__dict__['add_task'] is theirs
        assert BaseWSGIServer.channel_class is channel_class
    finally:
        BaseWSGIServer.add_task = original


def test_without_waitress(monkeypatch):
    monkeypatch.setitem(sys.modules, 'waitress', None)
    assert 'waitress' in WaitressHook(ViewTable(), dummies.Site()).unusable()


@pytest.mark.parametrize('members, missing', [
    ({}, 'channel_class, add_task, received, '),
    ({'add_task': None}, 'channel_class, received, '),
    ({'channel_class': HTTPChannel}, 'no add_task; '),
    ({'add_task': None, 'channel_class': object}, 'no received, readable, '),
])
def test_a_waitress_without_the_seams(monkeypatch, members, missing):
    import waitress
    stub = types.ModuleType('waitress.server')
    stub.BaseWSGIServer = type('BaseWSGIServer', (object,), members)
    monkeypatch.setattr(waitress, 'server', stub)
    reason = WaitressHook(ViewTable(), dummies.Site()).unusable()
    assert missing in reason
    assert 'please report its version' in reason


def test_a_waitress_without_the_server_class(monkeypatch):
    import waitress
    monkeypatch.setattr(waitress, 'server', types.ModuleType('server'))
    assert 'channel_class' in WaitressHook(ViewTable(), dummies.Site()).unusable()


# Before, during and after the hook


def test_a_connection_older_than_the_hook(server):
    connection = Connection(server)
    world = World()
    world.mount('/view', dummies.view('200 OK', [], [b'the view']))
    world.hook.install()
    try:
        for _time in range(2):
            connection.get('/view')
            assert body(connection.answer()) == b'the view'
        connection.get('/other')
        connection.turn()
        server.task_dispatcher.run()
        assert body(connection.answer()) == b'zope:/other'
    finally:
        world.hook.uninstall()


def test_a_channel_class_of_somebody_else_stays_in_force(world):
    class TheirChannel(HTTPChannel):
        """Made by a server that chose its own channels."""

        theirs = True

    class TheirServer(Server):
        channel_class = TheirChannel

    connection = Connection(TheirServer())
    connection.get('/view')
    assert body(connection.answer()) == b'the view'
    assert isinstance(connection.channel, TheirChannel)


def test_an_answer_outlives_the_hook(world, server):
    connection = Connection(server)
    parts = [b'one', b'', b'', b'two']
    world.mount('/parts', dummies.view('200 OK', [], iter(parts)))
    connection.get('/parts')
    connection.turn()
    world.hook.uninstall()
    assert connection.answer().endswith(b'3\r\ntwo\r\n0\r\n\r\n')
    connection.get('/view')
    connection.turn()
    assert server.task_dispatcher.tasks == [connection.channel]


def test_views_of_a_table_that_changes(world, connection):
    connection.get('/view')
    assert connection.answer()
    world.table.replace([])
    connection.get('/view')
    assert connection.answer() == b''
    assert connection.server.task_dispatcher.tasks


def test_a_class_that_somebody_derived_from_ours_is_kept():
    hook = WaitressHook(ViewTable(), dummies.Site())
    original = BaseWSGIServer.channel_class
    hook.install()
    theirs = type('Theirs', (BaseWSGIServer.channel_class,), {})
    try:
        BaseWSGIServer.channel_class = theirs
        hook.uninstall()
        assert BaseWSGIServer.channel_class is theirs
        hook.install()
        assert BaseWSGIServer.channel_class is theirs
    finally:
        hook.uninstall()
        BaseWSGIServer.channel_class = original


def test_a_waitress_without_the_seams_of_the_server(monkeypatch):
    monkeypatch.setattr(wasyncore_server, 'missing_seams',
                        lambda: ['wasyncore.poll2'])
    site = dummies.Site()
    hook = WaitressHook(ViewTable(), site)
    before = BaseWSGIServer.readable
    hook.install()
    try:
        assert hook.installed
        assert BaseWSGIServer.readable == before
        (_level, message, _exc_info), = site.journal.logged
        assert message.startswith('This waitress has no wasyncore.poll2: ')
    finally:
        hook.uninstall()
