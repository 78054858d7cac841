"""reserve: who gives way, and who waits."""
from __future__ import absolute_import, division, print_function

import errno

import pytest

from Products.ZServerViews import reserve
from Products.ZServerViews.reserve import Reserve, oldest

from . import dummies


@pytest.mark.parametrize('since, expected', [
    ({}, None),
    ({'a': None, 'b': None}, None),
    ({'a': 99.4}, 'a'),
    ({'a': 99.6}, None),
    ({'a': 90, 'b': 80, 'c': None, 'd': 85}, 'b'),
])
def test_the_oldest_gives_way(since, expected):
    assert oldest(sorted(since), since.get, 100) == expected


@pytest.fixture
def clock():
    return dummies.ManualClock()


@pytest.fixture
def journal():
    return dummies.Journal()


def test_up_to_the_limit_and_the_reserve(journal, clock):
    state = Reserve(100, journal, clock)
    assert not state.special
    assert state.may_accept(100 + reserve.RESERVE - 1)
    assert not state.may_accept(100 + reserve.RESERVE)
    state.parked.append('somebody')
    assert state.special


def test_without_descriptors_it_pauses(journal, clock):
    state = Reserve(100, journal, clock)
    state.exhausted(OSError(errno.EMFILE, 'Too many open files'))
    assert state.special
    assert not state.may_accept(1)
    clock.now += reserve.PAUSE
    assert state.may_accept(1)
    assert not state.special
    (_level, message, _exc_info), = journal.logged
    assert 'Too many open files' in message


def test_it_complains_once_a_minute(journal, clock):
    state = Reserve(100, journal, clock)
    for _time in range(5):
        state.exhausted('reason')
        clock.now += 1
    assert len(journal.logged) == 1
    clock.now += reserve.COMPLAIN_EACH
    state.exhausted('reason')
    assert len(journal.logged) == 2
