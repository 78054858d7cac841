"""Levels of loggers that are changed for a time, and always put back.

``logging`` has a lock for that, so nothing here is changed in an event loop. One
thread puts back what is over; it is there while something is changed, or while
the ring has records.

If a change is for some requests only, or for memory, the logger has to let more
pass than is wanted: then `LogLevels.passes` stands before the logger's handlers,
in the place that `log_redirect` has for it.
"""
from __future__ import absolute_import, division, print_function

import itertools
import logging
import sys
import time

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews._daemons import Daemon, make_event, make_lock
from Products.ZServerViews.monitor.log_ring import LogRing
from Products.ZServerViews.monitor.loggers import all_loggers, level_name
from Products.ZServerViews.runtime.log_change import (
    CANNOT_BE_SET,
    NOT_MOUNTED,
    ON_REQUEST,
    SOMEBODY_ELSE,
    TIME_OVER,
    Ended,
    Held,
    outermost_first,
)

# Changes at once; ended ones that are remembered.
MOST_CHANGES = 50
MOST_ENDED = 20
# Seconds between two looks whether somebody else has changed a level.
INTERVAL = 1.0
# Without a change, the ring alone is looked at.
RING_INTERVAL = 60.0


class TooMany(Exception):
    """There are `MOST_CHANGES` already."""


class Over(Exception):
    """Nothing is changed any more: the view is not mounted."""


class LogLevels(object):
    """All changes of this process.

    ``ring``
        The `LogRing` of records that go to memory only.
    ``ended``
        The latest `Ended`, the last one last.
    """

    def __init__(self, site, clock=monotonic, now=time.time):
        self._site = site
        self._clock = clock
        self._now = now
        self._numbers = itertools.count(1)
        self._daemon = Daemon('zserver-views-log-levels')
        self.ring = LogRing(clock)
        self._forget()

    def _forget(self):
        self._daemon.dismiss()
        self._lock = make_lock()
        self._wake = make_event()
        self._held = {}  # {Logger: Held}, never changed but replaced
        self._has_failed = self._is_over = False
        self.ended = ()
        self.ring.clear()
        self._site.log_redirect.gate = None

    # In any thread; without a lock:

    @property
    def changes(self):
        """[(Change, Logger, its own level as it was)], by their ids."""
        return sorted(((change, held.logger, held.before)
                       for held in self._held.values()
                       for change in held.changes),
                      key=lambda found: found[0].id)

    def seconds_left(self, change):
        return max(0.0, change.until - self._clock())

    def own_level(self, logger):
        """The logger's own, for requests to which no restriction applies."""
        held = self._held.get(logger)
        return logger.level if held is None else held.level_for(None)[0]

    def level_in_force(self, logger):
        """The same, or that of a logger above it."""
        while logger is not None:
            level = self.own_level(logger)
            if level:
                return level
            logger = logger.parent
        return logging.NOTSET

    def passes(self, logger, record):
        """Whether a record goes to the handlers; in the thread that logs.

        If it is one for memory, it is kept there.
        """
        try:
            return self._passes(logger, record)
        except Exception:  # what is logged must not be lost for a fault here
            return True

    def _passes(self, logger, record):
        all_held, number = self._held, record.levelno
        recorder = self._site.recorder
        request = None if recorder is None else recorder.here()
        level, is_for_memory, node = logging.NOTSET, False, logger
        while node is not None and not level:
            held = all_held.get(node)
            if held is None:
                level = node.level
            else:
                level, memory = held.level_for(request)
                if memory is not None and number >= memory:
                    is_for_memory = True
            node = node.parent
        if number >= level:
            return True
        if is_for_memory:
            self.ring.add(record, request)
        return False

    # Never in an event loop:

    def begin(self, logger, change, seconds):
        """Have a change for so many seconds; raises `TooMany`, `Over`, or what a
        thread raises that cannot be started. Then nothing is changed."""
        with self._lock:
            if self._is_over:
                raise Over()
            self._settle()
            if len(self.changes) >= MOST_CHANGES:
                raise TooMany()
            if not self._daemon.runs:
                self._daemon.start(self._run)
            change.id = next(self._numbers)
            change.until = self._clock() + seconds
            change.ends = self._now() + seconds
            held = self._held.get(logger) or Held(logger)
            held.changes += (change,)
            self._held = _with(self._held, held)
            failure = self._set_levels().get(held)
            if failure is not None:  # a logger of somebody's own making
                self._end(lambda other: other is change, CANNOT_BE_SET)
                raise failure[1]
        self._wake.set()
        self._log('The level of the logger %s is %s for %d seconds%s%s, on '
                  'request', change.name, level_name(change.level), seconds,
                  ', for some requests only' if change.is_restricted else '',
                  ', in memory only' if change.to_memory else '')

    def put_back(self, wanted, reason=ON_REQUEST):
        """End the changes for which wanted(change) is true; the list of them."""
        with self._lock:
            self._settle()
            return self._end(wanted, reason)

    def end(self):
        """Put all back, and keep nothing; in any thread, the last call of all.

        In an event loop it leaves that to the thread that puts back, which is
        there while something is changed.
        """
        self._is_over = True
        if self._site.loops.here() is None:
            with self._lock:
                self._finish()
        self._wake.set()
        self.ring.clear()

    def begin_anew(self):
        """In a forked child: the changes are its parent's, and here all is as
        it was before them."""
        held = self._held
        self._forget()
        for one in held.values():
            one.put_back_in_child()
        if held:
            for logger in all_loggers().values():
                # What a logger of Python 3 has found out about its level.
                getattr(logger, '_cache', {}).clear()

    def _run(self):
        while True:
            with self._lock:
                if not self._daemon.is_current:
                    return
                if self._is_over:
                    self._finish()
                    return
                self._attempt(self._settle)
                self._attempt(self.ring.expire)
                if not self._held and not len(self.ring):
                    self._daemon.dismiss()
                    return
                wait = self._wait()
            self._wake.wait(wait)
            self._wake.clear()

    def _wait(self):
        if not self._held:
            return RING_INTERVAL
        now = self._clock()
        return max(0.0, min([INTERVAL] + [
            change.until - now for change, _logger, _before in self.changes]))

    def _attempt(self, call):
        try:
            call()
        except Exception:
            self._report(sys.exc_info())

    def _report(self, exc_info):
        if not self._has_failed:
            self._has_failed = True
            self._site.log_queue.log(
                logging.ERROR, 'A log level could not be put back; it is tried '
                'again each second', exc_info=exc_info)

    # With the lock:

    def _finish(self):
        self._attempt(self._settle)
        self._end(lambda change: True, NOT_MOUNTED)
        self._daemon.dismiss()
        self.ring.clear()

    def _settle(self):
        """Have all levels as the changes want them at this moment."""
        for held in self._held.values():
            if held.is_foreign:
                self._leave(held)
        now = self._clock()
        self._end(lambda change: change.until <= now, TIME_OVER)

    def _end(self, wanted, reason):
        ended = [change for change, _logger, _before in self.changes
                 if wanted(change)]
        for held in self._held.values():
            held.changes = tuple(change for change in held.changes
                                 if change not in ended)
        for failure in self._set_levels().values():
            self._report(failure)
        self._remember(ended, reason)
        return ended

    def _set_levels(self):
        """{Held: exc_info} of those that cannot be set; the others are."""
        is_wanted = any(not change.is_plain
                        for change, _logger, _before in self.changes)
        # In force before more is let through, and until less is.
        if is_wanted:
            self._site.log_redirect.gate = self.passes
        failed = {}
        for held in outermost_first(self._held):
            try:
                held.set()
            except Exception:
                failed[held] = sys.exc_info()
        self._held = dict((logger, held) for logger, held in self._held.items()
                          if held.changes or held in failed)
        if not is_wanted:
            self._site.log_redirect.gate = None
        return failed

    def _leave(self, held):
        """Hands off: somebody else has the level now."""
        self._held = dict((logger, other)
                          for logger, other in self._held.items()
                          if other is not held)
        self._remember(held.changes, SOMEBODY_ELSE)

    def _remember(self, changes, reason):
        when = self._now()
        self.ended = (self.ended + tuple(
            Ended(change, when, reason) for change in changes))[-MOST_ENDED:]
        for change in changes:
            self._log('The level %s of the logger %s has ended: %s',
                      level_name(change.level), change.name, reason)

    def _log(self, message, *args):
        self._site.log_queue.log(logging.WARNING, message, *args)


def _with(all_held, held):
    found = all_held.copy()
    found[held.logger] = held
    return found
