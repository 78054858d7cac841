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


class Known(object):
    """A Thread object whose clock is ``clock``, and its Looker."""

    name, native_id = 'worker-x', 4711

    def __init__(self, ident, table=None, clocks=None):
        self.ident, self.clock, self.asked = ident, 10, 0
        self.table = StackTable() if table is None else table
        self.looker = Looker(self.table, clocks or NoClocks(), self.frames,
                             lambda: [self], safe=True, clock=lambda _id: self.clock)

    def frames(self):
        self.asked += 1
        return sys._current_frames()

    def look(self, in_storage=()):
        seen, = self.looker.look({self.ident: request()}, {}, in_storage)
        return seen


def test_of_a_thread_that_has_not_run_since_no_frame_is_asked_for(waiting):
    known = Known(waiting)
    seen = [known.look() for _number in range(5)]
    assert known.asked == 1
    assert len(set(one.stack for one in seen)) == 1 and seen[0].stack
    assert [one.state for one in seen] == ['waiting for lock'] * 5
    assert known.look([waiting]).state == 'waiting for database'
    assert known.asked == 1
    known.clock += 1
    assert known.look().stack == seen[0].stack
    assert known.asked == 2


def test_another_thread_of_the_same_name_is_looked_at(waiting):
    known = Known(waiting)
    known.look()
    known.native_id += 1
    known.look()
    assert known.asked == 2


def test_a_thread_whose_clock_nobody_knows_is_looked_at_each_time(waiting):
    known = Known(waiting)
    known.clock = None
    assert known.look().stack == known.look().stack
    assert known.asked == 2


def test_a_stack_that_was_forgotten_meanwhile_is_taken_again(waiting):
    known = Known(waiting, StackTable(limit=20000))
    before = known.look().stack
    for line in range(1000):
        known.table.intern([(u'f', u'/a', line)])
    after = known.look().stack
    assert known.asked == 2
    assert known.table.definition(before) == []
    assert known.table.definition(after)


class Words(object):
    """Clocks that know more each time."""

    def __init__(self):
        self.words = ['running', None, 'waiting for socket', 'never asked for']

    def state(self, native_id):
        return self.words.pop(0)


def test_what_a_thread_waits_for_may_be_known_later_than_that_it_does():
    known = Known(threading.current_thread().ident, clocks=Words())
    seen = [known.look() for _number in range(4)]
    assert [one.state for one in seen] == [
        'running', '-', 'waiting for socket', 'waiting for socket']
    assert known.asked == 1


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
