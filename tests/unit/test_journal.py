"""journal: what the loop wants written, in a thread that may wait."""
from __future__ import absolute_import, division, print_function

import logging
import os
import sys
import threading

import pytest

from Products.ZServerViews import journal as journal_module
from Products.ZServerViews.journal import LOGGER_NAME, Journal

# How long a test waits for what must come; nothing waits so long if it does.
LONG = 10


class Handler(logging.Handler):
    """Keeps records and the threads that formatted them."""

    def __init__(self):
        logging.Handler.__init__(self)
        self.lines = []

    def emit(self, record):
        self.lines.append((threading.current_thread().name,
                           self.format(record), record))


class BrokenHandler(logging.Handler):
    """As some handlers are: what goes wrong in emit comes out of it."""

    def __init__(self, error):
        logging.Handler.__init__(self)
        self.error = error
        self.calls = 0

    def emit(self, record):
        self.calls += 1
        raise self.error


@pytest.fixture
def logger(monkeypatch):
    found = logging.getLogger(LOGGER_NAME)
    monkeypatch.setattr(found, 'handlers', [])
    monkeypatch.setattr(found, 'propagate', False)
    monkeypatch.setattr(found, 'level', logging.INFO)
    return found


@pytest.fixture
def handler(logger):
    made = Handler()
    logger.addHandler(made)
    return made


def done(journal):
    assert journal.flush(LONG)


def gate(journal):
    """Occupy the thread; returns what lets it go on."""
    entered, leave = threading.Event(), threading.Event()

    def wait():
        entered.set()
        leave.wait(LONG)

    journal.put(wait)
    assert entered.wait(LONG)
    return leave.set


def test_jobs_run_in_their_order_in_the_helper_thread(journal):
    ran = []
    journal.start()
    for number in range(100):
        journal.put(lambda number=number: ran.append(
            (number, threading.current_thread().name)))
    done(journal)
    assert ran == [(number, 'zserver-views-journal') for number in range(100)]


def test_nothing_is_started_by_making_a_journal(journal):
    before = threading.enumerate()
    ran = []
    journal.put(lambda: ran.append(1))
    assert threading.enumerate() == before
    assert not journal.flush(0)
    journal.start()
    done(journal)
    assert ran == [1]


def test_starting_twice_starts_one_daemon(monkeypatch):
    registered = []
    monkeypatch.setattr(journal_module.atexit, 'register', registered.append)
    journal = Journal()
    before = set(threading.enumerate())
    journal.start()
    journal.start()
    thread, = set(threading.enumerate()) - before
    assert thread.daemon
    assert registered == [journal.flush]


def test_a_thread_that_has_ended_is_replaced(journal):
    class Ended(object):
        def is_alive(self):
            return False

    journal._thread = Ended()
    journal.start()
    ran = []
    journal.put(lambda: ran.append(1))
    done(journal)
    assert ran == [1]


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')
def test_a_journal_is_started_again_behind_a_fork(journal):
    journal.start()
    journal.put(lambda: None)
    done(journal)
    child = os.fork()
    if child == 0:
        ran = []
        try:
            journal.start()
            journal.put(lambda: ran.append(1))
            journal.flush(LONG)
        finally:
            os._exit(0 if ran else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_record_is_formatted_in_the_helper_thread(journal, handler):
    class Argument(object):
        def __str__(self):
            return threading.current_thread().name

    journal.start()
    journal.log(logging.WARNING, 'formatted by %s', Argument())
    done(journal)
    (thread, line, record), = handler.lines
    assert thread == 'zserver-views-journal'
    assert line == 'formatted by zserver-views-journal'
    assert record.threadName == threading.current_thread().name
    assert (record.name, record.levelno) == (LOGGER_NAME, logging.WARNING)


def test_a_record_with_a_traceback(journal, handler):
    journal.start()
    try:
        raise ValueError('what went wrong')
    except ValueError:
        journal.log(logging.ERROR, 'failed', exc_info=sys.exc_info())
    done(journal)
    (_thread, line, _record), = handler.lines
    assert line.startswith('failed\nTraceback (most recent call last):\n')
    assert line.endswith('ValueError: what went wrong')


def test_a_level_that_is_not_wanted(journal, handler):
    journal.start()
    journal.log(logging.DEBUG, 'not wanted')
    done(journal)
    assert handler.lines == []


def test_what_is_too_much_is_dropped_and_counted(monkeypatch, handler):
    monkeypatch.setattr(journal_module.atexit, 'register', lambda call: None)
    journal = Journal(limit=3)
    journal.start()
    go_on = gate(journal)
    ran = []
    for number in range(10):
        journal.put(lambda number=number: ran.append(number))
    assert not journal.flush(0)
    go_on()
    done(journal)
    assert ran == [0, 1, 2]
    assert [line for _thread, line, _record in handler.lines] == [
        '7 lines of the logs were dropped: they came faster than the log '
        'could be written']
    journal.put(lambda: ran.append('more'))
    done(journal)
    assert ran[-1] == 'more'
    assert len(handler.lines) == 1
    assert journal.dropped == 7


@pytest.mark.parametrize('error', [ValueError('broken'), SystemExit(1)])
def test_a_job_that_fails_is_told_of(journal, handler, error):
    def failing():
        raise error

    ran = []
    journal.start()
    journal.put(failing)
    journal.put(lambda: ran.append(1))
    done(journal)
    assert ran == [1]
    (_thread, line, record), = handler.lines
    assert line.startswith('A line was not logged')
    assert record.exc_info[1] is error


@pytest.mark.parametrize('error', [ValueError('broken'), SystemExit(1)])
def test_a_handler_that_always_fails_does_not_end_the_thread(
        journal, logger, error):
    logger.addHandler(BrokenHandler(error))
    journal.start()
    ran = []
    journal.log(logging.ERROR, 'not written')
    journal.put(lambda: ran.append(1))
    done(journal)
    assert ran == [1]


def test_a_handler_that_fails_to_write_the_number_of_the_dropped(
        monkeypatch, logger):
    monkeypatch.setattr(journal_module.atexit, 'register', lambda call: None)
    broken = BrokenHandler(ValueError('broken'))
    logger.addHandler(broken)
    journal = Journal(limit=0)
    journal.put(lambda: None)
    journal._limit = 10
    journal.start()
    journal.put(lambda: None)
    done(journal)
    assert broken.calls
    ran = []
    journal.put(lambda: ran.append(1))
    done(journal)
    assert ran == [1]


def test_a_thread_that_waits_for_a_handler_lets_others_put(journal, handler):
    journal.start()
    handler.acquire()
    try:
        for _number in range(10):
            journal.log(logging.ERROR, 'not written yet')
        assert handler.lines == []
    finally:
        handler.release()
    done(journal)
    assert len(handler.lines) == 10
