"""What the processor clock of each thread does, and the kernel's word for it.

A thread whose clock stands still has not run for a moment, not even to ask for
the interpreter: who waits for that asks again each switch interval. So it waits
inside a function written in C, and what the kernel has said of it stays true
until its clock moves. The loop reads clocks: a system call of half a
microsecond. The watchdog, which may read files, asks the kernel, once for each
wait that lasts.

Linux only, and Python 3 only: 2.7 knows neither the clocks nor the system's
numbers of threads. Elsewhere nothing is known here.
"""
from __future__ import absolute_import, division, print_function

import os
import sys
import threading
import time

from Products.ZServerViews._compat import PY2, monotonic
from Products.ZServerViews.monitor.thread_states import (
    FILE,
    LOCK,
    RUNNING,
    SLEEPING,
    SOCKET,
    WAITING,
)

# For how many seconds a clock must have stood still, and at least how many times
# the interval in which a thread asks for the interpreter.
STILL = 0.05
INTERVALS = 4

# What part of the time a thread must have had the processor to be running. Not
# more: many that compute share one interpreter, and others the processors.
SHARE = 0.05

# How many threads the kernel is asked about in one look, and how many are known.
MOST_ASKED = 8
MOST_KNOWN = 1000

# Whether it is seen only from the arguments of the call:
_SELECT, _POLL, _ON_A_FILE = 'select', 'poll', 'on a file'

# By the number of the system call. The kernel's table of each architecture:
# arch/x86/entry/syscalls/syscall_64.tbl, and include/uapi/asm-generic/unistd.h
# for those that came later.
_MEANINGS = (
    (LOCK, {'x86_64': [202, 449, 455], 'generic': [98, 449, 455]}),  # futex
    (SLEEPING, {'x86_64': [35, 230], 'generic': [101, 115]}),
    (_SELECT, {'x86_64': [23, 270], 'generic': [72]}),
    (_POLL, {'x86_64': [7, 271], 'generic': [73]}),
    # epoll_wait, epoll_pwait, epoll_pwait2, connect, accept, accept4, sendto,
    # recvfrom, sendmsg, recvmsg, recvmmsg, sendmmsg, sendfile
    (SOCKET, {'x86_64': [232, 281, 441, 42, 43, 288, 44, 45, 46, 47, 299, 307,
                         40],
              'generic': [22, 441, 203, 202, 242, 206, 207, 211, 212, 243,
                          269, 71]}),
    # read, write, readv, writev
    (_ON_A_FILE, {'x86_64': [0, 1, 19, 20], 'generic': [63, 64, 65, 66]}),
    # open, stat, lstat, fstat, openat, newfstatat, statx, getdents64, fcntl,
    # flock, fsync, fdatasync, msync, pread64, pwrite64, ftruncate, unlink,
    # unlinkat, rename, renameat, renameat2
    (FILE, {'x86_64': [2, 4, 6, 5, 257, 262, 332, 217, 72, 73, 74, 75, 26, 17,
                       18, 77, 87, 263, 82, 264, 316],
            'generic': [80, 56, 79, 291, 61, 25, 32, 82, 83, 227, 67, 68, 46,
                        35, 38, 276]}),
)

_TABLES = {'x86_64': 'x86_64', 'aarch64': 'generic', 'riscv64': 'generic',
           'loongarch64': 'generic'}


def calls_of(machine):
    """{number of a system call: what it means} on such a machine.

    ``machine``
        As `os.uname` has it; of others nothing is known.
    """
    table = _TABLES.get(machine)
    return dict((str(number), meaning) for meaning, numbers in _MEANINGS
                for number in numbers.get(table, ()))


def native_id_of(thread):
    """The system's number of a Thread object; None where Python does not know
    it, as before 3.8 and for a thread that it has not started."""
    number = getattr(thread, 'native_id', None)
    if (number is not None and sys.platform.startswith('linux')
            and not PY2 and thread is threading.main_thread()):
        # Python leaves it that of the parent's in a forked child. To Linux the
        # first thread of a process has the number of that.
        return os.getpid()
    return number


def clock_of(native_id):
    """The processor time of a thread of this process in nanoseconds, or None.

    It is the clock of `time.pthread_getcpuclockid`, made of the thread's number
    as Linux makes it: that function reads the memory of a thread which may have
    ended. A number of no thread of this process gives None.
    """
    if native_id <= 0:
        return None  # to Linux 0 is the calling thread
    try:
        return time.clock_gettime_ns((~native_id << 3) | 6)
    except OSError:
        return None


def call_of(native_id):
    """The words of the kernel about what a thread is in; reads a file.

    proc(5), /proc/pid/task/tid/syscall: the number of the call and its
    arguments, or "running". A process may always look at itself.
    """
    return _read('/proc/self/task/%d/syscall' % native_id).split()


def _read(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 300).decode('ascii')
    finally:
        os.close(descriptor)


def file_of(descriptor):
    """What a descriptor of this process is, as "socket:[7]" or a path.

    It is a link of the kernel's: no file system is asked.
    """
    return os.readlink('/proc/self/fd/%d' % descriptor)


def switch_interval():
    """In seconds: after so long a thread asks for the interpreter again."""
    return sys.getswitchinterval()


class Seen(object):
    """A thread whose clock shows ``clock`` since ``when``; how both were
    ``before``; and what it waits for, a ``word`` or None."""

    __slots__ = ('clock', 'when', 'before', 'word')

    def __init__(self, clock, when, before):
        self.clock = clock
        self.when = when
        self.before = before
        self.word = None


class ThreadClocks(object):
    """All threads of which the watchdog has seen the clock.

    `look` is for one thread that may read files; `state` for any.
    """

    def __init__(self, now=monotonic, clock=clock_of, call=call_of,
                 file=file_of, calls=None, interval=switch_interval):
        self._now = now
        self._interval = interval
        self._clock = clock
        self._call = call
        self._file = file
        self._calls = _calls_here() if calls is None else calls
        self._seen = {}

    def look(self, native_ids):
        """Look at these threads, and at no others any more.

        Of at most `MOST_ASKED` the kernel is asked, in the order of the
        threads; the next look asks for others.
        """
        now, known, asked, seen = self._now(), self._seen, 0, {}
        still = max(STILL, INTERVALS * self._interval())
        for native_id in native_ids[:MOST_KNOWN]:
            clock = self._clock(native_id)
            if clock is None:
                continue
            one = seen[native_id] = _later(known.get(native_id), clock, now)
            if (one.word is None and now - one.when >= still
                    and asked < MOST_ASKED):
                asked += 1
                one.word = self._word(native_id, clock)
        self._seen = seen

    def state(self, native_id):
        """`RUNNING`, or what the thread waits for; None if nothing tells."""
        one = self._seen.get(native_id)
        clock = None if one is None else self._clock(native_id)
        if clock is None:
            return None
        if clock == one.clock and one.word is not None:
            return one.word
        now, before = self._now(), (one.clock, one.when)
        if now - one.when < STILL and one.before:
            before = one.before
        used, passed = (clock - before[0]) / 1e9, now - before[1]
        return RUNNING if passed >= STILL and used >= SHARE * passed else None

    def _word(self, native_id, clock):
        try:
            words = self._call(native_id)
            meaning = self._meaning(words)
        except Exception:
            # The thread has ended, or such files are not to be had here.
            meaning = WAITING
        # What the kernel says of another wait is not for this one.
        return meaning if self._clock(native_id) == clock else None

    def _meaning(self, words):
        number, arguments = words[0], words[1:]
        if number == 'running':
            return None
        meaning = self._calls.get(number, WAITING)
        if meaning in (_SELECT, _POLL):
            # Of no file at all: that is a way to sleep.
            files = int(arguments[meaning == _POLL], 16)
            return SOCKET if files else SLEEPING
        if meaning == _ON_A_FILE:
            return self._kind(int(arguments[0], 16))
        return meaning

    def _kind(self, descriptor):
        target = self._file(descriptor)
        if target.startswith('socket:'):
            return SOCKET
        return FILE if target.startswith('/') else WAITING


def _later(one, clock, now):
    if one is None:
        return Seen(clock, now, None)
    if one.clock == clock:
        return one
    return Seen(clock, now, (one.clock, one.when))


def _calls_here():
    # A program of 32 bits has other numbers than its kernel's.
    return calls_of(os.uname()[4]) if sys.maxsize > 2 ** 32 else {}


class NoClocks(object):
    """Stands for `ThreadClocks` where there are no such clocks."""

    def look(self, native_ids):
        """There is nothing to see."""

    def state(self, native_id):
        return None


def available(platform=sys.platform, time=time):
    """Whether this platform has clocks of threads, as `clock_of` reads them."""
    return platform.startswith('linux') and hasattr(time, 'clock_gettime_ns')


def fine_clock():
    """`clock_of`, if no thread can run without its clock moving; else None.

    There are kernels, as of sandboxes, that count processor time in ticks.
    """
    if not available() or time.thread_time_ns() == time.thread_time_ns():
        return None
    return clock_of


def of_this_process():
    """A `ThreadClocks` where that is possible."""
    return ThreadClocks() if available() else NoClocks()
