"""The threads of offloaded views.

Each mount that is offloaded has a view thread: a queue of steps, and at most
one thread that does them one after the other. It starts with the first step
and ends after a minute without steps. One more thread, for all view threads,
checks the time limit.

Each method says which thread runs it. The lock of a view thread is held for a
few instructions, except while its thread is started: that takes as long as
Python needs to run another thread.
"""
from __future__ import absolute_import, division, print_function

import logging
import sys
import time
from collections import deque

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews._daemons import Daemon, make_event, make_lock

# A new request is refused while this many steps of its view are queued.
MOST_STEPS = 50
# Seconds without a step after which the thread ends.
REST = 60
# Seconds between two checks of the time limit, while there are threads.
TICK = 0.25


class Step(object):
    """One call, for the thread of a ViewThread.

    ``call``
        What is called.
    ``wake``
        Called when it is done or late; or None.
    ``first``
        Whether it begins an answer.
    ``asked``, ``began``
        When the step was queued, and when the thread took it.
    ``result``
        What the call has returned, in a tuple; None before.
    ``given_up``
        Its response has ended without it.
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


class ViewThread(object):
    """The thread of one offloaded mount, and its queue.

    ``timeouts``, ``refusals``
        How many responses were late, and how many requests were refused.
    """

    def __init__(self, mount, view_threads):
        self.timeouts = 0
        self.refusals = 0
        self._view = '%s at %s' % (mount.name, mount.path)
        self._daemon = Daemon('zserver-views-offload %s' % mount.path)
        self._view_threads = view_threads
        self._lock = make_lock()
        self._steps = deque()
        self._current = None
        self._work = make_event()
        self._rests_since = None
        self._retires = False

    # From any thread:

    @property
    def length(self):
        """How many steps wait."""
        return len(self._steps)

    @property
    def is_working(self):
        """Whether a step runs or waits."""
        return self._current is not None or self.length > 0

    @property
    def has_thread(self):
        return self._daemon.thread is not None

    @property
    def stuck_since(self):
        """When the call began that is late now; None if there is none."""
        step = self._current
        if step is not None and self._view_threads.is_late(step.began):
            return step.began
        return None

    @property
    def is_busy(self):
        """Whether to refuse a new request."""
        return self.length >= MOST_STEPS or self.stuck_since is not None

    # In the event loop:

    def put(self, call, wake=None, first=False):
        """Queue a call for the thread; returns the Step."""
        step = Step(call, wake, first, self._view_threads.clock())
        with self._lock:
            self._steps.append(step)
            self._retires = False
            if not self._daemon.runs:
                self._start()
        self._work.set()
        return step

    def is_over(self, step):
        """Whether to wait no longer for this step."""
        return self._view_threads.is_late(step.asked) or (
            step.first and step.began is None
            and self.stuck_since is not None)

    def give_up(self, step):
        """Wait no longer for it; whether it had not begun and is removed."""
        step.given_up = True
        with self._lock:
            if step in self._steps:
                self._steps.remove(step)
                return True
        return False

    def _start(self):
        self._current = None
        self._rests_since = self._view_threads.clock()
        try:
            self._daemon.start(self._run)
            self._view_threads.watch(self)
        except Exception:
            # The steps wait until a thread can be started for a later one,
            # and their clients until the time limit.
            self._log(logging.ERROR, 'cannot be offloaded: no thread could '
                      'be started',
                      exc_info=sys.exc_info())

    # In the view's own thread:

    def _run(self):
        while self._goes_on():
            self._work.wait()
            self._work.clear()
            for step in iter(self._next, None):
                self._do(step)

    def _goes_on(self):
        with self._lock:
            if self._retires and not self._steps:
                self._daemon.dismiss()
            return self._daemon.thread is not None

    def _next(self):
        with self._lock:
            if not self._steps:
                self._current = None
                self._rests_since = self._view_threads.clock()
                return None
            step = self._steps.popleft()
            step.began = self._view_threads.clock()
            self._current = step
            return step

    def _do(self, step):
        try:
            step.result = (step.call(),)
        except BaseException:
            # No response raises. If memory is short, say, its client waits
            # for the end of its time, but the thread must live on.
            self._log(logging.ERROR, 'failed in its '
                      'view thread', exc_info=sys.exc_info())
        if step.reported:
            self._log(logging.WARNING, 'has returned after %.1f s and is '
                      'called again', self._view_threads.clock() - step.began)
        if not step.given_up:
            _wake(step)

    def _log(self, level, text, *args, **extra):
        self._view_threads.site.log_queue.log(level, 'The view %s ' + text,
                                     self._view, *args, **extra)

    # In the thread that checks the time limit:

    def tick(self):
        """Wake the event loop for late steps; end an idle thread."""
        with self._lock:
            current = self._current
            steps = list(self._steps)
            if current is not None:
                steps.append(current)
            elif (not steps
                  and self._view_threads.clock() - self._rests_since > REST):
                self._retires = True
                self._work.set()
        if (current is not None and not current.reported
                and self._view_threads.is_late(current.began)):
            current.reported = True
            self._log(logging.WARNING, 'has not returned after %.1f s '
                      '(aside-timeout); its client gets 504, further '
                      'requests 503 until it returns',
                      self._view_threads.clock() - current.began)
        for step in steps:
            if not step.given_up and self.is_over(step):
                _wake(step)


class ViewThreads(object):
    """All view threads of one process, and the thread that checks the time."""

    def __init__(self, site, clock=monotonic):
        self.site = site
        self.clock = clock
        self._daemon = Daemon('zserver-views-offload')
        self._forget()

    def _forget(self):
        self._daemon.dismiss()
        self._lock = make_lock()
        self._watched = ()
        self._watch = make_event()

    def begin_anew(self):
        """In a forked child: all steps and threads are the parent's."""
        self._forget()
        for usage in self.site.budget.usages.values():
            usage.view_thread, usage.timeouts = None, 0

    def view_thread(self, mount):
        """The view thread of a mount, which may be new."""
        usage = mount.usage
        if usage.view_thread is None:
            with self._lock:
                # Another loop may have been faster.
                usage.view_thread = (usage.view_thread
                                     or ViewThread(mount, self))
        return usage.view_thread

    def is_late(self, since):
        """Whether the setting aside-timeout has passed since that moment."""
        return self.clock() - since > self.site.settings.aside_timeout

    def watch(self, view_thread):
        """Check the time limit of this one as long as it has a thread."""
        with self._lock:
            if view_thread not in self._watched:
                self._watched += (view_thread,)
            if not self._daemon.runs:
                self._daemon.start(self._run)
        self._watch.set()

    def tick(self):
        """Check the time limit of all; whether there is one left to watch."""
        for view_thread in self._watched:
            view_thread.tick()
        with self._lock:
            # Not sooner: a thread may have started while we looked.
            self._watched = tuple(view_thread for view_thread in self._watched
                                  if view_thread.has_thread)
        return bool(self._watched)

    def _run(self):
        while True:
            self._watch.wait()
            self._watch.clear()
            while self.tick():
                time.sleep(TICK)


def _wake(step):
    if step.wake is not None:
        try:
            step.wake()
        except Exception:
            pass  # its server has been closed
