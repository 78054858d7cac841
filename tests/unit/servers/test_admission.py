"""servers.admission: who gives way, and who waits."""
from __future__ import absolute_import, division, print_function

import errno

import pytest

from Products.ZServerViews.servers import admission as admission_module
from Products.ZServerViews.servers.admission import Headroom, longest_idle
from tests.unit import dummies


@pytest.mark.parametrize('since, expected', [
    ({}, None),
    ({'a': None, 'b': None}, None),
    ({'a': 99.4}, 'a'),
    ({'a': 99.6}, None),
    ({'a': 90, 'b': 80, 'c': None, 'd': 85}, 'b'),
])
def test_the_oldest_gives_way(since, expected):
    assert longest_idle(sorted(since), since.get, 100) == expected


@pytest.fixture
def clock():
    return dummies.ManualClock()


@pytest.fixture
def log_queue():
    return dummies.LogQueue()


def test_up_to_the_limit_and_the_reserve(log_queue, clock):
    state = Headroom(100, log_queue, clock)
    assert not state.special
    assert state.may_accept(100 + admission_module.HEADROOM - 1)
    assert not state.may_accept(100 + admission_module.HEADROOM)
    state.queued.append('somebody')
    assert state.special


def test_without_descriptors_it_pauses(log_queue, clock):
    state = Headroom(100, log_queue, clock)
    state.exhausted(OSError(errno.EMFILE, 'Too many open files'))
    assert state.special
    assert not state.may_accept(1)
    clock.now += admission_module.PAUSE
    assert state.may_accept(1)
    assert not state.special
    (_level, message, _exc_info), = log_queue.logged
    assert 'Too many open files' in message


def test_it_complains_once_a_minute(log_queue, clock):
    state = Headroom(100, log_queue, clock)
    for _time in range(5):
        state.exhausted('reason')
        clock.now += 1
    assert len(log_queue.logged) == 1
    clock.now += admission_module.COMPLAIN_EACH
    state.exhausted('reason')
    assert len(log_queue.logged) == 2
