"""monitor.memory.tracing: for a bounded time, and never with too much."""
from __future__ import absolute_import, division, print_function

import time

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.monitor.memory import tracing as tracing_module
from Products.ZServerViews.monitor.memory.tracing import (
    ABSENT,
    ASKED,
    EACH,
    ELSEWHERE,
    ENOUGH,
    FULL,
    MOST_BLOCKS,
    TAKEN,
    TIME,
    Tracing,
)
from tests.unit import dummies
from tests.waiting import awaited


class Frame(object):
    filename = '/site/shop.py'

    def __init__(self, line):
        self.lineno = line


class Statistic(object):
    def __init__(self, line, size, count):
        self.traceback = [Frame(line)]
        self.size = size
        self.count = count


class Tracemalloc(object):
    """Stands for the module; has traced as many blocks as it is told."""

    blocks = 10
    traces = False
    # Whether another one traces than the one who began.
    is_others = False

    def __init__(self):
        self.calls = []

    def start(self, frames):
        self.calls.append('start')
        self.traces = True
        self.frames = frames

    def stop(self):
        self.calls.append('stop')
        self.traces = False

    def is_tracing(self):
        return self.traces

    def get_object_traceback(self, one):
        return [] if self.traces and not self.is_others else None

    def get_tracemalloc_memory(self):
        return self.blocks * EACH

    def take_snapshot(self):
        self.calls.append('snapshot')
        return self

    def statistics(self, kind):
        assert kind == 'lineno'
        return [Statistic(line, 1000 - line, line) for line in range(1, 200)]


@pytest.fixture
def module():
    return Tracemalloc()


@pytest.fixture
def made(module):
    clock = dummies.ManualClock()

    def log(level, text, *args):
        found.logged.append(text % args)

    def sleep(seconds):
        time.sleep(0.001)
        clock.now += found.pace

    found = Tracing(log, None, module, clock, sleep=sleep)
    found.logged, found.pace = [], 0.5
    yield found
    found.stop()
    awaited(lambda: found.running is None)


def traced(made, seconds=2):
    assert made.start(seconds)
    awaited(lambda: made.running is None)
    return made.last


def test_until_its_time_is_over(made, module):
    trace = traced(made)
    assert (trace.ended, trace.elapsed, trace.refused) == (TIME, 2.0, None)
    assert module.calls == ['start', 'snapshot', 'stop']
    assert module.frames == 1
    assert len(trace.places) == tracing_module.MOST_PLACES
    assert trace.places[0] == ('/site/shop.py', 1, 999, 1)
    assert (trace.blocks, trace.bytes) == (19900, 179100)
    assert made.logged == [
        'Tracing of memory 1 of 2 s has begun on request',
        'Tracing of memory 1 has ended: its time was over']
    assert made.unusable() is None


def test_one_at_a_time_until_it_is_to_end(made):
    made.pace = 0.0
    assert made.start(60)
    assert not made.start(1)
    assert made.unusable() is None
    made.stop()
    awaited(lambda: made.running is None)
    assert made.last.ended == ASKED


def test_it_ends_when_there_is_enough(made, module):
    module.blocks = ENOUGH
    trace = traced(made, 60)
    assert (trace.ended, trace.refused) == (FULL, None)
    assert trace.elapsed == 0.5


def test_no_list_of_too_many(made, module):
    module.blocks = MOST_BLOCKS + 1
    trace = traced(made, 60)
    assert 'more than %d blocks' % MOST_BLOCKS in trace.refused
    assert module.calls == ['start', 'stop']
    assert trace.places == () and trace.held_seconds is None


def test_others_trace(made, module):
    module.traces = True
    assert made.unusable() == TAKEN


def test_others_have_ended_it(made, module):
    made.pace = 0.0
    assert made.start(60)
    module.traces = False
    awaited(lambda: made.running is None)
    assert made.last.ended == made.last.refused == ELSEWHERE
    assert module.calls == ['start']


def test_others_have_begun_anew(made, module):
    made.pace = 0.0
    assert made.start(60)
    module.is_others = True
    awaited(lambda: made.running is None)
    assert made.last.ended == made.last.refused == ELSEWHERE
    assert module.calls == ['start'] and module.traces


def test_others_begin_while_it_is_summed_up(made, module):
    def statistics(kind):
        module.start(25)
        module.is_others = True
        return []

    module.statistics = statistics
    assert traced(made).ended == TIME
    assert module.calls == ['start', 'snapshot', 'stop', 'start']
    assert module.traces


def test_others_have_begun_since_it_was_asked(made, module):
    module.traces = module.is_others = True
    assert traced(made).ended == ELSEWHERE
    assert module.calls == [] and module.traces


def test_where_there_is_no_tracemalloc(module):
    assert Tracing(None, None, None).unusable() == ABSENT


def test_what_fails_is_reported_and_nothing_is_traced(made, module):
    reported = []
    made._report = reported.append
    module.statistics = None
    assert traced(made) is None
    assert reported[0][0] is TypeError
    assert not module.traces


def test_without_a_thread(made, module, monkeypatch):
    def start(run):
        raise RuntimeError('no thread')

    monkeypatch.setattr(made._daemon, 'start', start)
    with pytest.raises(RuntimeError):
        made.start(1)
    assert made.running is None and not module.traces


def test_a_forked_child_does_not_trace(made, module):
    made.pace = 0.0
    made.start(60)
    made.begin_anew()
    assert made.running is made.last is None
    assert not module.traces
    made.begin_anew()
    assert module.calls == ['start', 'stop']


@pytest.mark.skipif(PY2, reason='Python 2.7 has no tracemalloc')
def test_with_that_of_python():
    made = Tracing(lambda *args: None, None)
    assert made.start(60)
    kept = [bytearray(100000) for _number in range(10)]
    made.stop()
    awaited(lambda: made.running is None)
    own = [place for place in made.last.places
           if place[0].endswith('test_tracing.py')]
    assert own[0][2] >= 1000000 and own[0][3] >= 10
    assert made.last.held_seconds > 0
    del kept


@pytest.mark.skipif(PY2, reason='Python 2.7 has no tracemalloc')
def test_that_of_python_is_left_to_others():
    import tracemalloc
    made = Tracing(lambda *args: None, None)
    assert made.start(60)
    tracemalloc.stop()
    tracemalloc.start(5)
    try:
        awaited(lambda: made.running is None)
        assert made.last.ended == ELSEWHERE
        assert tracemalloc.is_tracing()
        assert tracemalloc.get_traceback_limit() == 5
    finally:
        tracemalloc.stop()
