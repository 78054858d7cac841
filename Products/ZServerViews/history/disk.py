"""Records on their way into files: nobody waits for the disk but one thread.

The recorder's thread makes the bytes of each record and puts them into a queue; the
thread ``zserver-views-disk`` writes what has come within a twentieth of a second,
by one ``write()``. From then on the kernel has it, so it outlives the process, however
that ends. It does not outlive a loss of power, unless there was an ``fsync()``:
behind an incident and at the end of the process.

What goes wrong is counted, and told in the log once. After a loss a new segment is
begun, so nothing in it refers to what was lost; also where somebody has deleted the
file that is written.
"""
from __future__ import absolute_import, division, print_function

import logging
import os
import time
from collections import deque

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews._daemons import Daemon, make_event
from Products.ZServerViews.history.disk_file import DiskFiles
from Products.ZServerViews.history.disk_writing import LOOKED_AFTER, BatchWriter
from Products.ZServerViews.history.folder import segment_size
from Products.ZServerViews.history.records import END, START
from Products.ZServerViews.history.segments import SEGMENT, Unencodable, Writer

# Seconds in which records gather before they are written.
GATHER = 0.05
# Of what waits, in bytes; beyond, records are lost until half of it is written.
MOST_WAITING = 1024 * 1024
# A disk that lets a thread wait for so many seconds is told in the log.
HANGS = 5.0
# What the end of the process waits for, in seconds.
AT_END = 1.0

# Why records were lost; keys of documents.
FULL, FAILED, UNFIT = 'queue_full', 'disk_failed', 'not_encodable'


class Disk(object):
    """Writes all records into a folder; a sink of the recorder.

    ``log(level, message, *arguments)``
        Logs, and never waits.
    ``make_files``
        Makes the `DiskFiles` of a process.
    """

    _writing = None

    def __init__(self, folder, instance, limit, log, clock=monotonic,
                 make_files=DiskFiles, gather=GATHER):
        self.folder, self.limit = folder, limit
        self._instance, self._log = instance, log
        self._clock, self._make_files, self._gather = clock, make_files, gather
        self._daemon = Daemon('zserver-views-disk')
        self.begin_anew()

    def begin_anew(self):
        """Have nothing written and nothing lost; in a forked child the files are
        those of its parent."""
        if self._writing is not None:
            self._writing.forget()
        self._daemon.dismiss()
        self._pid = os.getpid()
        # Written by the recorder's thread:
        self._start = None  # the record of that kind, for each segment
        self._writer = None
        self._seen = 0       # failures, of the other thread
        self._rests = False  # until half of the queue is written
        self._put = 0        # bytes
        self._refused = {}   # {why: records}
        self._bell_at = 0.0
        # By the thread of the disk:
        self._taken = 0      # bytes
        self._writing = BatchWriter(
            self.folder, self._log, self._clock, lambda: self._make_files(
                self.folder, self._instance, self.limit, self._pid),
            lambda: sum(self.lost().values()))
        # By both:
        self._queue = deque()
        self._bell, self._done = make_event(), make_event()
        self._is_over = False
        self._has_told_of_hanging = False

    # By the recorder's thread:

    def add(self, record, table):
        """Have a record written; behind the last one, wait a moment for that."""
        if self._pid != os.getpid():
            self.begin_anew()
        if self._is_over:
            return
        if not self._daemon.runs:
            self._daemon.start(self._run)
        if record['kind'] == START:
            self._start = record
        self._add(record, table)
        self._tell_hanging()
        if record['kind'] == END:
            self._finish()
            self._done.wait(AT_END)

    def tick(self):
        """Once a second: after a failure begin a new segment, also while there is
        nothing to record; and have the file looked after now and then."""
        if self._is_over or self._start is None or self._pid != os.getpid():
            return
        if self._writing.failures != self._seen and not self._queue:
            begins, data = self._begun()
            self._enqueue(begins, data, SEGMENT)
        if self._clock() - self._bell_at >= LOOKED_AFTER:
            self._bell_at = self._clock()
            self._bell.set()

    def stop(self):
        """Write no more, though the process goes on; behind the last `add`, in any
        thread."""
        if not self._is_over and self._daemon.runs:
            self._add({'kind': END, 'time': time.time()}, None)
        self._finish()

    def _finish(self):
        self._is_over = True
        self._bell.set()

    def _add(self, record, table):
        waiting = self._put - self._taken
        self._rests = waiting > (MOST_WAITING // 2 if self._rests else MOST_WAITING)
        if self._rests:
            self._writer = None
            self._refuse(FULL)
            return
        try:
            begins, data = self._encoded(record, table)
        except Unencodable as error:
            if UNFIT not in self._refused:
                self._log(logging.ERROR, 'A record is not in the files: %s', error)
            self._refuse(UNFIT)
            return
        self._enqueue(begins, data, record['kind'])

    def _enqueue(self, begins, data, kind):
        self._put += len(begins) + len(data)
        self._queue.append((begins, data, kind))
        self._bell.set()

    def _encoded(self, record, table):
        """(the bytes of a new segment's beginning or b'', those of the record)"""
        if self._writer is not None and self._writing.failures == self._seen:
            data = self._writer.add(record, table)
            if self._writer.size <= segment_size(self.limit):
                return b'', data
        return self._begun(record, table)

    def _begun(self, record=None, table=None):
        """As `_encoded`, of a new segment; no bytes for no record."""
        self._seen, self._writer = self._writing.failures, None
        writer = Writer()
        lost = self.lost()
        begins = writer.begin(
            time=time.time(), pid=self._pid, instance=self._instance,
            lost=sum(lost.values()), why=sorted(lost), start=self._start)
        data = b'' if record is None else writer.add(record, table)
        if writer.size > segment_size(self.limit):
            raise Unencodable('one of the kind %r is longer than a file may be'
                              % record['kind'])
        self._writer = writer
        return begins, data

    def _tell_hanging(self):
        seconds = self.hanging()
        if seconds < HANGS:
            self._has_told_of_hanging = False
        elif not self._has_told_of_hanging:
            self._has_told_of_hanging = True
            self._log(logging.WARNING, 'The disk of %s has not answered for %.0f s; '
                      'records wait in memory, and later ones are lost and counted '
                      '(setting record)', self.folder, seconds)

    def _refuse(self, why):
        self._refused[why] = self._refused.get(why, 0) + 1

    # By any thread:

    def hanging(self):
        """For how many seconds the disk has let its thread wait."""
        since = self._writing.waits_since
        return 0.0 if since is None else self._clock() - since

    def lost(self):
        """{why: how many records}, since the process has started."""
        found = self._refused.copy()
        if self._writing.failed:
            found[FAILED] = self._writing.failed
        return found

    def document(self):
        """What a view says of it; a JSON value."""
        return {'folder': self.folder, 'limit_bytes': self.limit,
                'written_bytes': self._writing.written,
                'waiting_bytes': self._put - self._taken,
                'hanging_seconds': round(self.hanging(), 1),
                'error': self._writing.error, 'lost': self.lost()}

    # By the thread of the disk:

    def _run(self):
        while True:
            is_over = self._is_over
            self._write_all()
            if is_over:
                self._writing.close()
                self._done.set()
                return
            self._writing.look_after()
            self._bell.wait()
            self._bell.clear()
            if not self._is_over:
                time.sleep(self._gather)

    def _write_all(self):
        while self._queue:
            batch = self._taken_from_queue()
            try:
                self._writing.write(batch)
            finally:
                self._taken += sum(len(begins) + len(data)
                                   for begins, data, _kind in batch)

    def _taken_from_queue(self):
        """Entries of one segment, the next ones in the queue."""
        batch = [self._queue.popleft()]
        while self._queue and not self._queue[0][0]:
            batch.append(self._queue.popleft())
        return batch
