"""loops: what other threads see of a server's loop."""
from __future__ import absolute_import, division, print_function

import threading

import pytest

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.loops import (
    Loops, beyond_select, loop_beyond_select)


def in_thread(function):
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def test_a_loop_begins_once_for_each_thread():
    loops = Loops()
    assert loops.here() is None
    assert loops.threads == frozenset()
    loop = loops.begin('first')
    assert loops.begin('second') is loop
    assert loop.wake == 'second'
    assert loop.thread == get_ident()
    assert loops.here() is loop
    other = in_thread(lambda: loops.begin('third'))
    assert loops.all == (loop, other)
    assert loops.threads == {loop.thread, other.thread}


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


def test_poll_from_the_turn_that_select_cannot():
    library = Library(None, ValueError('out of range'), None, None)
    logged = []
    poll = beyond_select(library, lambda *args: logged.append(args))
    for _turn in range(4):
        poll(1, {})
    assert library.calls == ['select', 'select', 'poll', 'poll']
    assert len(logged) == 1


def test_an_error_of_poll_comes_through():
    poll = beyond_select(Library(ValueError('a'), ValueError('b')),
                         lambda *args: None)
    poll(1, {})
    with pytest.raises(ValueError) as failure:
        poll(1, {})
    assert str(failure.value) == 'b'


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
    loop, calls = turned(ValueError('out of range'), None)
    logged = []
    run = loop_beyond_select(loop, lambda *args: logged.append(args))
    assert run(timeout=1, map='map') == 'ended'
    assert calls == [(1, False, 'map', None), (1, True, 'map', None)]
    assert len(logged) == 1


@pytest.mark.parametrize('use_poll, errors', [
    (False, [ValueError('a'), ValueError('b')]), (True, [ValueError('b')])])
def test_an_error_of_a_loop_with_poll_comes_through(use_poll, errors):
    loop, calls = turned(*errors)
    run = loop_beyond_select(loop, lambda *args: None)
    with pytest.raises(ValueError) as failure:
        run(2, use_poll)
    assert str(failure.value) == 'b'
    assert calls[-1] == (2, True, None, None)
