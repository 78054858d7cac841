"""Is this process alive, started, and fit for more requests?

Pure functions of numbers, which the caller gets from the server. They wait for
nothing and remember nothing, so a verdict changes as soon as the numbers do.
None of them asks a database or anything remote.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.units import duration

# Defaults of the settings, in seconds and in requests.
LIVE_TIMEOUT = 60
MAX_WAIT = 5
MAX_QUEUE = 100


class Check(object):
    """One check: its name, whether it is passed, and a text for operators.

    ``age_seconds``
        How old the result is; None if it is of this moment.
    """

    def __init__(self, name, ok, detail, age_seconds=None):
        self.name = name
        self.ok = ok
        self.detail = detail
        self.age_seconds = age_seconds

    def line(self):
        """As ``?verbose`` has it: ``[+]name ok``, ``[-]name failed: why``."""
        age = (u'' if self.age_seconds is None
               else u' (%s ago)' % duration(self.age_seconds))
        if self.ok:
            return u'[+]%s ok%s' % (self.name, age)
        return u'[-]%s failed: %s%s' % (self.name, self.detail, age)


def passed(checks):
    """Whether all are."""
    return all(check.ok for check in checks)


class Live(object):
    """Fails if the process is stuck, not merely busy, and needs a restart.

    It fails if requests have waited for ``timeout`` seconds and none has
    finished. A request that finishes, however slow, shows progress. Without
    waiting requests there is no harm.
    """

    def __init__(self, timeout=LIVE_TIMEOUT):
        self.timeout = timeout

    def checks(self, waiting_seconds, idle_seconds):
        """A list of one `Check`.

        ``waiting_seconds``
            For how long, without a pause, at least one request has waited for
            a worker; None if none waits. How long the oldest one has waited
            will do, if clients do not give up.
        ``idle_seconds``
            Seconds since a worker has finished a request of the site; None if
            none has. Views in the loop do not count.
        """
        if waiting_seconds is None:
            return [Check('progress', True, u'no request waits')]
        silent = waiting_seconds if idle_seconds is None else min(
            waiting_seconds, idle_seconds)
        detail = u'requests wait, and none has finished for %s' % duration(
            silent)
        return [Check('progress', silent < self.timeout, detail)]


class Ready(object):
    """Whether to send more requests, for a load balancer.

    Busy workers are no reason to fail, as long as no request waits too long
    for one.
    """

    def __init__(self, max_wait=MAX_WAIT, max_queue=MAX_QUEUE):
        self.max_wait = max_wait
        self.max_queue = max_queue

    def checks(self, started, draining, oldest_wait_seconds, queue_depth,
               in_flight=0):
        """A list of `Check`: started, not-draining, wait, queue.

        ``oldest_wait_seconds``
            The longest wait of a request for a worker; None if none waits.
        ``queue_depth``
            How many wait; None where that is not known. Then there are no
            checks of that.
        ``in_flight``
            How many are waiting or in work; shown while draining.
        """
        checks = [
            started_check(started),
            Check('not-draining', not draining,
                  u'draining, %d in flight' % in_flight if draining
                  else u'not draining')]
        if queue_depth is None:
            return checks
        return checks + [
            Check('wait', (oldest_wait_seconds or 0) <= self.max_wait,
                  u'the oldest request has waited %s'
                  % _of_at_most(oldest_wait_seconds or 0, self.max_wait)),
            Check('queue', queue_depth <= self.max_queue,
                  u'%d requests wait, at most %d'
                  % (queue_depth, self.max_queue))]


def _of_at_most(value, most):
    """Both times; rounded, the one may look like the other."""
    said, limit = duration(value), duration(most)
    if said == limit and value > most:
        return u'more than %s' % limit
    return u'%s, at most %s' % (said, limit)


def startup(started):
    """The list of the one check that a start-up probe asks for."""
    return [started_check(started)]


def loop_check(stands_for):
    """``stands_for`` is for how many seconds an event loop of the site has
    been blocked, as a view finds that another loop has called; else None."""
    return Check('event-loop', stands_for is None,
                 u'the event loop runs' if stands_for is None else
                 u'the event loop has been blocked for %s'
                 % duration(stands_for))


def started_check(started):
    return Check('started', bool(started),
                 u'started' if started else u'still starting')
