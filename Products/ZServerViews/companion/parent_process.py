"""The site's process, as the kernel shows it from outside."""
from __future__ import absolute_import, division, print_function

import fcntl
import os
import signal
import struct

# Places in /proc/PID/stat behind the name, see proc_pid_stat(5).
_STATE, _EXIT_CODE = 0, 49
# The structure pidfd_info of linux/pidfd.h as it was first: what is asked for,
# a number of the control group, 11 of the process and its users, the exit code.
# It has the last one, whoever has asked for it before, since Linux 6.15.
_INFO = struct.Struct('@QQ3I8Ii')
_WITH_EXIT_CODE = 1 << 3
_GET_INFO = 3 << 30 | _INFO.size << 16 | 0xff << 8 | 11
# The letters of a process that a signal or a debugger has stopped.
_STOPPED = frozenset(b'Tt')


class ParentProcess(object):
    """The process that has started this one.

    ``fileno``
        A descriptor that is readable when it ends; None if the kernel has none.
    """

    def __init__(self, pid, proc='/proc'):
        self.pid = pid
        self._stat = os.path.join(proc, str(pid), 'stat')
        self._status = os.path.join(proc, str(pid), 'status')
        self.fileno = _pidfd(pid)

    @property
    def is_gone(self):
        # Whatever children of it live on, and whoever has its number by now.
        return os.getppid() != self.pid

    @property
    def is_stopped(self):
        fields = self._fields()
        return bool(fields) and fields[_STATE][0] in _STOPPED

    def exit_signal(self):
        """(signal, exit code) by which it has ended, one of them None; None if
        the kernel does not know any more: its own parent has asked already, and
        the kernel is older than Linux 6.15."""
        code = self._exit_code_of_zombie()
        if code is None:
            code = self._exit_code_kept()
        if code is None:
            return None
        return (code & 0x7f, None) if code & 0x7f else (None, code >> 8)

    def _exit_code_of_zombie(self):
        fields = self._fields()
        if not fields or fields[_STATE] not in (b'Z', b'X'):
            return None
        try:
            return int(fields[_EXIT_CODE])
        except (IndexError, ValueError):
            return None

    def _exit_code_kept(self):
        if self.fileno is None:
            return None
        asked = [_WITH_EXIT_CODE] + [0] * 13
        try:
            found = _INFO.unpack(fcntl.ioctl(
                self.fileno, _GET_INFO, _INFO.pack(*asked)))
        except OSError:
            return None
        return found[-1] if found[0] & _WITH_EXIT_CODE else None

    def send(self, number):
        """Send a signal for which it has a handler; whether it was sent."""
        if self.is_gone or not self._handles(number):
            return False
        try:
            if self.fileno is not None:
                signal.pidfd_send_signal(self.fileno, number)
            else:
                os.kill(self.pid, number)
        except OSError:
            return False
        return True

    def _handles(self, number):
        # Else the signal would end it.
        try:
            with open(self._status, 'rb') as lines:
                masks = [line.split()[1] for line in lines
                         if line.startswith(b'SigCgt:')]
        except OSError:
            return False
        return bool(masks) and bool(int(masks[0], 16) >> (number - 1) & 1)

    def _fields(self):
        try:
            with open(self._stat, 'rb') as stat:
                # The name stands in brackets, and may have some of its own.
                return stat.read().rpartition(b')')[2].split()
        except OSError:
            return []


def _pidfd(pid):
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None  # an old kernel, or one that is told to have none


class OutOfMemory(object):
    """Whether the kernel has killed a process of this control group for want
    of memory, a short time ago."""

    def __init__(self, proc='/proc', cgroups='/sys/fs/cgroup'):
        self._files = [path for path in _memory_files(proc, cgroups)
                       if _kills(path) is not None]
        self._before = self._latest = self._count()

    def look(self):
        """Remember how many there have been, from time to time."""
        # Two looks back: one may come between a kill and the end that it means.
        self._before, self._latest = self._latest, self._count()

    def has_killed(self):
        return any(now > before for now, before
                   in zip(self._count(), self._before))

    def _count(self):
        return [_kills(path) or 0 for path in self._files]


def _memory_files(proc, cgroups):
    """Where the kernel may count, by cgroups(7): version 2, then version 1."""
    try:
        with open(os.path.join(proc, 'self', 'cgroup')) as lines:
            groups = [line.rstrip('\n').split(':', 2) for line in lines]
    except OSError:
        return
    for _number, controllers, path in groups:
        if not controllers:
            yield os.path.join(cgroups, path.lstrip('/'), 'memory.events')
        elif 'memory' in controllers.split(','):
            yield os.path.join(cgroups, 'memory', path.lstrip('/'),
                               'memory.oom_control')


def _kills(path):
    try:
        with open(path) as lines:
            for line in lines:
                name, _, number = line.partition(' ')
                if name == 'oom_kill':
                    return int(number)
    except (OSError, ValueError):
        pass
    return None
