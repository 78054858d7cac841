"""journal.put_to: what one writer can write together comes together."""
from __future__ import absolute_import, division, print_function

import logging
import threading

from Products.ZServerViews.journal import LOGGER_NAME, Journal

LONG = 10


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


def test_items_in_a_row_come_in_one_list():
    journal, go_on = held()
    wrote = []
    other = []
    for number in range(3):
        journal.put_to(wrote.append, number)
    journal.put_to(wrote.append, 'a new bound method is another writer')
    write = wrote.append
    for number in range(3):
        journal.put_to(write, number)
    journal.put(lambda: other.append(list(wrote)))
    journal.put_to(write, 3)
    journal.put_to(other.append, 4)
    go_on()
    assert journal.flush(LONG)
    assert wrote[-2:] == [[0, 1, 2], [3]]
    # In the order in which all of them were put.
    assert other == [wrote[:-1], [4]]


def test_items_count_like_jobs(monkeypatch):
    monkeypatch.setattr(logging.getLogger(LOGGER_NAME), 'disabled', True)
    journal, go_on = held(limit=2)
    wrote = []
    write = wrote.append
    for number in range(5):
        journal.put_to(write, number)
    go_on()
    assert journal.flush(LONG)
    assert wrote == [[0, 1]]


def test_a_writer_that_fails_stops_nobody(monkeypatch):
    monkeypatch.setattr(logging.getLogger(LOGGER_NAME), 'disabled', True)
    journal, go_on = held()
    wrote = []

    def fail(items):
        raise RuntimeError(items)

    journal.put_to(fail, 1)
    journal.put_to(wrote.append, 2)
    go_on()
    assert journal.flush(LONG)
    assert wrote == [[2]]
