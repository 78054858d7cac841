"""One segment that is being written; all runs in the thread of the disk."""
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
