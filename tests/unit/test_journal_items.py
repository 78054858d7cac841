"""journal.put_to: what one writer can write together comes together."""
from __future__ import absolute_import, division, print_function

import logging
import threading

from Products.ZServerViews import journal as journal_module
from Products.ZServerViews.journal import LOGGER_NAME, Journal

LONG = 10


class Writer(object):
    """Keeps the lists that it is called with."""

    def __init__(self):
        self.lists = []

    def __call__(self, items):
        self.lists.append(items)


def held(limit=5000):
    """A journal whose thread waits; returns what lets it go on, too."""
    journal = Journal(limit, gather=0)
    entered, leave = threading.Event(), threading.Event()

    def wait():
        entered.set()
        leave.wait(LONG)

    journal.put(wait)
    journal.start()
    assert entered.wait(LONG)
    return journal, leave.set


def test_items_that_wait_come_in_one_list():
    journal, go_on = held()
    wrote, other, seen = Writer(), Writer(), []
    for number in range(3):
        journal.put_to(wrote, number)
        journal.put_to(other, -number)
    journal.put(lambda: seen.extend(wrote.lists + other.lists))
    journal.put_to(wrote, 3)
    go_on()
    assert journal.flush(LONG)
    # The job comes behind all that were put before it.
    assert seen == wrote.lists + other.lists
    assert sum(wrote.lists, []) == [0, 1, 2, 3]
    assert other.lists == [[0, -1, -2]]


def test_not_more_than_some_hundreds_together(monkeypatch):
    monkeypatch.setattr(journal_module, 'MOST_ITEMS', 3)
    journal, go_on = held()
    wrote = Writer()
    for number in range(7):
        journal.put_to(wrote, number)
    go_on()
    assert journal.flush(LONG)
    assert wrote.lists == [[0, 1, 2], [3, 4, 5], [6]]


def test_items_alone_are_waited_for():
    journal, wrote = Journal(gather=0), Writer()
    journal.put_to(wrote, 1)
    assert not journal.flush(0)
    journal.start()
    assert journal.flush(LONG) and wrote.lists == [[1]]
    came = threading.Event()
    journal.put_to(lambda items: came.set(), 2)
    assert came.wait(LONG)


def test_items_count_like_jobs(monkeypatch):
    monkeypatch.setattr(logging.getLogger(LOGGER_NAME), 'disabled', True)
    journal, go_on = held(limit=2)
    wrote = Writer()
    for number in range(5):
        journal.put_to(wrote, number)
    go_on()
    assert journal.flush(LONG)
    assert wrote.lists == [[0, 1]] and journal.dropped == 3


def test_a_writer_that_fails_stops_nobody(monkeypatch):
    monkeypatch.setattr(logging.getLogger(LOGGER_NAME), 'disabled', True)
    journal, go_on = held()
    wrote = Writer()

    def fail(items):
        raise RuntimeError(items)

    journal.put_to(fail, 1)
    journal.put_to(wrote, 2)
    go_on()
    assert journal.flush(LONG)
    assert wrote.lists == [[2]]


def test_a_job_has_its_turn_though_lines_never_end(journal):
    """Each write brings another line, as under a load that is too much."""
    told, done = [], threading.Event()

    def write(lines):
        told.extend(lines)
        journal.put_to(write, 'more')

    def stop():
        journal.put_to = lambda writer, item: None
        done.set()

    journal.put_to(write, 'first')
    journal.put(stop)
    journal.start()
    assert done.wait(10)
    assert told[0] == 'first'
