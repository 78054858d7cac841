"""Memory that a process and its companion share: whether Python code runs, and
what the listener for views serves.

The process writes, its companion reads. Neither waits for the other: a number
is written in one step, and a text that has changed while it was read is read
again. Whoever reads has only the standard library, so nothing is imported here
that needs more.
"""
from __future__ import absolute_import, division, print_function

import mmap
import os
import struct
import time

# Of this only what is written takes memory.
SIZE = 1 << 20

_SECONDS = struct.Struct('@d')
_NUMBER = struct.Struct('@q')
# Where each stands in the page.
_BEAT, _ENDING, _EDITION, _LENGTH, _TEXT = 0, 8, 16, 24, 32

# Before a path in the text: whether its view shows stacks.
_PLAIN, _STACKS = b'+', b'!'


class Page(object):
    """One page, as either side has it.

    ``fileno``
        The descriptor of its memory.
    """

    def __init__(self, fileno, writes=False):
        self.fileno = fileno
        self._map = mmap.mmap(
            fileno, SIZE, mmap.MAP_SHARED,
            mmap.PROT_READ | (mmap.PROT_WRITE if writes else 0))
        self._known = None  # (edition, paths), once read

    # In the process:

    def beat(self):
        """Python code runs now; any thread."""
        _SECONDS.pack_into(self._map, _BEAT, time.monotonic())

    def end(self):
        """The process is about to end in order."""
        _NUMBER.pack_into(self._map, _ENDING, 1)

    def publish(self, paths):
        """Have the listener serve these: {path: whether it shows stacks}.

        What is beyond the page has 404 there, and nothing else.
        """
        text = b''.join((_STACKS if paths[path] else _PLAIN)
                        + path.encode('ascii') + b'\n'
                        for path in sorted(paths))
        text = text[:text.rfind(b'\n', 0, SIZE - _TEXT) + 1]
        edition = self._number(_EDITION)
        # It is odd while the text is being written.
        _NUMBER.pack_into(self._map, _EDITION, edition + 1)
        _NUMBER.pack_into(self._map, _LENGTH, len(text))
        self._map[_TEXT:_TEXT + len(text)] = text
        _NUMBER.pack_into(self._map, _EDITION, edition + 2)

    def forget(self):
        """Nobody else is to inherit it. Who writes meanwhile may go on."""
        os.close(self.fileno)

    # In the companion:

    @property
    def latest_beat(self):
        """When Python code ran, by time.monotonic()."""
        return _SECONDS.unpack_from(self._map, _BEAT)[0]

    @property
    def is_ending(self):
        return bool(self._number(_ENDING))

    def paths(self):
        """What `publish` was given last."""
        edition = self._number(_EDITION)
        if self._known is None or self._known[0] != edition:
            length = min(self._number(_LENGTH), SIZE - _TEXT)
            text = self._map[_TEXT:_TEXT + length]
            found = dict((line[1:].decode('ascii', 'replace'),
                          line[:1] == _STACKS) for line in text.splitlines())
            if edition % 2 or edition != self._number(_EDITION):
                # In work just now; those before it will do until then.
                return self._known[1] if self._known else found
            self._known = edition, found
        return self._known[1]

    def _number(self, place):
        return _NUMBER.unpack_from(self._map, place)[0]


def memory(name):
    """The descriptor of new memory, which only our children can inherit."""
    return os.memfd_create(name)


def new_page():
    """A Page to write."""
    fileno = memory('zserver-views-page')
    os.ftruncate(fileno, SIZE)
    return Page(fileno, writes=True)
