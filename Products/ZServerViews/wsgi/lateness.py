"""How late a thread runs that wants nothing but to run now and then.

Whatever keeps the event loop from running, without its own doing, keeps this
thread too: another thread that holds the lock of the interpreter, whether it
computes or sits in C code; a machine with too much to do; a process that was
suspended. So what this thread was late by, while a view was in the event loop,
is not held against the view. While a view waits for something of its own, this
thread is in time.

The thread exists only while there are views that were slow, see `budget`.
"""
from __future__ import absolute_import, division, print_function

import logging
import os
import sys
import threading
import time

from Products.ZServerViews._compat import stopwatch
from Products.ZServerViews._daemons import start_thread

# Seconds between two turns, and how much later the next one is still in time.
# With these the thread takes a quarter of a percent of one processor.
PAUSE = 0.02
IN_TIME = 0.002
# So late that it was not by chance: then it may have been kept while it slept.
KEPT = 0.02

NAME = 'zserver-views-lateness'


class Lateness(object):
    """One thread for all views of the process.

    Anybody may call `at`; `expect` is for event loops, and takes no lock and
    does not wait for the thread to begin.
    """

    def __init__(self, log_queue, clock=stopwatch, sleep=time.sleep):
        self._log_queue = log_queue
        self._clock = clock
        self._sleep = sleep
        # Seconds that it has been late by, and when it must run next: in one
        # object, so that nobody sees the one without the other.
        self._state = 0.0, clock()
        self._until = None  # when the thread ends
        self._seconds = 0   # how long that is from when it was expected
        self._pid = None    # of the process that has the thread, if any

    def at(self, moment):
        """How late it has been in total at this moment, the present one."""
        late, due = self._state
        more = max(0.0, moment - due)
        return late + (more if more < KEPT else more + PAUSE + IN_TIME)

    def expect(self, seconds):
        """Have the thread run for so long from now on.

        It counts as late until it has begun. If it cannot begin, it is always
        late: then no wait is held against any view.
        """
        self._seconds = seconds
        self._until = self._clock() + seconds
        # A fork leaves its children the object without the thread.
        if self._pid != os.getpid():
            # What it has missed while nobody expected it is no lateness.
            self._state = self._state[0], self._clock()
            self._pid = os.getpid()
            try:
                start_thread(self._run, ())
            except Exception:
                self._pid = None
                self._log_queue.log(
                    logging.ERROR, 'No thread can be started that shows what '
                    'keeps the event loop', exc_info=sys.exc_info())

    def stop(self):
        """The thread ends soon."""
        self._until = None

    def _run(self):
        # It makes the object that stands for this thread.
        threading.current_thread().name = NAME
        # PY2: the names of the module may be gone when the process ends.
        sleep, pause, turn = self._sleep, PAUSE, self.turn
        while turn():
            sleep(pause)
        self._pid = None

    def turn(self):
        """Note the time; whether to go on."""
        now, until = self._clock(), self._until
        self._state = self.at(now), now + PAUSE + IN_TIME
        # A clock that was set back must not keep the thread for days.
        return until is not None and 0 < until - now <= 2 * self._seconds
