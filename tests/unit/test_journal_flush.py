"""journal: flush says what is true, also at the awkward moments."""
from __future__ import absolute_import, division, print_function

import threading

from .test_journal import LONG, done


def test_flush_never_says_too_early_that_all_is_done(journal):
    ran = []
    journal.start()
    for number in range(2000):
        # The thread may be falling idle just now, or not yet.
        journal.put(lambda number=number: ran.append(number))
        done(journal)
        assert ran and ran[-1] == number
        if number % 3:
            journal.put(lambda: None)


class Intruder(object):
    """An event; before the helper thread sets it, one more job comes in."""

    def __init__(self, real, intrude):
        self._real = real
        self._intrude = intrude

    def set(self):
        if threading.current_thread().name == 'zserver-views-journal':
            self._intrude()
        self._real.set()

    def __getattr__(self, name):
        return getattr(self._real, name)


def test_a_job_that_comes_while_the_thread_falls_idle(journal):
    came, ran, leave = [], [], threading.Event()

    def job():
        leave.wait(LONG)
        ran.append(1)

    def intrude():
        if not came:
            came.append(1)
            journal.put(job)

    for name, value in list(vars(journal).items()):
        if hasattr(value, 'set') and hasattr(value, 'wait'):
            setattr(journal, name, Intruder(value, intrude))
    journal.start()
    journal.put(lambda: None)
    journal.flush(0.5)
    # Whether it has come depends on the events that the journal uses; it
    # cannot have run yet.
    said = journal.flush(0)
    assert not (said and came)
    leave.set()
    done(journal)
    assert ran == came


def test_flush_without_a_thread_does_not_wait_for_ever(journal):
    journal.put(lambda: None)
    assert not journal.flush(0.01)
