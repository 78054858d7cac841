"""How long views block the event loop, and what becomes of slow ones.

The senders report what each step of a view has taken. A step of the view's own
doing over the limit, the setting view-budget, is an overrun: it is logged.
After two of them within an hour the view is offloaded for an hour; see
`offload`.

The senders have only the wall clock, which costs next to nothing, and which
also runs while other threads keep the event loop from running. So a step over
the limit is only a doubt. The view is then measured for an hour, see
`measuring`. If the next long step was the view's own doing, the doubt counts as
its first overrun; if others were to blame, the doubt is dropped.

The suite's own views wait for nothing. They are judged by their processor time
alone.

`spent`, `measure` and `keeps_offloaded` are called in event loops. Everybody
else may read the Usage of a mount.
"""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews._daemons import make_lock
from Products.ZServerViews.wsgi.lateness import Lateness
from Products.ZServerViews.wsgi.measuring import Measured

# Overruns so far apart, in seconds, are not held against a view; so long it is
# measured after a slow step, and so long it is offloaded.
FORGET = 3600


class Budget(object):
    """Measures the views of one process.

    ``usages``
        (path, name) of a mount -> its Usage; never changed, only replaced.
    ``lateness``
        A `lateness.Lateness`.
    """

    def __init__(self, site, clock=monotonic, lateness=None):
        self._site = site
        self._clock = clock
        self.lateness = lateness or Lateness(site.log_queue)
        self.usages = {}
        self._judging = make_lock()  # held for some steps, for no view

    def begin_anew(self):
        """In a forked child: the parent's other loop may have been judging, or
        reading counts."""
        self._judging = make_lock()
        for usage in self.usages.values():
            usage.counts.begin_anew()

    def adopt(self, mounts):
        """Give these mounts what was known of their like before.

        A change of the configuration makes all mounts anew.
        """
        for mount in mounts:
            mount.usage = self.usages.get((mount.path, mount.name),
                                          mount.usage)
        self.usages = dict(((mount.path, mount.name), mount.usage)
                           for mount in mounts)

    def stop(self):
        """No view is served any more."""
        self.lateness.stop()

    def measure(self, usage):
        """A Measured for the next step of a view that is to be measured."""
        if self._clock() > usage.measured_until:
            usage.is_measured = False  # not in the step behind this one
        return Measured(self.lateness)

    def spent(self, mount, seconds, measured=None):
        """This view has just kept the event loop for so many seconds.

        ``measured``
            The Measured of the step, if the view is measured.
        """
        # The suite's views may be in two loops at once.
        with self._judging:
            self._judge(mount, seconds, measured)

    def _judge(self, mount, seconds, measured):
        usage = mount.usage
        if mount.aside or usage.is_offloaded:
            return  # it took the way to another thread and back
        limit = self._site.settings.view_budget
        if seconds <= limit:
            usage.longest = max(usage.longest, seconds)
            return
        if measured is None:
            self._doubt(mount, usage, seconds)
        else:
            own = measured.processor if mount.is_ours else measured.own()
            if own > limit:
                self._overrun(mount, usage, own)
            else:
                usage.doubt = None
                usage.longest = max(usage.longest, own)
        if not usage.is_offloaded:
            self._measure_on(mount, usage)

    def _measure_on(self, mount, usage):
        # In this order: another loop may have the same view.
        usage.measured_until = self._clock() + FORGET
        usage.is_measured = True
        if not mount.is_ours:
            self.lateness.expect(FORGET)

    def _doubt(self, mount, usage, seconds):
        if mount.is_ours:
            return
        usage.doubt = self._clock(), seconds
        self._site.log_queue.log(
            logging.INFO, 'The view %s at %s took %.3f s in the event loop '
            '(view-budget %.3f s). The wall clock cannot tell whether by its '
            'own doing: its next steps are measured', mount.name, mount.path,
            seconds, self._site.settings.view_budget)

    def _overrun(self, mount, usage, seconds):
        now, doubt = self._clock(), usage.doubt
        usage.doubt = None
        if doubt is not None and now - doubt[0] <= FORGET:
            self._count(mount, usage, *doubt)
        self._count(mount, usage, now, seconds)

    def _count(self, mount, usage, when, seconds):
        before = usage.last_overrun
        usage.overruns += 1
        usage.last_overrun = when
        usage.longest = max(usage.longest, seconds)
        self._site.log_queue.log(
            logging.WARNING, 'The view %s at %s blocked the event loop for '
            '%.3f s (view-budget %.3f s)', mount.name, mount.path, seconds,
            self._site.settings.view_budget)
        if before is not None and when - before <= FORGET:
            self._offload(mount, usage)

    def _offload(self, mount, usage):
        if usage.is_offloaded:
            return  # by the overrun before, which was in doubt until now
        usage.offloaded_until = self._clock() + FORGET
        usage.timeouts = _timeouts(usage)
        usage.is_measured = False
        usage.is_offloaded = True
        self._site.log_queue.log(
            logging.WARNING, 'The view %s at %s blocked the event loop twice '
            'within an hour: it is offloaded to a thread of its own for an '
            'hour', mount.name, mount.path)

    def keeps_offloaded(self, mount):
        """Whether a view that was found slow is to be offloaded still.

        At each request, so no timer is needed. A view that has not returned in
        its own thread, now or within this hour, would not return in the event
        loop either.
        """
        with self._judging:
            return self._keeps_offloaded(mount, mount.usage)

    def _keeps_offloaded(self, mount, usage):
        if self.seconds_left(usage) != 0.0:
            return True
        if usage.view_thread is not None and usage.view_thread.is_working:
            return True
        if _timeouts(usage) != usage.timeouts:
            usage.timeouts = _timeouts(usage)
            usage.offloaded_until = self._clock() + FORGET
            return True
        usage.last_overrun = usage.offloaded_until = None
        usage.is_offloaded = False
        self._site.log_queue.log(
            logging.INFO, 'The view %s at %s runs in the event loop again: an '
            'hour ago it was offloaded', mount.name, mount.path)
        return False

    def seconds_left(self, usage):
        """For how long a view is offloaded that was found slow.

        0.0 from the end of that time to the next request, None if there is no
        end.
        """
        until = usage.offloaded_until  # another loop may end it now
        return None if until is None else max(0.0, until - self._clock())


def _timeouts(usage):
    return 0 if usage.view_thread is None else usage.view_thread.timeouts
