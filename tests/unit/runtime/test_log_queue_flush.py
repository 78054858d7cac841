"""runtime.log_queue: flush says what is true, also at the awkward moments."""
from __future__ import absolute_import, division, print_function

import threading

from tests.unit.runtime.test_log_queue import LONG, done


def test_flush_never_says_too_early_that_all_is_done(log_queue):
    ran = []
    log_queue.start()
    for number in range(2000):
        # The thread may be falling idle just now, or not yet.
        log_queue.put(lambda number=number: ran.append(number))
        done(log_queue)
        assert ran and ran[-1] == number
        if number % 3:
            log_queue.put(lambda: None)


class Bell(object):
    """A lock; just before the thread waits for it, one more job comes in."""

    def __init__(self, real, intrude):
        self._intrude = intrude
        self.acquire_really = real.acquire
        self.release = real.release

    def acquire(self):
        self._intrude()
        self.acquire_really()


def test_a_job_that_comes_while_the_thread_falls_idle(log_queue):
    came, ran = [], threading.Event()

    def intrude():
        if not came:
            came.append(1)
            log_queue.put(ran.set)
            # Nobody has heard the first one yet.
            log_queue._ring()

    log_queue._bell = Bell(log_queue._bell, intrude)
    log_queue.start()
    assert ran.wait(LONG) and came
    done(log_queue)


def test_flush_without_a_thread_does_not_wait_for_ever(log_queue):
    log_queue.put(lambda: None)
    assert not log_queue.flush(0.01)
