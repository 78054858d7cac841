"""runtime.exit_guard: when it ends the process, and what it says then."""
from __future__ import absolute_import, division, print_function

import logging
import os
import threading

import pytest

from Products.ZServerViews.runtime import exit_guard
from Products.ZServerViews.runtime.exit_guard import ExitGuard, what_keeps, write_if_ready
from Products.ZServerViews.runtime.log_queue import LogQueue
from tests.unit import dummies


class Main(object):
    """The main thread, as the interpreter's exit changes it."""

    exits = False

    def is_alive(self):
        return not self.exits


@pytest.fixture
def clock():
    return dummies.ManualClock()


@pytest.fixture
def main(monkeypatch):
    made = Main()
    monkeypatch.setattr(threading, 'current_thread', lambda: made)
    return made


@pytest.fixture
def guard(clock, main, monkeypatch):
    """One whose thread does not run."""
    monkeypatch.setattr(exit_guard, 'start_thread', lambda *args: None)
    return ExitGuard(dummies.LogQueue(), clock)


def first_due(guard, clock, before=lambda: None):
    """After how many seconds it is due, up to a minute."""
    for step in range(600):
        if guard.due():
            return step / 10
        before()
        clock.now += 0.1


def test_due_within_the_time_and_the_grace(guard, clock):
    guard.begin('SIGTERM', 20.0, must_exit=True)
    assert 24 <= first_due(guard, clock) <= 25


def test_due_after_the_grace_once_the_loop_has_ended(guard, clock):
    guard.begin('SIGTERM', 20.0, must_exit=True)
    clock.now += 2
    guard.loop_ended()
    assert 4 <= first_due(guard, clock) <= 5


def test_the_end_of_the_loop_gives_no_more_time(guard, clock):
    guard.begin('SIGTERM', 20.0, must_exit=True)
    clock.now += 23
    guard.loop_ended()
    assert first_due(guard, clock) <= 2


def test_a_loop_that_ends_without_a_signal(guard):
    guard.loop_ended()
    assert not guard.begun


def test_only_the_first_begin_counts(guard, clock):
    guard.begin('SIGTERM', 1.0, must_exit=True)
    guard.begin('SIGTERM', 50.0, must_exit=True)
    assert first_due(guard, clock) <= 6


def test_never_while_the_main_program_may_go_on(guard, clock):
    guard.begin('SIGINT', 0.0, must_exit=False)
    assert first_due(guard, clock) is None


def test_sigterm_behind_ctrl_c(guard, clock):
    guard.begin('SIGINT', 0.0, must_exit=False)
    clock.now += 20
    guard.begin('SIGTERM', 20.0, must_exit=True)
    assert guard.due()


def test_an_exit_behind_ctrl_c(guard, clock, main):
    guard.begin('SIGINT', 0.0, must_exit=False)
    main.exits = True
    assert 4 <= first_due(guard, clock) <= 5


def test_a_late_exit_behind_ctrl_c_has_time_for_its_handlers(
        guard, clock, main):
    guard.begin('SIGINT', 0.0, must_exit=False)
    clock.now += 1000
    main.exits = True
    assert first_due(guard, clock) == pytest.approx(2, abs=0.2)


@pytest.mark.skipif(not hasattr(threading, '_SHUTTING_DOWN'),
                    reason='executors are waited for by an exit handler there')
def test_an_exit_that_waits_for_executors(guard, clock, monkeypatch):
    guard.begin('SIGINT', 0.0, must_exit=False)
    monkeypatch.setattr(threading, '_SHUTTING_DOWN', True)
    assert 4 <= first_due(guard, clock) <= 5


def test_no_thread_can_be_started(guard, monkeypatch):
    def fail(*args):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(exit_guard, 'start_thread', fail)
    guard.begin('SIGTERM', 0.0, must_exit=True)
    (level, message, exc_info), = guard._log_queue.logged
    assert level == logging.ERROR
    assert 'No thread can be started' in message
    assert exc_info is not None


def wait_for(event):
    assert event.wait(20)


@pytest.fixture
def stderr(monkeypatch):
    """What it writes without the log."""
    written = []
    monkeypatch.setattr(
        exit_guard, 'write_if_ready',
        lambda descriptor, words: written.append((descriptor, words)))
    return written


def run(log_queue):
    """The exit code, from the guard's own thread."""
    codes, left = [], threading.Event()

    def leave(code):
        codes.append(code)
        left.set()

    guard = ExitGuard(log_queue, leave=leave)
    guard.begin('SIGTERM', -10.0, must_exit=True)
    wait_for(left)
    return codes[0]


def test_the_log_says_what_kept_the_process(stderr, caplog):
    log_queue = LogQueue()
    log_queue.start()
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait, name='of the site')
    thread.start()
    try:
        assert run(log_queue) == 0
    finally:
        gate.set()
        thread.join()
    assert stderr == []
    message = caplog.records[-1].getMessage()
    assert message.startswith('SIGTERM should have ended the process')
    assert 'of the site' in message


def test_a_log_that_waits(stderr):
    """What is lost is told on the standard error stream."""
    gate = threading.Event()
    log_queue = LogQueue()
    log_queue.start()
    log_queue.put(gate.wait)
    try:
        assert run(log_queue) == 0
    finally:
        gate.set()
    (descriptor, words), = stderr
    assert descriptor == 2
    assert 'exit code 0' in words
    # Its own, the one that asks for the end of the others, and what waits.
    assert 'Lost log lines: ' in words


def test_what_keeps_the_main_thread():
    # Which is this thread itself: it is just looking.
    words = what_keeps(threading.current_thread())
    assert 'the main thread is in current_frames (' in words


def test_what_keeps_names_no_daemon():
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait, name='a daemon')
    thread.daemon = True
    thread.start()
    try:
        assert 'a daemon' not in what_keeps(threading.current_thread())
    finally:
        gate.set()


def test_words_for_a_pipe_that_nobody_reads():
    reader, writer = os.pipe()
    try:
        write_if_ready(writer, u'first \xe9\n')
        assert os.read(reader, 100) == b'first \xc3\xa9\n'
        for _number in range(100):
            write_if_ready(writer, 'x' * 10000)
        os.close(writer)
        written = b''.join(iter(lambda: os.read(reader, 65536), b''))
        assert 4096 <= len(written) < 1000000
        write_if_ready(writer, 'closed')
    finally:
        os.close(reader)


def test_all_handlers_whose_lock_is_free_are_flushed():
    flushed = []

    class Handler(logging.Handler):
        def flush(self):
            flushed.append(self)

    free, locked, broken = Handler(), Handler(), logging.StreamHandler()
    broken.flush = None
    locking, gate = threading.Event(), threading.Event()

    def hold():
        with locked.lock:
            locking.set()
            wait_for(gate)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        wait_for(locking)
        exit_guard._flush_handlers()
    finally:
        gate.set()
        thread.join()
    assert flushed == [free]
