"""One soak: an instance under load for a while, with quiet moments in it."""
from __future__ import absolute_import, division, print_function

import os
import signal
import time

from tests.functional.test_drain import ended
from tests.soak import samples
from tests.soak.load import Load
from tests.soak.servers import Site

# Of the whole time: before it is over caches and pools fill.
WARM_UP = 0.2
QUIET_MOMENTS = 40
MOMENTS_IN_ALL = 60


class Outcome(object):
    """What the tests look at."""

    def __init__(self, kind, load):
        self.kind = kind
        self.load = load
        # Of quiet moments behind the warm-up, and one behind the end of load.
        self.samples = []
        self.event_log = self.access_log = ''
        self.dropped_log_lines = None
        self.exit_code = None
        self.processes = None

    def __str__(self):
        return '%s\n\n%s\n\n%s' % (self.kind, self.load.table(),
                                   samples.table(self.samples))


def soak(kind, seconds, stopping):
    """Run it, or less of it once this event is set; an Outcome."""
    site = Site(kind)
    try:
        site.start()
        load = Load(site, seconds / MOMENTS_IN_ALL, stopping)
        outcome = Outcome(kind, load)
        with load:
            keep_on(site, load, outcome, seconds)
        if not stopping.is_set():
            behind_the_load(site, outcome, seconds)
        end(site, outcome)
        return outcome
    finally:
        site.stop()


def keep_on(site, load, outcome, seconds):
    begin = time.monotonic()
    while (time.monotonic() < begin + seconds
           and load.wait(seconds / QUIET_MOMENTS)):
        load.gate.shut()
        passed = time.monotonic() - begin
        sample = samples.take(site, passed)
        load.gate.open()
        if passed > WARM_UP * seconds:
            outcome.samples.append(sample)


def behind_the_load(site, outcome, seconds):
    """Threads that wait for more work may wait a minute."""
    give_up = time.monotonic() + samples.PATIENCE
    while True:
        last = samples.take(site, seconds)
        if (not samples.left_at_the_end(outcome.samples + [last])
                or time.monotonic() > give_up):
            break
    outcome.samples.append(last)
    outcome.dropped_log_lines = samples.document(
        site, '/-/info')['dropped_log_lines']


def end(site, outcome):
    instance = site.instance
    os.kill(instance.pid, signal.SIGTERM)
    outcome.exit_code = ended(instance)
    outcome.processes = site.processes()
    outcome.event_log = instance.log('event.log')
    outcome.access_log = instance.log(instance.ACCESS_LOG)
