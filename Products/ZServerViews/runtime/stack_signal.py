"""A signal on which the stacks of all threads are written into memory, even
while no Python code can run: for the companion.

faulthandler's handler reads the frames of all threads without a lock. While
these run, that can crash the process (CPython issues 116008 and 140815). So the
companion sends the signal only while they do not, and only when it is asked to;
and where there is no global interpreter lock the signal is not used.
"""
from __future__ import absolute_import, division, print_function

import os
import signal
import sys

from Products.ZServerViews.runtime.shared_page import memory
from Products.ZServerViews.runtime.signals import handled_in_c

try:
    import faulthandler
except ImportError:  # PY2: a package of its own, which need not be there
    faulthandler = None  # PY2

# The first of these that nobody handles: behind those that C libraries use.
FIRST, MOST = 5, 10


class StackSignal(object):
    """``number``, ``fileno``
        Of the signal and of the memory; -1 while there is none.
    """

    def __init__(self, handler=faulthandler):
        self._handler = handler
        self.number = self.fileno = -1

    def register(self):
        """Have the signal handled; in any thread; may be called again."""
        number = _free_signal()
        if self.number >= 0 or number is None or _no_lock():
            return
        fileno = memory('zserver-views-stacks')
        try:
            self._handler.register(number, file=fileno, all_threads=True)
        except BaseException:
            os.close(fileno)
            raise
        self.number, self.fileno = number, fileno

    def unregister(self):
        """Leave the signal alone; may be called again."""
        number, fileno = self.number, self.fileno
        self.number = self.fileno = -1
        if number >= 0:
            # First: the descriptor may become that of another file.
            self._handler.unregister(number)
        if fileno >= 0:
            os.close(fileno)


def _free_signal():
    taken = handled_in_c()
    for number in range(signal.SIGRTMIN + FIRST, signal.SIGRTMIN + MOST):
        if (signal.getsignal(number) == signal.SIG_DFL
                and number not in taken):
            return number
    return None


def _no_lock():
    return not getattr(sys, '_is_gil_enabled', lambda: True)()
