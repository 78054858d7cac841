"""runtime.loops: what other threads see of a server's loop."""
from __future__ import absolute_import, division, print_function

import select
import threading

import pytest

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.runtime.loops import Loops, beyond_select, loop_beyond_select

from tests.waiting import awaited

# Higher than all that select() takes.
BEYOND = 1 << 20


def in_thread(function):
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


@pytest.fixture
def begin_elsewhere():
    """Begins a loop in another thread, which lives until the end."""
    ends, threads = threading.Event(), []

    def begin(loops, wake):
        results, begun = [], threading.Event()

        def run():
            results.append(loops.begin(wake))
            begun.set()
            ends.wait(60)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        assert begun.wait(60)
        return results[0]

    yield begin
    ends.set()
    for thread in threads:
        thread.join()


def test_a_loop_begins_once_for_each_thread(begin_elsewhere):
    loops = Loops()
    assert loops.here() is None
    assert loops.threads == frozenset()
    loop = loops.begin('first')
    assert loops.begin('second') is loop
    assert loop.wake == 'second'
    assert loop.thread == get_ident()
    assert loops.here() is loop
    other = begin_elsewhere(loops, 'third')
    assert loops.all == (loop, other)
    assert loops.threads == {loop.thread, other.thread}
    assert not loop.has_ended and not other.has_ended


def test_a_loop_ends_with_its_thread():
    loops = Loops()
    ended = in_thread(lambda: loops.begin('first'))
    # On Python 2 it may be joined a moment before.
    awaited(lambda: ended.has_ended)
    assert loops.threads == frozenset()
    assert loops.here() is None
    # The system gives the number of a thread that has ended to the next.
    for _thread in range(100):
        ident, here = in_thread(lambda: (get_ident(), loops.here()))
        assert here is None
        if ident == ended.thread:
            break
    loop = loops.begin('second')
    assert loop is not ended and loops.all == (loop,)
    loop.running = False
    assert loop.has_ended


def test_it_runs_until_its_last_turn_is_over():
    loops = Loops()
    seen = []

    def run(timeout, map=None):
        seen.append((timeout, map, loops.begin(None).running))
        if map == 'bad':
            raise ValueError(map)
        return 'result'

    bounded = loops.bounded(run)
    assert bounded(1, map='map') == 'result'
    loop = loops.here()
    assert loop.running is False
    with pytest.raises(ValueError):
        bounded(2, 'bad')
    assert loop.running is False
    assert seen == [(1, 'map', True), (2, 'bad', True)]


def test_a_loop_that_runs_again():
    loops = Loops()
    loop = loops.begin(None)
    assert loop.running is None
    seen = []
    loops.bounded(lambda: seen.append(loop.running))()
    assert seen == [True]
    assert loop.running is False


class Library(object):
    """An asyncore whose select() can take no more."""

    def __init__(self, *errors):
        self.calls = []
        self.errors = list(errors)

    def _called(self, name):
        self.calls.append(name)
        error = self.errors.pop(0)
        if error is not None:
            raise error

    def poll(self, timeout, map):
        self._called('select')

    def poll2(self, timeout, map):
        self._called('poll')


def error_of_select():
    with pytest.raises(ValueError) as failure:
        select.select([BEYOND], [], [], 0)
    return failure.value


def test_poll_from_the_turn_that_select_cannot():
    library = Library(None, error_of_select(), None, None)
    logged = []
    poll = beyond_select(library, lambda *args: logged.append(args))
    for _turn in range(4):
        poll(1, {})
    assert library.calls == ['select', 'select', 'poll', 'poll']
    assert len(logged) == 1


def test_an_error_of_poll_comes_through():
    poll = beyond_select(Library(error_of_select(), ValueError('b')),
                         lambda *args: None)
    poll(1, {})
    with pytest.raises(ValueError) as failure:
        poll(1, {})
    assert str(failure.value) == 'b'


def negative_descriptor():
    """What a socket causes that was closed while it is waited for."""
    with pytest.raises(ValueError) as failure:
        select.select([-1], [], [], 0)
    return failure.value


@pytest.mark.parametrize('error', [
    ValueError('year is out of range'), negative_descriptor()])
def test_an_error_of_a_channel_is_none_of_select(error):
    """Whatever the loop calls may raise it, as a channel's readable()."""
    library, logged = Library(error, None), []
    poll = beyond_select(library, lambda *args: logged.append(args))
    with pytest.raises(ValueError) as failure:
        poll(1, {})
    assert failure.value is error
    poll(1, {})
    assert (library.calls, logged) == (['select', 'select'], [])


def turned(*errors):
    """A loop() that ends with these errors, one call each; and its calls."""
    calls, errors = [], list(errors)

    def loop(timeout=30.0, use_poll=False, map=None, count=None):
        calls.append((timeout, use_poll, map, count))
        error = errors.pop(0)
        if error is not None:
            raise error
        return 'ended'

    return loop, calls


def test_a_loop_goes_on_with_poll():
    loop, calls = turned(error_of_select(), None)
    logged = []
    run = loop_beyond_select(loop, lambda *args: logged.append(args))
    assert run(timeout=1, map='map') == 'ended'
    assert calls == [(1, False, 'map', None), (1, True, 'map', None)]
    assert len(logged) == 1


@pytest.mark.parametrize('use_poll, errors, polled', [
    (False, [error_of_select(), ValueError('b')], True),
    (False, [ValueError('b')], False), (True, [ValueError('b')], True)])
def test_an_error_of_a_loop_comes_through(use_poll, errors, polled):
    loop, calls = turned(*errors)
    run = loop_beyond_select(loop, lambda *args: None)
    with pytest.raises(ValueError) as failure:
        run(2, use_poll)
    assert str(failure.value) == 'b'
    assert calls[-1] == (2, polled, None, None)


def test_in_a_forked_child_no_loop_runs():
    loops = Loops()

    def run():
        loops.begin(None)
        loops.begin_anew()
        assert (loops.all, loops.threads) == ((), frozenset())
        assert loops.here() is None
        # Whoever has forked here, goes on here.
        assert loops.begin(None).running is True

    loops.bounded(run)()
