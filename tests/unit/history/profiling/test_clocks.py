"""profiling.clocks: who has computed since the last look of a profile."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.monitor.thread_states import RUNNING, SLEEPING
from Products.ZServerViews.history.profiling.clocks import FineClocks


class Watched(object):
    """What the watchdog's clocks say, and the time."""

    told = RUNNING
    now = 0.0
    clock = 0

    def state(self, native_id):
        return self.told


@pytest.fixture
def watched():
    return Watched()


@pytest.fixture
def clocks(watched):
    return FineClocks(watched, lambda: watched.now, lambda native: watched.clock)


def test_what_the_kernel_has_said_counts(watched, clocks):
    watched.told = SLEEPING
    assert clocks.state(7) == SLEEPING


def test_who_has_computed_since_the_last_look_runs(watched, clocks):
    assert clocks.state(7) == RUNNING
    watched.now, watched.clock = 0.01, 5000000
    assert clocks.state(7) == RUNNING


def test_who_has_not_is_not_said_to_run(watched, clocks):
    clocks.state(7)
    watched.now = 0.01
    assert clocks.state(7) is None


def test_a_thread_that_has_ended(watched, clocks):
    watched.clock = None
    assert clocks.state(7) is None
