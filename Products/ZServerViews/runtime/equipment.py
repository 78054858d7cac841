"""What of a process is there only if the configuration asks for it.

Each is imported when that is read, never in an event loop. Nothing of it runs
before an event loop does.
"""
from __future__ import absolute_import, division, print_function

import logging
import os
import threading
from functools import partial

from Products.ZServerViews.runtime.failures import forget_locals


class NoChecks(object):
    """Stands for `monitor.helperchecks.HelperChecks` where there are none."""

    def start(self):
        """There is nothing to run."""

    stop = begin_anew = start

    def results(self):
        return []


class Equipped(object):
    """The part of a `Site` that comes and goes with views and settings.

    ``running``
        Held to begin with what runs, and to take something out of that.
    """

    # `zopeapp.opened.Databases`, a `history.flight_recorder.FlightRecorder`, a
    # `history.profiling.profiler.Profiler` and a
    # `monitor.memory.process_memory.ProcessMemory`, if a view asks for them.
    databases = history = profiler = memory = None
    # A `disk_keeping.DiskKeeper`, with the setting record.
    disk_keeper = None
    # `log_levels.LogLevels`, if a view changes levels; `systemd.Systemd`, if that
    # has started the process.
    log_levels = systemd = None
    # A `monitor.recorder.Recorder`, a `monitor.process.Process` and a
    # `monitor.metrics.Metrics`, if a view tells of them.
    recorder = process = metrics = None

    def __init__(self):
        self.checks = NoChecks()  # or HelperChecks
        self.running = threading.Lock()
        self._checked = None  # what was checked last

    def start_equipment(self):
        """May be called again; whoever calls holds `running`."""
        self.checks.start()
        for part in (self.metrics, self.databases, self.history):
            if part is not None:
                part.start()

    def stop_equipment(self):
        """No view is served any more; may be called again."""
        self.checks.stop()
        for part in (self.metrics, self.history):
            if part is not None:
                part.stop()

    def begin_equipment_anew(self):
        for known in (self.recorder, self.process, self.metrics,
                      self.databases, self.history, self.disk_keeper,
                      self.log_levels, self.profiler, self.systemd, self.memory):
            if known is not None:
                known.begin_anew()

    def know_systemd(self):
        if self.systemd is None and os.environ.get('NOTIFY_SOCKET'):
            from Products.ZServerViews.runtime.systemd import Systemd
            self.systemd = Systemd(self)

    def check(self, calls):
        """Have these readiness checks made, and no others.

        ``calls``
            {name: function}; those that are there already go on, since a
            check that is new has failed until it has run.
        """
        options = {'interval': self.settings.check_interval,
                   'timeout': self.settings.check_timeout}
        if (calls, options) != self._checked:
            checks = self._made_checks(calls, options)
            self.take_out('checks', checks).stop()
            self._checked = calls, options

    def _made_checks(self, calls, options):
        if not calls:
            return NoChecks()
        from Products.ZServerViews.monitor.helperchecks import HelperChecks
        return HelperChecks(calls, report=self._report_check,
                            notice=self._notice_check, **options)

    def _report(self, exc_info, words, *values):
        """Log an exception, without what its frames hold."""
        forget_locals(exc_info)
        self.log_queue.log(logging.ERROR, words, *values, exc_info=exc_info)

    def _report_check(self, name, exc_info):
        self._report(exc_info, 'The check %s failed', name)

    def _notice_check(self, check):
        if check.ok:
            self.log_queue.log(logging.INFO, 'The check %s is passed again',
                               check.name)
        else:
            self.log_queue.log(logging.WARNING, 'The check %s fails: %s',
                               check.name, check.detail)

    def record(self, wanted):
        """Have a `Recorder` of requests for the site, or none."""
        if not wanted:
            self.recorder = None
        elif self.recorder is None:
            from Products.ZServerViews.monitor.recorder import Recorder
            self.recorder = Recorder()

    def describe(self, wanted):
        """Have `process`, and its versions once an event loop runs."""
        if wanted and self.process is None:
            from Products.ZServerViews.monitor import process
            self.process = process.collect()
            if self.loops.all:
                self.find_versions()

    def measure(self, wanted, with_trail=False):
        """Have `metrics`, or none; behind `record`."""
        if not wanted:
            self._end('metrics')
        elif self.metrics is None:
            from Products.ZServerViews.monitor.metrics import Metrics
            self.metrics = Metrics(self._report_metrics)
        if self.metrics is not None:
            self.metrics.follow(with_trail)
            self._bridge(self.metrics)
        if self.recorder is not None:
            self.recorder.tally = (None if self.metrics is None
                                   else self.metrics.tally)

    def remember(self, wanted):
        """Have `history`, or none; behind `record` and `measure`."""
        if not wanted:
            self._end('history')
        elif self.history is None:
            from Products.ZServerViews.history.flight_recorder import (
                FlightRecorder,
            )
            self.history = FlightRecorder(self, self._report_history)

    def take_out(self, name, instead=None):
        """What has been the attribute, which is another one or None from now on:
        no loop that comes at this moment begins with it again, see `run`."""
        with self.running:
            found = getattr(self, name)
            setattr(self, name, instead)
        return found

    def _end(self, name):
        """Have none of this name, and what there was stopped."""
        ended = self.take_out(name)
        if ended is not None:
            ended.stop()

    def change_log_levels(self, wanted):
        """Have `log_levels`, or none, and all levels as they were."""
        if wanted and self.log_levels is None:
            from Products.ZServerViews.runtime.log_levels import LogLevels
            self.log_levels = LogLevels(self)
        elif not wanted and self.log_levels is not None:
            self.log_levels.end()
            self.log_levels = None

    def profile(self, wanted):
        """Have a `profiler`, or none; behind `record`."""
        if not wanted:
            if self.profiler is not None:
                self.profiler.stop()
            self.profiler = None
        elif self.profiler is None:
            from Products.ZServerViews.history.profiling.profiler import Profiler
            self.profiler = Profiler(self, self._report_profile)

    def examine_memory(self, wanted, persistent=None):
        """Have `memory`, or none; behind `record`. ``persistent`` is for
        `ProcessMemory`."""
        if not wanted:
            self._end('memory')
        elif self.memory is None:
            from Products.ZServerViews.monitor.memory.process_memory import (
                ProcessMemory,
            )
            self.memory = ProcessMemory(self.log_queue.log, self._report_memory,
                                        persistent)
        if self.recorder is not None:
            self.recorder.growth = (None if self.memory is None
                                    else self.memory.pages)

    def _report_history(self, exc_info):
        self._report(exc_info, 'The history could not be recorded')

    def _report_profile(self, exc_info):
        self._report(exc_info, 'A profile has failed')

    def _report_memory(self, exc_info):
        self._report(exc_info, 'The memory could not be examined')

    def _bridge(self, metrics):
        if not self.settings.metrics_registry:
            metrics.registry = None
        elif metrics.registry is None:
            from Products.ZServerViews.monitor import registry
            metrics.registry = registry.default(
                self._report_metrics,
                partial(self.log_queue.log, logging.WARNING))

    def _report_metrics(self, exc_info, collector=None):
        self._report(
            exc_info, 'Metrics could not be read%s',
            '' if collector is None else ' from the collector ' + collector)

    def find_versions(self):
        # The log queue's thread may read files. At least one call finds both a
        # process and a loop, in whatever order they come.
        if self.process is not None:
            self.log_queue.put(self.process.find_versions)
