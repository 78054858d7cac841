"""The state of a process that is to get no more requests.

There are two ways into it. A signal *ends* the process, as soon as its
requests have finished. An operator has it *held*: a load balancer sends
nothing new then, and the process goes on until something is decided.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import monotonic

# Seconds without a request before the end: clients whose connection was idle
# may just be sending one.
SETTLE = 0.5


class Drain(object):
    """Begun by a signal or an operator, carried out by the hook in its loop.

    ``active``
        Whether the process is to end; there is no way back.
    ``held``
        Whether an operator has asked for no more requests.
    ``stopped``
        Whether the process is to end at once, as Ctrl-C does it.
    ``draining``
        Whether one of these is so: then the process is not ready, and no
        connection is kept alive.
    """

    def __init__(self, clock=monotonic):
        self._clock = clock
        self.begin_anew()

    def begin_anew(self):
        """Want requests, as at the start; also in a forked child."""
        # Of its own, since each request reads it.
        self.draining = False
        self.active = False
        self.held = False
        self.stopped = False
        self._ends = self._quiet_since = None
        self._is_told = False

    def begin(self, timeout):
        """Let running requests finish, for at most ``timeout`` seconds."""
        if not self.active:
            self._ends = self._clock() + timeout
            self.active = self.draining = True

    def stop(self):
        """End in the event loop's next iteration."""
        self.stopped = self.draining = True

    def hold(self):
        """Want no more requests, but serve those that come."""
        self.held = self.draining = True

    def release(self):
        """Want requests again, unless the process is to end."""
        self.held = False
        self.draining = self.active or self.stopped
        if self.active or self.stopped:
            # A signal has come between the two halves of that line.
            self.draining = True

    def is_news(self):
        """Whether nobody has asked this before: the process may listen at
        several addresses, and is to say once that it ends."""
        is_told, self._is_told = self._is_told, True
        return not is_told

    def over(self, in_flight):
        """Whether to end now, with so many requests in flight."""
        now = self._clock()
        if in_flight:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = now
        return (now >= self._ends
                or (self._quiet_since is not None
                    and now - self._quiet_since >= SETTLE))
