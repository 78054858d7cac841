"""runtime.site: what runs beside the event loops, and since when."""
from __future__ import absolute_import, division, print_function

import logging
import sys

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.config.settings import ProcessSettings
from Products.ZServerViews.runtime.site import Site
from tests.unit.runtime.site_parts import begin_loop, site_of_parts


@pytest.fixture
def site():
    made = site_of_parts()
    yield made
    made.stop()


def test_workers_of_two_servers():
    """ZServer's hook tells of some, though waitress is installed too."""
    site = Site()
    assert site.workers() == {}
    site.tell_workers = {lambda: {1: 'worker-0'}, dict, lambda: {2: None}}
    assert site.workers() == {1: 'worker-0', 2: None}


def test_nothing_runs_before_a_loop_turns(site):
    site.start(['/b', '/a'])
    assert site.log_queue.started == 0
    assert site.log_queue.logged == []
    assert site.log_redirect.calls == site.checks.calls == []
    # It imports what the settings ask for: the loop must not.
    assert site.watchdog.calls == ['equip']
    begin_loop(site)
    assert site.log_queue.started == 1
    assert site.log_redirect.calls == ['install']
    assert site.checks.calls == ['start']
    assert site.watchdog.calls == ['equip', 'start']
    assert site.log_queue.logged == [
        (logging.INFO, 'Views served from the event loop: /a /b', None)]


def test_with_a_loop_it_runs_at_once(site):
    site.start(['/a'])
    begin_loop(site)
    begin_loop(site)
    site.start(['/a'])
    site.start(['/a', '/b'])
    assert [message for _level, message, _exc_info
            in site.log_queue.logged] == [
        'Views served from the event loop: /a',
        'Views served from the event loop: /a /b']


def test_where_the_first_turn_does_not_show(site):
    site.loops_are_unseen = True
    site.start(['/a'])
    assert site.log_queue.started == 1


@pytest.mark.skipif(PY2, reason='Python 2 has no switch interval')
def test_the_switch_interval_is_put_back(site):
    before = sys.getswitchinterval()
    site.settings = ProcessSettings({'switch-interval': 0.001})
    site.start(['/a'])
    assert sys.getswitchinterval() == before
    begin_loop(site)
    assert sys.getswitchinterval() == pytest.approx(0.001)
    site.settings = ProcessSettings({'switch-interval': 0.002})
    site.start(['/a'])
    assert sys.getswitchinterval() == pytest.approx(0.002)
    site.stop()
    assert sys.getswitchinterval() == before
    site.start(['/a'])
    site.settings = ProcessSettings()
    site.start(['/a'])
    assert sys.getswitchinterval() == before


@pytest.mark.skipif(not PY2, reason='Python 3 has a switch interval')
def test_python_2_has_no_switch_interval(site):
    site.settings = ProcessSettings({'switch-interval': 0.001})
    begin_loop(site)
    assert ('The setting switch-interval has no effect on Python 2'
            in [message for _level, message, _ in site.log_queue.logged])


class Told(object):
    """Stands for `systemd.Systemd`."""

    def __init__(self):
        self.number = 0

    def left(self):
        self.number += 1


@pytest.mark.parametrize('is_for_views', [False, True])
def test_systemd_is_told_of_the_end_of_each_loop(site, is_for_views):
    loop = site.begin_loop(lambda: None, is_for_views=is_for_views)
    site.systemd = Told()
    site.end_loop(loop)
    assert site.systemd.number == 1
