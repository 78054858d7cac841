"""The thread ``zserver-views-history``, which makes the records.

It wakes once a second. It looks at the stacks of workers only while one has been
busy for over a second or a request waits, or always with the setting
``record-always``; so on a site that is well it takes none. When an incident begins it
looks 20 times a second at the requests that are slow already, then less and less
often, for some seconds.

What another thread is to be told of waits in a queue with a limit, and nobody
waits for this one.
"""
from __future__ import absolute_import, division, print_function

import atexit
import os
import sys
import time
import weakref

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews._daemons import Daemon, make_event
from Products.ZServerViews.history import records
from Products.ZServerViews.history.incidents import GAP
from Products.ZServerViews.history.model import History
from Products.ZServerViews.history.observer import NAME, Observer
from Products.ZServerViews.history.sinks import Sinks

# Seconds between two ticks; when an incident begins, by which factor that grows with
# each look, and for how long.
TICK = 1.0
FINE = 0.05
LESS_OFTEN = 1.15
FINE_FOR = 5.0
# A look may take this share of the time there.
MOST_SHARE = 0.02

# So many ticks the first record waits for the versions of packages.
PATIENCE = 3


class FlightRecorder(object):
    """The thread and what it knows.

    ``site``
        What it looks at: the `runtime.site.Site`, with a recorder and metrics.
    ``model``
        The `History` of this process.
    ``observer``
        The `Observer`.
    ``report(exc_info)``
        Called where something fails.
    """

    def __init__(self, site, report, clock=monotonic, wall=time.time,
                 frames=sys._current_frames):
        self._site = site
        self._report = report
        self._clock = clock
        self._now_by_wall = wall
        self._frames = frames
        self._daemon = Daemon(NAME)
        self._ends_with_process = self._has_failed = False
        self._sinks = Sinks(report)
        self._forget()

    def _forget(self):
        self._bell = make_event()
        self._ends = self._has_begun = False
        self._offset = 0.0  # between the two clocks
        self._planned = self._ticked = None
        self._fine_until, self._fine = None, FINE
        self._patience = PATIENCE
        self.model = History()
        self.observer = Observer(
            self._site, self._put, self.model.table, self._wall, self._report,
            self._clock, self._frames)

    def begin_anew(self):
        """Have seen nothing; in a forked child that was the parent."""
        self._daemon.dismiss()
        self.observer.detach()
        self._forget()

    # In any thread:

    def start(self):
        """Have the thread, unless it runs."""
        self.observer.attach()
        if not self._daemon.runs:
            self._ends = False
            self._bell.clear()
            if not self._ends_with_process:
                self._ends_with_process = True
                # What is unmounted is not to be kept until then.
                atexit.register(_finish, weakref.ref(self))
            self._planned = self._clock()
            self._daemon.start(self._run)

    def stop(self):
        """The thread ends soon; what is recorded stays."""
        self.observer.detach()
        self._daemon.dismiss()
        self._bell.set()

    def finish(self, timeout=2.0):
        """The process ends: have that recorded, and wait a moment for it."""
        thread, runs = self._daemon.thread, self._daemon.runs
        self._ends = True
        self._bell.set()
        if runs:
            thread.join(timeout)

    def add_sink(self, sink, tick=None):
        """Have sink(record, table) called with each record from now on, and tick()
        each second, in this object's thread. See `Sinks.add`."""
        self._sinks.add(sink, tick)

    def remove_sink(self, sink):
        self._sinks.remove(sink)

    # In the thread:

    def _run(self):
        while self._daemon.is_current and not self._ends:
            self._guarded(self.turn)
            self._bell.wait(max(0.0, self._planned - self._clock()))
        if self._ends:
            self._guarded(self.observer.tell_rest)
            self._guarded(self._end)
        if not self._daemon.runs:
            self.observer.end()

    def _guarded(self, call):
        try:
            call()
        except Exception:
            if not self._has_failed:
                self._has_failed = True
                self._report(sys.exc_info())

    def _end(self):
        self._put({'kind': records.END, 'time': self._wall(self._clock())})

    def _put(self, record):
        self.model.add(record)
        self._sinks.put(record, self.model.table)

    def _wall(self, moment):
        """The wall clock at a moment of the monotonic one."""
        return round(moment + self._offset, 3)

    def turn(self):
        """What is due now, on a fixed grid; plans the next turn."""
        now, planned = self._clock(), self._planned
        self._offset = self._now_by_wall() - now
        late = max(0.0, now - planned)
        step = TICK if self._fine_until is None else self._fine
        # Those that were missed are gone. Before all else: it may raise.
        self._planned = planned + step * (late // step + 1)
        if self._ticked is None or now - self._ticked >= 0.9 * TICK:
            self._ticked = now
            if self._begin(now):
                self._tick(now, late)
                self._sinks.tick()
        elif self._fine_until is not None:
            self._look_finely(now, late)

    def _begin(self, now):
        """Have the first record made; whether there is one by now."""
        if self._has_begun:
            return True
        process = self._site.process
        self._patience -= 1
        if (process is not None and process.versions is None
                and self._patience > 0):
            return False  # the log queue's thread looks for them
        self._has_begun = True
        self._put(start_record(process, self._wall(now)))
        self.observer.begin(now)
        return True

    def _tick(self, now, late):
        if late >= GAP:
            self._put({'kind': records.GAP, 'time': self._wall(now),
                       'seconds': round(late, 3)})
        if self.observer.tick(now, late):
            self._fine_until, self._fine = now + FINE_FOR, FINE
            self._planned = now + FINE

    def _look_finely(self, now, late):
        goes_on = self.observer.look_finely(now, late, self._fine)
        took = self._clock() - now
        self._fine = round(min(TICK / 2, max(LESS_OFTEN * self._fine,
                                             took / MOST_SHARE)), 3)
        # The next tick is not to come later for these.
        tick = self._ticked + TICK
        self._planned = min(self._planned, tick)
        if not goes_on or now >= self._fine_until:
            self._fine_until, self._planned = None, tick


def _finish(reference):
    recorder = reference()
    if recorder is not None:
        recorder.finish()


def start_record(process, time):
    """The first record of a `monitor.process.Process`, which may be None."""
    return {'kind': records.START, 'time': time, 'pid': os.getpid(),
            'python': None if process is None else process.python,
            'started': None if process is None else process.started,
            'versions': {} if process is None else process.versions or {}}
