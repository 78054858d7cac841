"""_daemons: threads of ours, and whose they are."""
from __future__ import absolute_import, division, print_function

import gc
import io
import os
import re
import subprocess
import sys
import threading

import pytest

from Products.ZServerViews import _daemons as daemons_module
from Products.ZServerViews._compat import PY2
from Products.ZServerViews._daemons import Daemon, until_end
from tests.waiting import awaited

LONG = 20


class Stuck(object):
    """What a thread runs."""

    def __init__(self):
        self.go_on = threading.Event()
        self.was_current = None

    def __call__(self):
        self.was_current = daemon.is_current
        assert self.go_on.wait(LONG)


daemon = None


@pytest.fixture
def stuck():
    global daemon
    daemon = Daemon('zserver-views-test')
    made = Stuck()
    yield made
    made.go_on.set()
    if daemon.thread is not None:
        daemon.thread.join(LONG)


def test_a_thread_from_its_start_to_its_end(stuck):
    assert not daemon.runs and daemon.thread is None
    daemon.start(stuck)
    assert daemon.runs
    assert daemon.thread.daemon and daemon.thread.name == 'zserver-views-test'
    assert not daemon.is_current
    stuck.go_on.set()
    daemon.thread.join(LONG)
    assert stuck.was_current
    assert not daemon.runs


def test_a_thread_that_is_dismissed(stuck):
    daemon.start(stuck)
    thread = daemon.thread
    daemon.dismiss()
    assert not daemon.runs
    stuck.go_on.set()
    thread.join(LONG)


def test_a_thread_of_the_parent(stuck, monkeypatch):
    """Where code in C has forked it seems to be alive."""
    daemon.start(stuck)
    pid = os.getpid()
    monkeypatch.setattr(os, 'getpid', lambda: pid + 1)
    assert daemon.thread.is_alive()
    assert not daemon.runs
    monkeypatch.undo()
    assert daemon.runs


def test_a_thread_that_cannot_be_started(stuck, monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, 'start', start)
    with pytest.raises(RuntimeError):
        daemon.start(stuck)
    assert daemon.thread is None and not daemon.runs


def test_a_failure_counts_until_the_process_ends():
    with pytest.raises(ZeroDivisionError):
        until_end(lambda: 1 // 0, [])
    until_end(lambda: 1 // 0, [True])
    assert not daemons_module._ending


# Where gevent has replaced threads

not_on_27 = pytest.mark.skipif(PY2, reason='locks have no timeout')


@pytest.fixture
def greenlets(stuck, monkeypatch):
    """As gevent's module."""

    class Monkey(object):
        asked = []

        @staticmethod
        def is_module_patched(name):
            return name == 'threading'

        @classmethod
        def get_original(cls, module, name):
            cls.asked.append(name)
            return getattr(sys.modules[module], name)

    monkeypatch.setitem(sys.modules, 'gevent.monkey', Monkey)
    return Monkey


@not_on_27
def test_a_thread_of_the_system(stuck, greenlets):
    daemon.start(stuck)
    thread = daemon.thread
    assert type(thread) is daemons_module.SystemThread
    awaited(lambda: stuck.was_current is not None)
    assert daemon.runs and stuck.was_current and not daemon.is_current
    assert thread.name in [one.name for one in threading.enumerate()]
    assert {'start_new_thread', 'get_ident', 'allocate_lock'} == set(
        greenlets.asked)
    thread.join(0.01)
    assert daemon.runs
    stuck.go_on.set()
    thread.join(LONG)
    assert not daemon.runs
    thread.join(LONG)
    assert thread.name not in [one.name for one in threading.enumerate()]


class Hubs(object):
    """As another of gevent's modules."""

    def __init__(self, hub):
        self._hub = hub
        self.destroyed = []

    def get_hub_if_exists(self):
        return self._hub and self

    def destroy(self):
        self.destroyed.append(threading.current_thread().name)
        if self._hub == 'bad':
            raise ValueError


@not_on_27
@pytest.mark.parametrize('hub', [None, 'good', 'bad'])
def test_what_gevent_has_opened_for_a_thread(
        stuck, greenlets, monkeypatch, hub):
    hubs = Hubs(hub)
    monkeypatch.setitem(sys.modules, 'gevent._hub_local', hubs)
    stuck.go_on.set()
    daemon.start(stuck)
    thread = daemon.thread
    thread.join(LONG)
    assert not thread.is_alive()
    assert len(hubs.destroyed) == bool(hub)


@pytest.mark.skipif(PY2 or not os.path.isdir('/proc/self/fd'),
                    reason='needs gevent and Linux')
def test_threads_leave_no_descriptor_where_gevent_is():
    pytest.importorskip('gevent')
    program = '''
from gevent import get_hub, monkey
monkey.patch_all()
get_hub()  # two threads at once cannot make their first ones
import os, threading, time
from Products.ZServerViews._daemons import make_thread

def now():
    return len(os.listdir('/proc/self/fd')), len(threading._active)

seen = []
for _number in range(3):
    thread = make_thread(lambda: time.sleep(0.01), 'a thread')
    thread.start()
    while thread.is_alive():
        time.sleep(0.01)
    seen.append(now())
assert seen[0] == seen[1] == seen[2], seen
'''
    assert subprocess.call([sys.executable, '-c', program]) == 0


@not_on_27
def test_a_thread_of_the_system_that_cannot_be_started(
        stuck, greenlets, monkeypatch):
    def start(call, arguments):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(daemons_module.system_threads, 'start_new_thread',
                        start)
    with pytest.raises(RuntimeError):
        daemon.start(stuck)
    assert daemon.thread is None and not daemon.runs


@not_on_27
def test_a_lock_that_its_thread_may_take_again(greenlets):
    made = daemons_module.make_rlock()
    with made, made:
        assert greenlets.asked[-1] == 'RLock'


@not_on_27
def test_an_event(greenlets):
    event = daemons_module.make_event()
    assert type(event) is daemons_module.SystemEvent
    assert not event.is_set() and not event.wait(0.01)
    for _time in range(2):
        event.set()
        event.set()
        assert event.is_set() and event.wait() and event.wait(LONG)
        event.clear()
        assert not event.is_set() and not event.wait(0.01)
    thread = threading.Thread(target=event.set)
    thread.start()
    assert event.wait()
    thread.join(LONG)


def test_an_event_without_greenlets():
    assert type(daemons_module.make_event()) is type(threading.Event())


@pytest.mark.parametrize('unsafe', [True, False])
@pytest.mark.parametrize('enabled', [True, False])
def test_the_collector_where_it_can_lock(monkeypatch, unsafe, enabled):
    monkeypatch.setattr(daemons_module, 'COLLECTION_IS_UNSAFE', unsafe)
    seen = []

    def frames():
        seen.append(gc.isenabled())
        raise MemoryError

    assert gc.isenabled()
    if not enabled:
        gc.disable()
    try:
        with pytest.raises(MemoryError):
            daemons_module.current_frames(frames)
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
    assert seen == [enabled and not unsafe]


def test_who_takes_all_frames_takes_them_with_that():
    # The one on ZServer is for Python 2.7, which has no such trouble.
    asked = re.compile(r'sys\._current_frames\(')
    found = []
    for folder, _folders, names in os.walk(os.path.dirname(daemons_module.__file__)):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith('.py'):
                with io.open(path, encoding='utf-8') as source:
                    if asked.search(source.read()):
                        found.append(os.path.basename(folder))
    assert found == ['zserver']
