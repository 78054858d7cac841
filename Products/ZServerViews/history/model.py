"""The history of a process, as its records tell it: live, or from files.

`History.add` takes one record after the other. All of them are kept, compressed,
until the limit is reached; then the oldest go. Some are kept longer, see `kept`.
"""
from __future__ import absolute_import, division, print_function

import json
import zlib
from collections import deque

from Products.ZServerViews._daemons import make_lock
from Products.ZServerViews.history import records
from Products.ZServerViews.history.kept import (
    MOST_INCIDENTS,
    ErrorsKept,
    Kept,
    SlowKept,
)
from Products.ZServerViews.history.stack_table import StackTable

# In bytes, of what is compressed.
LIMIT = 7 << 20
# What an entry of the list costs beside its bytes.
EACH = 300

# Of so many minutes the memory is kept: of a day.
MINUTES = 1440

# A chunk is closed after so many seconds, or so many rows of looks.
CHUNK = 60.0
MOST_ROWS = 1000


class Chunk(object):
    """Records of about a minute, compressed.

    ``first``, ``last``
        The earliest and the latest of their times.
    """

    __slots__ = 'first', 'last', 'data'

    def __init__(self, found):
        times = [record['time'] for record in found]
        self.first, self.last = min(times), max(times)
        self.data = zlib.compress(_to_json(found).encode('ascii'), 6)

    def records(self):
        return json.loads(zlib.decompress(self.data).decode('ascii'))


def _to_json(found):
    """Without what JSON cannot hold, such as a name in bytes that are no text."""
    try:
        return json.dumps(found, separators=(',', ':'))
    except (TypeError, ValueError):
        if len(found) == 1:
            return '[]'
    parts = (_to_json([record])[1:-1] for record in found)
    return '[%s]' % ','.join(part for part in parts if part)


class History(object):
    """What one thread adds; others read it, and wait for nothing that is slow.

    ``table``
        The `StackTable` that explains the stacks of the records.
    ``process``
        The latest record of a start, or None.
    ``ended``
        Whether the process has ended in an orderly way since.
    """

    def __init__(self, table=None, limit=LIMIT):
        self.table = StackTable() if table is None else table
        self._limit = limit
        self._lock = make_lock()  # held for some steps in lists
        self._chunks = deque()
        self._size = 0
        self._open = []     # the records of the chunk that is not closed
        self._rows = 0
        self.process = None
        self.ended = False
        self._slow = SlowKept()
        self._errors = ErrorsKept()
        self._incidents = deque(maxlen=MOST_INCIDENTS)
        self._resident = deque(maxlen=MINUTES)

    def add(self, record):
        """The next record; by one thread."""
        kind = record['kind']
        chunk = None
        if self._open and (self._rows >= MOST_ROWS or abs(
                record['time'] - self._open[0]['time']) >= CHUNK):
            chunk = Chunk(self._open)
        with self._lock:
            if chunk is not None:
                self._close(chunk)
            self._open.append(record)
            self._rows += 1 + len(record.get('workers', ()))
            self._keep(kind, record)

    def _close(self, chunk):
        self._open, self._rows = [], 0
        self._chunks.append(chunk)
        self._size += len(chunk.data) + EACH
        while self._size > self._limit and len(self._chunks) > 1:
            self._size -= len(self._chunks.popleft().data) + EACH

    def _keep(self, kind, record):
        if kind == records.REQUEST:
            self._slow.add(Kept(record, self.table))
        elif kind == records.ERROR:
            self._errors.add(record, self.table)
        elif kind == records.INCIDENT:
            self._incidents.append(record)
        elif kind == records.MINUTE:
            if record.get('rss') is not None:
                self._resident.append((record['time'], record['rss']))
        elif kind == records.START:
            self.process, self.ended = record, False
        elif kind == records.END:
            self.ended = True

    # In any thread but the loop:

    @property
    def size(self):
        """The bytes of what is compressed."""
        return self._size

    def span(self):
        """(earliest, latest) time of all records; None without one."""
        with self._lock:
            chunks, opened = list(self._chunks), list(self._open)
        times = [record['time'] for record in opened]
        for chunk in chunks:
            times += [chunk.first, chunk.last]
        return (min(times), max(times)) if times else None

    def between(self, first, last):
        """Yields the records of an interval, the earliest first; ends included.

        One minute after the other is decompressed: all of a day would be some
        hundred MiB.
        """
        with self._lock:
            chunks = [chunk for chunk in self._chunks
                      if chunk.last >= first and chunk.first <= last]
            opened = list(self._open)
        for chunk in chunks:
            for record in _within(chunk.records(), first, last):
                yield record
        for record in _within(opened, first, last):
            yield record

    def slow(self):
        """The `Kept` requests."""
        with self._lock:
            return self._slow.all()

    def errors(self):
        """See `ErrorsKept.all`."""
        with self._lock:
            return [(name, place, one.count, one.first, one.last,
                     list(one.newest))
                    for name, place, one in self._errors.all()]

    def resident(self):
        """[(time, resident memory in bytes)] of the last day's minutes."""
        with self._lock:
            return list(self._resident)

    def incidents(self):
        """Their records, the oldest first."""
        with self._lock:
            return list(self._incidents)


def _within(found, first, last):
    return sorted((record for record in found
                   if first <= record['time'] <= last),
                  key=lambda record: record['time'])
