"""The processes that have left files, and what can be read of these."""
from __future__ import absolute_import, division, print_function

import errno
import io
import os
import time
from collections import deque

from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.format.text import clean
from Products.ZServerViews.history.folder import files, is_written, named_file
from Products.ZServerViews.history.moments import MINUTE
from Products.ZServerViews.history.records import END, LOOK, MINUTE as SUMMARY, mapped
from Products.ZServerViews.history.segments import VERSION, read

RUNS, ENDED, KILLED, NOT_READ = 'runs', 'ended', 'killed', 'not read'

# Who has written in so many last seconds may have begun another file.
JUST_NOW = 600.0
# For so many seconds a look at all workers tells more than a later one inside an
# incident, which is at the slow requests only.
STANDS_FOR = 5.0


class Process(object):
    """What one process has left; its files are read one after the other, and
    again for each question.

    ``name``
        What the names of its files have of it: see `history.folder`.
    ``tell(text)``
        Called for what cannot be read, in the first survey.
    """

    def __init__(self, segment_files, tell):
        self.files = segment_files
        self.instance = segment_files[0].instance
        self.name = segment_files[0].process
        self.size = sum(file.size for file in segment_files)
        self._tell = tell

    def segments(self):
        """Yields a `segments.Segment` for each file that can be read."""
        for file in self.files:
            try:
                with io.open(file.path, 'rb') as source:
                    yield file, read(source.read())
            except EnvironmentError as error:
                if error.errno != errno.ENOENT:  # else its process has deleted it
                    self._tell('%s cannot be read: %s' % (file.path, error.strerror))

    def runs(self, now):
        """Whether the process writes there still."""
        if any(is_written(file, now) for file in reversed(self.files)):
            return True
        if now - self.files[-1].changed > JUST_NOW:
            return False
        # Since they were listed it may have begun another one.
        try:
            found = files(os.path.dirname(self.files[-1].path), self.instance)
        except EnvironmentError:
            return False
        return any(is_written(file, now) for file in found
                   if file.process == self.name)

    def feed(self, history):
        """Add each record to a `History`, and its stacks to the table of that."""
        for number, (_file, segment) in enumerate(self.segments()):
            start = segment.header.get('start')
            if not number and start is not None and start not in segment.records:
                history.add(start)  # its file has been deleted
            intern = history.table.intern
            numbers = dict((number, intern(segment.stacks[number]))
                           for number in segment.stacks)
            for record in segment.records:
                history.add(mapped(record, numbers))


class Survey(object):
    """All files of a `Process`, gone through once.

    ``header``
        Of its last segment that has one: pid, Python and more.
    ``began``, ``ended``
        The times of its first and last records; None without any.
    ``records``, ``lost``
        How many there are, and how many the process could not write.
    ``damaged``
        Bytes that cannot be read.
    ``last_look``
        The last record of that kind, with its stacks in ``stacks``; or None. One at
        all workers, unless there is none in the last `STANDS_FOR` seconds.
    ``memory``
        The resident memory in the last record that has it, in bytes; or None.
    ``growth``
        (bytes, seconds): by how much it has grown, since a minute before or since the
        first record; or None.
    ``state``
        RUNS; ENDED: in an orderly way; KILLED: any other, also the machine's end;
        NOT_READ: its last file is of another version, or none may be read.
    """

    def __init__(self, process, tell, now=time.time):
        self.process = process
        self.header, self.stacks = {}, {}
        self.began = self.ended = self.last_look = None
        self.records = self.lost = self.damaged = 0
        self._kind, self._memory, self._is_read = None, deque(), False
        for file, segment in process.segments():
            self._add(file, segment, tell)
        self.state = self._state(now())

    def _add(self, file, segment, tell):
        self.header = segment.header or self.header
        self._is_read = segment.version in (None, VERSION)
        self.lost = max(self.lost, segment.header.get('lost', 0))
        for text in damage_of(file, segment):
            tell(text)
        self.damaged += sum(size for _at, size in segment.damaged)
        self.records += len(segment.records)
        for record in segment.records:
            self._kind = record['kind']
            time_of = record.get('time')
            # What was counted for a minute is told behind it.
            self.began = time_of if self.began is None else min(self.began, time_of)
            self.ended = time_of if self.ended is None else max(self.ended, time_of)
            if self._kind == LOOK:
                self._note_look(record, segment.stacks)
            if self._kind in (LOOK, SUMMARY):
                self._note_memory(record)

    def _note_look(self, look, stacks):
        last = self.last_look
        if ('in_work' in look or last is None or 'in_work' not in last
                or look['time'] - last['time'] > STANDS_FOR):
            self.last_look, self.stacks = look, stacks

    def _note_memory(self, record):
        time_of, rss, memory = record['time'], record.get('rss'), self._memory
        if rss is None:
            return
        if memory and time_of < memory[-1][0]:
            memory.clear()  # the clock was set back
        memory.append((time_of, rss))
        while len(memory) > 1 and memory[1][0] <= time_of - MINUTE:
            memory.popleft()

    @property
    def memory(self):
        return self._memory[-1][1] if self._memory else None

    @property
    def growth(self):
        memory = self._memory
        return (memory[-1][1] - memory[0][1], memory[-1][0] - memory[0][0]) if (
            len(memory) > 1) else None

    @property
    def was_busy(self):
        """Whether a worker was, when there was a record for the last time."""
        return (self.last_look is not None
                and self.ended - self.last_look['time'] <= STANDS_FOR)

    def _state(self, now):
        if self.process.runs(now):
            return RUNS
        if not self._is_read:
            return NOT_READ
        return ENDED if self._kind == END else KILLED

    @property
    def instance(self):
        """Of the segment itself: a file may have been renamed."""
        return clean(u'%s' % self.header.get('instance', self.process.instance))

    @property
    def pid(self):
        return self.header.get('pid', self.process.files[0].pid)


def damage_of(file, segment):
    """What is wrong with a segment, in words."""
    name = os.path.basename(file.path)
    if segment.version is None and file.size:
        yield '%s: its beginning is damaged, or it is no file of the recorder' % name
    elif segment.version not in (None, VERSION):
        yield ('%s: it has version %s of the format, and this is a program for '
               'version %d: it is not shown; read it by zserverviews of the version '
               'that has written it' % (name, segment.version, VERSION))
    if segment.damaged:
        yield ('%s: %d bytes at %d places are damaged, from byte %d on; what is '
               'whole is shown' % (name, sum(size for _at, size in segment.damaged),
                                   len(segment.damaged), segment.damaged[0][0]))


def processes(path, tell):
    """The `Process` of each that has left files in a folder, in the order of
    their beginning; or that of one file."""
    if os.path.isdir(path):
        try:
            found = files(path)
        except EnvironmentError as error:
            raise CannotRun('%s cannot be read: %s' % (path, error.strerror))
        if not found:
            raise CannotRun('the folder %s has no file of the recorder; give the '
                            'folder of the setting record' % path)
    else:
        found = [_only_file(path)]
    of_each = {}
    for file in found:
        of_each.setdefault((file.process, file.instance), []).append(file)
    return [Process(of_each[key], tell) for key in sorted(of_each)]


def _only_file(path):
    """The File of a path; its name may tell nothing, but then what is in it does."""
    try:
        file = named_file(path)
        if file.pid is None:
            with io.open(path, 'rb') as source:
                segment = read(source.read())
            if segment.version is None and not segment.records:
                raise CannotRun('%s is no file of the recorder; give the folder of '
                                'the setting record, or one file of it' % path)
    except EnvironmentError as error:
        raise CannotRun('%s cannot be read: %s' % (path, error.strerror))
    return file
