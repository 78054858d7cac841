"""Ends a process that has begun to end and does not get there.

What a site runs may keep a process for ever behind the end of its server:
threads that are no daemons, executors, exit handlers, a log handler whose lock
another thread holds. A process manager would kill it in the end, or nobody
would.

The guard is a thread that takes no lock of anybody's, but for that of
`_daemons.current_frames`, which nobody holds for long. It is a daemon: the
interpreter does not wait for it, and until it has come to its own end Python
code can run.
"""
from __future__ import absolute_import, division, print_function

import logging
import os
import select
import sys
import threading
import time

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews._daemons import current_frames, start_thread

# Seconds that a process has behind the end of its event loop.
GRACE = 5.0
# Of these, what the last words may take.
LAST_WORDS = 1.0
# What exit handlers get, in seconds, however late they begin.
FOR_HANDLERS = 2.0
# Seconds between two looks at the clock.
LOOK = 0.1
# What a pipe that is ready takes without waiting, in bytes.
BLOCK = 4096

NAME = 'zserver-views-exit-guard'


class ExitGuard(object):
    """Begun by the handler of a signal; from then on nobody stops it.

    ``begun``
        Whether it has.
    """

    def __init__(self, log_queue, clock=monotonic, sleep=time.sleep,
                 leave=os._exit):
        self._log_queue = log_queue
        self._clock = clock
        self._sleep = sleep
        self._leave = leave
        self.begin_anew()

    def begin_anew(self):
        """Guard nothing; in a forked child, whatever the parent does."""
        self._main = None
        self._why = None
        self._must_exit = False
        self._deadline = self._exits_since = None

    @property
    def begun(self):
        return self._deadline is not None

    def begin(self, why, seconds, must_exit):
        """Be over in so many seconds and the grace; in the main thread.

        Takes no lock, so that a handler of a signal may call it. Repeatable:
        the first one counts.

        ``why``
            For the log, such as "SIGTERM".
        ``must_exit``
            Whether the process is to end even while its main program goes on.
            If not, it is to end once the interpreter has begun to exit.
        """
        if self.begun:
            self._must_exit = self._must_exit or must_exit
            return
        self._main = threading.current_thread()
        self._why = why
        self._must_exit = must_exit
        self._deadline = self._clock() + seconds + GRACE - LAST_WORDS
        try:
            start_thread(self._run, ())
        except Exception:
            self._log_queue.log(
                logging.ERROR, 'No thread can be started, so nothing ends the '
                'process if it hangs at its end', exc_info=sys.exc_info())

    def loop_ended(self):
        """The event loop has ended, or is about to: the rest is short."""
        if self.begun:
            self._deadline = min(self._deadline,
                                 self._clock() + GRACE - LAST_WORDS)

    def _run(self):
        # It makes the object that stands for this thread.
        threading.current_thread().name = NAME
        while not self.due():
            self._sleep(LOOK)
        self._end()

    def due(self):
        """Whether the process has had its time."""
        now = self._clock()
        if self._exits_since is None and self._interpreter_exits():
            self._exits_since = now
        if self._must_exit:
            return now >= self._deadline
        return (self._exits_since is not None and now >= max(
            self._deadline, self._exits_since + FOR_HANDLERS))

    def _interpreter_exits(self):
        # The first is so while executors are waited for, on Python 3.
        return (getattr(threading, '_SHUTTING_DOWN', False)
                or not self._main.is_alive())

    def _end(self):
        try:
            self._say_last_words()
        finally:
            self._leave(0)

    def _say_last_words(self):
        words = ('%s should have ended the process, which is now ended with '
                 'exit code 0: %s' % (self._why, what_keeps(self._main)))
        written, over = [], []
        # Not here: a site's own kind of records, and its handlers, may wait.
        start_thread(self._log, (words, written, over))
        for _look in range(10):
            if not over:
                self._sleep(LAST_WORDS / 10)
        if not written:
            write_if_ready(2, '%s. Lost log lines: %d\n'
                           % (words, self._log_queue.left()))

    def _log(self, words, written, over):
        self._log_queue.log(logging.WARNING, '%s', words)
        if self._log_queue.flush(LAST_WORDS / 2):
            written.append(True)
        _flush_handlers()
        over.append(True)


def what_keeps(main):
    """What a process waits for at its end, in words; takes no lock."""
    names = sorted(thread.name for thread in threading._active.copy().values()
                   if thread is not main and not thread.daemon
                   and thread.is_alive())
    words = ('threads that are not daemons: %s; ' % ', '.join(names)
             if names else '')
    frame = current_frames().get(main.ident)
    if frame is None:
        return words + 'the main thread runs no Python code'
    code = frame.f_code
    return '%sthe main thread is in %s (%s, line %s)' % (
        words, code.co_name, code.co_filename, frame.f_lineno)


def write_if_ready(descriptor, words):
    """Write text, as much as can be written without waiting."""
    try:
        _in, ready, _out = select.select([], [descriptor], [], 0)
        if ready:
            if not isinstance(words, bytes):
                words = words.encode('utf-8', 'replace')
            os.write(descriptor, words[:BLOCK])
    except Exception:
        pass  # it is closed, or nobody reads it any more


def _flush_handlers():
    """Flush all log handlers whose lock is free, and the standard output."""
    for reference in logging._handlerList[:]:
        handler = reference()
        lock = getattr(handler, 'lock', None)
        if lock is not None and lock.acquire(False):
            try:
                handler.flush()
            except Exception:
                pass  # its file is closed: nothing is left to flush
            finally:
                lock.release()
    try:
        sys.stdout.flush()
    except Exception:
        pass  # the same
