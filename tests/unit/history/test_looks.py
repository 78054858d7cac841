from __future__ import absolute_import, division, print_function

import sys
import threading

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.history.looks import Looker, frames_are_safe
from Products.ZServerViews.history.stack_table import StackTable
from Products.ZServerViews.monitor.requests import Request
from Products.ZServerViews.monitor.thread_clocks import NoClocks
from tests.waiting import awaited


def request(started=1.0):
    made = Request('GET', '/a', started)
    made.start(started, 7)
    return made


@pytest.fixture
def waiting():
    """The ident of a thread that waits for a lock."""
    lock, idents = threading.Lock(), []
    lock.acquire()

    def wait_for_it():
        idents.append(thread.ident)
        condition.wait()

    condition = threading.Event()
    thread = threading.Thread(target=wait_for_it, name='worker-x')
    thread.start()
    ident = awaited(lambda: idents)[0]
    awaited(lambda: 'wait' in function(sys._current_frames()[ident]))
    yield ident
    condition.set()
    thread.join()


def function(frame):
    return frame.f_code.co_name


def test_a_real_thread(waiting):
    table = StackTable()
    seen, = Looker(table, NoClocks()).look({waiting: request()}, {}, ())
    assert seen.name == 'worker-x'
    assert seen.state == 'waiting for lock'
    functions = [frame[0] for frame in table.definition(seen.stack)]
    assert 'wait_for_it' in functions
    seen, = Looker(table, NoClocks()).look({waiting: request()},
                                           {waiting: 'another'}, [waiting])
    assert (seen.name, seen.state) == ('another', 'waiting for database')


def test_no_frame_is_kept(waiting):
    frames = []

    def current():
        found = sys._current_frames()
        frames.append(found)
        return found

    Looker(StackTable(), NoClocks(), current).look({waiting: request()}, {}, ())
    assert frames == [{}]


def test_where_frames_are_not_safe_no_stack_is_taken(waiting):
    def current():
        raise AssertionError('a frame was asked for')

    looker = Looker(StackTable(), NoClocks(), current, safe=False)
    seen, = looker.look({waiting: request()}, {}, ())
    assert (seen.stack, seen.state) == (None, '-')


class Free(object):
    @staticmethod
    def _is_gil_enabled():
        return False


def test_builds_without_the_lock_of_the_interpreter():
    assert not frames_are_safe(Free)
    assert frames_are_safe(object())
    assert frames_are_safe() or not PY2


def test_a_worker_that_has_gone_and_those_that_work_longest_first(waiting):
    looker = Looker(StackTable(), NoClocks())
    seen = looker.look({waiting: request(5.0), -1: request(1.0)}, {}, ())
    assert [one.ident for one in seen] == [-1, waiting]
    assert (seen[0].name, seen[0].stack) == ('thread--1', None)
