"""The chunked transfer coding (RFC 9112, section 7.1), as far as we need it."""
from __future__ import absolute_import, division, print_function


class ChunkedError(ValueError):
    """A body that claims to be chunked and is not."""


def chunk(part):
    """One non-empty part as one chunk: the line before it and the end behind.

    Returned apart, so that a large part need not be copied.
    """
    return ('%x\r\n' % len(part)).encode('ascii'), b'\r\n'


LAST_CHUNK = b'0\r\n\r\n'


class Decoder(object):
    """Reads a chunked body in pieces of any size, without sockets.

    For views that chunk by themselves: the end of their body must be known
    to keep the connection, and HTTP/1.0 clients need it without the chunks.
    """

    _MAX_LINE = 4096

    def __init__(self):
        self.complete = False
        self._line = b''
        self._state = self._size_line
        self._left = 0

    def feed(self, data):
        """Take encoded bytes, return the decoded ones; ChunkedError if broken.
        """
        # By position: cutting off what is read would copy the rest each time,
        # which for a large part of small chunks takes the loop for seconds.
        decoded, at = [], 0
        while at < len(data):
            if self.complete:
                raise ChunkedError('bytes behind the last chunk')
            at = self._state(data, at, decoded)
        return b''.join(decoded)

    def _read_line(self, data, at):
        """(line without its end or None, position behind it)"""
        end = data.find(b'\n', at)
        behind = end + 1 if end >= 0 else len(data)
        if len(self._line) + behind - at > self._MAX_LINE:
            raise ChunkedError('a line of %d bytes'
                               % (len(self._line) + behind - at))
        self._line += data[at:behind]
        if end < 0:
            return None, behind
        line, self._line = self._line, b''
        if not line.endswith(b'\r\n'):
            raise ChunkedError('a line without CR: %r' % line[:40])
        return line[:-2], behind

    def _size_line(self, data, at, decoded):
        line, behind = self._read_line(data, at)
        if line is not None:
            digits = line.split(b';')[0].strip(b' \t')
            if not digits or digits.strip(b'0123456789abcdefABCDEF'):
                raise ChunkedError('a chunk size %r' % line[:40])
            self._left = int(digits, 16)
            self._state = self._data if self._left else self._trailer
        return behind

    def _data(self, data, at, decoded):
        behind = min(len(data), at + self._left)
        decoded.append(data[at:behind])
        self._left -= behind - at
        if not self._left:
            self._state = self._data_end
        return behind

    def _data_end(self, data, at, decoded):
        line, behind = self._read_line(data, at)
        if line is not None:
            if line:
                raise ChunkedError('a chunk longer than its size')
            self._state = self._size_line
        return behind

    def _trailer(self, data, at, decoded):
        line, behind = self._read_line(data, at)
        if line == b'':
            self.complete = True
        return behind
