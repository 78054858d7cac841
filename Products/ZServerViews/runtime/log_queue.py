"""What the loop wants to have written, written by a thread that may wait.

A logging handler has a lock, and writes to files and sockets; the loop must
touch neither. It leaves records here; one daemon thread takes them out.
"""
from __future__ import absolute_import, division, print_function

import atexit
import logging
import os
import threading
import time
from collections import deque
from functools import partial

from Products.ZServerViews._compat import in_this_context
from Products.ZServerViews._daemons import Daemon, make_event, make_lock
from Products.ZServerViews.runtime import log_records
from Products.ZServerViews.runtime.log_records import LOGGER_NAME

# How long, in seconds, the helper thread lets jobs gather before it takes
# them. Woken for each one, it would compete with the event loop for the
# interpreter.
GATHER = 0.05

# Items that one writer is given at once: it may hold a lock meanwhile.
MOST_ITEMS = 500


class LogQueue(object):
    """A queue of small jobs between the loop and one helper thread.

    `put`, `put_to` and `log` may be called from any thread and never wait.
    Jobs run in their order, and each writer gets its items in theirs; those
    that were put before a job are written before it. At most ``limit`` jobs
    wait, and as many items for each writer; further ones are dropped, and
    their number is logged once there is room again.

    An item that waits costs no object more: thousands of them would have
    Python's garbage collector look through all that Zope holds, and the loop
    would stand still meanwhile.

    ``dropped``
        How many, since the process has started.
    ``forked``
        Called by whoever finds that this is a forked child which has not begun
        anew; `begin_anew` by default.
    """

    def __init__(self, limit=5000, gather=GATHER):
        self._limit = limit
        self._gather = gather
        self._daemon = Daemon('zserver-views-log-queue')
        self._ends_with_process = False
        self.forked = self.begin_anew
        self.begin_anew()

    def begin_anew(self):
        """Have nothing queued and no thread. In a forked child: what was
        queued is the parent's to write."""
        self._pid = os.getpid()
        self._daemon.dismiss()
        self._jobs = deque()
        self._items = {}  # of each writer
        self._dropped = 0
        self.dropped = 0
        # Released to wake the thread, which waits for it while it is idle: for
        # an event both would run through many times the code.
        self._bell = make_lock()
        self._bell.acquire()
        self._idle = False

    def start(self):
        """Start the helper thread, unless it runs."""
        self._look()
        if not self._daemon.runs:
            if not self._ends_with_process:
                self._ends_with_process = True
                atexit.register(self.flush)
            self._daemon.start(self._run)

    def has_thread(self):
        """Whether the helper thread has been started in this process. If not,
        no event loop turns here, and the caller may wait for a handler."""
        self._look()
        return self._daemon.thread is not None

    def _look(self):
        if os.getpid() != self._pid:
            self.forked()

    def put(self, job):
        """Have job() called in the helper thread."""
        if os.getpid() != self._pid:
            self.forked()
        self._append(self._jobs, job)

    def put_to(self, writer, item):
        """Have writer([item]) called in the helper thread.

        Items that wait for one writer come in one list.
        """
        if os.getpid() != self._pid:
            self.forked()
        items = self._items.get(writer)
        if items is None:
            items = self._items.setdefault(writer, deque())
        self._append(items, item)

    def _append(self, queue, entry):
        if len(queue) >= self._limit:
            self._dropped += 1
            self.dropped += 1
            return
        queue.append(entry)
        if self._idle:
            self._ring()

    def _ring(self):
        self._idle = False
        try:
            self._bell.release()
        except threading.ThreadError:
            pass  # another thread has done it just now

    def log(self, level, message, *args, **extra):
        """Write to the log of this product; extra: ``exc_info``.

        The record carries this moment, this thread and the place of the
        caller; it is handled, and the traceback's source lines are read, in
        the helper thread.
        """
        record = log_records.make(level, message, args, extra.get('exc_info'))
        if self.has_thread():
            self.put(in_this_context(_emit, record))
        else:
            attempt(_emit, record)

    def flush(self, timeout=2):
        """Wait, at most timeout seconds, until all jobs are done.

        Never from the loop. Returns whether they are.
        """
        if not self._daemon.runs:
            return not self._waiting()
        done = make_event()

        def last():
            _quietly(self._tell_dropped)
            done.set()

        # Behind all that wait now, however many they are.
        self._jobs.append(last)
        self._ring()
        return done.wait(timeout)

    def left(self):
        """How many jobs and items wait now."""
        return len(self._jobs) + sum(map(len, self._items.copy().values()))

    def _run(self):
        while True:
            self._idle = True
            # What is put from now on rings.
            if not self._waiting():
                self._bell.acquire()
            self._idle = False
            time.sleep(self._gather)
            while self._waiting():
                job = self._jobs.popleft() if self._jobs else None
                # Those first that were put before it.
                self._write_items()
                if job is not None:
                    _quietly(job)
                _quietly(self._tell_dropped)

    def _waiting(self):
        """Whether there is anything to do."""
        return bool(self._jobs or any(self._items.copy().values()))

    def _write_items(self):
        for writer, items in self._items.copy().items():
            # Not those that come meanwhile: there may be no end of them.
            left = len(items)
            while left > 0:
                some = [items.popleft()
                        for _place in range(min(left, MOST_ITEMS))]
                left -= len(some)
                _quietly(partial(writer, some))

    def _tell_dropped(self):
        dropped, self._dropped = self._dropped, 0
        if dropped:
            logging.getLogger(LOGGER_NAME).error(
                '%d log lines were dropped: they came faster than '
                'they could be written', dropped)


def _emit(record):
    logger = logging.getLogger(record.name)
    if logger.isEnabledFor(record.levelno):
        logger.handle(record)


def attempt(call, *args):
    """What the call returns; None, and a record in the log, if it fails.

    In the helper thread, where one line must not cost another.
    """
    try:
        return call(*args)
    except BaseException:
        # A handler or a log format of the site's is broken. The reason goes
        # where logging sends its own failures.
        logging.getLogger(LOGGER_NAME).exception('A line was not logged')
        return None


def _quietly(job):
    try:
        attempt(job)
    except BaseException:
        # The handlers for that are broken too. The thread must live on.
        pass
