"""Programs that read the stacks of a process out of its memory: also those of
one that is stopped, or that handles no signal.

``profiling.sampling`` comes with Python 3.15, py-spy is a package. The kernel may
not let them: see ptrace(2). None of them stops the process for that.
"""
from __future__ import absolute_import, division, print_function

import os
import select
import sys
from functools import partial

# Seconds for one of them, of which the machine may take most to load it.
PATIENCE = 2.0
# Seconds until the next attempt, when none could.
AGAIN = 60.0
# It is no longer, or it does not count.
MOST_BYTES = 4 << 20


class MemoryReaders(object):
    """``read(command)``
        Returns the whole output of a program as bytes; None if it had none.
    ``programs(pid)``
        Returns those to ask, see `installed`.
    """

    def __init__(self, pid, clock, read=None, programs=None):
        self._pid = pid
        self._clock = clock
        self._read = read or partial(output_of, clock=clock)
        self._programs = programs or installed
        self._not_before = clock()

    def take(self):
        """(name of the program, text); None if there is none that can."""
        if self._clock() < self._not_before:
            return None
        for name, command, as_text in self._programs(self._pid):
            output = self._read(command) or b''
            try:
                text = as_text(output.decode('utf-8', 'replace'))
            except (LookupError, TypeError, ValueError):
                continue  # another version of it, with another form
            if text:
                return name, text
        self._not_before = self._clock() + AGAIN
        return None


def installed(pid):
    """[(name, command, function that makes a text of its output)]"""
    found = []
    if sys.version_info >= (3, 15):
        found.append(('profiling.sampling', [
            sys.executable, '-I', '-S', '-m', 'profiling.sampling', 'dump',
            '--all-threads', str(pid)], str))
    program = path_of('py-spy')
    if program is not None:
        # Its own text does not tell of a stopped process who holds the lock.
        found.append(('py-spy', [
            program, 'dump', '--nonblocking', '--json', '--pid', str(pid)],
            text_of_pyspy))
    return found


def path_of(name):
    """Of a program, beside this Python or on the PATH; None without."""
    folders = [os.path.dirname(sys.executable)]
    folders += os.environ.get('PATH', '').split(os.pathsep)
    for folder in folders:
        path = os.path.join(folder, name)
        if (os.path.isabs(folder) and os.path.isfile(path)
                and os.access(path, os.X_OK)):
            return path
    return None


def text_of_pyspy(output):
    """In faulthandler's form; who holds the interpreter's lock comes first."""
    import json  # more memory than all else here, which is seldom needed
    lines = []
    for thread in sorted(json.loads(output), key=lambda thread: (
            not thread['owns_gil'], thread['os_thread_id'] or 0)):
        lines.append('Thread %s "%s"%s (most recent call first):' % (
            thread['os_thread_id'], thread['thread_name'] or '',
            ', which holds the interpreter' if thread['owns_gil'] else ''))
        lines += ['  File "%s", line %s in %s' % (
            frame['filename'], frame['line'], frame['name'])
            for frame in thread['frames']]
        lines.append('')
    return '\n'.join(lines)


def output_of(command, clock, patience=PATIENCE):
    """What it writes, if it ends well and in time; else None."""
    import subprocess  # see above
    try:
        program = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, cwd='/',
            env=dict(os.environ, NO_COLOR='1'))
    except OSError:
        return None
    ends = clock() + patience
    with program.stdout:
        output = _all_of(program.stdout.fileno(), clock, ends)
    try:
        code = program.wait(
            max(0.0, ends - clock()) if output is not None else 0.0)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
        return None
    return output if code == 0 and output else None


def _all_of(fileno, clock, ends):
    parts, size = [], 0
    poll = select.poll()
    poll.register(fileno, select.POLLIN)
    while size <= MOST_BYTES:
        left = ends - clock()
        if left <= 0 or not poll.poll(int(left * 1000) + 1):
            return None
        part = os.read(fileno, 1 << 16)
        if not part:
            return b''.join(parts)
        parts.append(part)
        size += len(part)
    return None
