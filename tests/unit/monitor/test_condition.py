"""The condition of a process in one word."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.monitor.condition import (
    STILL,
    condition,
    still_seconds,
    stillness,
)


def test_the_words():
    assert condition(True, True, 0.0, 3) == 'ok'
    assert condition(True, False, 0.0, 3) == 'not ready'
    assert condition(True, True, STILL, 0) == 'full'
    # Whether any waits is not known.
    assert condition(True, True, STILL, None) == 'full'
    assert condition(True, False, STILL, 1) == 'stuck'
    assert condition(False, True, 0.0, 0) == 'stuck'


def test_for_how_long_nothing_has_moved():
    assert still_seconds(2, 2, [7.0, 6.0]) == 6.0
    assert still_seconds(2, 1, [7.0]) == 0.0
    assert still_seconds(None, 2, [7.0, 6.0]) == 0.0
    assert still_seconds(0, 0, []) == 0.0
    # One has begun a moment ago, and is not among those that were told.
    assert still_seconds(3, 3, [7.0, 6.0]) == 0.0
    assert still_seconds(3, 3, [7.0, 6.0], omitted=4) == 6.0
    assert still_seconds(3, 3, [], omitted=4) == 0.0


def test_in_words():
    assert stillness(u'6.0 s', 0, u'-') == u'no worker has taken a request for 6.0 s'
    assert stillness(u'6.0 s', 2, u'5.0 s') == (
        u'no worker has taken a request for 6.0 s; 2 wait, the oldest for 5.0 s')
