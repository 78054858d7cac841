"""What is counted and measured of this process while a view tells of it.

Each number has one writer: a worker, an event loop, the watchdog, the garbage
collector or the helper thread. None of them takes a lock for it.
"""
from __future__ import absolute_import, division, print_function

import sys
import time

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews._daemons import Daemon
from Products.ZServerViews._tallies import PerThread, Timings
from Products.ZServerViews.monitor.pauses import Pauses
from Products.ZServerViews.monitor.readings import Readings
from Products.ZServerViews.monitor.tally import Tally
from Products.ZServerViews.monitor.trail import Trail

NAME = 'zserver-views-metrics'
# Seconds between two readings.
INTERVAL = 10

# In seconds. The watchdog looks at the loops four times a second.
LAGS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics(object):
    """All of it.

    ``tally``
        The `tally.Tally` of requests.
    ``lag``
        A PerThread of Timings: how long each event loop took to its next
        iteration, when somebody asked for it.
    ``late``
        The Timings of the watchdog: how much later it woke than it wanted.
    ``pauses``
        The `pauses.Pauses` of the garbage collector.
    ``readings``
        What the system says, a `readings.Readings`.
    ``registry``
        What others have registered, see `registry`; or None.
    ``trail``
        The `trail.Trail` of the last ten minutes, if a view shows it; or None.
    ``in_loop``
        A function that is called with the Loop, in its thread, when that has
        answered; or None.
    """

    def __init__(self, report, clock=monotonic, sleep=time.sleep):
        self._report = report
        self._clock = clock
        self._sleep = sleep
        self.tally = Tally(clock)
        self.lag = PerThread(lambda: Timings(LAGS, clock), clock)
        self.pauses = Pauses(clock=clock)
        self.readings = Readings(clock)
        self.registry = self.trail = self.in_loop = None
        self._has_failed = False
        self._daemon = Daemon(NAME)
        self.late = Timings(LAGS, clock)

    def start(self):
        """Begin, in any thread; may be called again."""
        self.pauses.install()
        if not self._daemon.runs:
            self._daemon.start(self._run)

    def stop(self):
        """Measure no more; what was counted stays."""
        self.pauses.uninstall()
        self._daemon.dismiss()

    def follow(self, wanted):
        """Have `trail`, or none; before `start`."""
        if not wanted:
            self.trail = None
        elif self.trail is None:
            self.trail = Trail(self.tally, self.lag, self._clock)

    def begin_anew(self):
        """Have counted nothing; in a forked child that was the parent."""
        self.stop()
        self.lag.begin_anew()
        self.pauses.begin_anew()
        self.readings.begin_anew()
        self.late = Timings(LAGS, self._clock)
        for known in (self.registry, self.trail):
            if known is not None:
                known.begin_anew()

    # By event loops:

    def lagged(self, loop, since):
        """The calling event loop has been asked to turn at that moment."""
        self.lag.here().observe(max(0.0, self._clock() - since))
        call = self.in_loop
        if call is not None:
            call(loop)

    # By the watchdog:

    def looked(self, late, loops):
        """It has looked at all loops, so many seconds later than planned."""
        self.late.observe(max(0.0, late))
        now = self._clock()
        for loop in loops:
            # Once, until the loop has answered: what wakes it is a pipe.
            if loop.asked is None and not loop.has_ended:
                loop.asked = self.lagged, now
                loop.wake()

    # In the helper thread:

    def _run(self):
        while self._daemon.is_current:
            self.read()
            self._sleep(INTERVAL)

    def read(self):
        """One round: what the counters have reached, what the system says, and
        what others have registered."""
        trail = self.trail  # it may go meanwhile
        try:
            if trail is not None:
                trail.look()
            self.readings.read()
            if self.registry is not None:
                self.registry.read()
        except Exception:
            if not self._has_failed:
                self._has_failed = True
                self._report(sys.exc_info())
