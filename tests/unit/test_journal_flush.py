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


class Bell(object):
    """A lock; just before the thread waits for it, one more job comes in."""

    def __init__(self, real, intrude):
        self._intrude = intrude
        self.acquire_really = real.acquire
        self.release = real.release

    def acquire(self):
        self._intrude()
        self.acquire_really()


def test_a_job_that_comes_while_the_thread_falls_idle(journal):
    came, ran = [], threading.Event()

    def intrude():
        if not came:
            came.append(1)
            journal.put(ran.set)
            # Nobody has heard the first one yet.
            journal._ring()

    journal._bell = Bell(journal._bell, intrude)
    journal.start()
    assert ran.wait(LONG) and came
    done(journal)


def test_flush_without_a_thread_does_not_wait_for_ever(journal):
    journal.put(lambda: None)
    assert not journal.flush(0.01)
