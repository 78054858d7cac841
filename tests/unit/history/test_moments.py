from __future__ import absolute_import, division, print_function

import calendar
import time

import pytest

from Products.ZServerViews.history.moments import moment

NOW = calendar.timegm((2026, 11, 27, 12, 0, 30))


def utc(*clock):
    return float(calendar.timegm((2026, 11) + clock))


def local(*clock):
    return float(time.mktime((2026, 11) + clock + (0, 0, -1)))


@pytest.mark.parametrize('text, expected', [
    ('03:12Z', (utc(27, 3, 12, 0), True)),
    ('3:12Z', (utc(27, 3, 12, 0), True)),
    ('12:00Z', (utc(27, 12, 0, 0), True)),
    ('12:01Z', (utc(26, 12, 1, 0), True)),  # that of today is to come
    ('03:12:30Z', (utc(27, 3, 12, 30), False)),
    ('2026-11-26T03:12Z', (utc(26, 3, 12, 0), True)),
    ('2026-11-26 03:12:05Z', (utc(26, 3, 12, 5), False)),
    ('2026-11-26T03:12+01:00', (utc(26, 2, 12, 0), True)),
    ('2026-11-26T03:12 0100', (utc(26, 2, 12, 0), True)),
    ('2026-11-26T03:12:00.5-0230', (utc(26, 5, 42, 0), False)),
    ('2024-02-29T03:12Z', (float(calendar.timegm((2024, 2, 29, 3, 12, 0))), True)),
    ('2026-11-26T03:12', (local(26, 3, 12, 0), True)),
    ('2026-11-26 03:12', (local(26, 3, 12, 0), True)),
    ('1795777777', (1795777777.0, False)),
    ('1795777777.25', (1795777777.25, False))])
def test_moments(text, expected):
    assert moment(text, NOW) == expected


def test_a_local_time_is_the_latest_one():
    for hour in range(24):
        found, is_minute = moment('%02d:30' % hour, NOW)
        assert is_minute and NOW - 86400 < found <= NOW
        assert time.localtime(found)[3:5] == (hour, 30)


@pytest.mark.parametrize('month, day', [(3, 30), (10, 26)])
def test_the_night_after_the_clocks_were_put(monkeypatch, month, day):
    monkeypatch.setenv('TZ', 'CET-1CEST,M3.5.0,M10.5.0/3')
    time.tzset()
    try:
        for minutes in range(0, 180, 10):
            now = time.mktime((2026, month, day, 0, minutes, 0, 0, 0, -1))
            found, _is_minute = moment('03:12', now)
            assert time.localtime(found)[:5] == (2026, month, day - 1, 3, 12)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize('text', [
    '0000-01-01T00:00', '1800-01-01T00:00Z', '1969-12-31T23:59:59',
    '', 'yesterday', '25:00', '03:60', '3', '2026-13-01T03:12',
    '2026-11-32T03:12', '03:12X', '-5', '1e9', '12345678901234',
    '2026-02-31T03:12', '2026-02-29T03:12Z', '2026-04-31T03:12', '2026-00-01T03:12',
    '2026-11-00T03:12Z', '2026-11-26', u'\u0663:12'])
def test_what_is_none(text):
    with pytest.raises(ValueError):
        moment(text, NOW)
