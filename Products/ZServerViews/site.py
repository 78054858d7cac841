"""What there is once in a process, whatever serves its views."""
from __future__ import absolute_import, division, print_function

import logging
import sys

from Products.ZServerViews import failures
from Products.ZServerViews.access import Access
from Products.ZServerViews.accesslog import AccessLog
from Products.ZServerViews.answer import Heads
from Products.ZServerViews.armour import Armour
from Products.ZServerViews.aside import AsideExchange
from Products.ZServerViews.budget import Budget
from Products.ZServerViews.drain import Drain
from Products.ZServerViews.gateway import Exchange
from Products.ZServerViews.journal import Journal
from Products.ZServerViews.lanes import Lanes
from Products.ZServerViews.loops import Loops
from Products.ZServerViews.process_settings import ProcessSettings
from Products.ZServerViews.signals import Signals
from Products.ZServerViews.table import NOT_FOUND
from Products.ZServerViews.watchdog import Watchdog


class NoChecks(object):
    """Stands for `monitor.helperchecks.HelperChecks` where there are none."""

    def start(self):
        """There is nothing to run."""

    stop = start

    def results(self):
        return []


class Site(object):
    """What all loops and all exchanges of this process share.

    What only some configurations need is imported when these are read.
    """

    def __init__(self):
        self.heads = Heads()
        self.journal = Journal()
        self.access_log = AccessLog(self.journal)
        self.loops = Loops()
        self.armour = Armour(self.loops, self.journal)
        self.drain = Drain()
        self.signals = Signals(self)
        self.recorder = None  # a Recorder, if a view needs one
        # For Zope's request its Request, or None: a hook's, in whose server
        # only the publisher shows that a worker begins.
        self.record_of = None
        self._publication = None  # the Publication that tells the recorder
        self.reserved = None  # the socket of the listener for views alone
        self.table = None  # the Service's
        self.process = None  # a Process, if a view tells of it
        self.checks = NoChecks()  # or HelperChecks
        self._checked = None
        self.settings = ProcessSettings()
        self.access = Access(self.settings)
        self.budget = Budget(self)
        self.lanes = Lanes(self)
        self.watchdog = Watchdog(self)

    def start(self):
        """Views are served from now on; may be called again."""
        self.armour.install()
        self.journal.start()
        self.watchdog.start()
        self.checks.start()
        _set_switch_interval(self.settings.switch_interval, self.journal)

    def stop(self):
        """No view is served any more; may be called again."""
        self.armour.uninstall()
        self.signals.uninstall()
        self.watchdog.stop()
        self.checks.stop()

    def check(self, calls):
        """Have these readiness checks made, and no others.

        ``calls``
            {name: function}; those that are there already go on, since a
            check that is new has failed until it has run.
        """
        options = {'interval': self.settings.check_interval,
                   'timeout': self.settings.check_timeout}
        if (calls, options) != self._checked:
            self.checks.stop()
            self.checks = self._made_checks(calls, options)
            self._checked = calls, options

    def _made_checks(self, calls, options):
        if not calls:
            return NoChecks()
        from Products.ZServerViews.monitor.helperchecks import HelperChecks
        return HelperChecks(calls, report=self._report_check, **options)

    def _report_check(self, name, exc_info):
        failures.forget_locals(exc_info[2])
        self.journal.log(logging.ERROR, 'The check %s failed', name,
                         exc_info=exc_info)

    def record(self, wanted):
        """Have requests for the site recorded, or not."""
        if not wanted and self.recorder is not None:
            self._publication.unsubscribe()
            self.recorder = None
        elif wanted and self.recorder is None:
            from Products.ZServerViews.monitor.recorder import Recorder
            from Products.ZServerViews.publication import Publication
            self.recorder = Recorder()
            self._publication = Publication(self)
            self._publication.subscribe()

    def describe(self, wanted):
        """Have `process`, and its versions once a loop turns."""
        if wanted and self.process is None:
            from Products.ZServerViews.monitor import process
            self.process = process.collect()
            if self.loops.all:
                self._find_versions()

    def begin_loop(self, wake, drains):
        """The Loop of the calling thread, at its first turn.

        ``wake`` is for `Loop`, ``drains`` for `Signals`.
        """
        self.signals.install(drains)
        loop = self.loops.begin(wake)
        self._find_versions()
        return loop

    def _find_versions(self):
        # The journal's thread may read files. At least one call finds both a
        # process and a loop, in whatever order they come.
        if self.process is not None:
            self.journal.put(self.process.find_versions)

    def exchange(self, mount, environ, encoder, expose_tracebacks, wake):
        """The exchange for one request; its view has not been called yet.

        Who may not see the view is answered as if there were none.

        ``encoder`` is the `Encoder` of the answer; ``wake`` is called by other
        threads to have the loop turn.
        """
        tier = mount.tier
        if tier is not None and not self.access.allowed(tier, environ):
            mount = NOT_FOUND

        def report(exc_info, text):
            # Never the headers or the query: both may hold secrets.
            if exc_info is None:
                self.journal.log(logging.WARNING, 'The view %s at %s %s',
                                 mount.name, mount.path, text)
            else:
                failures.forget_locals(exc_info[2])
                self.journal.log(logging.ERROR,
                                 'The view %s failed in %s %s', mount.name,
                                 encoder.method, mount.path,
                                 exc_info=exc_info)

        exchange = Exchange(mount.view, environ, encoder, report,
                            failures.explain if expose_tracebacks
                            else failures.hide)
        exchange.wake = wake
        exchange.refused = mount is NOT_FOUND
        if mount.runs_aside_for(environ):
            return AsideExchange(exchange, self.lanes.lane(mount))
        return exchange

    def set_aside(self, mount, exchange):
        """The exchange that goes on with this one, out of the loop."""
        if (isinstance(exchange, AsideExchange) or exchange.ended
                or exchange.refused):
            # There already, or nothing is left to do; or it is not the view
            # that answers, and need not wait for it.
            return exchange
        return AsideExchange(exchange, self.lanes.lane(mount), begun=True)


def _set_switch_interval(seconds, journal):
    if seconds is None:
        return
    try:
        sys.setswitchinterval(seconds)
    except AttributeError:  # PY2
        journal.log(logging.WARNING, 'The setting switch-interval has no '
                    'effect on Python 2')
