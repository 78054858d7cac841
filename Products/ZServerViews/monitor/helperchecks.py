"""Checks that may wait, run by helper threads; the loop reads their results.

A site's own checks, and those that ask a database, can hang. Each has a
thread of its own and runs there repeatedly, never twice at once. So a check
that hangs fails by its timeout, and delays no other.
"""
from __future__ import absolute_import, division, print_function

import sys
import time

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews._daemons import Daemon
from Products.ZServerViews.format.text import clean
from Products.ZServerViews.format.units import duration
from Products.ZServerViews.monitor.liveness import Check

INTERVAL = 10
TIMEOUT = 5
# At most so long behind a failure.
SOON = 0.5

# How much of a check's own text is kept, in characters.
LONGEST = 200


def _quiet(name, exc_info):
    """Reports nothing."""


def _unnoticed(check):
    """Logs nothing."""


class HelperCheck(object):
    """One check and its thread.

    ``name``
        What it is called in the answers.
    ``call``
        A function without arguments. It is passed if it returns None or True;
        it has failed if it returns anything else or raises. A text says why.
        What it raises is not shown, but for its type: a message may have a
        password in it. ``report(name, exc_info)`` is called in the helper
        thread when a check that was passed, or new, raises.
        ``notice(check)`` is called in any thread with the `Check` when it fails
        otherwise, and when it is passed again.
    ``interval``, ``timeout``
        Seconds between two runs, and how long one may take. Behind a failure
        the next one comes sooner, so that the end of the trouble shows.

    `result` is for the loop: it reads a few attributes. A check is failed
    until its first result is there, and again when its thread has ended.
    """

    def __init__(self, name, call, interval=INTERVAL, timeout=TIMEOUT,
                 clock=monotonic, pause=time.sleep, report=_quiet,
                 notice=_unnoticed):
        self.name = name
        self.interval = interval
        self.timeout = timeout
        self._call = call
        self._clock = clock
        self._sleep = pause
        self._report = report
        self._notice = notice
        self._stopped = False
        self._daemon = Daemon('zserver-views-check-' + name)
        self.begin_anew()

    def begin_anew(self):
        """Have neither thread nor result; also in a forked child."""
        self._daemon.dismiss()
        self._began = None
        self._ended = None
        self._result = Check(self.name, False, u'has not run yet')
        self._told = False
        self._was_ok = None  # as far as it has been noticed

    def start(self):
        """Start the thread, unless it runs."""
        self._stopped = False
        if not self._daemon.runs:
            self._began = None
            self._daemon.start(self._run)

    def stop(self):
        """Have no further run; waits for nothing."""
        self._stopped = True

    def result(self):
        """The `Check` as it is now; from any thread, never waits."""
        # In this order: the thread writes them the other way round.
        began, ended, result = self._began, self._ended, self._result
        now = self._clock()
        if began is not None:
            if now - began > self.timeout:
                return self._noticed(Check(
                    self.name, False,
                    u'no result for %s' % duration(now - began)))
        elif ended is not None and now - ended > self.interval + self.timeout:
            return self._noticed(Check(
                self.name, False,
                u'has not run for %s' % duration(now - ended)))
        return result if ended is None else Check(
            self.name, result.ok, result.detail, max(0.0, now - ended))

    def _run(self):
        while not self._stopped:
            self._began = began = self._clock()
            result = self._once()
            ended = self._clock()
            if ended - began > self.timeout:
                result = Check(self.name, False,
                               u'took %s' % duration(ended - began))
            self._result = result
            self._ended = ended
            self._began = None
            self._noticed(result)
            rest = self.interval if result.ok else min(self.interval, SOON)
            # By this name a dump of threads knows that this one sleeps.
            self._sleep(rest)

    def _once(self):
        try:
            value = self._call()
        except BaseException as error:  # SystemExit would end the thread
            self._tell()
            return Check(self.name, False,
                         u'raised %s' % clean(type(error).__name__, LONGEST))
        self._told = False
        return self._judged(value)

    def _judged(self, value):
        if value is None or value is True:
            return Check(self.name, True, u'ok')
        if isinstance(value, (bytes, type(u''))):
            return Check(self.name, False, clean(value, LONGEST))
        return Check(self.name, False, u'returned %s' % (
            'False' if value is False else
            'a ' + clean(type(value).__name__, LONGEST)))

    def _noticed(self, check):
        """The check; whoever wants to know of a change has been told."""
        before, self._was_ok = self._was_ok, check.ok
        has_changed = (before is False) if check.ok else before is not False
        # What was raised is reported already.
        if has_changed and (check.ok or not self._told):
            try:
                self._notice(check)
            except BaseException:
                pass  # as in `_tell`
        return check

    def _tell(self):
        if not self._told:
            self._told = True
            try:
                self._report(self.name, sys.exc_info())
            except BaseException:
                # The thread must live on; the result says that it failed.
                pass


class HelperChecks(object):
    """All checks of a site: names to functions, in one schedule each."""

    def __init__(self, calls, **options):
        self._checks = [HelperCheck(name, call, **options)
                        for name, call in sorted(calls.items())]

    def start(self):
        """Start all threads that do not run."""
        for check in self._checks:
            check.start()

    def begin_anew(self):
        """Have no results; also in a forked child."""
        for check in self._checks:
            check.begin_anew()

    def stop(self):
        """Have no further runs."""
        for check in self._checks:
            check.stop()

    def results(self):
        """The list of `Check` as they are now; for the loop."""
        return [check.result() for check in self._checks]
