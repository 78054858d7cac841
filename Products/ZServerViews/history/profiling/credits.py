"""What the ticks of a late look are credited to, where processor clocks tell more
than the stack that is seen.

Who kept the sampler from looking is still there when it looks, but for two cases:

- It has begun to wait. That itself lets others run, so a late look sees waits at
  their very begin. Such a worker has had the processor meanwhile, for the part
  of the delay that is its part of all processor time.
- It has come there a moment ago. The sampler asks for the interpreter only when a
  switch interval is over; what the worker did before that may be another thing.

In both, that much is credited to the stack of the look before; in the first case to
`UNSEEN`, if nobody has seen the request elsewhere. Whether a place is
one at which threads wait is learned: the clock of a thread that waits for the
interpreter moves, for it asks again and again.
"""
from __future__ import absolute_import, division, print_function

import sys
import time

from Products.ZServerViews.monitor import thread_clocks
from Products.ZServerViews.monitor.thread_states import RUNNING

# A stack of one frame.
UNSEEN = (u'(computed between two looks)', u'', 0),

# For how many switch intervals a clock must have stood still.
STILL = 1.5
# A place is known for waits from so many still clocks on, and from such a part of
# all looks at somebody there. On a busy machine a clock may stand still anywhere.
LEAST, PART = 3, 0.05
# Places that are remembered.
MOST = 5000


class Before(object):
    """A worker at the look before; ``clock`` in seconds."""

    __slots__ = 'stack', 'request', 'clock', 'moment'

    def __init__(self, stack, request, clock, moment):
        self.stack = stack
        self.request = request
        self.clock = clock
        self.moment = moment


class Credits(object):
    """Of one profile that is taken in process; in its thread.

    ``clock``
        Returns the processor time of a thread by its number, in nanoseconds, or
        None.
    ``processor``
        The processor time of the process, in seconds.
    ``interval``
        Returns the switch interval, in seconds.
    ``unseen``
        Returns the number of `UNSEEN`.
    """

    def __init__(self, clock, processor, interval, unseen):
        self._clock = clock
        self._processor = processor
        self._interval = interval
        self._unseen = unseen
        self._places = {}  # {stack: [still clocks, looks]}
        self._before, self._now = {}, {}  # {ident: `Before`}
        self._used_before = None
        self._moment = self._late = self._used = None

    def begin(self, moment, late):
        """A look at this moment, so many seconds behind its first tick."""
        self._moment, self._late = moment, late
        used = self._processor()
        self._used = (None if self._used_before is None
                      else used - self._used_before)
        self._used_before = used
        self._before, self._now = self._now, {}

    def divide(self, seen, seconds):
        """[(stack, state, seconds)] of a `Seen`, in the order of time; the sum
        of all is ``seconds``."""
        before = self._before.get(seen.ident)
        clock = self._clock(seen.native_id) if seen.native_id else None
        now = self._now[seen.ident] = Before(
            seen.stack, seen.request, None if clock is None else clock / 1e9,
            self._moment)
        stack, earlier = None, 0.0
        if before is not None and None not in (now.clock, before.clock):
            stack, earlier = self._earlier(before, now)
            earlier = min(seconds, earlier)
        found = [(stack, RUNNING, earlier)] if earlier > 0 else []
        if seconds > earlier:
            found.append((seen.stack, seen.state, seconds - earlier))
        return found

    def _earlier(self, before, now):
        """(stack, seconds) of what it did until it came to where it is."""
        used = now.clock - before.clock
        same = before.request is now.request
        stays = same and before.stack == now.stack
        self._learn(now.stack, stays and used <= 0 and (
            now.moment - before.moment >= STILL * self._interval()))
        if stays:
            return None, 0.0
        part = min(1.0, used / self._used) if self._used else 0.0
        if self._is_wait(now.stack):
            return (before.stack if same else self._unseen(),
                    self._late * part)
        interval = self._interval()
        return before.stack, (interval * part if same and self._late > interval
                              else 0.0)

    def _learn(self, stack, is_still):
        if stack not in self._places and len(self._places) >= MOST:
            self._places.clear()
        counts = self._places.setdefault(stack, [0, 0])
        counts[0] += is_still
        counts[1] += 1

    def _is_wait(self, stack):
        still, looks = self._places.get(stack, (0, 0))
        return still >= LEAST and still >= PART * looks


class PlainCredits(object):
    """All to the stack that is seen: where threads have no clocks."""

    def begin(self, moment, late):
        """Nothing else is known of a look."""

    def divide(self, seen, seconds):
        return [(seen.stack, seen.state, seconds)] if seconds else []


def credits_here(table):
    """What this platform can do; ``table`` is the profile's `StackTable`."""
    if not thread_clocks.available():
        return PlainCredits()
    return Credits(thread_clocks.clock_of, time.process_time,
                   sys.getswitchinterval, lambda: table.intern(UNSEEN))
