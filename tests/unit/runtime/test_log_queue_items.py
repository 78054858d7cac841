"""log queue.put_to: what one writer can write together comes together."""
from __future__ import absolute_import, division, print_function

import logging
import threading

from Products.ZServerViews.runtime import log_queue as log_queue_module
from Products.ZServerViews.runtime.log_queue import LOGGER_NAME, LogQueue

LONG = 10


class Writer(object):
    """Keeps the lists that it is called with."""

    def __init__(self):
        self.lists = []

    def __call__(self, items):
        self.lists.append(items)


def held(limit=5000):
    """A log queue whose thread waits; returns what lets it go on, too."""
    log_queue = LogQueue(limit, gather=0)
    entered, leave = threading.Event(), threading.Event()

    def wait():
        entered.set()
        leave.wait(LONG)

    log_queue.put(wait)
    log_queue.start()
    assert entered.wait(LONG)
    return log_queue, leave.set


def test_items_that_wait_come_in_one_list():
    log_queue, go_on = held()
    wrote, other, seen = Writer(), Writer(), []
    for number in range(3):
        log_queue.put_to(wrote, number)
        log_queue.put_to(other, -number)
    log_queue.put(lambda: seen.extend(wrote.lists + other.lists))
    log_queue.put_to(wrote, 3)
    go_on()
    assert log_queue.flush(LONG)
    # The job comes behind all that were put before it.
    assert seen == wrote.lists + other.lists
    assert sum(wrote.lists, []) == [0, 1, 2, 3]
    assert other.lists == [[0, -1, -2]]


def test_not_more_than_some_hundreds_together(monkeypatch):
    monkeypatch.setattr(log_queue_module, 'MOST_ITEMS', 3)
    log_queue, go_on = held()
    wrote = Writer()
    for number in range(7):
        log_queue.put_to(wrote, number)
    go_on()
    assert log_queue.flush(LONG)
    assert wrote.lists == [[0, 1, 2], [3, 4, 5], [6]]


def test_items_alone_are_waited_for():
    log_queue, wrote = LogQueue(gather=0), Writer()
    log_queue.put_to(wrote, 1)
    assert not log_queue.flush(0)
    log_queue.start()
    assert log_queue.flush(LONG) and wrote.lists == [[1]]
    came = threading.Event()
    log_queue.put_to(lambda items: came.set(), 2)
    assert came.wait(LONG)


def test_items_count_like_jobs(monkeypatch):
    monkeypatch.setattr(logging.getLogger(LOGGER_NAME), 'disabled', True)
    log_queue, go_on = held(limit=2)
    wrote = Writer()
    for number in range(5):
        log_queue.put_to(wrote, number)
    go_on()
    assert log_queue.flush(LONG)
    assert wrote.lists == [[0, 1]] and log_queue.dropped == 3


def test_a_writer_that_fails_stops_nobody(monkeypatch):
    monkeypatch.setattr(logging.getLogger(LOGGER_NAME), 'disabled', True)
    log_queue, go_on = held()
    wrote = Writer()

    def fail(items):
        raise RuntimeError(items)

    log_queue.put_to(fail, 1)
    log_queue.put_to(wrote, 2)
    go_on()
    assert log_queue.flush(LONG)
    assert wrote.lists == [[2]]


def test_a_job_has_its_turn_though_lines_never_end(log_queue):
    """Each write brings another line, as under a load that is too much."""
    told, done = [], threading.Event()

    def write(lines):
        told.extend(lines)
        log_queue.put_to(write, 'more')

    def stop():
        log_queue.put_to = lambda writer, item: None
        done.set()

    log_queue.put_to(write, 'first')
    log_queue.put(stop)
    log_queue.start()
    assert done.wait(10)
    assert told[0] == 'first'
