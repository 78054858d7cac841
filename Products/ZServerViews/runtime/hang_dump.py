"""The stacks of all threads in a file when the whole process hangs.

Where C code keeps the interpreter's lock no Python code runs, this neither.
A timer of faulthandler's is a thread in C that needs no lock: it is set again
as long as the watchdog ticks, and runs out when it does not.

What is known of faulthandler, and done about it here:

- The timer reads the frames of all threads without a lock. While these run,
  that can crash the process or never end (CPython issues 116008 and 140815).
  So it may run out only when nothing runs, not already when the loop stands
  still: then the watchdog itself takes the stacks.
- To set the timer again is to wait for its thread, with the interpreter's lock
  held. So once it has run out it gets time to finish.
- A forked child has the locks of that thread but not the thread: it would wait
  for it at its end, for ever. So the timer is off during a fork. Where Python
  does not tell of one, the child has no timer any more.
- It writes to a number, not to a file object: if the file were closed, another
  one would get the number. So the file stays open.
- There is one timer in a process.
- Without a global interpreter lock it is never safe: then it is not used.

All runs in the watchdog's thread, but for what a fork calls. What is
written by Python is written in the log queue's thread.
"""
from __future__ import absolute_import, division, print_function

import fcntl
import logging
import os
import stat
import sys
import threading
import time
from functools import partial

from Products.ZServerViews._compat import monotonic

try:
    import faulthandler
except ImportError:  # PY2: a package of its own, which need not be there
    faulthandler = None  # PY2

# The shortest time that the timer may have, in seconds.
LEAST = 1.0
# Seconds between two settings of the timer; less if its time is short.
EVERY = 1.0
# Seconds for the timer's thread to write all stacks once it has run out.
SETTLE = 1.0

MODE = 0o600


class HangDump(object):
    """The file of the setting ``hang-dump``, and the timer that writes it.

    ``after``
        Seconds until it is written.
    """

    def __init__(self, log_queue, clock=monotonic, timer=faulthandler):
        self.after = None
        self._log_queue = log_queue
        self._clock = clock
        self._timer = timer
        self._adopted = self._path = self._fd = None
        self._armed = None      # when; None: the timer is off
        self._size = 0          # of the file at that time
        self._ran_out = None    # (when that was seen, how long nothing moved)
        self._why_no_timer = None
        # Held while the timer is set, and during a fork.
        self._lock = threading.Lock()
        self._is_forking = False

    @property
    def is_open(self):
        return self._fd is not None

    def adopt(self, path, after):
        """Use this file from now on; None for none."""
        if (path, after) == self._adopted:
            return
        self.close()
        self._adopted = path, after
        if path is not None:
            self.after = max(after, LEAST)
            self._open(path)

    def close(self):
        """Stop the timer; close the file behind all that is to be written."""
        self._adopted = self._ran_out = None
        with self._lock:
            self._disarm()
        fd, self._fd = self._fd, None
        if fd is not None:
            self._log_queue.put(partial(os.close, fd))

    def beat(self):
        """Set the timer again where it is time to: something moves."""
        if self._fd is None or self._timer is None:
            return
        if self._lock.acquire(False):
            try:
                self._beat(self._clock())
            finally:
                self._lock.release()

    def _beat(self, now):
        if self._ran_out is not None:
            seen, seconds = self._ran_out
            if now - seen < SETTLE:
                return
            self._ran_out = None
            self._tell(seconds)
        elif self._armed is not None:
            seconds = now - self._armed
            if seconds >= self.after:
                self._ran_out = now, seconds
                return
            if seconds < min(EVERY, self.after / 4):
                return
        self._arm(now)

    def write(self, title, text):
        """Have a title with the time before it, and a text, written there.

        Returns the path, or None where there is no file.
        """
        if self._fd is None:
            return None
        self._log_queue.put(partial(_write, self._fd, _titled(title), text))
        return self._path

    def _open(self, path):
        try:
            fd = _opened(path)
        except EnvironmentError as error:
            self._log_queue.log(
                logging.ERROR, 'The file of the setting hang-dump '
                'cannot be opened; no dump will be written: %s', error)
            return
        self._fd, self._path = fd, path
        self._check_timer()
        self.write('this file gets the stacks of all threads when the process '
                   'has been blocked for %g s; the innermost call is first '
                   'where the interpreter itself was blocked' % self.after, '')

    def _check_timer(self):
        reason = self._why_no_timer or _no_timer(self._timer)
        if reason is not None:
            self._timer = None
            self._log_queue.log(
                logging.WARNING, '%s: dumps can be written only '
                'while the interpreter itself runs (setting '
                'hang-dump)', reason)

    def _arm(self, now):
        self._size = os.fstat(self._fd).st_size
        try:
            self._timer.dump_traceback_later(self.after, file=self._fd)
        except RuntimeError as error:
            # The system has no thread for it. Later it may have.
            self._log_queue.log(logging.ERROR, 'The timer of the setting '
                              'hang-dump cannot be set: %s', error)
        self._armed = now

    def _disarm(self):
        if self._armed is not None:
            self._armed = None
            self._timer.cancel_dump_traceback_later()

    # In the thread that forks:

    def before_fork(self):
        self._lock.acquire()
        self._is_forking = True
        self._disarm()

    def after_fork(self):
        # It may be newer than the beginning of this fork.
        if self._is_forking:
            self._is_forking = False
            self._lock.release()

    def begin_anew(self):
        """In the child: have the file opened again, in its own name."""
        self._lock, self._is_forking = threading.Lock(), False
        self._adopted = self._ran_out = None
        if self._armed is not None:
            self._armed = self._timer = None
            self._why_no_timer = ('This process was forked while the timer of '
                                  'its parent was set')

    def _tell(self, seconds):
        if os.fstat(self._fd).st_size > self._size:
            self._log_queue.log(
                logging.ERROR, 'This process was blocked for %.1f s; the '
                'stacks of all threads are in %s from byte %d on',
                seconds, self._path, self._size)
        self.write('the interpreter runs again after %.1f s' % seconds, '')


def _opened(path):
    # Without O_NONBLOCK a pipe would be waited for.
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT
                 | os.O_NONBLOCK | os.O_NOCTTY, MODE)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise IOError('%s is not a regular file' % path)
    fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    return fd


def _no_timer(timer):
    """Why there is none, or None."""
    if not hasattr(timer, 'dump_traceback_later'):
        return ('The package faulthandler, version 2.0 or newer, is not '
                'installed')
    if not getattr(sys, '_is_gil_enabled', lambda: True)():
        return 'This Python has no global interpreter lock'
    return None


def _titled(title):
    return '\n%s process %d: %s\n' % (
        time.strftime('%Y-%m-%d %H:%M:%S'), os.getpid(), title)


def _write(fd, title, text):
    data = title + str(text)
    if not isinstance(data, bytes):
        data = data.encode('utf-8', 'backslashreplace')
    while data:
        data = data[os.write(fd, data):]
