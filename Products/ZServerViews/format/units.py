"""Times and sizes, for people and for JSON. All functions but `seconds` return
text."""
from __future__ import absolute_import, division, print_function

import time


def duration(seconds):
    """A time for people: ``350 ms``, ``3.2 s``, ``4 min 10 s``."""
    if seconds is None:
        return u'-'
    seconds = max(0.0, seconds)
    if seconds < 0.9995:
        return u'%.0f ms' % (seconds * 1000)
    if seconds < 59.95:
        return u'%.1f s' % seconds
    for unit, next_unit, below, size in _UNITS:
        number, rest = divmod(int(round(seconds / size)), below)
        if number < _TURNS[unit]:
            return u'%d %s %d %s' % (number, unit, rest, next_unit)
    return u'%d d' % (seconds // 86400)


# Two neighbours, how many of the smaller make one of the larger, and the
# length of the smaller in seconds.
_UNITS = [(u'min', u's', 60, 1), (u'h', u'min', 60, 60),
          (u'd', u'h', 24, 3600)]
_TURNS = {u'min': 60, u'h': 24, u'd': 100}


def size(number):
    """A number of bytes for people: ``17 B``, ``4.2 KiB``."""
    if number is None:
        return u'-'
    if number < 1000:
        return u'%d B' % number
    for unit in (u'KiB', u'MiB', u'GiB'):
        number /= 1024
        if number < 999.95:
            break
    return u'%.1f %s' % (number, unit)


def seconds(value):
    """A number of seconds for JSON: to the millisecond, None stays.

    No time is below nought.
    """
    if value is None:
        return None
    # As round(value, 3), which takes four times as long.
    return int(value * 1000 + 0.5) / 1000 if value > 0 else 0.0


def utc(moment):
    """Seconds since the epoch -> ``2026-11-27T21:30:00Z``."""
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(moment))
