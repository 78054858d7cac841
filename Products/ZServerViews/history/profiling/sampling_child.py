"""The program of a child process that takes the stacks of its parent.

It runs by ``python -I -S`` of Python 3.15 with `profiling.sampling` of the
standard library, and nothing of ours. It reads the memory of the parent, which
neither stops nor notices that. Each line that it writes is a JSON list:

- ``["begins", moment]``
- ``["stack", number, [[function, file, line], ...]]``, the outermost first, before
  its number is used; ``["forget"]``: no number until now is used again.
- ``["look", moment, processor time, failed looks, [[thread, state, number], ...]]``
- ``["fails", why]``, and nothing behind it.

Moments are of the monotonic clock, which all processes share. The numbers of
threads are the system's.
"""
from __future__ import absolute_import, division, print_function

import json
import os
import signal
import sys
import time

# Of a thread: it computes, or asks for the interpreter, or neither.
COMPUTES, ASKS, WAITS = 'computes', 'asks', 'waits'

# Of a deeper stack the outermost frames are left out.
MAX_FRAMES = 100
LEFT_OUT = ['(frames are left out)', '', None]

# Different stacks that it remembers, and looks that may fail at first.
MOST_STACKS = 5000
MOST_ATTEMPTS = 50

# Seconds behind its time after which the kernel ends it, whatever holds it up; longer
# than its parent is patient while it begins.
GRACE = 30


class Writer(object):
    """Writes lines; each stack once.

    ``write``
        Takes bytes.
    """

    def __init__(self, write):
        self._write = write
        self._numbers = {}
        self._next = 1

    def send(self, *words):
        self._write(json.dumps(words, separators=(',', ':')).encode('ascii')
                    + b'\n')

    def number(self, frames):
        """Of a stack, as `_remote_debugging` has it."""
        key = tuple((frame.funcname, frame.filename, frame.location[0]
                     if frame.location else None) for frame in frames)
        number = self._numbers.get(key)
        if number is None:
            if len(self._numbers) >= MOST_STACKS:
                self._numbers.clear()
                self.send('forget')
            number, self._next = self._next, self._next + 1
            self._numbers[key] = number
            self.send('stack', number, written(key))
        return number


def written(frames):
    """With names as code objects have them, not with those of classes."""
    # What is read while it changes may have any number.
    found = [[name.rpartition('.')[2], path,
              line if line and line > 0 else None]
             for name, path, line in frames[:MAX_FRAMES]]
    if len(frames) > MAX_FRAMES:
        found.append(LEFT_OUT)
    found.reverse()
    return found


class Looks(object):
    """Looks at the parent until it has gone.

    ``profiler``
        A `profiling.sampling.sample.SampleProfiler`.
    ``flags``
        `profiling.sampling.constants`.
    """

    def __init__(self, profiler, flags, writer, parent, clock=time.time,
                 processor=time.time, sleep=time.sleep):
        self._profiler = profiler
        self._flags = flags
        self._writer = writer
        self._parent = parent
        self._clock = clock
        self._processor = processor
        self._sleep = sleep
        self._failed = 0

    def run(self, period, seconds):
        self._attempt()
        begin = self._clock()
        self._writer.send('begins', begin)
        tick = 0
        while tick * period < seconds and os.getppid() == self._parent:
            # Ticks that have been missed are not made up for.
            tick = max(tick, int((self._clock() - begin) / period)) + 1
            self._sleep(max(0.0, begin + tick * period - self._clock()))
            self._look()

    def _attempt(self):
        # What is read while it changes may make no sense; then once more.
        for left in range(MOST_ATTEMPTS, 0, -1):
            try:
                self._profiler.dump_stack()
                return
            except PermissionError:
                raise
            except Exception:
                if left == 1:
                    raise
                self._sleep(0.01)

    def _look(self):
        moment = self._clock()
        try:
            found = self._profiler.dump_stack()
        except Exception:
            self._failed += 1
            return
        threads = [(thread, list(thread.frame_info or ()))
                   for interpreter in found for thread in interpreter.threads]
        seen = [[thread.thread_id, self._state(thread.status),
                 self._writer.number(frames)]
                for thread, frames in threads if frames]
        self._writer.send('look', moment, self._processor(), self._failed, seen)

    def _state(self, status):
        flags = self._flags
        if status & flags.THREAD_STATUS_HAS_GIL:
            return COMPUTES
        if status & flags.THREAD_STATUS_GIL_REQUESTED:
            return ASKS
        return COMPUTES if status & flags.THREAD_STATUS_ON_CPU else WAITS


def why(error):
    """An exception as a line, with the first one that led to it."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__
    return '%s: %s' % (type(error).__name__, error)


def profiler_of(pid, period):
    """(the standard library's profiler, its constants)"""
    from profiling.sampling import constants
    from profiling.sampling.sample import SampleProfiler

    return SampleProfiler(
        pid, int(1e6 * period), True, mode=constants.PROFILING_MODE_ALL,
        skip_non_matching_threads=False), constants


def run(arguments, write, make=profiler_of):
    """Arguments: the parent's number, looks in a second, seconds."""
    parent, rate, seconds = map(int, arguments)
    writer = Writer(write)
    try:
        profiler, flags = make(parent, 1.0 / rate)
        Looks(profiler, flags, writer, parent, time.monotonic,
              time.process_time).run(1.0 / rate, seconds)
    except BrokenPipeError:
        pass  # nobody reads any more
    except (Exception, SystemExit) as error:
        writer.send('fails', why(error))


def write_to(descriptor):
    """A function that writes all of its bytes there."""
    def write(line):
        while line:
            line = line[os.write(descriptor, line):]

    return write


def end_after(seconds):
    """Have the kernel end this process, whatever it has inherited."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
    signal.setitimer(signal.ITIMER_REAL, seconds)


if __name__ == '__main__':
    end_after(int(sys.argv[3]) + GRACE)
    run(sys.argv[1:], write_to(1))
