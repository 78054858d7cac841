"""zopeapp.packs: the pack in progress and the last one."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.zopeapp.packs import Packs
from tests.unit.dummies import ManualClock


def test_a_pack():
    clock = ManualClock()
    packs = Packs(lambda: 'request', clock)
    seen = []

    def pack(*args, **kw):
        clock.now += 4
        seen.append((args, kw, packs.running()))
        return 'packed'

    assert packs.running() is packs.last is None
    assert packs.wrap(pack)(1, days=2) == 'packed'
    (args, kw, running), = seen
    assert (args, kw) == ((1,), {'days': 2})
    assert packs.running() is None
    assert packs.last is running
    clock.now += 100
    assert (running.request, running.error) == ('request', None)
    assert running.seconds == running.so_far() == 4
    assert running.began > 1e9


def test_the_time_of_a_pack_that_runs():
    clock = ManualClock()
    packs = Packs(lambda: None, clock)

    def pack():
        clock.now += 3
        return packs.running().so_far()

    assert packs.wrap(pack)() == 3


def test_a_pack_that_fails():
    packs = Packs(lambda: None)
    with pytest.raises(KeyError):
        packs.wrap(lambda: {}['x'])()
    assert packs.last.error == 'KeyError'
    assert packs.running() is None


def test_one_is_refused_while_another_runs():
    packs = Packs(lambda: None)

    def refuse():
        raise ValueError('already packing')

    def pack():
        # By another thread, as a rule.
        running = packs.running()
        packs._running['another'] = running
        with pytest.raises(ValueError):
            packs.wrap(refuse)()
        return packs.running() is running

    assert packs.wrap(pack)()
    assert packs.last.error is None
