"""The format of a file of records: text -> bytes, and bytes -> what is whole.

A segment is a line that names the format and its version, and then one line for
each record::

    1f8b2c4d 57 {"kind":"look","time":1790000000.5,...}

The CRC-32 of the record, its length in bytes, and the record in JSON, pure ASCII.
There is no line break inside, so whatever happens to a line, the next one can be
found; and a file can be read with an editor if need be. The first record, of the
kind "segment", says whose it is, and the version again: the first line has no
checksum, so where the two differ the record is right.

A segment needs no other. Stacks have numbers in records, and in front of the first
record that has one stands what it is, in a record of the kind "stack". Most of the
lines of two stacks are the same, so these have numbers too: a stack brings those
that are new in this segment. With 60 lines in a stack that is a tenth of the size.

No file is opened here, and any thread may call this.
"""
from __future__ import absolute_import, division, print_function

import json
import re
import zlib

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.history.records import stacks_of

VERSION = 1
_NAME = b'zserverviews record '
MAGIC = _NAME + b'%d\n' % VERSION
# Of one record in JSON, in bytes: the reader believes no greater length.
LONGEST = 1024 * 1024
# In seconds since the epoch; nobody can say which day is beyond.
LATEST = 1e11
# Of the kinds that are of the format, and that no recorder has.
SEGMENT, STACK = 'segment', 'stack'
# In the place of a line whose definition is lost: function, file, line.
LOST_PLACE = ['(lost)', '', 0]

_magic = re.compile(_NAME + b'([0-9]{1,4})\n')
_line = re.compile(b'([0-9a-f]{8}) ([0-9]{1,7}) ')
_to_json = json.JSONEncoder(separators=(',', ':'), check_circular=False)
# On Python 2.7 a name of a file may be bytes in any encoding.
_from_bytes = (json.JSONEncoder(separators=(',', ':'), check_circular=False,  # PY2
                                encoding='latin-1') if PY2 else None)  # PY2


class Unencodable(ValueError):
    """A record that JSON cannot hold, or that is too long; says which kind."""


def framed(record):
    """The line of a record, in bytes; Unencodable if it cannot have one."""
    try:
        payload = _encoded(record).encode('ascii')
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise Unencodable('a record of the kind %r is not for JSON: %s'
                          % (_kind(record), error))
    if len(payload) > LONGEST:
        raise Unencodable('a record of the kind %r has %d bytes, of at most %d'
                          % (_kind(record), len(payload), LONGEST))
    return b'%08x %d %s\n' % (zlib.crc32(payload) & 0xffffffff, len(payload),
                              payload)


def _encoded(record):
    try:
        return _to_json.encode(record)
    except UnicodeDecodeError:  # PY2
        return _from_bytes.encode(record)  # PY2


def _kind(record):
    return record.get('kind') if isinstance(record, dict) else None


class Writer(object):
    """Makes the bytes of one segment; in the recorder's thread.

    ``size``
        How many bytes it has made.
    """

    def __init__(self):
        self.size = 0
        self._stacks = set()
        self._places = {}

    def begin(self, **facts):
        """The bytes that a segment begins with; ``facts`` are for its reader."""
        return self._counted(MAGIC + framed(dict(facts, kind=SEGMENT,
                                                 version=VERSION)))

    def add(self, record, table):
        """The bytes of a record, behind those of the stacks that it needs from
        this StackTable."""
        line = framed(record)
        parts = [self._define(number, table.definition(number))
                 for number in sorted(set(stacks_of(record)) - self._stacks)]
        return self._counted(b''.join(parts) + line)

    def _define(self, number, frames):
        if not frames:
            return b''  # forgotten already
        new, places = {}, []
        for line in map(tuple, frames):
            if line not in self._places:
                self._places[line] = len(self._places)
                new[str(self._places[line])] = line
            places.append(self._places[line])
        self._stacks.add(number)
        return framed({'kind': STACK, 'id': number, 'places': places,
                       'new': new})

    def _counted(self, data):
        self.size += len(data)
        return data


class Segment(object):
    """What can be read of a segment.

    ``version``
        Of its format; None if that is lost. Of another one than `VERSION`
        nothing else is here: what its records mean is not known.
    ``header``
        The record with the facts that it began with; {} if that is lost.
    ``records``
        All others that are whole, in their order.
    ``stacks``
        {number: list of [function, file, line]}
    ``damaged``
        [(offset, bytes)] of what was skipped.
    ``torn``
        How many bytes at the end are the beginning of a record: the process was
        killed, or runs and writes just now.
    """

    def __init__(self):
        self.version = None
        self.header, self.records, self.stacks = {}, [], {}
        self.damaged, self.torn = [], 0
        self._places = {}

    def _skip(self, begin, end):
        if self.damaged and sum(self.damaged[-1]) == begin:
            begin = self.damaged.pop()[0]
        if end > begin:
            self.damaged.append((begin, end - begin))

    def _take(self, record):
        kind = _kind(record)
        if kind == SEGMENT:
            self.header = record
        elif kind == STACK:
            self._places.update(record['new'])
            self.stacks[record['id']] = [
                self._places.get(str(place), LOST_PLACE)
                for place in record['places']]
        elif kind is not None:
            if not 0 <= record['time'] < LATEST:
                raise ValueError('no time')
            self.records.append(record)


def read(data):
    """The Segment of these bytes; it never fails."""
    segment = Segment()
    position = _after_magic(segment, data)
    while position < len(data):
        end = _whole(segment, data, position)
        if end is not None:
            # The line break belongs to nobody.
            if data[end:end + 1] not in (b'\n', b''):
                segment._skip(end, end + 1)
            end += 1
        elif _begins_a_record(data, position):
            segment.torn = len(data) - position
            break
        else:
            end = _next(data, position)
            segment._skip(position, end)
        position = end
    return _understood(segment)


def _understood(segment):
    """The segment, or what is known of one of another version."""
    segment.version = segment.header.get('version', segment.version)
    if segment.version in (None, VERSION):
        return segment
    other = Segment()
    other.version = segment.version
    return other


def _next(data, position):
    """Where the next record may begin behind damage.

    Usually that is the next line. But the line break may be damaged too; so each
    place is tried that looks like a record. What a client has sent cannot pass for
    one: quotes have backslashes in JSON.
    """
    line_end = data.find(b'\n', position)
    line_end = len(data) if line_end < 0 else line_end + 1
    for match in _line.finditer(data, position + 1, line_end):
        if _whole(Segment(), data, match.start()) is not None:
            return match.start()
    return line_end


def _after_magic(segment, data):
    match = _magic.match(data)
    if match is not None:
        segment.version = int(match.group(1))
        return match.end()
    if MAGIC.startswith(data):
        segment.torn = len(data)
        return len(data)
    return 0


def _whole(segment, data, position):
    """Where the record ends that begins here; None if none does, or if it is
    damaged."""
    match = _line.match(data, position)
    if match is None:
        return None
    end = match.end() + int(match.group(2))
    payload = data[match.end():end]
    if (end > len(data) or len(payload) > LONGEST
            or zlib.crc32(payload) & 0xffffffff != int(match.group(1), 16)):
        return None
    try:
        segment._take(json.loads(payload.decode('ascii')))
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        return None  # of another version
    return end


def _begins_a_record(data, position):
    """Whether all that is left may be the beginning of a record."""
    if data.find(b'\n', position) >= 0:
        return False
    match = _line.match(data, position)
    if match is None:
        return len(data) - position < len('00000000 1048576 ')
    return match.end() + int(match.group(2)) > len(data)
