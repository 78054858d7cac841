"""The stacks of all threads of the site's process, while it runs no Python.

The process has faulthandler write them into memory that it shares with its
companion, on a signal: a handler in C, which needs neither the interpreter's
lock nor any right to read foreign memory. Where that cannot be, as in a stopped
process, a program may read them: see `memory_readers`.
"""
from __future__ import absolute_import, division, print_function

import os
import time

# Seconds for all stacks, and between two looks at how many bytes there are. No
# byte more between two of these is the end.
PATIENCE = 1.0
LOOK = 0.03
# faulthandler writes 100 threads of 100 frames at most.
MOST_BYTES = 4 << 20


class OutsideStacks(object):
    """``fileno``, ``number``
        Of the shared memory and of the signal; negative if the process has
        none.
    ``readers``
        A `memory_readers.MemoryReaders`.
    """

    def __init__(self, parent, fileno, number, readers, clock,
                 sleep=time.sleep):
        self._parent = parent
        self._readers = readers
        self._fileno = fileno
        self._number = number
        self._clock = clock
        self._sleep = sleep

    def take(self):
        """(who has found them, text); None if there is none to be had."""
        text = self._written()
        if text is not None:
            return 'faulthandler', text
        # Its number may be that of another one by now.
        return None if self._parent.is_gone else self._readers.take()

    def _written(self):
        """None of a stopped process, or one that has no handler."""
        if self._fileno < 0 or self._parent.is_stopped:
            return None
        # The place at which is written is shared too.
        os.ftruncate(self._fileno, 0)
        os.lseek(self._fileno, 0, os.SEEK_SET)
        if not self._parent.send(self._number):
            return None
        self._wait()
        text = os.pread(self._fileno, MOST_BYTES, 0)
        return text.decode('utf-8', 'replace') or None

    def _wait(self):
        ends = self._clock() + PATIENCE
        size = 0
        while self._clock() < ends:
            self._sleep(LOOK)
            before, size = size, os.fstat(self._fileno).st_size
            if size and size == before:
                return
