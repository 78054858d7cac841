"""views_loop: the event loop of our own, and what goes wrong in it."""
from __future__ import absolute_import, division, print_function

import socket

import pytest

from Products.ZServerViews.runtime import site as site_module
from Products.ZServerViews.runtime.patching import Part
from Products.ZServerViews.servers import views_loop as loop_module
from Products.ZServerViews.servers.own.kinds import Kind
from Products.ZServerViews.servers.own.state import KernelState
from Products.ZServerViews.servers.views_loop import ViewsLoop
from tests.unit import dummies
from tests.waiting import awaited

class Address(object):
    def __init__(self, family, address):
        self.family, self.address = family, address


NOWHERE = Address(socket.AF_INET, ('127.0.0.1', 0))
NOWHERE.choices = lambda: [NOWHERE]


@pytest.fixture
def loop():
    site = site_module.Site()
    site.log_queue = dummies.LogQueue()
    site.run = lambda: None
    left = []
    made = ViewsLoop(site, Part('The views', site, lambda: left.append(1)),
                     lambda loop: None,
                     KernelState(site, Kind('a server'), lambda but: []))
    made._part.fill([])
    made.site, made.left = site, left
    yield made
    made.stop()


class Handed(object):
    """A request that does what it is told."""

    is_done = False
    can_move = True

    def __init__(self, step=None, end=None):
        self.steps = self.ends = 0
        self._step, self._end = step, end

    def step(self):
        self.steps += 1
        if self._step is not None:
            raise self._step
        self.is_done = self.steps > 2

    def end(self):
        self.ends += 1
        self.is_done = True
        if self._end is not None:
            raise self._end


def test_it_turns_for_what_can_move(loop):
    loop.start()
    handed = Handed()
    loop.hand_over(handed)
    awaited(lambda: handed.is_done)
    assert handed.steps == 3
    awaited(lambda: not loop._active)
    turns = loop.loop.turns
    assert loop.wake() is True
    awaited(lambda: loop.loop.turns > turns)
    loop.stop()
    awaited(lambda: loop.loop.running is False)
    assert loop.wake() is False
    loop.stop()


def test_the_trigger_is_not_closed_while_it_is_written_to(loop):
    loop.start()
    awaited(lambda: loop.loop)
    pull, closed = loop.trigger.pull_trigger, []

    def slow_pull(*args):
        pull(*args)
        # The loop ends for it, if nothing holds it up.
        loop._daemon.thread.join(0.5)
        closed.append(loop.trigger._closed)

    loop.trigger.pull_trigger = slow_pull
    loop.stop()
    assert closed == [False]
    awaited(lambda: loop.trigger._closed)


def test_a_handler_of_a_signal_may_wake_in_the_midst_of_it(loop):
    loop.start()
    pull, inner = loop.trigger.pull_trigger, []

    def interrupted(*args):
        loop.trigger.pull_trigger = pull
        inner.append(loop.wake())
        pull(*args)

    loop.trigger.pull_trigger = interrupted
    assert loop.wake() is True and inner == [True]


def test_what_it_is_woken_for_may_wake_it_again(loop):
    done = []
    loop.start()
    loop.wake(lambda: loop.wake(lambda: done.append(True)))
    awaited(lambda: done)

    def fail():
        raise ZeroDivisionError

    loop.wake(fail)
    loop.wake(lambda: done.append(True))
    awaited(lambda: len(done) == 2)
    assert [entry[1] for entry in loop.site.log_queue.logged] == [
        'Work for which the loop of the views was woken failed']


def test_what_it_is_woken_for_is_done_though_it_ends(loop):
    done = []
    assert loop.wake(lambda: done.append(loop.wake(done.append))) is True
    loop._close()
    assert done == [False]
    assert loop.wake(lambda: done.append(True)) is False


def test_a_request_that_fails_costs_no_other(loop):
    loop.start()
    bad, good = Handed(step=ValueError('a'), end=ValueError('b')), Handed()
    for handed in bad, good:
        loop.hand_over(handed)
    awaited(lambda: good.is_done and bad.is_done)
    assert bad.ends == 1
    awaited(lambda: loop.site.log_queue.logged)
    assert 'handed over failed' in loop.site.log_queue.logged[0][1]


def test_who_waits_is_let_go_at_the_end(loop):
    class Waits(Handed):
        can_move = False

    loop.start()
    waits = Waits()
    loop.hand_over(waits)
    awaited(lambda: loop._active)
    loop.stop()
    awaited(lambda: waits.ends == 1)


def test_a_fault_in_the_loop_ends_it(loop):
    class Entry(object):
        def close(self):
            raise ValueError('cannot be closed')

    loop._poll = None
    loop._part.fill([(Slot(), None)])
    loop.map[-1] = Entry()
    loop.start()
    awaited(lambda: loop.left)
    awaited(lambda: loop.loop.running is False)
    (_level, text, _exc_info), = loop.site.log_queue.logged
    assert 'failed and are disabled' in text


class Slot(object):
    def fill(self, content):
        """Nothing is there to be filled."""

    empty = fill


def test_what_is_the_parents_is_let_go_in_whatever_state(loop):
    class Entry(object):
        def close(self):
            raise ValueError('cannot be closed')

    class Listener(object):
        forgotten = 0

        def forget(self):
            self.forgotten += 1

    listener = loop.listener = Listener()
    loop.map[-1] = Entry()
    loop.forget()
    assert listener.forgotten == 1 and not loop.map and loop.listener is None
    assert loop.wake() is False


class Listening(object):
    """As much of a listener as a loop has to know."""

    stopped = 0

    def in_flight(self):
        return 3

    def stop(self):
        self.stopped += 1


def test_it_listens_before_its_thread_starts(loop):
    listening = Listening()
    loop.site.settings.listen = NOWHERE
    loop._open_listener = lambda loop: listening
    loop.open()
    assert loop.listener is listening and loop._next_try is not None
    assert loop.in_flight() == 3
    loop.start()
    assert loop.site.views_loop is loop
    awaited(lambda: loop._next_try is None)
    loop.stop()
    awaited(lambda: loop.has_ended)
    assert loop.ends and listening.stopped == 1
    assert loop.site.views_loop is None and loop.in_flight() == 0


def test_the_next_one_waits_for_the_one_before(loop):
    loop.site.settings.listen = NOWHERE
    tried = []

    def open_listener(loop):
        tried.append(loop)
        return Listening()

    loop.start()
    after = ViewsLoop(loop.site, loop._part, open_listener, loop.state, loop)
    after.open()
    assert tried == []
    try:
        loop.end()
        after.start()
        awaited(lambda: tried)
        assert loop.has_ended
        assert loop.site.views_loop is after
    finally:
        after.stop()
    awaited(lambda: after.has_ended)
    third = ViewsLoop(loop.site, loop._part, open_listener, loop.state, after)
    third.open()
    assert len(tried) == 2
    third._close()


def test_it_looks_often_while_somebody_waits_for_a_view(loop):
    class Waits(object):
        def go_on(self):
            pass

    calls = loop.site.view_calls
    assert loop._timeout() == loop_module.TICK
    assert calls.acquire(False)
    calls.wait(Waits())
    assert loop._timeout() == loop_module.QUICK
    calls.release()
    assert loop._timeout() == loop_module.TICK


def test_at_the_end_of_the_process_all_are_told(loop):
    loop.start()
    assert loop in loop_module._running
    loop_module._stop_all()
    awaited(lambda: loop.has_ended)
    assert loop not in loop_module._running
    assert loop_module._at_exit == [True]


def test_a_listener_that_fails_leaves_nothing(loop):
    def fail(loop):
        raise ZeroDivisionError('a fault of ours')

    loop.site.settings.listen = NOWHERE
    loop._open_listener = fail
    with pytest.raises(ZeroDivisionError):
        loop.open()
    assert loop.has_ended and not loop.map and loop.trigger._closed


def test_one_that_was_not_started_leaves_nothing(loop):
    loop.stop()
    assert loop.has_ended and not loop.map and loop.trigger._closed


def test_where_no_thread_can_be_started(loop, monkeypatch):
    def start(run):
        raise RuntimeError('no thread')

    monkeypatch.setattr(loop._daemon, 'start', start)
    with pytest.raises(RuntimeError):
        loop.start()
    assert loop.has_ended and loop.site.views_loop is None
