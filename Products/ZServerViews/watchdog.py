"""A thread that looks whether the server's loop moves.

An idle loop turns rarely: it waits for sockets. So a loop that has not turned
since the last look is woken, and stands still if it has not turned some time
after that. Then

- requests on the listener for views are answered in its place, see standin.py;
- the event log gets its stack, once;
- after the time of the setting ``hang-after`` the file of ``hang-dump`` gets
  the stacks of all threads, see hangdump.py.

Where no Python code can run, or the process was suspended, the watchdog itself
comes late: that is no fault of the loop's, and is reported as what it is.

All runs in the watchdog's thread, but for `start`, `equip`, `stop` and
`ask_for_dump`.
It takes no lock that the loop could hold for long.
"""
from __future__ import absolute_import, division, print_function

import atexit
import logging
import sys
import threading
import time

from Products.ZServerViews import threaddump
from Products.ZServerViews._compat import monotonic

# Seconds between two looks, and between two turns of the stand-in.
TICK = 0.25
QUICK = 0.05
# How much later than that the watchdog may come without a doubt.
IN_TIME = 0.05
# After so many seconds the stand-in answers, after so many more it is logged.
# Two ticks, less what clocks are out by: so a request gets its 503 within a
# second of the loop's last move.
STANDS = 0.45
REPORT = 1.0

NAME = 'zserver-views-watchdog'


class Watch(object):
    """What the watchdog knows of one loop.

    ``still``
        For how many seconds it has not moved, as far as that can be told.
    """

    def __init__(self, loop):
        self.loop = loop
        self.begin()

    def begin(self):
        """It has moved just now."""
        self.turns = self.loop.turns
        self.still = 0.0
        self.asked = self.reported = self.dumped = False

    @property
    def has_moved(self):
        return self.loop.turns != self.turns or self.loop.running is False

    def ask(self):
        """Wake the loop, but once: who wakes a server again and again whose
        loop does not read fills a pipe, and then waits."""
        if not self.asked:
            self.asked = True
            try:
                self.loop.wake()
            except Exception:
                # Its server has been closed. It will not turn, and need not.
                self.begin()


class Watchdog(object):
    """The thread and what it knows.

    ``stalled_for``
        For how many seconds the loop has stood still; None while it moves.
    """

    def __init__(self, site, clock=monotonic, sleep=time.sleep,
                 take=threaddump.take):
        self.stalled_for = None
        self._site = site
        self._clock = clock
        self._sleep = sleep
        self._take = take
        self._stand_in = self._hang_dump = None  # see equip()
        self._watches = []
        self._looked = None
        self._dump_wanted = self._failed = False
        self._thread = None

    def start(self):
        """Watch from now on, with the settings of this moment."""
        self.equip()
        # A fork leaves its children the object without the thread.
        if self._thread is None or not self._thread.is_alive():
            if self._thread is None:
                atexit.register(self.stop)
            thread = threading.Thread(target=self._run, name=NAME)
            thread.daemon = True
            self._looked = None
            self._thread = thread
            thread.start()

    def stop(self):
        """The thread ends soon."""
        self._thread = None

    def equip(self):
        """Make what the settings ask for and is not there yet.

        In the thread that has read them: the watchdog's imports nothing.
        """
        settings = self._site.settings
        if self._stand_in is None and settings.listen is not None:
            from Products.ZServerViews.standin import StandIn
            self._stand_in = StandIn(self._site, self._clock)
        if self._hang_dump is None and settings.hang_dump is not None:
            from Products.ZServerViews.hangdump import HangDump
            self._hang_dump = HangDump(self._site.journal, self._clock)

    def ask_for_dump(self):
        """Have the stacks of all threads logged; takes no lock at all."""
        self._dump_wanted = True

    def _run(self):
        me = threading.current_thread()
        while self._thread is me:
            if self._guarded(self.tick):
                for _turn in range(int(round(TICK / QUICK))):
                    self._guarded(self._answer)
                    self._sleep(QUICK)
            else:
                self._sleep(TICK)
        if self._thread is None:
            self._guarded(self.close)

    def _guarded(self, call):
        try:
            return call()
        except Exception:
            if not self._failed:  # once: it may come again each time
                self._failed = True
                self._site.journal.log(logging.ERROR, 'The watchdog failed',
                                       exc_info=sys.exc_info())

    def close(self):
        for made in self._stand_in, self._hang_dump:
            if made is not None:
                made.close()
        self.stalled_for = None

    def tick(self):
        """Look once; whether there are clients to answer."""
        seconds = self._passed()
        if self._hang_dump is not None:
            settings = self._site.settings
            self._hang_dump.adopt(settings.hang_dump, settings.hang_after)
        for watch in self._watches:
            self._look(watch, seconds)
        self._watch_new_loops()
        still = [watch.still for watch in self._watches
                 if watch.still >= STANDS]
        self.stalled_for = max(still) if still else None
        if self._dump_wanted:
            self._dump_wanted = False
            self._site.journal.log(
                logging.WARNING, 'The stacks of all threads, as SIGUSR1 has '
                'asked for:\n%s', self._text())
        if self._hang_dump is not None:
            self._hang_dump.beat()
        return self._answer()

    def _answer(self):
        left = (self._stand_in is not None
                and self._stand_in.turn(self.stalled_for))
        return left or self.stalled_for is not None

    def _watch_new_loops(self):
        loops = self._site.loops.all
        self._watches += [Watch(loop)
                          for loop in loops[len(self._watches):]]

    def _passed(self):
        """How many seconds the loops have had to move since the last look.

        As much as the watchdog came late, others were late too.
        """
        now, before = self._clock(), self._looked
        self._looked = now
        if before is None:
            return 0.0
        late = now - before - TICK
        if late >= REPORT:
            self._site.journal.log(
                logging.WARNING, 'For %.1f s no Python code could run: other '
                'code kept the lock of the interpreter, or the process did '
                'not get the processor', late)
        return now - before if late <= IN_TIME else max(TICK - late, IN_TIME)

    def _look(self, watch, seconds):
        if watch.has_moved:
            if watch.reported:
                self._site.journal.log(
                    logging.INFO, "The server's loop moves again after %.1f s",
                    watch.still)
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
        thread = threaddump.thread_of(self._take(self._site),
                                      watch.loop.thread)
        if thread is None:  # it has ended without a word
            watch.begin()
            return
        watch.reported = True
        self._site.journal.log(
            logging.ERROR, "The server's loop has not moved for %.1f s; its "
            'stack, the innermost call last:\n%s', watch.still,
            threaddump.Stack(thread))

    def _dump(self, watch):
        watch.dumped = True
        path = self._hang_dump.write(
            "the server's loop has not moved for %.1f s" % watch.still,
            self._text())
        self._site.journal.log(
            logging.ERROR, "The server's loop has not moved for %.1f s; the "
            'stacks of all threads are in %s', watch.still, path)

    def _text(self):
        return threaddump.Text(self._take(self._site))
