"""Moments as people write them: ``03:12``, ``03:12Z``, a date with a time, or
seconds since the epoch."""
from __future__ import absolute_import, division, print_function

import calendar
import datetime
import re
import time

_CLOCK = r'([0-9][0-9]?):([0-9][0-9])(?::([0-9][0-9])(?:[.][0-9]+)?)?'
_ZONE = r'(Z|[+-][0-9][0-9]:?[0-9][0-9])?\Z'
_TIME = re.compile(_CLOCK + _ZONE)
_DATE = re.compile(r'([0-9]{4})-([0-9][0-9])-([0-9][0-9])[T _]' + _CLOCK + _ZONE)
_EPOCH = re.compile(r'[0-9]{9,11}(?:[.][0-9]+)?\Z')

DAY = 86400
# Before the epoch there is nothing, and Python 2.7 cannot write some years.
EARLIEST = 1970

FORMS = (u'a time such as 03:12 (local) or 03:12Z (UTC), a date and time such as '
         u'2026-11-27T03:12, or seconds since the epoch')


# Without anything that says when: so many last seconds.
LATELY = 600
MINUTE = 60
# The longest interval, in seconds.
LONGEST = 2 * DAY


def interval(at, first, last, end):
    """(first, last) in seconds since the epoch.

    ``at``, ``first``, ``last``
        What `moment` returns; None for what is not given.
    ``end``
        The last moment there is.

    Raises ValueError, with a text for people, if they contradict each other.
    """
    if at is not None:
        if first is not None or last is not None:
            raise ValueError('State either at, or from and to.')
        seconds, is_minute = at
        return ((seconds, seconds + MINUTE) if is_minute
                else (seconds - MINUTE / 2, seconds + MINUTE / 2))
    end = end if last is None else last[0]
    begin = end - LATELY if first is None else first[0]
    if not 0 < end - begin <= LONGEST:
        raise ValueError('"from" must be before "to", by two days at most.')
    return begin, end


def moment(text, now):
    """(seconds since the epoch, whether the text has no seconds of its own).

    A time without a date is the latest one before ``now``. A plus sign in a
    query is a space, so an offset may begin with one. Raises ValueError.
    """
    text = text.strip()
    if _EPOCH.match(text):
        return float(text), False
    before, _, zone = text.rpartition(' ')
    if _DATE.match(before + '+' + zone):
        text = before + '+' + zone
    found = _DATE.match(text)
    if found is not None:
        year, month, day, hour, minute, second, zone = found.groups()
        return _seconds((int(year), int(month), int(day)), hour, minute,
                        second, zone), second is None
    found = _TIME.match(text)
    if found is None:
        raise ValueError('no moment')
    hour, minute, second, zone = found.groups()
    year, month, day = (time.gmtime if zone else time.localtime)(now)[:3]
    for back in range(-1, 3):
        # Days of the calendar: one on which clocks are put has no 86400 seconds.
        noon = time.gmtime(calendar.timegm(
            (year, month, day, 12, 0, 0)) - back * DAY)
        seconds = _seconds(noon[:3], hour, minute, second, zone)
        if seconds <= now:
            break
    return seconds, second is None


def _seconds(date, hour, minute, second, zone):
    clock = int(hour), int(minute), int(second or 0)
    if not (clock[0] < 24 and clock[1] < 60 and clock[2] < 61
            and EARLIEST <= date[0]):
        raise ValueError('no moment')
    datetime.date(*date)  # raises ValueError for a day that no month has
    if not zone:
        return float(time.mktime(date + clock + (0, 0, -1)))
    seconds = float(calendar.timegm(date + clock))
    if zone != 'Z':
        digits = zone[1:].replace(':', '')
        offset = int(digits[:2]) * 3600 + int(digits[2:]) * 60
        seconds -= offset if zone[0] == '+' else -offset
    return seconds
