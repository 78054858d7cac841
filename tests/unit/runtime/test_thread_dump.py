"""runtime.thread_dump: the stacks of threads as text."""
from __future__ import absolute_import, division, print_function

import threading

import pytest

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.monitor import threads
from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.runtime import thread_dump
from tests.unit import dummies


class Waiting(object):
    """A thread that waits in `here` until it is told to end."""

    def __init__(self):
        self.end = threading.Event()
        self.begun = threading.Event()
        self.thread = threading.Thread(target=self.here, name='waits')
        self.thread.start()
        assert self.begun.wait(20)

    def here(self):
        self.begun.set()
        self.end.wait(20)  # this very line


class Loops(object):
    """As `runtime.loops.Loops`."""


@pytest.fixture
def waiting():
    made = Waiting()
    yield made
    made.end.set()
    made.thread.join()


def test_roles(waiting):
    site = dummies.Site()
    site.loops = Loops()
    site.loops.threads = [waiting.thread.ident]
    dump = thread_dump.take(site)
    loop = thread_dump.thread_of(dump, waiting.thread.ident)
    assert (loop.name, loop.role) == ('waits', threads.LOOP)
    assert thread_dump.thread_of(dump, get_ident()).role == threads.WATCHDOG
    assert thread_dump.thread_of(dump, -1) is None


def test_workers_without_a_request(waiting):
    site = dummies.Site()
    site.workers = lambda: {waiting.thread.ident: 'worker-7', get_ident(): None}
    dump = thread_dump.take(site)
    worker = thread_dump.thread_of(dump, waiting.thread.ident)
    assert (worker.role, worker.name, worker.request) == (
        threads.WORKER, 'worker-7', None)
    # A server's thread that runs the loop is the loop.
    site.loops.begin(None)
    described = thread_dump.describe(site, 0)
    assert described[get_ident()].role == threads.LOOP
    assert described[waiting.thread.ident].role == threads.WORKER


def test_requests_that_are_recorded(waiting):
    site = dummies.Site()
    site.recorder = Recorder(clock=lambda: 5.0)
    request = site.recorder.received('GET', '/slow?secret=1', None)
    request.start(7.0, waiting.thread.ident)
    site.recorder.current[waiting.thread.ident] = request
    dump = thread_dump.take(site, clock=lambda: 10.0)
    worker = thread_dump.thread_of(dump, waiting.thread.ident)
    assert worker.role == threads.WORKER
    assert worker.request == u'GET /slow'
    assert worker.request_age_seconds == 3.0
    assert 'for 3.0 s: GET /slow\n' in str(thread_dump.Text(dump))


def test_text_and_stack_are_native_strings(waiting):
    waiting.thread.name = u'w\xe4its'.encode('utf-8') if str is bytes \
        else u'w\xe4its'
    dump = thread_dump.take(dummies.Site())
    text = thread_dump.Text(dump).__str__()
    assert type(text) is str
    assert waiting.thread.name in text
    assert ' here\n' in text
    stack = thread_dump.Stack(thread_dump.thread_of(dump, waiting.thread.ident))
    assert type(stack.__str__()) is str
    assert ', in here\n    self.end.wait(20)  # this very line\n' in str(stack)


def test_a_stack_without_line_and_source():
    thread = threads.Thread('n', 1, None, 'other', 'running', None, None,
                            (('<none>', None, 'f'),), False, None)
    assert str(thread_dump.Stack(thread)) == '  File "<none>", line 0, in f'
