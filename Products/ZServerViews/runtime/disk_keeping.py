"""The history of a process is written into the folder of the setting record.

In the thread that reads the configuration; the disk itself has a thread, see
`history.disk`.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.history.disk import Disk
from Products.ZServerViews.history.folder import plain


class DiskKeeper(object):
    """Gives the history of a site its `Disk`, and takes it away.

    ``disk``
        The Disk; None while there is none.
    """

    def __init__(self, log):
        self._log = log
        self._history = self.disk = None

    def keep(self, history, folder, limit, instance):
        """Write the records of this FlightRecorder, which may be None, into this
        folder, which may be None, from now on and nowhere else."""
        if history is None or folder is None:
            self._leave()
        elif self.disk is None or (history, folder, limit) != (
                self._history, self.disk.folder, self.disk.limit):
            self._leave()
            self._history = history
            self.disk = Disk(folder, plain(instance), limit, self._log)
            history.add_sink(self.disk.add, self.disk.tick)

    def document(self):
        """What a view says of the disk, a JSON value; None without a disk."""
        disk = self.disk
        return None if disk is None else disk.document()

    def _leave(self):
        disk, self.disk = self.disk, None
        if disk is not None:
            self._history.remove_sink(disk.add)
            self._history = None
            disk.stop()

    def begin_anew(self):
        """In a forked child: the file is its parent's."""
        if self.disk is not None:
            self.disk.begin_anew()
