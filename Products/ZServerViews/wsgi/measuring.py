"""What one step of a view has used, and how much of it was its own doing.

The wall clock tells how long the event loop was in a step, but not why. Of that
time the view itself has

- the processor time of this thread;
- what it has waited for itself: a sleep, a lock, a socket, a disk.

The rest was others' doing: threads that had the interpreter, other processes
that had the processor. No clock tells a wait for the interpreter from a wait of
the view's own, so what others have done is measured, and the rest is the
view's: see `Measured.own`.

It takes some microseconds for each step. So only views that were slow are
measured like this, see `budget`. Everything here runs in event loops.
"""
from __future__ import absolute_import, division, print_function

import sys
import time
from functools import partial

from Products.ZServerViews._compat import PY2, stopwatch

try:
    import resource
except ImportError:
    resource = None  # there is none on Windows

# The number is the same on Linux and FreeBSD. PY2: there it has no name.
_THREAD = getattr(resource, 'RUSAGE_THREAD', 1)

# Who waits for the interpreter asks again each switch interval. On a busy
# machine the thread is woken late: a wait that is so many times as long was for
# something else.
INTERVALS = 4
# A process that gets no processor is late for more than this part of the time.
MOST = 0.75
# The part of a step that must be the view's own for all of it to be.
NEARLY_ALL = 0.9


def thread_usage():
    """(processor time of this thread in seconds, how often it has waited, how
    often it was interrupted); None for each that this system does not know."""
    try:
        used = resource.getrusage(_THREAD)
    except Exception:  # of whatever kind: a system without it
        return (None if PY2 else time.thread_time()), None, None
    # That of the structure is as old as the last tick of the kernel.
    processor = (used.ru_utime + used.ru_stime if PY2
                 else time.thread_time())
    return processor, used.ru_nvcsw, used.ru_nivcsw


def process_time():
    """The processor time of all threads in seconds."""
    if PY2:
        return time.clock()  # PY2
    return time.process_time()


def switch_interval():
    """In seconds; None where who waits for the interpreter just waits."""
    return None if PY2 else sys.getswitchinterval()


class Measured(object):
    """One step, which may be several calls.

    ``wall``, ``processor``, ``others``, ``late``
        Seconds: in all, the thread's own processor time, that of all other
        threads together, and what the thread of `lateness` was late by.
    ``waits``, ``interruptions``
        How often the kernel has let the thread wait, and how often it has
        given its processor to another one; None where this is not known.
    """

    def __init__(self, lateness, clock=stopwatch, thread=thread_usage,
                 process=process_time, interval=switch_interval):
        self._lateness = lateness
        self._clock = clock
        self._thread = thread
        self._process = process
        self._interval = interval
        self.wall = self.processor = self.others = self.late = 0.0
        self.waits = self.interruptions = 0

    def watching(self, call):
        """A call that does the same, and is measured."""
        return partial(self._measure, call)

    def _measure(self, call):
        before = self._read()
        try:
            return call()
        finally:
            self._add(before, self._read())

    def _read(self):
        thread, process, now = self._thread(), self._process(), self._clock()
        return now, self._lateness.at(now), process, thread

    def _add(self, before, after):
        # Not less than nothing: a clock may be set back.
        self.wall += max(0.0, after[0] - before[0])
        self.late += max(0.0, after[1] - before[1])
        own, waits, interruptions = (
            None if was is None else then - was
            for was, then in zip(before[3], after[3]))
        self.processor += own or 0.0
        self.others += max(0.0, after[2] - before[2] - (own or 0.0))
        if waits is None:
            self.waits = self.interruptions = None
        else:
            self.waits += waits
            self.interruptions += interruptions

    def own(self):
        """How many seconds of the step were the view's own doing.

        All of them, if nearly all were: no clock is exact.
        """
        own = self.processor + self._waited()
        return max(own, self.wall) if own >= NEARLY_ALL * self.wall else own

    def _waited(self):
        """For how long it has waited by itself, at least."""
        missing = self.wall - self.processor
        if missing <= 0.0 or self.waits == 0:
            return 0.0
        # These two may be about the same time: in dubio pro reo.
        return max(missing - self.late - self.others, self._slept(missing))

    def _slept(self, missing):
        """What of it cannot have been waits for the interpreter.

        Where the process had the processor, a thread that wanted the interpreter
        would have asked for it each interval. It had, if others computed, or if
        the other thread was not late for nearly all of the time.
        """
        interval = self._interval()
        if (interval is None or self.waits is None
                or self.others < missing / 2 and self.late > missing * MOST):
            return 0.0
        return max(0.0, missing - INTERVALS * interval
                   * (self.waits + self.interruptions))
