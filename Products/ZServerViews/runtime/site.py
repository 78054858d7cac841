"""What there is once in a process, whatever serves its views."""
from __future__ import absolute_import, division, print_function

import logging
import os
import sys
import threading
from functools import partial

from Products.ZServerViews._compat import PY2
from Products.ZServerViews._tallies import Counts, PerThread
from Products.ZServerViews.access.peer import Signs
from Products.ZServerViews.access.policy import Access
from Products.ZServerViews.config.settings import ProcessSettings
from Products.ZServerViews.http.encoder import Heads
from Products.ZServerViews.monitor import frames, thread_clocks
from Products.ZServerViews.runtime.access_log import AccessLog
from Products.ZServerViews.runtime.draining import Drain
from Products.ZServerViews.runtime.exit_guard import ExitGuard
from Products.ZServerViews.runtime.failures import Failures, forget_locals
from Products.ZServerViews.runtime.forks import Forks
from Products.ZServerViews.runtime.log_queue import LogQueue
from Products.ZServerViews.runtime.log_redirect import LogRedirect
from Products.ZServerViews.runtime.loops import Loops
from Products.ZServerViews.runtime.refusals import Refusals
from Products.ZServerViews.runtime.signals import Signals
from Products.ZServerViews.runtime.watchdog import Watchdog
from Products.ZServerViews.wsgi.budget import Budget
from Products.ZServerViews.wsgi.offload import OffloadedResponse
from Products.ZServerViews.wsgi.response import ENDED
from Products.ZServerViews.wsgi.view_calls import ViewCalls
from Products.ZServerViews.wsgi.view_threads import ViewThreads


def _nothing():
    """The default of `Site.when_a_loop_begins` and `Site.when_forked`."""


class NoChecks(object):
    """Stands for `monitor.helperchecks.HelperChecks` where there are none."""

    def start(self):
        """There is nothing to run."""

    stop = begin_anew = start

    def results(self):
        return []


class Site(object):
    """What all loops and all responses of this process share.

    What only some configurations need is imported when these are read.

    ``tell_workers``
        Those of the hooks, for each kind of server that may be there: see `workers`.
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

    def __init__(self):
        self.heads = Heads()
        self.log_queue = LogQueue()
        self.access_log = AccessLog(self.log_queue)
        self.loops = Loops()
        self.thread_clocks = thread_clocks.of_this_process()
        self.log_redirect = LogRedirect(self.loops, self.log_queue)
        self.drain = Drain()
        self.exit_guard = ExitGuard(self.log_queue)
        self.signals = Signals(self)
        self.recorder = None  # a Recorder, if a view needs one
        # For Zope's request its Request, or None: a hook's, in whose server
        # only the publisher shows that a worker begins.
        self.record_of = None
        self.tell_workers = set()
        # Of the listener for views: its socket; (settings, text) of the last
        # attempt to have it, if that failed; its ViewsLoop, if there is one.
        self.views_socket = self.views_socket_failure = self.views_loop = None
        self.table = None  # the Service's
        self.process = None  # a Process, if a view tells of it
        self.metrics = None  # a Metrics, the same
        self.counts = PerThread(Counts)  # of what happens to connections
        self.checks = NoChecks()  # or HelperChecks
        self.settings = ProcessSettings()
        self.access = Access(self.settings)
        self.signs = Signs()
        self.refusals = Refusals(self)
        self.budget, self.view_calls = Budget(self), ViewCalls()
        self.view_threads = ViewThreads(self)
        self.failures = Failures(self)
        self.watchdog = Watchdog(self)
        # Whether a server's hook cannot tell when its event loop begins.
        self.loops_are_unseen = False
        self._running = threading.Lock()
        self._paths = self._said = None  # of views; what the log has of them
        # What was checked last; what the interval was before ours.
        self._checked = self._switch_interval = None
        self.when_a_loop_begins = self.when_forked = _nothing
        self.forks = Forks(self)
        self.log_queue.forked = self.forks.look

    def workers(self):
        """{identifier: name} of the server's threads that work at requests, as
        far as its hook knows them; the name is None where the thread has one of
        its own. It may be called in any thread.
        """
        found = {}
        # Copied in one step of the interpreter: a hook may go.
        for tell in self.tell_workers.copy():
            found.update(tell())
        return found

    def start(self, paths):
        """Views at these paths are served from now on; may be called again.

        Nothing is started before an event loop runs here: programs that
        read zope.conf and serve nothing (``zconsole run``, ``adduser``) get no
        thread, no signal handler and no file.
        """
        self._paths = ' '.join(sorted(paths))
        self.forks.follow()
        self.watchdog.equip()
        self._know_systemd()
        if self.loops.all or self.loops_are_unseen:
            self.run()

    def _know_systemd(self):
        if self.systemd is None and os.environ.get('NOTIFY_SOCKET'):
            from Products.ZServerViews.runtime.systemd import Systemd
            self.systemd = Systemd(self)

    def run(self):
        """Begin with what runs beside the event loops; may be called again.

        A loop and whoever changes the configuration may come at once.
        """
        with self._running:
            self._run()

    def _run(self):
        self.log_redirect.install()
        self.log_queue.start()
        self.watchdog.start()
        self.checks.start()
        if self.metrics is not None:
            self.metrics.start()
        if self.databases is not None:
            self.databases.start()
        if self.history is not None:
            self.history.start()
        self._set_switch_interval()
        if self._paths != self._said:
            self._said = self._paths
            self.log_queue.log(logging.INFO, 'Views served from the event '
                               'loop: %s', self._paths)

    def stop(self):
        """No view is served any more; may be called again.

        Each loop calls `end_loop` besides, where there is one.
        """
        self._paths = self._said = None
        self._put_switch_interval_back()
        self.log_redirect.uninstall()
        self.watchdog.stop()
        self.checks.stop()
        if self.metrics is not None:
            self.metrics.stop()
        if self.history is not None:
            self.history.stop()
        self.budget.stop()

    # In the thread that forks; see `forks`.

    def before_fork(self):
        self.watchdog.before_fork()

    def after_fork(self):
        self.watchdog.after_fork()

    def begin_anew(self):
        """In a forked child: all that runs is the parent's.

        Begins with the log queue: what fails here is logged by it.
        """
        self._running = threading.Lock()
        self._said = None
        for call in (self.log_queue.begin_anew, self.loops.begin_anew,
                     self.signals.uninstall, self._put_switch_interval_back,
                     self.when_forked, self._close_views_socket,
                     self.view_calls.begin_anew, self.budget.begin_anew,
                     frames.begin_anew,
                     self.watchdog.begin_anew, self.checks.begin_anew,
                     self.view_threads.begin_anew, self.drain.begin_anew,
                     self.exit_guard.begin_anew, self.refusals.begin_anew,
                     self.access.close, self._begin_facts_anew):
            try:
                call()
            except Exception:
                self.log_queue.log(
                    logging.ERROR, 'A forked process did not begin anew',
                    exc_info=sys.exc_info())

    def _close_views_socket(self):
        # The parent listens on; without this the address would be taken for as
        # long as the child lives.
        sock, self.views_socket = self.views_socket, None
        if sock is not None:
            sock.close()

    def _begin_facts_anew(self):
        for known in (self.recorder, self.process, self.metrics,
                      self.counts, self.databases, self.history,
                      self.disk_keeper, self.log_levels, self.profiler,
                      self.systemd, self.memory):
            if known is not None:
                known.begin_anew()

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

    def _report_check(self, name, exc_info):
        forget_locals(exc_info)
        self.log_queue.log(logging.ERROR, 'The check %s failed', name,
                         exc_info=exc_info)

    def _notice_check(self, check):
        if check.ok:
            self.log_queue.log(logging.INFO, 'The check %s is passed again',
                               check.name)
        else:
            self.log_queue.log(logging.WARNING, 'The check %s fails: %s',
                               check.name, check.detail)

    def listening_at(self):
        """The address of the listener for views as a text, with the port that
        it has got if the setting says 0; None if there is no listener."""
        sock, address = self.views_socket, self.settings.listen
        if sock is None or address is None:
            return None
        return address.told(sock)

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
                self._find_versions()

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
            self.history = FlightRecorder(self, forget_locals)

    def take_out(self, name, instead=None):
        """What has been the attribute, which is another one or None from now on:
        no loop that comes at this moment begins with it again, see `run`."""
        with self._running:
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
            self.profiler = Profiler(self)

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

    def _report_memory(self, exc_info):
        forget_locals(exc_info)
        self.log_queue.log(logging.ERROR, 'The memory could not be examined',
                           exc_info=exc_info)

    def _bridge(self, metrics):
        if not self.settings.metrics_registry:
            metrics.registry = None
        elif metrics.registry is None:
            from Products.ZServerViews.monitor import registry
            metrics.registry = registry.default(
                self._report_metrics,
                partial(self.log_queue.log, logging.WARNING))

    def _report_metrics(self, exc_info, collector=None):
        forget_locals(exc_info)
        self.log_queue.log(
            logging.ERROR, 'Metrics could not be read%s',
            '' if collector is None else ' from the collector ' + collector,
            exc_info=exc_info)

    def begin_loop(self, wake, drains=False, is_for_views=False):
        """The Loop of the calling thread, at its first iteration.

        ``wake`` and ``is_for_views`` are for `Loop`, ``drains`` for `Signals`.
        """
        self.forks.look()
        if not is_for_views:
            self.signals.install(drains)
        loop = self.loops.begin(wake, is_for_views)
        self.when_a_loop_begins()
        self.run()
        self._find_versions()
        return loop

    def end_loop(self, loop):
        """Undo `begin_loop`; in the thread of that loop, if it runs still."""
        self.loops.leave(loop)
        if not loop.is_for_views:
            self.signals.uninstall()
            if self.systemd is not None:
                self.systemd.left()

    def in_flight_on_listener(self):
        """How many requests on the listener for views are not answered in full,
        where that has an event loop of its own; in any thread."""
        loop = self.views_loop
        return 0 if loop is None else loop.in_flight()

    def _find_versions(self):
        # The log queue's thread may read files. At least one call finds both a
        # process and a loop, in whatever order they come.
        if self.process is not None:
            self.log_queue.put(self.process.find_versions)

    def visible(self, mount, facts):
        """The mount, or what answers in its place if this request may not see
        it; ``facts`` are `access.peer.Facts`."""
        objection = self.access.objection(mount.tier, facts)
        if objection is None:
            return mount
        mount.usage.counts.here().count('refused')
        self.refusals.tell(mount.path, objection)
        return mount.refusal

    def offloaded_if_wanted(self, response):
        """The response, offloaded if its view is for this request."""
        if response.mount.is_offloaded_for(response.environ,
                                           self.failures.undecided):
            return self.offloaded(response)
        return response

    def offloaded(self, response):
        """The response that goes on with this one, out of the event loop."""
        if isinstance(response, OffloadedResponse) or response.state >= ENDED:
            return response  # it is already, or nothing is left to do
        response.mount.usage.counts.here().count('offloaded')
        return OffloadedResponse(
            response, self.view_threads.view_thread(response.mount))

    def _set_switch_interval(self):
        seconds = self.settings.switch_interval
        if seconds is None:
            self._put_switch_interval_back()
        elif PY2:
            self.log_queue.log(logging.WARNING, 'The setting switch-interval '  # PY2
                               'has no effect on Python 2')  # PY2
        else:
            if self._switch_interval is None:
                self._switch_interval = sys.getswitchinterval()
            sys.setswitchinterval(seconds)

    def _put_switch_interval_back(self):
        seconds, self._switch_interval = self._switch_interval, None
        if seconds is not None:
            sys.setswitchinterval(seconds)
