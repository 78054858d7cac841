"""servers.waitress: put into waitress, taken out, and what is left of both."""
from __future__ import absolute_import, division, print_function

import sys

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer
from zope.interface.verify import verifyObject

from Products.ZServerViews.runtime.routes import Routes
from Products.ZServerViews.servers.contracts import IHook
from Products.ZServerViews.servers.waitress import elsewhere
from Products.ZServerViews.servers.waitress.hook import WaitressHook
from tests.unit import dummies
from tests.unit.servers.waitress.admission_dummies import Channel, opened
from tests.unit.waitress_dummies import Connection, Server, World, body


def test_the_hook_keeps_its_contract():
    assert verifyObject(IHook, WaitressHook(Routes(), dummies.Site()),
                        tentative=True)


def test_install_and_uninstall_are_a_pair():
    hook = WaitressHook(Routes(), dummies.Site())
    assert hook.unusable() is None
    hook.uninstall()
    assert not hook.installed
    hook.install()
    during = dict(vars(BaseWSGIServer))
    for _time in range(3):
        hook.install()
        assert hook.installed and hook.unusable() is None
        assert BaseWSGIServer.channel_class is HTTPChannel
        hook.uninstall()
        hook.uninstall()
        assert not hook.installed
        assert BaseWSGIServer.channel_class is HTTPChannel
        # Each trampoline stays, and there is one of them.
        assert dict(vars(BaseWSGIServer)) == during


def test_the_listener_is_imported_before_a_loop_may_want_it():
    site = dummies.Site()
    hook = WaitressHook(Routes(), site)
    try:
        hook.install()
        assert hook._make_views_loop is None
        hook._listen(None)  # no server is looked at
        site.settings.listen = object()
        hook.install()
        assert isinstance(hook._make_views_loop, elsewhere.LoopMaker)
    finally:
        hook.uninstall()


def test_a_patch_over_ours_is_not_taken_away(monkeypatch):
    hook = WaitressHook(Routes(), dummies.Site())
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
    assert 'waitress' in WaitressHook(Routes(), dummies.Site()).unusable()


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
    hook = WaitressHook(Routes(), dummies.Site())
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
    monkeypatch.delattr(wasyncore, 'loop')
    site = dummies.Site()
    hook = WaitressHook(Routes(), site)
    assert hook.unusable() is None
    hook.install()
    try:
        assert hook.installed
        (_level, message, _exc_info), = site.log_queue.logged
        assert 'has no waitress.wasyncore.loop: its conn' in message
        assert not hook._admission.in_force
    finally:
        hook.uninstall()


def test_in_a_forked_child_loops_begin_anew():
    class Loop(object):
        forgotten = 0

        def forget(self):
            self.forgotten += 1

    hook = WaitressHook(Routes(), dummies.Site())
    site, admission, _handed_over = opened(Channel(1))
    admission._server._views_admission = admission
    admission.queued.append(Channel(1))
    hook._admissions.append(admission)
    loop = hook._views_loop = Loop()
    hook.begin_anew()
    hook.begin_anew()
    assert admission._server._views_admission is None
    assert hook._admissions == [] and not admission.queued
    assert hook._views_loop is None and loop.forgotten == 1
