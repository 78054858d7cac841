"""budget: what views have taken, and what becomes of slow ones."""
from __future__ import absolute_import, division, print_function

import logging

import pytest

from Products.ZServerViews.budget import FORGET, Budget
from Products.ZServerViews.process_settings import ProcessSettings

from . import dummies


@pytest.fixture
def clock():
    return dummies.ManualClock()


@pytest.fixture
def site(clock):
    site = dummies.Site()
    site.budget = Budget(site, clock)
    return site


def slow_line(seconds, allowed='0.100'):
    return (logging.WARNING,
            'The view package.view at /a kept the server from all else for '
            '%s s; %s s are allowed' % (seconds, allowed), None)


ASIDE_LINE = (logging.WARNING,
              'The view package.view at /a was too slow twice and runs aside '
              'from now on, in a thread of its own', None)


def test_what_is_within_the_limit_is_only_remembered(site):
    mount = dummies.mount()
    for seconds in 0.05, 0.1, 0.02:
        site.budget.spent(mount, seconds)
    assert mount.tally.longest == 0.1
    assert mount.tally.offences == 0
    assert site.journal.logged == []


def test_an_offence_is_logged_and_counted(site):
    mount = dummies.mount()
    site.budget.spent(mount, 0.25)
    assert site.journal.logged == [slow_line('0.250')]
    assert mount.tally.offences == 1
    assert mount.tally.longest == 0.25
    assert not mount.runs_aside


def test_after_two_offences_a_view_runs_aside(site, clock):
    mount = dummies.mount()
    site.budget.spent(mount, 0.25)
    clock.now += FORGET
    site.budget.spent(mount, 0.2)
    assert site.journal.logged == [slow_line('0.250'), slow_line('0.200'),
                                   ASIDE_LINE]
    assert mount.tally.longest == 0.25
    assert mount.tally.offences == 2
    assert mount.runs_aside


def test_old_offences_are_forgotten(site, clock):
    mount = dummies.mount()
    for _offence in range(3):
        site.budget.spent(mount, 0.25)
        clock.now += FORGET + 1
    assert mount.tally.offences == 3
    assert not mount.runs_aside
    assert len(site.journal.logged) == 3


def test_the_limit_is_read_each_time(site):
    mount = dummies.mount()
    site.settings = ProcessSettings({'view-budget': 5.0})
    site.budget.spent(mount, 4.0)
    assert site.journal.logged == []
    site.settings = ProcessSettings({'view-budget': 0.001})
    site.budget.spent(mount, 0.002)
    assert site.journal.logged == [slow_line('0.002', '0.001')]


@pytest.mark.parametrize('declared', [True, False])
def test_what_runs_aside_does_not_keep_the_loop(site, declared):
    mount = dummies.mount(aside=declared)
    mount.tally.runs_aside = not declared
    site.budget.spent(mount, 60.0)
    assert site.journal.logged == []
    assert mount.tally.longest == 0.0


def test_what_is_known_outlives_a_change_of_the_configuration(site):
    old, gone = dummies.mount(), dummies.mount('/gone')
    site.budget.adopt([old, gone])
    assert set(site.budget.tallies) == {('/a', 'package.view'),
                                        ('/gone', 'package.view')}
    for _offence in range(2):
        site.budget.spent(old, 0.25)
    same = dummies.mount()
    other_view = dummies.mount(name='package.other')
    site.budget.adopt([same, dummies.mount('/b')])
    assert same.runs_aside
    assert same.tally is old.tally
    assert set(path for path, _name in site.budget.tallies) == {'/a', '/b'}
    site.budget.adopt([other_view])
    assert not other_view.runs_aside
    assert list(site.budget.tallies) == [('/a', 'package.other')]
