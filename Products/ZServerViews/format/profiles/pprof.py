"""A file for ``go tool pprof`` and what else reads profile.proto, gzipped.

The schema is https://github.com/google/pprof/blob/main/proto/profile.proto. The
labels of a sample are its thread, state and path: ``-tagfocus`` selects by
them, ``-tagroot=path`` groups by pages.
"""
from __future__ import absolute_import, division, print_function

import zlib

from Products.ZServerViews.format.profiles.sampled import (
    name_of,
    notes,
    period,
    title_of,
)

# What zlib calls a gzip file; its head then has no time of today.
_GZIP = 31

_VARINT, _BYTES = 0, 2


def to_pprof(profile):
    """The file as bytes."""
    made = _Message(profile).encode()
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    return packer.compress(made) + packer.flush()


class _Message(object):
    """One message Profile; numbers of its fields as the schema has them."""

    def __init__(self, profile):
        self._profile = profile
        self._strings = {u'': 0}
        self._functions, self._locations = {}, {}

    def encode(self):
        about = self._profile.about
        value = self._value_type(u'time', u'nanoseconds')
        parts = [_message(1, value)]
        parts += [self._sample(sample) for sample in self._profile.samples]
        parts += [_message(4, self._location(key, number))
                  for key, number in _by_number(self._locations)]
        parts += [_message(5, self._function(key, number))
                  for key, number in _by_number(self._functions)]
        parts += [_varint_field(9, _nanoseconds(about.get('start'))),
                  _varint_field(10, _nanoseconds(about.get('seconds'))),
                  _message(11, value), _varint_field(12, _nanoseconds(period(about)))]
        lines = [title_of({'title': about.get('title')})] + [
            u'%s: %s' % pair for pair in notes(about)]
        parts += [_varint_field(13, self._string(line)) for line in lines]
        # The last, since all others put strings there.
        parts += [_message(6, text.encode('utf-8'))
                  for text, _number in _by_number(self._strings)]
        return b''.join(parts)

    def _value_type(self, kind, unit):
        return (_varint_field(1, self._string(kind))
                + _varint_field(2, self._string(unit)))

    def _sample(self, sample):
        stack, seconds, thread, state, path, _start = sample
        places = [self._place(number)
                  for number in reversed(self._profile.stacks[stack])]
        parts = [_message(1, b''.join(map(_varint, places))),
                 _message(2, _varint(_nanoseconds(seconds)))]
        for key, value in (u'thread', thread), (u'state', state), (u'path',
                                                                   path):
            if value is not None:
                parts.append(_message(3, _varint_field(1, self._string(key))
                                      + _varint_field(2, self._string(value))))
        return _message(2, b''.join(parts))

    def _place(self, number):
        """The number of a Location, from 1 on."""
        function, path, line = self._profile.frames[number]
        key = self._string(function), self._string(path)
        of_function = self._functions.setdefault(key, len(self._functions) + 1)
        return self._locations.setdefault((of_function, line or 0),
                                          len(self._locations) + 1)

    def _location(self, key, number):
        function, line = key
        return _varint_field(1, number) + _message(
            4, _varint_field(1, function) + _varint_field(2, line))

    def _function(self, key, number):
        name, path = key
        return (_varint_field(1, number) + _varint_field(2, name)
                + _varint_field(3, name) + _varint_field(4, path))

    def _string(self, value):
        return self._strings.setdefault(name_of(value), len(self._strings))


def _nanoseconds(seconds):
    return 0 if seconds is None else max(0, int(round(seconds * 1e9)))


def _by_number(numbers):
    return sorted(numbers.items(), key=lambda item: item[1])


def _varint(value):
    made = bytearray()
    while value > 0x7f:
        made.append(value & 0x7f | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _varint_field(number, value):
    return _varint(number << 3 | _VARINT) + _varint(value)


def _message(number, data):
    return _varint(number << 3 | _BYTES) + _varint(len(data)) + data
