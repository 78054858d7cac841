"""Where memory is allocated: tracemalloc, for a bounded time.

While it traces, each allocation of Python takes some times as long. To list what
is traced holds the interpreter: half a second for a million blocks. So it ends
before there are too many, and its list is not made if there are.

Others may begin to use it meanwhile. Whether they have stopped it and started it anew
is seen; whether they only rely on its being there is not.
"""
from __future__ import absolute_import, division, print_function

import logging
import time
from functools import partial

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.format.text import clean
from Products.ZServerViews.monitor.one_job import OneJob

try:
    import tracemalloc
except ImportError:  # PY2
    tracemalloc = None

NAME = 'zserver-views-memory-tracing'

# Seconds between two questions how many blocks are traced.
TICK = 0.05
# It ends with so many blocks; to list as many takes up to 130 ms.
ENOUGH = 200000
# With more, it would hold the interpreter for more than a quarter of a second.
MOST_BLOCKS = 400000
# What tracemalloc itself takes for a block, with one frame, in bytes.
EACH = 53
# Bytes of a block by which it knows its own traces: of no list of free objects.
MARK = 64
# Places that are kept.
MOST_PLACES = 100
LONGEST = 300

TIME = u'its time was over'
ASKED = u'it was ended on request'
FULL = u'enough blocks were traced'
ELSEWHERE = u'other code has ended it, or begun anew'

COST = (u'while it traces, each allocation of Python takes three to four times as '
        u'long; its end holds all threads for up to 0.25 s')
ABSENT = u'this Python has no tracemalloc'
TAKEN = u'other code of this process uses tracemalloc'


class Trace(object):
    """One of them.

    ``number``, ``seconds``, ``started``
        As it was asked for, and when, in seconds of the epoch.
    ``wanted_end``
        Why it is to end before its time; None if it is not.
    ``elapsed``
        How long it has traced, or None; ``ended`` says why no longer.
    ``refused``
        Why there is no list.
    ``held_seconds``
        How long the interpreter was held to make it.
    ``blocks``, ``bytes``
        What was traced at the end.
    ``places``
        [(file, line, bytes, blocks)], the largest first.
    """

    wanted_end = elapsed = ended = refused = held_seconds = None
    blocks = bytes = None
    places = ()

    def __init__(self, number, seconds, started):
        self.number = number
        self.seconds = seconds
        self.started = started


class Tracing(OneJob):
    """``running``, ``last``
        Each a `Trace`, or None.
    ``log(level, text, *args)``
        Writes a line of the log, without waiting.
    ``report(exc_info)``
        Called where one fails.
    ``module``
        tracemalloc; None on Python 2.7.
    """

    def __init__(self, log, report, module=tracemalloc, clock=monotonic,
                 now=time.time, sleep=time.sleep):
        self._log = log
        self._module = module
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._number = 0
        self._mark = None
        super(Tracing, self).__init__(NAME, report)

    def begin_anew(self):
        """In a forked child: it is the parent that traces."""
        super(Tracing, self).begin_anew()
        self.last = None
        self._end()

    def unusable(self):
        """Why nothing can be traced now, or None."""
        if self._module is None:
            return ABSENT
        if self.running is None and self._module.is_tracing():
            return TAKEN
        return None

    def start(self, seconds):
        """Begin; whether there was none that runs."""
        try:
            return self.begin(partial(self._begun, seconds)) is not None
        except Exception:
            self._end()
            raise

    def _begun(self, seconds):
        self._number += 1
        if not self._module.is_tracing():
            self._module.start(1)
            # Others may stop it and start their own: these do not know the mark.
            self._mark = bytes(MARK)
        return Trace(self._number, seconds, self._now())

    def stop(self):
        """Have the one that runs end soon."""
        running = self.running
        if running is not None:
            running.wanted_end = ASKED

    # In the thread that waits for its end:

    def work(self, trace):
        """Trace until it is to end; called by `OneJob`."""
        self._log(logging.INFO, 'Tracing of memory %d of %d s has begun on '
                  'request', trace.number, trace.seconds)
        try:
            self._wait(trace, self._clock())
            if self.is_wanted(trace):
                self._finish(trace)
        finally:
            if self.is_wanted(trace):
                self._end()

    def _is_ours(self):
        mark = self._mark
        return mark is not None and (
            self._module.get_object_traceback(mark) is not None)

    def _end(self):
        """Trace no more, unless it is somebody else who traces; repeatable."""
        if self._is_ours():
            self._module.stop()
        self._mark = None

    def _wait(self, trace, began):
        while trace.ended is None:
            self._sleep(TICK)
            trace.elapsed = self._clock() - began
            if not self._is_ours():
                trace.ended = ELSEWHERE
            elif trace.wanted_end is not None:
                trace.ended = trace.wanted_end
            elif self._blocks() >= ENOUGH:
                trace.ended = FULL
            elif trace.elapsed >= trace.seconds:
                trace.ended = TIME

    def _blocks(self):
        return self._module.get_tracemalloc_memory() // EACH

    def _finish(self, trace):
        if trace.ended is ELSEWHERE:
            trace.refused = ELSEWHERE
        elif self._blocks() > MOST_BLOCKS:
            trace.refused = (u'more than %d blocks are traced: to list them would '
                             u'stop all threads for too long' % MOST_BLOCKS)
        else:
            began = self._clock()
            snapshot = self._module.take_snapshot()
            trace.held_seconds = self._clock() - began
            self._end()
            _read(trace, snapshot)
        self.last = trace
        self._log(logging.INFO, 'Tracing of memory %d has ended: %s',
                  trace.number, trace.ended)


def _read(trace, snapshot):
    """Sum a snapshot up; this takes a while, in which others run."""
    found = snapshot.statistics('lineno')
    trace.blocks = sum(one.count for one in found)
    trace.bytes = sum(one.size for one in found)
    trace.places = [(clean(one.traceback[0].filename, LONGEST),
                     one.traceback[0].lineno, one.size, one.count)
                    for one in found[:MOST_PLACES]]
