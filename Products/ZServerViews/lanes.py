"""The threads of the views that run aside.

Each mount that runs aside has a lane: a queue of steps, and at most one thread
that does them one after the other. It starts with the first step and ends when
it has rested for a minute. One more thread, for all lanes, looks at the time.

Which thread runs what is said with each method. The lock of a lane is held for
a few instructions, but for the start of its thread, which takes as long as
Python needs to run another thread at all.
"""
from __future__ import absolute_import, division, print_function

import logging
import sys
import threading
import time
from collections import deque

from Products.ZServerViews._compat import monotonic

# So many steps of a view may wait when a new request comes.
MOST_STEPS = 50
# After so many seconds without a step the thread of a lane ends.
REST = 60
# Seconds between two looks at the time, while a lane has a thread.
TICK = 0.25


class Step(object):
    """One call, for the thread of a lane.

    ``call``
        What is called.
    ``wake``
        What is called when it is done, or when its time is up; or None.
    ``first``
        Whether it begins an answer.
    ``asked``, ``began``
        When the step was queued, and when the thread took it.
    ``result``
        What the call has returned, in a tuple; None before.
    ``given_up``
        Nobody waits for it any more.
    ``reported``
        The log has a line that it is late.
    """

    def __init__(self, call, wake, first, asked):
        self.call = call
        self.wake = wake
        self.first = first
        self.asked = asked
        self.began = None
        self.result = None
        self.given_up = False
        self.reported = False


class Lane(object):
    """Where one mount runs aside.

    ``timeouts``, ``refusals``
        How many answers were late, and how many requests it had no room for.
    """

    def __init__(self, mount, lanes):
        self.timeouts = 0
        self.refusals = 0
        self._view = '%s at %s' % (mount.name, mount.path)
        self._thread_name = 'zserver-views-aside %s' % mount.path
        self._lanes = lanes
        self._lock = threading.Lock()
        self._steps = deque()
        self._current = None
        self._thread = None
        self._work = threading.Event()
        self._rests_since = None
        self._retires = False

    # From any thread:

    @property
    def length(self):
        """How many steps wait."""
        return len(self._steps)

    @property
    def has_thread(self):
        return self._thread is not None

    @property
    def stuck_since(self):
        """When the call began that is over its time now; None without one."""
        step = self._current
        if step is not None and self._lanes.is_late(step.began):
            return step.began
        return None

    @property
    def is_busy(self):
        """Whether a new request had better be refused."""
        return self.length >= MOST_STEPS or self.stuck_since is not None

    # In the loop:

    def put(self, call, wake=None, first=False):
        """Have the thread call this, behind all that was put before; a Step.
        """
        step = Step(call, wake, first, self._lanes.clock())
        with self._lock:
            self._steps.append(step)
            self._retires = False
            # A fork leaves its children the object without the thread.
            if self._thread is None or not self._thread.is_alive():
                self._start()
        self._work.set()
        return step

    def is_over(self, step):
        """Whether to wait no longer for this step."""
        return self._lanes.is_late(step.asked) or (
            step.first and step.began is None
            and self.stuck_since is not None)

    def give_up(self, step):
        """Wait no longer for it; whether it had not begun, and never will."""
        step.given_up = True
        with self._lock:
            if step in self._steps:
                self._steps.remove(step)
                return True
        return False

    def _start(self):
        self._thread = self._current = None
        self._rests_since = self._lanes.clock()
        try:
            self._thread = start_thread(self._thread_name, self._run)
            self._lanes.watch(self)
        except Exception:
            # The steps wait until there are threads again, when the next one
            # comes, and their clients until their time is up.
            self._log(logging.ERROR, 'lacks a thread to run aside',
                      exc_info=sys.exc_info())

    # In the thread of the lane:

    def _run(self):
        while self._goes_on():
            self._work.wait()
            self._work.clear()
            for step in iter(self._next, None):
                self._do(step)

    def _goes_on(self):
        with self._lock:
            if self._retires and not self._steps:
                self._thread = None
            return self._thread is not None

    def _next(self):
        with self._lock:
            if not self._steps:
                self._current = None
                self._rests_since = self._lanes.clock()
                return None
            step = self._steps.popleft()
            step.began = self._lanes.clock()
            self._current = step
            return step

    def _do(self, step):
        try:
            step.result = (step.call(),)
        except BaseException:
            # No exchange raises. If memory is short, say, its client waits
            # for the end of its time, but the thread must live on.
            self._log(logging.ERROR, 'failed aside', exc_info=sys.exc_info())
        if step.reported:
            self._log(logging.WARNING, 'has come back after %.1f s and is '
                      'called again', self._lanes.clock() - step.began)
        if not step.given_up:
            _wake(step)

    def _log(self, level, text, *args, **extra):
        self._lanes.site.journal.log(level, 'The view %s ' + text,
                                     self._view, *args, **extra)

    # In the thread that looks at the time:

    def tick(self):
        """Tell those who wait when their time is up; end a thread that rests.
        """
        with self._lock:
            current = self._current
            steps = list(self._steps)
            if current is not None:
                steps.append(current)
            elif (not steps
                  and self._lanes.clock() - self._rests_since > REST):
                self._retires = True
                self._work.set()
        if (current is not None and not current.reported
                and self._lanes.is_late(current.began)):
            current.reported = True
            self._log(logging.WARNING, 'has not come back after %.1f s; its '
                      'client gets 504, and others 503 until it has',
                      self._lanes.clock() - current.began)
        for step in steps:
            if not step.given_up and self.is_over(step):
                _wake(step)


class Lanes(object):
    """All lanes of one process, and the thread that looks at the time."""

    def __init__(self, site, clock=monotonic):
        self.site = site
        self.clock = clock
        self._lock = threading.Lock()
        self._watched = ()
        self._watch = threading.Event()
        self._thread = None

    def lane(self, mount):
        """The lane of a mount, which may be new."""
        tally = mount.tally
        if tally.lane is None:
            with self._lock:
                # Another loop may have been faster.
                tally.lane = tally.lane or Lane(mount, self)
        return tally.lane

    def is_late(self, since):
        """Whether the setting aside-timeout has passed since that moment."""
        return self.clock() - since > self.site.settings.aside_timeout

    def watch(self, lane):
        """Look at the time for this lane, as long as it has a thread."""
        with self._lock:
            if lane not in self._watched:
                self._watched += (lane,)
            if self._thread is None or not self._thread.is_alive():
                self._thread = start_thread('zserver-views-aside', self._run)
        self._watch.set()

    def tick(self):
        """Look at the time for all lanes; whether there is one to watch."""
        for lane in self._watched:
            lane.tick()
        with self._lock:
            # Not sooner: a thread may have started while we looked.
            self._watched = tuple(lane for lane in self._watched
                                  if lane.has_thread)
        return bool(self._watched)

    def _run(self):
        while True:
            self._watch.wait()
            self._watch.clear()
            while self.tick():
                time.sleep(TICK)


def start_thread(name, run):
    """A new daemon thread, which has begun."""
    thread = threading.Thread(target=run, name=name)
    thread.daemon = True
    thread.start()
    return thread


def _wake(step):
    if step.wake is not None:
        try:
            step.wake()
        except Exception:
            pass  # its server has been closed
