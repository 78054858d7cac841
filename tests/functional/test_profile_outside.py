"""``/-/profile`` where a child process takes the stacks from outside."""
from __future__ import absolute_import, division, print_function

import os
import signal
import sys

import pytest

from Products.ZServerViews.history.profiling.outside import SINCE
from tests.functional import test_profile
from tests.functional.test_companion import children
from tests.functional.test_profile import (
    SECTION,
    TOKEN,
    begun,
    change,
    finished,
    samples_of,
    seconds_by_path,
    state,
)
from tests.waiting import awaited

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] < SINCE,
    reason='the library has profiling.sampling since Python 3.15')

# As there: one server for all, and no profile runs between two tests.
site, free = test_profile.site, test_profile.free


def samplers(pid):
    return [child for child, (_state, command) in children(pid).items()
            if 'sampling_child.py' in command]


def runs(pid):
    """Whether it does; nobody need have asked how a process has ended."""
    try:
        with open('/proc/%d/stat' % pid) as stat:
            return stat.read().rpartition(')')[2].split()[0] != 'Z'
    except EnvironmentError:
        return False


def sampling(instance):
    """The number of the child process, once it has looked."""
    awaited(lambda: (state(instance)['running'] or {}).get('taken'))
    child, = samplers(instance.pid)
    return child


def test_who_keeps_the_interpreter_is_seen_all_the_time(site):
    number = begun(site, '?seconds=60&rate=50')
    awaited(lambda: (state(site)['running'] or {}).get('taken'))
    assert site.get('/@@keep_lock?name=3').code == 200
    change(site, 'DELETE')
    about = finished(site, number)
    assert about['sampler'].startswith('outside: profiling.sampling')
    assert about['taken'] > 20
    assert about['own_cost_seconds'] > 0
    samples = samples_of(site, number)
    assert seconds_by_path(samples)['/@@keep_lock'] > 2
    assert any(labels['path'] == '/@@keep_lock' and frames[0][0] == '__call__'
               for frames, _time, labels in samples)


def test_requests_that_have_ended_have_their_paths(site):
    number = begun(site, '?seconds=60&rate=100')
    awaited(lambda: (state(site)['running'] or {}).get('taken'))
    for _number in range(5):
        assert site.get('/@@nap?seconds=0.05').code == 200
    change(site, 'DELETE')
    finished(site, number)
    times = seconds_by_path(samples_of(site, number))
    assert set(times) == {'/@@nap'}


def test_the_child_ends_with_the_profile(site):
    number = begun(site, '?seconds=600&rate=10')
    child = sampling(site)
    change(site, 'DELETE')
    assert finished(site, number)['ended'] == 'it was ended on request'
    assert not runs(child)


def test_the_child_is_killed(site):
    number = begun(site, '?seconds=600&rate=10')
    os.kill(sampling(site), signal.SIGKILL)
    about = finished(site, number)
    assert about['ended'] == 'its child process has ended with exit code -9'
    assert about['taken'] > 0


def test_the_child_ends_with_the_site(make_instance):
    instance = make_instance(SECTION, environ={'ZSV_TOKEN': TOKEN}).start()
    begun(instance, '?seconds=600&rate=10')
    child = sampling(instance)
    os.kill(instance.pid, signal.SIGKILL)
    awaited(lambda: not runs(child))


def test_a_site_that_stops_stops_it_too(make_instance):
    instance = make_instance(SECTION, environ={'ZSV_TOKEN': TOKEN}).start()
    begun(instance, '?seconds=600&rate=10')
    child = sampling(instance)
    instance.stop()
    awaited(lambda: not runs(child))
