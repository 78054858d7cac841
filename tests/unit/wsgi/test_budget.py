"""wsgi.budget: what views have taken, and what becomes of slow ones."""
from __future__ import absolute_import, division, print_function

import logging

import pytest

from Products.ZServerViews.config.mounts import Usage
from Products.ZServerViews.config.settings import ProcessSettings
from Products.ZServerViews.views.health import live
from Products.ZServerViews.wsgi.budget import FORGET, Budget
from Products.ZServerViews.wsgi.measuring import Measured
from tests.unit import dummies


class Lateness(object):
    """Keeps for how long it is expected."""

    def __init__(self):
        self.expected = []

    def expect(self, seconds):
        self.expected.append(seconds)

    def stop(self):
        self.expected.append(None)


class Took(object):
    """A Measured."""

    def __init__(self, own, processor=0.0):
        self.own = lambda: own
        self.processor = processor


class ViewThread(object):
    is_working = False
    timeouts = 5


OTHERS = Took(0.012, 0.012)


@pytest.fixture
def clock():
    return dummies.ManualClock()


@pytest.fixture
def site(clock):
    site = dummies.Site()
    site.budget = Budget(site, clock, Lateness())
    return site


@pytest.fixture
def mount():
    return dummies.mount()


def doubt_line(seconds, allowed='0.100'):
    return (logging.INFO,
            'The view package.view at /a took %s s in the event loop '
            '(view-budget %s s). The wall clock cannot tell whether by its own '
            'doing: its next steps are measured' % (seconds, allowed), None)


def slow_line(seconds, allowed='0.100'):
    return (logging.WARNING,
            'The view package.view at /a blocked the event loop for '
            '%s s (view-budget %s s)' % (seconds, allowed), None)


ASIDE_LINE = (logging.WARNING,
              'The view package.view at /a blocked the event loop twice '
              'within an hour: it is offloaded to a thread of its own for an '
              'hour', None)
BACK_LINE = (logging.INFO,
             'The view package.view at /a runs in the event loop again: an '
             'hour ago it was offloaded', None)


def offload(site, mount):
    site.budget.spent(mount, 0.25)
    site.budget.spent(mount, 0.3, Took(0.3))
    assert mount.is_offloaded
    del site.log_queue.logged[:]


def test_what_is_within_the_limit_is_only_remembered(site, mount):
    for seconds in 0.05, 0.1, 0.02:
        site.budget.spent(mount, seconds)
    assert mount.usage.longest == 0.1
    assert mount.usage.overruns == 0
    assert not mount.usage.is_measured
    assert site.log_queue.logged == site.budget.lateness.expected == []


def test_the_word_of_the_wall_clock_is_only_a_doubt(site, mount):
    site.budget.spent(mount, 0.25)
    assert site.log_queue.logged == [doubt_line('0.250')]
    assert mount.usage.overruns == 0
    assert mount.usage.longest == 0.0
    assert mount.usage.is_measured
    assert site.budget.lateness.expected == [FORGET]
    assert not mount.is_offloaded


def test_the_next_step_dispels_the_doubt(site, clock, mount):
    site.budget.spent(mount, 0.25)
    clock.now += FORGET
    site.budget.spent(mount, 0.2, Took(0.2))
    assert site.log_queue.logged == [
        doubt_line('0.250'), slow_line('0.250'), slow_line('0.200'), ASIDE_LINE]
    assert mount.usage.longest == 0.25
    assert mount.usage.overruns == 2
    assert mount.is_offloaded
    # In its thread nothing is measured.
    assert not mount.usage.is_measured


@pytest.mark.parametrize('times', [1, 2, 50])
def test_what_others_did_is_not_held_against_a_view(site, mount, times):
    site.budget.spent(mount, 0.25)
    for _time in range(times):
        site.budget.spent(mount, 0.162, OTHERS)
    assert site.log_queue.logged == [doubt_line('0.250')]
    assert mount.usage.overruns == 0
    assert mount.usage.longest == 0.012
    assert not mount.is_offloaded
    # Nor is what it had been suspected of.
    site.budget.spent(mount, 0.3, Took(0.3))
    assert site.log_queue.logged[1:] == [slow_line('0.300')]
    assert not mount.is_offloaded
    site.budget.spent(mount, 0.4, Took(0.25))
    assert site.log_queue.logged[2:] == [slow_line('0.250'), ASIDE_LINE]
    assert mount.is_offloaded


def test_a_third_overrun_may_have_been_in_doubt(site, clock, mount):
    site.budget.spent(mount, 0.25)
    site.budget.spent(mount, 0.2, OTHERS)
    site.budget.spent(mount, 0.3, Took(0.3))
    site.budget.spent(mount, 0.3)
    site.budget.spent(mount, 0.3, Took(0.3))
    assert site.log_queue.logged.count(ASIDE_LINE) == 1


def test_an_old_doubt_does_not_count(site, clock, mount):
    site.budget.spent(mount, 0.25)
    clock.now += FORGET + 1
    site.budget.spent(mount, 0.3, Took(0.3))
    assert mount.usage.overruns == 1


def test_old_overruns_are_forgotten(site, clock, mount):
    for _overrun in range(3):
        site.budget.spent(mount, 0.25, Took(0.25))
        clock.now += FORGET + 1
    assert mount.usage.overruns == 3
    assert not mount.is_offloaded
    assert site.log_queue.logged == [slow_line('0.250')] * 3


def test_a_view_is_measured_for_an_hour_after_its_last_slow_step(
        site, clock, mount):
    def is_measured():
        assert isinstance(site.budget.measure(mount.usage), Measured)
        return mount.usage.is_measured

    site.budget.spent(mount, 0.25)
    clock.now += FORGET
    assert is_measured()
    site.budget.spent(mount, 0.25, OTHERS)
    clock.now += FORGET
    assert is_measured()
    site.budget.spent(mount, 0.05, Took(0.05))
    clock.now += 1
    assert not is_measured()


def test_the_limit_is_read_each_time(site, mount):
    site.settings = ProcessSettings({'view-budget': 5.0})
    site.budget.spent(mount, 4.0)
    assert site.log_queue.logged == []
    site.settings = ProcessSettings({'view-budget': 0.001})
    site.budget.spent(mount, 0.002)
    assert site.log_queue.logged == [doubt_line('0.002', '0.001')]


# The suite's own views

@pytest.fixture
def ours():
    return dummies.mount(a_view=live)


def test_the_suites_views_are_not_judged_by_what_they_waited(site, ours):
    for _time in range(5):
        site.budget.spent(ours, 0.25)
        site.budget.spent(ours, 0.25, Took(0.25, 0.012))
    assert site.log_queue.logged == []
    assert ours.usage.overruns == 0
    assert not ours.is_offloaded
    # So nobody need be late.
    assert site.budget.lateness.expected == []


def test_the_suites_views_are_judged_by_their_processor_time(site, ours):
    site.budget.spent(ours, 0.25)
    assert ours.usage.is_measured
    for _time in range(2):
        assert not ours.is_offloaded
        site.budget.spent(ours, 0.5, Took(0.0, 0.2))
    assert site.log_queue.logged == [slow_line('0.200')] * 2 + [ASIDE_LINE]
    assert ours.is_offloaded


# Offloaded

@pytest.mark.parametrize('declared', [True, False])
def test_what_runs_aside_does_not_keep_the_loop(site, declared):
    mount = dummies.mount(aside=declared)
    mount.usage.is_offloaded = not declared
    site.budget.spent(mount, 60.0)
    assert site.log_queue.logged == []
    assert mount.usage.longest == 0.0
    assert site.budget.seconds_left(mount.usage) is None
    assert site.budget.keeps_offloaded(mount)


def test_the_verdict_expires(site, clock, mount):
    offload(site, mount)
    assert site.budget.seconds_left(mount.usage) == FORGET
    clock.now += FORGET - 1
    assert site.budget.keeps_offloaded(mount)
    assert site.budget.seconds_left(mount.usage) == 1
    clock.now += 1
    assert mount.is_offloaded  # until somebody asks for it
    assert site.budget.seconds_left(mount.usage) == 0
    assert not site.budget.keeps_offloaded(mount)
    assert not mount.is_offloaded
    assert site.log_queue.logged == [BACK_LINE]


def test_overruns_begin_anew_then(site, clock, mount):
    offload(site, mount)
    clock.now += FORGET
    assert not site.budget.keeps_offloaded(mount)
    site.budget.spent(mount, 0.25, Took(0.25))
    assert not mount.is_offloaded
    site.budget.spent(mount, 0.25, Took(0.25))
    assert mount.is_offloaded
    assert site.budget.seconds_left(mount.usage) == FORGET


def test_a_view_that_does_not_return_stays_out_of_the_loop(site, clock, mount):
    offload(site, mount)
    thread = mount.usage.view_thread = ViewThread()
    mount.usage.timeouts = thread.timeouts
    clock.now += 5 * FORGET
    thread.is_working = True
    assert site.budget.keeps_offloaded(mount)
    thread.is_working = False
    assert not site.budget.keeps_offloaded(mount)


def test_a_view_that_was_late_stays_for_another_hour(site, clock, mount):
    offload(site, mount)
    mount.usage.view_thread = ViewThread()
    clock.now += FORGET
    assert site.budget.keeps_offloaded(mount)
    assert site.budget.seconds_left(mount.usage) == FORGET
    clock.now += FORGET
    assert not site.budget.keeps_offloaded(mount)
    assert site.log_queue.logged == [BACK_LINE]


def test_without_views_nothing_is_measured(site):
    site.budget.stop()
    assert site.budget.lateness.expected == [None]


def test_what_is_known_outlives_a_change_of_the_configuration(site):
    old, gone = dummies.mount(), dummies.mount('/gone')
    site.budget.adopt([old, gone])
    assert set(site.budget.usages) == {('/a', 'package.view'),
                                        ('/gone', 'package.view')}
    for _overrun in range(2):
        site.budget.spent(old, 0.25, Took(0.25))
    same = dummies.mount()
    other_view = dummies.mount(name='package.other')
    site.budget.adopt([same, dummies.mount('/b')])
    assert same.is_offloaded
    assert same.usage is old.usage
    assert set(path for path, _name in site.budget.usages) == {'/a', '/b'}
    site.budget.adopt([other_view])
    assert not other_view.is_offloaded
    assert list(site.budget.usages) == [('/a', 'package.other')]


class Watched(Usage):
    """Calls this whenever something of it has changed, as another event loop
    may look at any moment."""

    look = None

    def __setattr__(self, name, value):
        Usage.__setattr__(self, name, value)
        if self.look is not None:
            self.look()


def test_another_loop_may_measure_at_any_moment(site, mount):
    """Two loops have the same view."""
    def look():
        if mount.usage.is_measured:
            site.budget.measure(mount.usage)

    mount.usage = Watched()
    mount.usage.look = look
    site.budget.spent(mount, 0.25)
    assert mount.usage.is_measured


def test_another_loop_may_end_the_hour(site, clock):
    moments = [clock.now + 5, None]

    class Ending(Usage):
        offloaded_until = property(lambda self: moments.pop(0),
                                   lambda self, moment: None)

    assert site.budget.seconds_left(Ending()) == 5
