"""A thread that checks whether the event loops run.

An idle event loop rarely runs: it waits for sockets. So a loop without an
iteration since the last check is woken, and counts as blocked if it still has
none some time after that. Then

- if it has the listener for views, the fallback responder answers there, see
  fallback.py;
- its stack is logged once to the event log;
- after the time of the setting ``hang-after`` the stacks of all threads are
  written to the file of ``hang-dump``, see hang_dump.py.

While no Python code runs, not even this thread, the companion answers: see
companion_keeper.py.

In each tick it reads the processor clocks of all threads, see
thread_clocks.py.

Where no Python code can run, or the process was suspended, the watchdog itself
is late. That is not the fault of the event loop, and is reported differently.

Everything runs in the watchdog's thread except `start`, `equip`, `stop`,
`site_stands_for` and `ask_for_dump`. It takes no lock that the event loop could hold for long.
"""
from __future__ import absolute_import, division, print_function

import atexit
import logging
import sys
import time

from Products.ZServerViews._compat import get_ident, monotonic
from Products.ZServerViews._daemons import Daemon
from Products.ZServerViews.monitor.thread_clocks import native_id_of
from Products.ZServerViews.monitor.threads import known_threads
from Products.ZServerViews.runtime import thread_dump
from Products.ZServerViews.runtime.watched_loop import Watch, longest

# Seconds between two checks, and between two polls of the fallback responder.
TICK = 0.25
QUICK = 0.05
# How much later than that the watchdog may be and still count as in time.
IN_TIME = 0.05
# After so many seconds a loop that is blocked is logged.
REPORT = 1.0

NAME = 'zserver-views-watchdog'


class Watchdog(object):
    """The thread and what it knows.

    ``stalled_for``
        For how many seconds the event loop that has the listener for views has
        been blocked; None while it runs.
    """

    def __init__(self, site, clock=monotonic, sleep=time.sleep,
                 take=thread_dump.take):
        self._site = site
        self._clock = clock
        self._sleep = sleep
        self._take = take
        # See equip().
        self._fallback = self._hang_dump = self._companion = None
        self._daemon = Daemon(NAME)
        self._ends_with_process = False
        self._forget()

    def _forget(self):
        self.stalled_for = None
        self._watches = []
        self._looked = None
        self._late = 0.0  # of the latest tick, in seconds
        self._dump_wanted = self._failed = False

    def start(self):
        """Watch from now on, with the settings of this moment."""
        self.equip()
        if not self._daemon.runs:
            if not self._ends_with_process:
                self._ends_with_process = True
                atexit.register(self.stop)
            self._looked = None
            self._daemon.start(self._run)

    def stop(self):
        """The thread ends soon."""
        self._daemon.dismiss()

    # In the thread that forks; see `forks`.

    def before_fork(self):
        if self._hang_dump is not None:
            self._hang_dump.before_fork()

    def after_fork(self):
        if self._hang_dump is not None:
            self._hang_dump.after_fork()

    def begin_anew(self):
        """In a forked child: the thread, and what it had to do, is the
        parent's."""
        self._daemon.dismiss()
        self._forget()
        if self._fallback is not None:
            self._fallback.close()
        for made in self._hang_dump, self._companion:
            if made is not None:
                made.begin_anew()

    def equip(self):
        """Create what the settings require and does not exist yet.

        In the thread that has read them: the watchdog's imports nothing.
        """
        settings = self._site.settings
        if self._fallback is None and settings.listen is not None:
            from Products.ZServerViews.runtime.fallback import (
                FallbackResponder,
            )
            self._fallback = FallbackResponder(self._site, self._clock)
        if self._hang_dump is None and settings.hang_dump is not None:
            from Products.ZServerViews.runtime.hang_dump import HangDump
            self._hang_dump = HangDump(self._site.log_queue, self._clock)
        if self._companion is None and settings.companion:
            from Products.ZServerViews.runtime import companion_keeper
            self._companion = companion_keeper.keeper_for(self._site)

    def ask_for_dump(self):
        """Have the stacks of all threads logged; takes no lock at all."""
        self._dump_wanted = True

    def _run(self):
        while self._daemon.is_current:
            if self._guarded(self.tick):
                for _turn in range(int(round(TICK / QUICK))):
                    self._guarded(self._answer)
                    self._sleep(QUICK)
            else:
                self._sleep(TICK)
        if self._daemon.thread is None:
            self._guarded(self.close)

    def _guarded(self, call):
        try:
            return call()
        except Exception:
            if not self._failed:  # once: it may come again each time
                self._failed = True
                self._site.log_queue.log(logging.ERROR, 'The watchdog failed',
                                       exc_info=sys.exc_info())

    def close(self):
        for made in self._fallback, self._hang_dump, self._companion:
            if made is not None:
                made.close()
        self.stalled_for = None

    def tick(self):
        """Check everything once; whether there are clients to answer."""
        if self._companion is not None:
            self._companion.tick()
        seconds = self._passed()
        if self._hang_dump is not None:
            settings = self._site.settings
            self._hang_dump.adopt(settings.hang_dump, settings.hang_after)
        for watch in self._watches:
            self._look(watch, seconds)
        metrics = self._site.metrics
        if metrics is not None:
            metrics.looked(self._late, [watch.loop for watch in self._watches])
        self._watch_new_loops()
        self._look_at_clocks()
        self.stalled_for = longest(
            [watch for watch in self._watches if watch.loop.is_for_views
             and not watch.loop.has_ended] or self._watches)
        if self._dump_wanted:
            self._dump_wanted = False
            self._site.log_queue.log(
                logging.WARNING, 'Stacks of all threads, '
                'requested by SIGUSR1:\n%s', self._text())
        if self._hang_dump is not None:
            self._hang_dump.beat()
        return self._answer()

    def site_stands_for(self):
        """For how many seconds an event loop of the site's servers has been
        blocked; None while all run, as that of the caller does. In any thread.
        """
        return longest([watch for watch in self._watches
                        if not watch.loop.is_for_views
                        and watch.loop.thread != get_ident()
                        # Since the watchdog has looked.
                        and not watch.has_moved])

    def _answer(self):
        left = (self._fallback is not None
                and self._fallback.turn(self.stalled_for))
        return left or self.stalled_for is not None

    def _watch_new_loops(self):
        loops = self._site.loops.all
        watched = dict((watch.loop, watch) for watch in self._watches)
        self._watches = [watched.get(loop) or Watch(loop) for loop in loops]

    def _look_at_clocks(self):
        # So the first dump already has the states of threads whose stacks do
        # not show what they wait for.
        self._site.thread_clocks.look(
            list(filter(None, map(native_id_of, known_threads()))))

    def _passed(self):
        """How many seconds the loops could have run since the last check.

        Other threads were late by as much as the watchdog itself.
        """
        now, before = self._clock(), self._looked
        self._looked = now
        if before is None:
            self._late = 0.0
            return 0.0
        late = self._late = now - before - TICK
        if late >= REPORT:
            self._site.log_queue.log(
                logging.WARNING, 'No Python code could run for %.1f s: '
                'other code held the lock of the interpreter, or the '
                'process did not get the processor', late)
        return now - before if late <= IN_TIME else max(TICK - late, IN_TIME)

    def _look(self, watch, seconds):
        if watch.has_moved:
            if watch.reported:
                self._site.log_queue.log(
                    logging.INFO, 'The event loop%s runs again after %.1f s',
                    watch.name, watch.still)
            watch.begin()
            return
        watch.still += seconds
        watch.ask()
        if watch.still >= REPORT and not watch.reported:
            self._report(watch)
        if (self._hang_dump is not None and self._hang_dump.is_open
                and not watch.dumped
                and watch.still >= self._hang_dump.after):
            self._dump(watch)

    def _report(self, watch):
        thread = thread_dump.thread_of(self._take(self._site),
                                      watch.loop.thread)
        if thread is None:  # it has ended without a word
            watch.begin()
            return
        watch.reported = True
        self._site.log_queue.log(
            logging.ERROR, 'The event loop%s has been blocked for '
            '%.1f s%s; stack, innermost call last:\n%s', watch.name,
            watch.still, self._view_of(watch.loop), thread_dump.Stack(thread))

    def _view_of(self, loop):
        """Which view the loop is in now, in words; '' if it is in none."""
        for (path, name), usage in self._site.budget.usages.items():
            if usage.thread == loop.thread:
                return ', in the view %s at %s' % (name, path)
        return ''

    def _dump(self, watch):
        watch.dumped = True
        path = self._hang_dump.write(
            'the event loop%s has been blocked for %.1f s%s' % (
                watch.name, watch.still, self._view_of(watch.loop)),
            self._text())
        self._site.log_queue.log(
            logging.ERROR, 'The event loop%s has been '
            'blocked for %.1f s; the stacks of all '
            'threads are in %s', watch.name, watch.still, path)

    def _text(self):
        return thread_dump.Text(self._take(self._site))
