"""runtime.equipment: what comes and goes with views."""
from __future__ import absolute_import, division, print_function

import gc
import logging
import sys
import threading
import weakref

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.config.settings import ProcessSettings
from tests.unit.runtime.site_parts import Part, begin_loop, site_of_parts


@pytest.fixture
def site():
    made = site_of_parts()
    yield made
    made.stop()


def test_metrics_while_a_view_tells_of_them(site):
    site.record(True)
    site.measure(True)
    metrics = site.metrics
    assert site.recorder.tally is metrics.tally and metrics.registry is None
    calls = []
    metrics.start = lambda: calls.append('start')
    metrics.stop = lambda: calls.append('stop')
    site.start(['/a'])
    assert calls == []
    begin_loop(site)
    assert calls == ['start']
    # A change of the configuration forgets nothing.
    site.settings = ProcessSettings({'metrics-registry': True})
    site.measure(True)
    assert site.metrics is metrics
    registry = metrics.registry
    assert registry is not None
    site.measure(True)
    assert metrics.registry is registry
    site.settings = ProcessSettings()
    site.measure(True)
    assert metrics.registry is None
    site.stop()
    site.measure(False)
    assert calls == ['start', 'stop', 'stop']
    assert site.metrics is site.recorder.tally is None
    site.measure(False)
    site.record(False)
    site.measure(False)


def test_metrics_that_cannot_be_read_are_logged(site):
    site.measure(True)
    try:
        raise KeyError('why')
    except KeyError:
        site.metrics._report(sys.exc_info())
    (level, text, exc_info), = site.log_queue.logged
    assert (level, text, exc_info[0]) == (
        logging.ERROR, 'Metrics could not be read', KeyError)


def test_a_profiler_while_a_view_asks_for_it(site):
    assert site.profiler is None
    site.record(True)
    site.profile(True)
    profiler = site.profiler
    site.profile(True)
    assert site.profiler is profiler
    told = []
    profiler.begin_anew = lambda: told.append('anew')
    profiler.stop = lambda: told.append('stop')
    site.begin_anew()
    site.profile(False)
    site.profile(False)
    assert site.profiler is None
    assert told == ['anew', 'stop']


def test_the_memory_while_a_view_asks_for_it(site):
    assert site.memory is None
    site.examine_memory(True)
    memory = site.memory
    site.record(True)
    site.examine_memory(True)
    assert site.memory is memory
    assert site.recorder.growth is memory.pages
    told = []
    memory.begin_anew = lambda: told.append('anew')
    memory.stop = lambda: told.append('stop')
    site.begin_anew()
    try:
        raise KeyError('why')
    except KeyError:
        memory.objects._report(sys.exc_info())
    assert site.log_queue.logged[-1][1] == 'The memory could not be examined'
    site.examine_memory(False)
    site.examine_memory(False)
    assert site.memory is site.recorder.growth is None
    site.record(False)
    site.examine_memory(False)
    assert told == ['anew', 'stop']


@pytest.mark.skipif(PY2, reason='Python 2.7 cannot clear a frame')
def test_of_a_fault_of_the_history_no_local_variable_is_kept(site):
    site.record(True)
    site.measure(True)
    site.remember(True)
    kept = []

    def broken():
        local = {1, 2, 3}
        kept.append(weakref.ref(local))
        raise ValueError('why')

    site.history._guarded(broken)
    [(level, said, exc_info)] = site.log_queue.logged
    gc.collect()
    assert (level, said) == (logging.ERROR, 'The history could not be recorded')
    assert exc_info[2] is not None and kept[0]() is None


@pytest.mark.parametrize('name', ['metrics', 'history', 'databases', 'memory'])
def test_nothing_is_taken_out_while_a_loop_begins_with_it(site, name):
    part = Part()
    setattr(site, name, part)
    taken = []
    thread = threading.Thread(target=lambda: taken.append(site.take_out(name)))
    with site.running:  # a loop begins
        thread.start()
        thread.join(0.05)
        assert thread.is_alive() and getattr(site, name) is part
    thread.join()
    assert taken == [part]
    assert site.take_out(name) is None
    site.run()
    assert part.calls == []


def test_a_loop_begins_with_the_new_checks_only(site):
    made, before = Part(), site.checks
    site._made_checks = lambda calls, options: made
    thread = threading.Thread(target=lambda: site.check({'mine': None}))
    with site.running:  # a loop begins
        thread.start()
        thread.join(0.05)
        assert site.checks is before and before.calls == []
    thread.join()
    site.run()
    assert (before.calls, made.calls) == (['stop'], ['start'])
