"""The folder of the records: names of segments, who writes them, room for a new one.

``zope1-20261127T031207Z-4711-9c3e-000012.record`` is the twelfth segment of a
process of the instance zope1, with the number 4711. The four digits are by chance:
two containers that share a folder may have equal numbers, and begin at once.

Whoever writes a segment has it locked, and the kernel takes the lock from a process
that is killed. So nobody has to ask for numbers of processes, which other containers
do not know, and which are used again. It is a lock of the process (``lockf``), which
a fork does not inherit.

Used by the thread that writes, which may wait for the disk, and by the command.
"""
from __future__ import absolute_import, division, print_function

import errno
import fcntl
import os
import random
import re
import time

SUFFIX = '.record'
MODE = 0o600
# Of a segment, in bytes, and as a share of all.
LARGEST, SMALLEST, SHARE = 1024 * 1024, 64 * 1024, 64
# A file without a byte may be one that is just being locked; in seconds.
BEING_MADE = 60
# Where nothing can be locked: who has not written for so many seconds is gone.
SILENT = 600
# A file that was changed so many seconds later than now has a wrong time.
IN_FUTURE = 3600
LONGEST_NAME = 60

_name = re.compile(r'([0-9A-Za-z_][0-9A-Za-z_.]{0,%d})-([0-9]{8}T[0-9]{6}Z-[0-9]+-[0-9a-f]{4})'
                   r'-([0-9]{6,9})\%s\Z' % (LONGEST_NAME - 1, SUFFIX))
_cannot_lock = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class NoRoom(EnvironmentError):
    """All that the folder may hold is being written by others."""


class File(object):
    """One segment in the folder, as it was when this was made.

    ``instance``, ``process``, ``number``
        The parts of its name; a process is "start-pid-chance".
    ``size``, ``changed``
        In bytes, and in seconds since the epoch.
    """

    def __init__(self, path, instance, process, number):
        self.path = path
        self.instance, self.process, self.number = instance, process, int(number)
        status = os.stat(path)
        self.size, self.changed = status.st_size, status.st_mtime

    @property
    def pid(self):
        """From the name; None where it has another one."""
        return int(self.process.split('-')[1]) if '-' in self.process else None


def segment_size(limit):
    """Of each segment, where all of them together have at most ``limit`` bytes."""
    return min(LARGEST, max(SMALLEST, limit // SHARE))


def plain(name):
    """The name of an instance as it can stand in the name of a file."""
    return re.sub(r'^\.|[^0-9A-Za-z_.]', '_', name)[:LONGEST_NAME] or '_'


def new_process(now, pid):
    """The part of the names that one process has for its segments."""
    return '%s-%d-%04x' % (time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now)), pid,
                           random.SystemRandom().randrange(0x10000))


def files(folder, instance=None):
    """The Files of the folder, of one instance if it is named; those of each
    process in their order."""
    found = []
    for name in os.listdir(folder):
        match = _name.match(name)
        if match is not None and instance in (None, match.group(1)):
            try:
                found.append(File(os.path.join(folder, name), *match.groups()))
            except EnvironmentError:
                pass  # another process has just deleted it
    return sorted(found, key=lambda file: (file.instance, file.process,
                                           file.number))


def named_file(path):
    """The File of any path; its name may have been changed."""
    name = os.path.basename(path)
    match = _name.match(name)
    return File(path, *(('?', name.replace('-', '_'), 1) if match is None
                        else match.groups()))


def last_of_each(all_files):
    """{process: its last File}: no other one is being written."""
    return dict((file.process, file) for file in all_files)


def is_written(file, now):
    """Whether a process has it open to write into it.

    Never for a file of the own process: that would lose the own lock.
    """
    if not file.size and now - file.changed < BEING_MADE:
        return True
    try:
        fd = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except EnvironmentError:
        return False
    try:
        fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except EnvironmentError as error:
        if error.errno in _cannot_lock:
            return now - file.changed < SILENT
        return True
    finally:
        os.close(fd)
    return False


def opened(folder, instance, process, number):
    """(path, descriptor) of a new segment, which the caller has locked."""
    path = os.path.join(folder, '%s-%s-%06d%s' % (instance, process, number, SUFFIX))
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
                 | os.O_NOFOLLOW, MODE)
    try:
        fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        try:
            fcntl.lockf(fd, fcntl.LOCK_EX)
        except EnvironmentError as error:
            if error.errno not in _cannot_lock:
                raise
    except BaseException:
        # Empty, it would pass for one that is being made.
        try:
            os.unlink(path)
        finally:
            os.close(fd)
        raise
    return path, fd


def make_room(folder, instance, process, limit, now):
    """Delete the oldest segments, so that the new one of the process may grow.

    Called behind `opened`, and before anything is written: of two processes that
    come at once, one at least sees the other's file, so they never have more than
    the limit. Files that are written, the new one too, count as if they were full.

    A process that is there and has not more than its share of the limit loses
    nothing to the others. What was written in the future goes first: the clock was
    wrong then, and nobody knows how old it is. Raises NoRoom if all that is left is
    being written.
    """
    all_files = files(folder, instance)
    last = last_of_each(all_files)
    written = dict((name, file) for name, file in last.items()
                   if name == process or is_written(file, now))
    full = segment_size(limit)
    counted, of_process = {}, {}
    for file in all_files:
        is_open = written.get(file.process) is file
        counted[file] = max(full, file.size) if is_open else file.size
        of_process[file.process] = of_process.get(file.process, 0) + counted[file]
    total = sum(counted.values())
    closed = [file for file in all_files if written.get(file.process) is not file]
    share = limit // len(written)
    for file in sorted(closed, key=lambda file: (
            file.changed <= now + IN_FUTURE, file.changed, file.number)):
        if total <= limit:
            return
        if file.process in written and file.process != process and (
                of_process[file.process] <= share):
            continue
        _delete(file.path)
        total -= counted[file]
        of_process[file.process] -= counted[file]
    if total > limit:
        raise NoRoom(
            errno.ENOSPC, '%d processes write there, and the setting record-size '
            'is too small for that; each needs %d KiB'
            % (len(written), full // 1024))


def _delete(path):
    try:
        os.unlink(path)
    except EnvironmentError as error:
        if error.errno != errno.ENOENT:  # else another one has been faster
            raise
