"""Starts profiles, one at a time, and keeps those that are finished."""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews.history.looks import Looker, frames_are_safe
from Products.ZServerViews.history.stack_table import StackTable
from Products.ZServerViews.history.profiling.clocks import FineClocks
from Products.ZServerViews.history.profiling.collected import size_of
from Products.ZServerViews.history.profiling.credits import credits_here
from Products.ZServerViews.history.profiling.outside import (
    OUTSIDE,
    Lost,
    Outside,
    is_for,
)
from Products.ZServerViews.history.profiling.outside_looks import OutsideLooks
from Products.ZServerViews.history.profiling.running import (
    ASKED,
    INSTEAD,
    Running,
)
from Products.ZServerViews.history.profiling.whose import Whose
from Products.ZServerViews.monitor.one_job import OneJob

NAME = 'zserver-views-profile'

# Finished profiles that are kept, and how many bytes of all of them.
MOST_FINISHED = 10
MOST_BYTES = 8 << 20

UNSAFE = (u'this build of Python runs without an interpreter lock: the frames '
          u'of running threads cannot be read safely in it')


class Finished(object):
    """``number``, ``rate``
        Which one it is, and the rate that it was asked for.
    ``profile``
        A `format.profiles.sampled.Profile`.
    ``size``
        How many bytes it takes here, roughly.
    """

    def __init__(self, running, profile):
        self.number = running.number
        self.rate = running.rate
        self.profile = profile
        self.size = size_of(profile)


class Profiler(OneJob):
    """Of one site.

    ``running``
        The `Running` profile, or None.
    ``finished``
        A tuple of `Finished`, the latest first.
    ``report(exc_info)``
        Called where a profile fails.
    """

    def __init__(self, site, report, safe=None, is_outside=is_for,
                 outside=Outside):
        self._site = site
        self._is_outside = is_outside
        self._outside = outside
        self._safe = frames_are_safe() if safe is None else safe
        self._number = 0
        super(Profiler, self).__init__(NAME, report)

    def begin_anew(self):
        """Have none; in a forked child they are the parent's."""
        super(Profiler, self).begin_anew()
        self.finished = ()

    def unusable(self):
        """Why no profile can be taken here, or None."""
        return None if self._safe else UNSAFE

    # In an event loop:

    def start(self, seconds, rate):
        """Begin with a profile; whether there was none that runs."""
        # A later configuration may take the recorder away.
        return self.begin(lambda: self._made(
            seconds, rate, self._site.recorder)) is not None

    def _made(self, seconds, rate, recorder):
        self._number += 1
        running = Running(self._number, seconds, rate)
        running.recorder = recorder
        return running

    def stop(self):
        """Have the one that runs end soon."""
        running = self.running
        if running is not None:
            running.wanted_end = ASKED

    def find(self, number=None):
        """The finished one with this number, or the latest; None without."""
        for finished in self.finished:
            if number in (None, finished.number):
                return finished
        return None

    # In the thread that takes it:

    def work(self, running):
        """Take one; called by `OneJob`."""
        self._site.log_queue.log(
            logging.INFO, 'Profile %d of %d s at %d Hz has begun on request',
            running.number, running.seconds, running.rate)
        self._finish(running, self._taken(running, running.recorder))

    def _taken(self, running, recorder):
        if self._is_outside():
            try:
                return self._from_outside(running, recorder)
            except Lost as lost:
                running.sampler = INSTEAD % lost
                running.begin()
        table, site = StackTable(), self._site
        looker = Looker(table, FineClocks(site.thread_clocks, recorder.now))

        def look():
            working = recorder.current.copy()
            return looker.look(working, site.workers(), ()) if working else []

        return running.take(look, table.frames, self._lag,
                            credits=credits_here(table))

    def _from_outside(self, running, recorder):
        site = self._site
        running.sampler = OUTSIDE
        child, whose = self._outside(running.rate, running.seconds), None
        try:
            whose = Whose(recorder)
            looks = OutsideLooks(child, whose, site.thread_clocks, site.workers)
            return running.follow(child, looks.new, self._lag)
        finally:
            child.end()
            if whose is not None:
                whose.close()

    def _lag(self):
        metrics = self._site.metrics
        return 0.0 if metrics is None else metrics.lag.total().longest.within(0)

    def _finish(self, running, profile):
        kept = (Finished(running, profile),) + self.finished
        kept = kept[:MOST_FINISHED]
        while len(kept) > 1 and sum(one.size for one in kept) > MOST_BYTES:
            kept = kept[:-1]
        self.finished = kept
        self._site.log_queue.log(
            logging.INFO, 'Profile %d has ended: %s', running.number,
            profile.about['ended'])
