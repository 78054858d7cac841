"""How long Python's garbage collector stops all threads; on Python 3.

The interpreter calls `Pauses` before and behind each collection, in the thread
that happens to collect, and never in two at once.
"""
from __future__ import absolute_import, division, print_function

import gc

from Products.ZServerViews._compat import monotonic, stopwatch
from Products.ZServerViews._tallies import Timings

# In seconds.
PAUSES = (0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
# Shorter ones are not worth to be remembered as the longest, in seconds.
SHORT = 0.001
GENERATIONS = 3


class Pauses(object):
    """The pauses of each generation.

    ``callbacks``
        The list of functions that the collector calls, or None where there is
        none.
    ``by_generation``
        A list of `Timings`, the youngest first.
    """

    def __init__(self, callbacks=getattr(gc, 'callbacks', None),
                 clock=monotonic, watch=stopwatch):
        self._callbacks = callbacks
        self._watch = watch
        self._clock = clock
        self._began = None
        self.begin_anew()

    def begin_anew(self):
        """Have seen nothing; also in a forked child."""
        self.by_generation = [Timings(PAUSES, self._clock)
                              for _generation in range(GENERATIONS)]

    @property
    def are_known(self):
        return self._callbacks is not None

    def install(self):
        """Be called from now on; may be called again."""
        if self.are_known and self not in self._callbacks:
            self._callbacks.append(self)

    def uninstall(self):
        """Be called no more; may be called again."""
        if self.are_known and self in self._callbacks:
            self._callbacks.remove(self)

    def __call__(self, phase, info):
        if phase == 'start':
            self._began = self._watch()
            return
        began, self._began = self._began, None
        if began is None:
            return  # it began before we were there
        seconds = self._watch() - began
        timings = self.by_generation[min(info['generation'], GENERATIONS - 1)]
        if seconds < SHORT:
            # Nearly all: what `observe` does costs more.
            row = timings.row
            row[0 if seconds <= PAUSES[0] else 1] += 1
            row[-1] += seconds
        else:
            timings.observe(seconds)

    # The list asks each of its members.

    def __eq__(self, other):
        return self is other

    def __ne__(self, other):  # PY2
        return self is not other  # PY2

    __hash__ = object.__hash__
