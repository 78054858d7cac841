"""The files that are written, one behind the other; all runs in the thread of the
disk."""
from __future__ import absolute_import, division, print_function

import errno
import os
import time

from Products.ZServerViews.history.folder import make_room, new_process, opened


class DiskFiles(object):
    """Makes the files of one process, one behind the other."""

    def __init__(self, folder, instance, limit, pid):
        self._folder, self._instance, self._limit = folder, instance, limit
        self._process = new_process(time.time(), pid)
        self._number = 0

    def next(self):
        """A new `DiskFile`; raises EnvironmentError if there can be none."""
        self._number += 1
        path, fd = opened(self._folder, self._instance, self._process, self._number)
        file = DiskFile(path, fd)
        try:
            make_room(self._folder, self._instance, self._process, self._limit,
                      time.time())
        except BaseException:
            file.close()
            raise
        return file


class DiskFile(object):
    """A file that holds nothing but whole writes, as far as its disk allows."""

    def __init__(self, path, fd, write=os.write):
        self._path, self._fd, self._write = path, fd, write
        self._size = 0

    def write(self, data):
        """Append all of it; or raise EnvironmentError, and append nothing."""
        try:
            self._append(data)
        except BaseException:
            os.ftruncate(self._fd, self._size)
            raise
        self._size += len(data)

    def _append(self, data):
        while data:
            try:
                data = data[self._write(self._fd, data):]
            except EnvironmentError as error:  # PY2: Python 3 goes on by itself
                if error.errno != errno.EINTR:  # PY2
                    raise

    def is_gone(self):
        """Whether it has been deleted, moved or emptied: nobody will find it."""
        try:
            there = os.stat(self._path)
        except EnvironmentError as error:
            return error.errno in (errno.ENOENT, errno.ENOTDIR)
        mine = os.fstat(self._fd)
        return ((there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino)
                or there.st_size < self._size)

    def sync(self):
        """Have it written where it outlives a loss of power."""
        os.fsync(self._fd)

    def close(self):
        """Close it, and delete it if there is nothing in it."""
        try:
            if not self._size:
                os.unlink(self._path)
        finally:
            os.close(self._fd)

    def forget(self):
        """In a forked child: leave it to the parent."""
        os.close(self._fd)


class Output(object):
    """What the records of one process go to: a file, until another one is begun.

    ``make()``
        Makes the `DiskFiles`, when the first one is begun.
    ``is_open``
        Whether what comes next can be appended. Where a record was lost it cannot;
        but the file is not closed before the next one is begun: who reads the folder
        sees by its lock that the process lives.
    """

    def __init__(self, make):
        self._make = make
        self._files = self._file = None
        self.is_open = False

    def begin(self, data):
        """Have a new file with this; or raise EnvironmentError, and have none."""
        self.is_open = False
        if self._files is None:
            self._files = self._make()
        file = self._files.next()
        try:
            file.write(data)
        except BaseException:
            _close(file)
            raise
        self.close()
        self._file, self.is_open = file, True

    def append(self, data):
        """Only where it is open; raises EnvironmentError."""
        self._file.write(data)

    def append_anyway(self, data):
        """Try to have this in the file before, where there is none behind it: a disk
        that is full may have room there."""
        if self._file is not None:
            try:
                self._file.write(data)
            except EnvironmentError:
                pass  # it is counted as lost

    def sync(self):
        self._file.sync()

    def is_gone(self):
        return self.is_open and self._file.is_gone()

    def close(self):
        file, self._file = self._file, None
        self.is_open = False
        if file is not None:
            _close(file)

    def forget(self):
        """In a forked child: leave the file to the parent."""
        if self._file is not None:
            self._file.forget()


def _close(file):
    try:
        file.close()
    except EnvironmentError:
        pass  # of what was written the kernel has told already
