"""runtime.watched_loop: how long a loop has been blocked, and waking it."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.runtime.watched_loop import STANDS, Watch, longest


class Loop(object):
    turns = 7
    has_ended = is_for_views = False

    def __init__(self, wake=lambda: None):
        self.woken = 0
        self._wake = wake

    def wake(self):
        self.woken += 1
        return self._wake()


def test_it_is_woken_once_until_it_runs():
    loop = Loop()
    watch = Watch(loop)
    watch.still = 0.3
    watch.ask()
    watch.ask()
    assert (loop.woken, watch.still, watch.has_moved) == (1, 0.3, False)
    loop.turns += 1
    assert watch.has_moved
    watch.begin()
    watch.ask()
    assert (loop.woken, watch.still) == (2, 0.0)


def fails():
    raise ValueError('closed')


@pytest.mark.parametrize('wake', [lambda: False, fails])
def test_one_that_is_closed_need_not_run(wake):
    watch = Watch(Loop(wake))
    watch.still = 5.0
    watch.ask()
    assert (watch.still, watch.asked) == (0.0, False)


def test_the_longest():
    watches = [Watch(Loop()) for _number in range(3)]
    assert longest(watches) is longest([]) is None
    watches[1].still, watches[2].still = STANDS, STANDS - 0.01
    assert longest(watches) == STANDS
