"""A profile while it is taken: one thread, which looks at each tick.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.history.profiling.collected import Collected
from Products.ZServerViews.history.profiling.credits import PlainCredits
from Products.ZServerViews.history.profiling.outside import Lost
from Products.ZServerViews.history.profiling.ticks import Ticks
from Products.ZServerViews.wsgi.measuring import thread_usage

IN_PROCESS = u'in process: a thread of the site takes the stacks'
INSTEAD = u'%s, for the child process that would read them from outside %%s' % (
    IN_PROCESS)

# What part of a processor it may take, with a child process that part of it keeps
# nobody from the interpreter, and how many seconds of it before that counts: the
# first look at a stack costs more than the others.
BUDGET, OUTSIDE_BUDGET = 0.05, 0.1
ALLOWANCE = 0.25
# It ends where an event loop is late by so many seconds, if that is so much
# worse than it was before.
MOST_LAG = 1.0
WORSE = 2.0
# Seconds between two questions of this kind.
CHECK = 0.5
# It sleeps no longer than that, so that it ends soon when it is told to.
NAP = 0.2
# Seconds between two times that it reads what a child process has seen, and for
# which such a child may be late at the end.
READ = 0.1
LATE = 2.0

TIME = u'its time was over'
ASKED = u'it was ended on request'
COSTS = u'it took more than %.0f %% of a processor'
LAG = u'an event loop was late by more than %.0f s' % MOST_LAG


def processor_time():
    """Of this thread, in seconds; nought where the system does not tell."""
    return thread_usage()[0] or 0.0


class Running(object):
    """One profile, from its start to its end.

    ``number``, ``seconds``, ``rate``
        As it was asked for.
    ``started``
        In seconds of the epoch.
    ``recorder``
        The `Recorder` that knows whose the work is.
    ``wanted_end``
        Why it is to end before its time; None if it is not. Any thread may
        set it.
    """

    recorder = None

    def __init__(self, number, seconds, rate, clock=monotonic, now=time.time):
        self.number = number
        self.seconds = seconds
        self.rate = rate
        self.sampler = IN_PROCESS
        self.started = now()
        self.wanted_end = None
        self._clock = clock
        self.ticks = Ticks(clock(), seconds, rate)

    def begin(self, moment=None):
        """Count from this moment on, or from now, and nothing from before."""
        moment = self._clock() if moment is None else moment
        self.started += self.ticks.elapsed(moment)
        self.ticks = Ticks(moment, self.seconds, self.rate)

    def elapsed(self):
        return min(float(self.seconds), self.ticks.elapsed(self._clock()))

    def take(self, look, frames_of, lag, sleep=time.sleep,
             processor=processor_time, credits=None):
        """Look until it is over; returns the `Profile`. In a thread of its own.

        ``look()``
            Returns a list of `history.looks.Seen`.
        ``frames_of``
            Returns the frames of a stack by its number.
        ``lag()``
            How late the event loops were lately, in seconds.
        ``credits``
            A `history.profiling.credits.Credits`.
        """
        credits = credits or PlainCredits()
        collected = Collected(frames_of)
        limits = _Limits(self._clock, lag, processor)
        ended = None
        while ended is None:
            self._wait(sleep)
            # Also when it is to end: ticks have become due since the last look.
            now = self._clock()
            number = self.ticks.look(now)
            if number:
                credits.begin(now, self.ticks.late)
                self._credit(number, look(), collected, credits)
            ended = self.wanted_end or (
                TIME if self.ticks.are_over else limits.exceeded())
        return collected.profile(self._about(ended, limits.used()))

    def follow(self, child, new, lag, sleep=time.sleep,
               processor=processor_time):
        """The same from what a child process sees; raises `outside.Lost` if
        it has seen nothing.

        ``child``
            A `history.profiling.outside.Outside`.
        ``new()``
            Returns [(moment, list of `history.looks.Seen`)] since the last
            call; raises `Lost`.
        """
        collected, used = Collected(child.frames_of), processor()
        plain = PlainCredits()
        limits = _Limits(self._clock, lag, lambda: (
            processor() + child.used_since), OUTSIDE_BUDGET)
        ended = None
        while ended is None:
            sleep(READ)
            ended = self.wanted_end
            try:
                looks = new()
            except Lost as lost:
                if not self.ticks.taken:
                    raise
                # At the end it may have gone without a last look.
                over = (self.ticks.elapsed(self._clock())
                        >= self.seconds - self.ticks.period)
                looks, ended = [], (
                    TIME if over else u'its child process %s' % lost)
            if looks and not self.ticks.taken:
                self.begin(child.begun)
            for moment, seen in looks:
                self._credit(self.ticks.look(moment), seen, collected, plain)
            ended = ended or self._is_over() or limits.exceeded()
        about = self._about(ended, processor() - used + child.used)
        return collected.profile(dict(about, failed=child.failed))

    def _is_over(self):
        late = self.ticks.elapsed(self._clock()) > self.seconds + LATE
        return TIME if self.ticks.are_over or (
            self.ticks.taken and late) else None

    def _wait(self, sleep):
        while self.wanted_end is None:
            left = self.ticks.next - self._clock()
            if left <= 0:
                return
            sleep(min(left, NAP))

    def _credit(self, number, looked, collected, credits):
        for seen in looked:
            if seen.stack is None:
                continue
            request = seen.request
            due, offset = self.ticks.of(number, request.started)
            start = self.started + offset
            for stack, state, seconds in credits.divide(
                    seen, due * self.ticks.period):
                collected.add(stack, seconds, seen.name, state, request.path,
                              start)
                start += seconds

    def _about(self, ended, used):
        ticks = self.ticks
        return {
            'title': u'profile %d' % self.number, 'sampler': self.sampler,
            'start': self.started, 'seconds': self.elapsed(),
            'planned': ticks.due, 'taken': ticks.taken,
            'late_p99': ticks.late_p99(), 'longest_gap': ticks.longest_gap,
            'own_cost': used, 'ended': ended}


class _Limits(object):
    """What ends a profile before its time."""

    def __init__(self, clock, lag, processor, budget=BUDGET):
        self._budget = budget
        self._clock = clock
        self._lag = lag
        self._processor = processor
        self._began, self._began_with = clock(), processor()
        self._most_lag = max(MOST_LAG, WORSE * lag())
        self._next = self._began + CHECK

    def used(self):
        """Its processor time so far."""
        return self._processor() - self._began_with

    def exceeded(self):
        """Why it has to end, or None."""
        now = self._clock()
        if now < self._next:
            return None
        self._next = now + CHECK
        if self.used() > self._budget * (now - self._began) + ALLOWANCE:
            return COSTS % (100 * self._budget)
        return LAG if self._lag() > self._most_lag else None
