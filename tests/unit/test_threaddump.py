"""threaddump: the stacks of threads as text."""
from __future__ import absolute_import, division, print_function

import threading

import pytest

from Products.ZServerViews import threaddump
from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.monitor import threads
from Products.ZServerViews.monitor.recorder import Recorder

from . import dummies


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


@pytest.fixture
def waiting():
    made = Waiting()
    yield made
    made.end.set()
    made.thread.join()


def test_roles(waiting):
    site = dummies.Site()
    site.loops.threads = frozenset([waiting.thread.ident])
    dump = threaddump.take(site)
    loop = threaddump.thread_of(dump, waiting.thread.ident)
    assert (loop.name, loop.role) == ('waits', threads.LOOP)
    assert threaddump.thread_of(dump, get_ident()).role == threads.WATCHDOG
    assert threaddump.thread_of(dump, -1) is None


def test_requests_that_are_recorded(waiting):
    site = dummies.Site()
    site.recorder = Recorder(clock=lambda: 5.0)
    request = site.recorder.received('GET', '/slow?secret=1', None)
    request.start(7.0, waiting.thread.ident)
    site.recorder.current[waiting.thread.ident] = request
    dump = threaddump.take(site, clock=lambda: 10.0)
    worker = threaddump.thread_of(dump, waiting.thread.ident)
    assert worker.role == threads.WORKER
    assert worker.request == u'GET /slow'
    assert worker.request_age_seconds == 3.0
    assert 'for 3.0 s: GET /slow\n' in str(threaddump.Text(dump))


def test_text_and_stack_are_native_strings(waiting):
    waiting.thread.name = u'w\xe4its'.encode('utf-8') if str is bytes \
        else u'w\xe4its'
    dump = threaddump.take(dummies.Site())
    text = threaddump.Text(dump).__str__()
    assert type(text) is str
    assert waiting.thread.name in text
    assert ' here\n' in text
    stack = threaddump.Stack(threaddump.thread_of(dump, waiting.thread.ident))
    assert type(stack.__str__()) is str
    assert ', in here\n    self.end.wait(20)  # this very line\n' in str(stack)


def test_a_stack_without_line_and_source():
    thread = threads.Thread('n', 1, None, 'other', 'running', None, None,
                            (('<none>', None, 'f'),), False, None)
    assert str(threaddump.Stack(thread)) == '  File "<none>", line 0, in f'
