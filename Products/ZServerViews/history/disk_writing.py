"""Batches of records on their way into files, in the thread that may wait for the disk.

What cannot be written is counted, and told in the log once, and so it is when it can
again. A file that somebody deletes while it is written is seen within seconds.
"""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews.history.disk_file import Output
from Products.ZServerViews.history.records import END, INCIDENT
from Products.ZServerViews.history.segments import SEGMENT

# Seconds until the next attempt after a failure: the first, and the longest.
AGAIN, LONGEST_PAUSE = 1.0, 5.0
# Whether the file is there still is looked at each so many seconds.
LOOKED_AFTER = 5.0


class BatchWriter(object):
    """All by one thread, but for the numbers, which any thread may read.

    ``log(level, message, *arguments)``, ``clock()``
        As `disk.Disk` has them.
    ``make()``
        Makes the `DiskFiles`.
    ``lost()``
        How many records have been lost, here or elsewhere.
    ``failures``
        Changes when what comes next has to begin a new segment.
    ``failed``, ``written``
        How many records could not be written, and how many bytes were.
    ``error``
        Why nothing can be written now, or None.
    ``waits_since``
        Since when the disk lets the thread wait, or None.
    """

    def __init__(self, folder, log, clock, make, lost):
        self._folder, self._log, self._clock = folder, log, clock
        self._lost = lost
        self._output = Output(make)
        self._looked_after = 0.0
        self._has_told_of_deletion = False
        self.failures = self.failed = self.written = 0
        self.waits_since = self.not_before = self.error = None
        self._pause = AGAIN

    def write(self, batch):
        """Entries of one segment: (its beginning or b'', the record, its kind)."""
        begins = batch[0][0]
        # The last record is worth an attempt at any time.
        if not (self._is_time() or batch[-1][2] == END if begins
                else self._output.is_open):
            self._lose(batch)
            return
        self.waits_since = self._clock()
        try:
            self._write_to_file(batch)
        except Exception as error:
            self._fail(batch, error)
            if batch[-1][2] == END:
                self._output.append_anyway(batch[-1][1])
        else:
            # A beginning may find room where no record does.
            if batch[-1][2] != SEGMENT:
                self._succeed()
        finally:
            self.waits_since = None

    def look_after(self):
        """Now and then: whether the file is still there."""
        if self._clock() - self._looked_after < LOOKED_AFTER:
            return
        self._looked_after = self.waits_since = self._clock()
        try:
            is_gone = self._output.is_gone()
        finally:
            self.waits_since = None
        if is_gone:
            self._output.is_open = False
            self.failures += 1
            if not self._has_told_of_deletion:
                self._has_told_of_deletion = True
                self._log(logging.WARNING, 'A file of records in %s was deleted, moved '
                          'or emptied while it was written. Another one is begun, and '
                          'so it is if that happens again (setting record)',
                          self._folder)

    def close(self):
        self._output.close()

    def forget(self):
        """In a forked child: leave the file to the parent."""
        self._output.forget()

    def _lose(self, batch):
        self._output.is_open = False
        self.failed += sum(kind != SEGMENT for _begins, _data, kind in batch)
        if batch[0][0]:
            self.failures += 1

    def _is_time(self):
        return self.not_before is None or self._clock() >= self.not_before

    def _write_to_file(self, batch):
        begins = batch[0][0]
        data = b''.join([begins] + [data for _begins, data, _kind in batch])
        (self._output.begin if begins else self._output.append)(data)
        self.written += len(data)
        if any(kind in (INCIDENT, END) for _begins, _data, kind in batch):
            self._output.sync()

    def _fail(self, batch, error):
        self._lose(batch)
        if not batch[0][0]:
            self.failures += 1
        self.not_before = self._clock() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        text = getattr(error, 'strerror', None) or str(error)
        if self.error is None:
            self._log(logging.WARNING, 'Records cannot be written into %s: %s. What is '
                      'lost is counted, and it is tried again (setting record)',
                      self._folder, text)
        self.error = text

    def _succeed(self):
        self._pause, self.not_before = AGAIN, None
        if self.error is not None:
            self.error = None
            self._log(logging.WARNING, 'Records are written into %s again; %d have been '
                      'lost since the process started', self._folder,
                      self._lost())
