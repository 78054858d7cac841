"""runtime.log_queue: what the loop wants written, in a thread that may wait."""
from __future__ import absolute_import, division, print_function

import logging
import os
import sys
import threading

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.runtime import log_queue as log_queue_module
from Products.ZServerViews.runtime.log_queue import LOGGER_NAME, LogQueue

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


def done(log_queue):
    assert log_queue.flush(LONG)


def admission(log_queue):
    """Occupy the thread; returns what lets it go on."""
    entered, leave = threading.Event(), threading.Event()

    def wait():
        entered.set()
        leave.wait(LONG)

    log_queue.put(wait)
    assert entered.wait(LONG)
    return leave.set


def test_jobs_run_in_their_order_in_the_helper_thread(log_queue):
    ran = []
    log_queue.start()
    for number in range(100):
        log_queue.put(lambda number=number: ran.append(
            (number, threading.current_thread().name)))
    done(log_queue)
    assert ran == [(number, 'zserver-views-log-queue') for number in range(100)]


def test_nothing_is_started_by_making_a_log_queue(log_queue):
    before = threading.enumerate()
    ran = []
    log_queue.put(lambda: ran.append(1))
    assert threading.enumerate() == before
    assert not log_queue.flush(0)
    log_queue.start()
    done(log_queue)
    assert ran == [1]


def test_starting_twice_starts_one_daemon(monkeypatch):
    registered = []
    monkeypatch.setattr(log_queue_module.atexit, 'register', registered.append)
    log_queue = LogQueue()
    before = set(threading.enumerate())
    log_queue.start()
    log_queue.start()
    thread, = set(threading.enumerate()) - before
    assert thread.daemon
    assert registered == [log_queue.flush]


def test_a_thread_that_has_ended_is_replaced(log_queue):
    class Ended(object):
        def is_alive(self):
            return False

    log_queue._daemon.thread = Ended()
    log_queue.start()
    ran = []
    log_queue.put(lambda: ran.append(1))
    done(log_queue)
    assert ran == [1]


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')
def test_a_log_queue_is_started_again_after_a_fork(log_queue):
    log_queue.start()
    log_queue.put(lambda: None)
    done(log_queue)
    child = os.fork()
    if child == 0:
        ran = []
        try:
            log_queue.start()
            log_queue.put(lambda: ran.append(1))
            log_queue.flush(LONG)
        finally:
            os._exit(0 if ran else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_what_the_parent_has_queued_is_not_the_childs(log_queue, monkeypatch,
                                                      handler):
    """As code in C forks: nobody has told, and the thread seems alive."""
    log_queue.start()
    go_on, ran = admission(log_queue), []

    def writer(items):
        ran.extend(items)

    log_queue.put(lambda: ran.append('parent'))
    log_queue.put_to(writer, 'parent')
    parents, thread = log_queue._jobs, log_queue._daemon.thread
    pid = os.getpid()
    monkeypatch.setattr(os, 'getpid', lambda: pid + 1)
    log_queue.put_to(writer, 'child')
    assert (log_queue.left(), log_queue.has_thread()) == (1, False)
    log_queue.log(logging.ERROR, 'at once')
    assert [line for _thread, line, _record in handler.lines] == ['at once']
    log_queue.start()
    assert log_queue._daemon.thread is not thread
    log_queue.put(lambda: ran.append('child'))
    done(log_queue)
    assert ran == ['child', 'child']
    assert len(parents) == 1
    parents.clear()
    go_on()


def test_a_record_is_written_in_the_helper_thread(log_queue, handler):
    log_queue.start()
    log_queue.log(logging.WARNING, 'number %d of %s', 5, u'five')
    done(log_queue)
    (thread, line, record), = handler.lines
    assert thread == 'zserver-views-log-queue'
    assert line == 'number 5 of five'
    assert record.threadName == threading.current_thread().name
    assert (record.name, record.levelno) == (LOGGER_NAME, logging.WARNING)


class Moving(object):
    """An argument whose text is another one later."""

    text = 'then'

    def __str__(self):
        return self.text


def test_arguments_are_as_they_were(log_queue, handler):
    argument, many = Moving(), [1]
    log_queue.start()
    go_on = admission(log_queue)
    log_queue.log(logging.WARNING, '%s %s', argument, many)
    log_queue.log(logging.WARNING, argument)
    log_queue.log(logging.WARNING, '%(one)s', {'one': many})
    argument.text = 'later'
    many.append(2)
    go_on()
    done(log_queue)
    assert [line for _thread, line, _record in handler.lines] == [
        'then [1]', 'then', '[1]']
    assert [record.args for _thread, _line, record in handler.lines] == [
        (), (), ()]


def test_what_cannot_change_stays_an_argument(log_queue, handler):
    """Some handlers group records by their messages without arguments."""
    log_queue.start()
    log_queue.log(logging.WARNING, '%s %d %s %s', 'a', 1, 0.5, None)
    done(log_queue)
    (_thread, line, record), = handler.lines
    assert line == 'a 1 0.5 None'
    assert record.msg == '%s %d %s %s'
    assert record.args == ('a', 1, 0.5, None)


class Unspeakable(object):
    def __str__(self):
        raise ValueError('cannot be said')

    __repr__ = __str__


def test_arguments_that_cannot_be_formatted_are_left_to_the_handlers(
        log_queue, handler):
    log_queue.start()
    log_queue.log(logging.WARNING, '%s', Unspeakable())
    log_queue.log(logging.WARNING, '%s %s', [])
    log_queue.log(logging.WARNING, 'well')
    done(log_queue)
    # This handler raises, and what is raised is told.
    lines = [line.splitlines() for _thread, line, _record in handler.lines]
    # Python 3.15 says how many it got.
    assert [(some[0], some[-1].partition(' (got')[0]) for some in lines] == [
        ('A line was not logged', 'ValueError: cannot be said'),
        ('A line was not logged',
         'TypeError: not enough arguments for format string'),
        ('well', 'well')]


def test_the_place_in_a_record_is_the_caller(log_queue, handler):
    log_queue.start()
    log_queue.log(logging.WARNING, 'here')
    line = sys._getframe().f_lineno - 1
    done(log_queue)
    (_thread, _line, record), = handler.lines
    assert record.lineno == line
    assert record.module == 'test_log_queue'
    assert record.funcName == 'test_the_place_in_a_record_is_the_caller'


@pytest.mark.skipif(PY2, reason='records have no factory there')
def test_records_are_made_by_the_factory_of_the_site(
        log_queue, handler, monkeypatch):
    def factory(*args, **kwargs):
        record = made(*args, **kwargs)
        record.site = 'plone'
        record.made_in = threading.current_thread().name
        return record

    made = logging.getLogRecordFactory()
    monkeypatch.setattr(logging, '_logRecordFactory', factory)
    handler.setFormatter(logging.Formatter('%(site)s %(made_in)s %(message)s'))
    log_queue.start()
    log_queue.log(logging.WARNING, 'the message')
    done(log_queue)
    (_thread, line, _record), = handler.lines
    assert line == 'plone %s the message' % threading.current_thread().name


@pytest.mark.skipif(PY2, reason='records have no factory there')
def test_a_factory_that_fails_loses_no_line(log_queue, handler, monkeypatch):
    monkeypatch.setattr(logging, '_logRecordFactory',
                        lambda *args, **kwargs: 1 // 0)
    log_queue.start()
    log_queue.log(logging.WARNING, 'the message')
    done(log_queue)
    assert [line for _thread, line, _record in handler.lines] == [
        'the message']


@pytest.mark.skipif(PY2, reason='there are no context variables')
def test_filters_see_the_context_variables_of_the_caller(
        log_queue, logger, handler):
    from contextvars import ContextVar

    class Filter(logging.Filter):
        def filter(self, record):
            record.request_id = variable.get('none')
            return True

    variable = ContextVar('request_id')
    handler.addFilter(Filter())
    handler.setFormatter(logging.Formatter('%(request_id)s %(message)s'))
    log_queue.start()
    token = variable.set('one')
    try:
        log_queue.log(logging.WARNING, 'first')
        variable.set('two')
        log_queue.log(logging.WARNING, 'second')
    finally:
        variable.reset(token)
    done(log_queue)
    assert [line for _thread, line, _record in handler.lines] == [
        'one first', 'two second']


def test_a_record_with_a_traceback(log_queue, handler):
    log_queue.start()
    try:
        raise ValueError('what went wrong')
    except ValueError:
        log_queue.log(logging.ERROR, 'failed', exc_info=sys.exc_info())
    done(log_queue)
    (_thread, line, _record), = handler.lines
    assert line.startswith('failed\nTraceback (most recent call last):\n')
    assert line.endswith('ValueError: what went wrong')


def test_a_level_that_is_not_wanted(log_queue, handler):
    log_queue.start()
    log_queue.log(logging.DEBUG, 'not wanted')
    done(log_queue)
    assert handler.lines == []


def test_what_is_too_much_is_dropped_and_counted(monkeypatch, handler):
    monkeypatch.setattr(log_queue_module.atexit, 'register', lambda call: None)
    log_queue = LogQueue(limit=3)
    log_queue.start()
    go_on = admission(log_queue)
    ran = []
    for number in range(10):
        log_queue.put(lambda number=number: ran.append(number))
    assert not log_queue.flush(0)
    go_on()
    done(log_queue)
    assert ran == [0, 1, 2]
    assert [line for _thread, line, _record in handler.lines] == [
        '7 log lines were dropped: they came faster than they could be '
        'written']
    log_queue.put(lambda: ran.append('more'))
    done(log_queue)
    assert ran[-1] == 'more'
    assert len(handler.lines) == 1
    assert log_queue.dropped == 7


@pytest.mark.parametrize('error', [ValueError('broken'), SystemExit(1)])
def test_a_job_that_fails_is_told_of(log_queue, handler, error):
    def failing():
        raise error

    ran = []
    log_queue.start()
    log_queue.put(failing)
    log_queue.put(lambda: ran.append(1))
    done(log_queue)
    assert ran == [1]
    (_thread, line, record), = handler.lines
    assert line.startswith('A line was not logged')
    assert record.exc_info[1] is error


@pytest.mark.parametrize('error', [ValueError('broken'), SystemExit(1)])
def test_a_handler_that_always_fails_does_not_end_the_thread(
        log_queue, logger, error):
    logger.addHandler(BrokenHandler(error))
    log_queue.start()
    ran = []
    log_queue.log(logging.ERROR, 'not written')
    log_queue.put(lambda: ran.append(1))
    done(log_queue)
    assert ran == [1]


def test_a_handler_that_fails_to_write_the_number_of_the_dropped(
        monkeypatch, logger):
    monkeypatch.setattr(log_queue_module.atexit, 'register', lambda call: None)
    broken = BrokenHandler(ValueError('broken'))
    logger.addHandler(broken)
    log_queue = LogQueue(limit=0)
    log_queue.put(lambda: None)
    log_queue._limit = 10
    log_queue.start()
    log_queue.put(lambda: None)
    done(log_queue)
    assert broken.calls
    ran = []
    log_queue.put(lambda: ran.append(1))
    done(log_queue)
    assert ran == [1]


def test_a_thread_that_waits_for_a_handler_lets_others_put(log_queue, handler):
    log_queue.start()
    handler.acquire()
    try:
        for _number in range(10):
            log_queue.log(logging.ERROR, 'not written yet')
        assert handler.lines == []
    finally:
        handler.release()
    done(log_queue)
    assert len(handler.lines) == 10
