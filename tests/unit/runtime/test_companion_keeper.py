"""runtime.companion_keeper: when there is a companion, and what it is given."""
from __future__ import absolute_import, division, print_function

import logging
import os
import socket
import subprocess
import sys
import types

import pytest

from Products.ZServerViews.config.settings import ProcessSettings
from Products.ZServerViews.config.values import address
from Products.ZServerViews.runtime import companion_keeper
from Products.ZServerViews.runtime.companion_keeper import (
    AGAIN,
    CompanionKeeper,
    NoKeeper,
    interpreter,
    keeper_for,
    missing,
)
from Products.ZServerViews.runtime.loops import Loops
from Products.ZServerViews.runtime.routes import Routes
from Products.ZServerViews.runtime.shared_page import Page
from Products.ZServerViews.views import monitor
from tests.platforms import companion_can_run
from tests.unit.dummies import LogQueue, ManualClock, Site, mount, view

only_here = companion_can_run


class Child(object):
    """Stands for a process; ends when it is told to, unless it hangs."""

    hangs = False

    def __init__(self, command, options):
        self.command = command
        self.options = options
        self.returncode = None
        self.did = []

    def poll(self):
        return self.returncode

    def terminate(self):
        self.did.append('terminate')
        if not self.hangs:
            self.returncode = -15

    def kill(self):
        self.did.append('kill')
        self.returncode = -9

    def wait(self, timeout=None):
        self.did.append('wait')
        if self.returncode is None:
            raise subprocess.TimeoutExpired('companion', timeout)

    @property
    def page(self):
        return Page(int(self.command[5]))


class World(object):
    def __init__(self):
        self.site = types.SimpleNamespace(
            settings=ProcessSettings({'companion': True,
                                      'listen': address('127.0.0.1:8090')}),
            views_socket=socket.socket(), table=Routes(), loops=Loops(),
            log_queue=LogQueue(),
            exit_guard=types.SimpleNamespace(begun=False))
        self.clock = ManualClock()
        self.children = []
        self.keeper = CompanionKeeper(self.site, self.clock, self.launch)

    def launch(self, command, **options):
        self.children.append(Child(command, options))
        return self.children[-1]

    @property
    def logged(self):
        return [(level, text) for level, text, _ in self.site.log_queue.logged]


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr(companion_keeper.atexit, 'register', lambda call: None)
    made = World()
    yield made
    made.keeper.close()
    made.site.views_socket.close()


# When there is one

@only_here
def test_not_before_there_is_a_listener(world):
    sock, world.site.views_socket = world.site.views_socket, None
    world.keeper.tick()
    assert world.children == []
    world.site.views_socket = sock
    world.keeper.tick()
    world.keeper.tick()
    assert len(world.children) == 1


@only_here
def test_what_it_is_given(world):
    world.keeper.tick()
    child, = world.children
    program, listening, page, stacks, number, pid, name = child.command[3:]
    assert child.command[:3] == [sys.executable, '-I', '-S']
    assert program == companion_keeper.PROGRAM and os.path.isfile(program)
    assert int(listening) == world.site.views_socket.fileno()
    assert int(pid) == os.getpid()
    assert child.options['pass_fds'] == [int(listening), int(page),
                                         int(stacks)]
    assert int(number) > 0
    assert name.startswith('zserver-views-companion-')
    assert child.options['start_new_session']
    # Who waits for the end of our output is not to wait for it.
    assert (child.options['stdin'] == child.options['stdout']
            == child.options['stderr'] == subprocess.DEVNULL)
    assert child.page.latest_beat > 0


@only_here
def test_without_stacks(world, monkeypatch):
    monkeypatch.setattr(world.keeper._stacks, 'register', lambda: None)
    world.keeper.tick()
    child, = world.children
    assert child.command[6:8] == ['-1', '-1']
    assert len(child.options['pass_fds']) == 2


@only_here
def test_paths_and_their_changes(world):
    world.site.table.replace([mount('/a')])
    world.keeper.tick()
    child, = world.children
    assert child.page.paths() == {'/a': False}
    suite = dict(monitor.views())
    world.site.table.replace([
        mount('/-/live', suite['live']), mount('/-/threads', suite['threads']),
        mount('/changes', suite['threads'], tier='change'),
        mount('/any', view())])
    world.keeper.tick()
    assert child.page.paths() == {
        '/-/live': False, '/-/threads': True, '/changes': False, '/any': False}


class Shy(object):
    def __call__(self, environ, start_response):
        pass

    @property
    def shows_stacks(self):
        raise ZeroDivisionError


@only_here
def test_a_view_that_fails_to_say_whether_it_shows_stacks(world):
    world.site.table.replace([mount('/shy', Shy())])
    world.keeper.tick()
    assert world.children[0].page.paths() == {'/shy': False}


@only_here
def test_beats(world):
    world.keeper.beat()  # there is no page yet
    world.keeper.tick()
    page = world.children[0].page
    for beat in world.keeper.tick, world.keeper.beat:
        before = page.latest_beat
        beat()
        assert page.latest_beat > before


@only_here
def test_each_iteration_of_a_loop_beats(monkeypatch):
    site = World().site
    calls = []
    monkeypatch.setattr(CompanionKeeper, 'beat',
                        lambda keeper, loop: calls.append(loop))
    keeper = keeper_for(site)
    loop = site.loops.begin(None)
    assert calls == []
    for turn in 1, 2, 3:
        loop.turns += 1
        assert loop.turns == turn
        assert calls == [loop] * turn
    assert isinstance(keeper, CompanionKeeper)
    site.views_socket.close()


# When it ends

@only_here
def test_one_that_ends_by_itself_is_started_again_a_minute_later(world):
    world.keeper.tick()
    world.children[0].returncode = -9
    world.keeper.tick()
    assert world.logged == [(logging.WARNING, (
        'The companion was killed by signal 9 (SIGKILL); it is started again, '
        'at most once a minute'))]
    world.clock.now += AGAIN - 1
    world.keeper.tick()
    assert len(world.children) == 1
    world.clock.now += 1
    world.keeper.tick()
    assert len(world.children) == 2
    assert world.children[0].did == []


@only_here
@pytest.mark.parametrize('code, words', [
    (0, 'has ended by itself, with exit code 0'),
    (1, 'has ended by itself, with exit code 1'),
    (-15, 'was killed by signal 15 (SIGTERM)'),
    (-40, 'was killed by signal 40')])
def test_how_it_has_ended(code, words):
    assert companion_keeper.how_it_ended(code) == words


@only_here
def test_one_that_cannot_be_started(world):
    def fails(command, **options):
        raise OSError('no process is left')

    keeper = CompanionKeeper(world.site, world.clock, fails)
    for _time in range(3):
        keeper.tick()
    (level, text), = world.logged
    assert level == logging.ERROR
    assert 'cannot be started' in text
    world.clock.now += AGAIN
    keeper.tick()
    assert len(world.logged) == 2
    keeper.close()


@only_here
def test_without_a_descriptor_the_watchdog_goes_on(world, monkeypatch):
    def fails():
        raise OSError(24, 'no descriptor is left')

    with monkeypatch.context() as patch:
        patch.setattr(companion_keeper, 'new_page', fails)
        world.keeper.tick()
    assert [level for level, _text in world.logged] == [logging.ERROR]
    world.clock.now += AGAIN
    world.keeper.tick()
    assert len(world.children) == 1


@only_here
def test_the_listener_has_gone(world):
    world.keeper.tick()
    child, = world.children
    page = child.page
    sock, world.site.views_socket = world.site.views_socket, None
    world.keeper.tick()
    assert child.did == ['terminate', 'wait']
    assert page.is_ending
    world.site.views_socket = socket.socket()
    sock.close()
    world.keeper.tick()
    assert len(world.children) == 2
    assert not world.children[1].page.is_ending


@only_here
def test_the_setting_has_gone(world):
    world.keeper.tick()
    world.site.settings = ProcessSettings()
    world.keeper.tick()
    world.keeper.tick()
    assert world.children[0].did == ['terminate', 'wait']
    assert len(world.children) == 1


@only_here
def test_the_watchdog_ends(world):
    world.keeper.tick()
    world.keeper.close()
    world.keeper.close()
    assert world.children[0].did == ['terminate', 'wait']
    assert world.keeper._stacks.number == -1
    world.keeper.beat()
    world.keeper.tick()
    assert len(world.children) == 2


@only_here
def test_one_that_does_not_end(world):
    world.keeper.tick()
    child, = world.children
    child.hangs = True
    world.keeper.close()
    assert child.did == ['terminate', 'wait', 'kill', 'wait']


@only_here
def test_a_process_that_is_told_to_end(world):
    world.keeper.tick()
    page = world.children[0].page
    world.site.exit_guard.begun = True
    world.keeper.tick()
    # It answers while requests have time to finish.
    assert page.is_ending
    assert world.children[0].did == []
    # A supervisor has told all processes of the service.
    world.children[0].returncode = -15
    world.clock.now += AGAIN
    world.keeper.tick()
    assert len(world.children) == 1
    assert world.logged == []


@only_here
def test_the_end_of_the_process(world):
    world.keeper.tick()
    world.keeper.end()
    assert world.children[0].did == ['terminate', 'wait']
    world.keeper.tick()  # the watchdog may come once more
    assert len(world.children) == 1


# Forked children

@only_here
def test_a_forked_child_has_none(world):
    world.keeper.tick()
    child, = world.children
    page = world.keeper._page.fileno
    world.keeper.begin_anew()
    assert child.did == []
    assert child.returncode is not None  # nobody waits for it
    with pytest.raises(OSError):
        os.fstat(page)
    world.keeper.beat()
    world.keeper.tick()
    assert len(world.children) == 2


@only_here
def test_the_exit_of_a_child_that_nobody_told(world, monkeypatch):
    world.keeper.tick()
    monkeypatch.setattr(os, 'getpid', lambda: 1)
    world.keeper.end()
    assert world.children[0].did == []


# Where there is none

@pytest.mark.parametrize('change, said', [
    (('PY2', True), 'Linux and Python 3'),
    (('interpreter', lambda: None), 'no Python was found')])
@only_here
def test_what_is_missing(monkeypatch, change, said):
    monkeypatch.setattr(companion_keeper, *change)
    log_queue = LogQueue()
    site = types.SimpleNamespace(log_queue=log_queue, loops=Loops())
    keeper = keeper_for(site)
    assert isinstance(keeper, NoKeeper)
    keeper.tick()
    keeper.close()
    (level, text, _exc_info), = log_queue.logged
    assert level == logging.WARNING
    assert said in text and 'companion has no effect' in text


@pytest.mark.skipif(missing() is None, reason='there can be one here')
def test_it_is_said_why_there_is_none():
    assert 'needs Linux and Python 3' in missing()
    site = Site()
    keeper = keeper_for(site)
    keeper.tick()
    keeper.begin_anew()
    keeper.close()
    (level, text, _exc_info), = site.log_queue.logged
    assert level == logging.WARNING
    assert 'Remove it here' in text


@only_here
def test_an_old_library(monkeypatch):
    monkeypatch.delattr(os, 'memfd_create')
    assert 'memfd_create' in missing()


@only_here
def test_the_interpreter_inside_of_another_program(monkeypatch):
    assert interpreter() == sys.executable
    expected = os.path.join(sys.prefix, 'bin', 'python3')
    for program in '/usr/local/bin/uwsgi', '', None, '/nowhere/python3':
        monkeypatch.setattr(sys, 'executable', program)
        assert interpreter() == expected
    monkeypatch.setattr(sys, 'prefix', '/nowhere')
    monkeypatch.setattr(sys, 'base_prefix', '/nowhere')
    assert interpreter() is None
