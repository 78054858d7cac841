"""profiling.profiler: one at a time, and what is kept."""
from __future__ import absolute_import, division, print_function

import threading

import pytest

from Products.ZServerViews._compat import PY2, monotonic
from Products.ZServerViews.history.profiling import profiler as profiler_module
from Products.ZServerViews.history.profiling.outside import OUTSIDE, Look, Lost
from Products.ZServerViews.history.profiling.profiler import UNSAFE, Profiler
from Products.ZServerViews.monitor.thread_clocks import native_id_of
from tests.unit.site_dummies import Site
from tests.waiting import awaited


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def profiler(site):
    made = Profiler(site, None, is_outside=lambda: False)
    yield made
    made.stop()
    awaited(lambda: made.running is None)


def work(site, until):
    request = site.recorder.received('GET', '/a', None)
    site.recorder.begins(request)
    # The dummy clock stands still: it began when the profile did.
    request.started = None
    until.wait(60)


@pytest.fixture
def busy(site):
    """A worker that waits within a request."""
    until = threading.Event()
    worker = threading.Thread(target=work, args=(site, until), name='busy')
    worker.start()
    awaited(lambda: site.recorder.current)
    yield worker
    until.set()
    worker.join()


def profile(profiler, site, seconds=1):
    assert profiler.start(seconds, 50)
    awaited(lambda: profiler.running is None)
    return profiler.find()


def test_a_profile(profiler, site, busy):
    finished = profile(profiler, site)
    assert (finished.number, finished.rate) == (1, 50)
    samples = finished.profile.samples
    assert {(sample[2], sample[4]) for sample in samples} == {('busy', '/a')}
    assert finished.profile.seconds() == pytest.approx(1.0)
    names = [[finished.profile.frames[number][0] for number
              in finished.profile.stacks[sample[0]]] for sample in samples]
    assert all('work' in stack for stack in names)
    assert [line for _level, line, _exc_info in site.log_queue.logged] == [
        'Profile 1 of 1 s at 50 Hz has begun on request',
        'Profile 1 has ended: its time was over']


def test_one_at_a_time(profiler, site):
    assert profiler.start(600, 10)
    assert not profiler.start(1, 10)
    assert profiler.running.seconds == 600
    profiler.stop()
    awaited(lambda: profiler.running is None)
    assert profiler.find(1).profile.about['ended'] == 'it was ended on request'
    assert profiler.find(2) is None


def test_nothing_is_kept_beyond_a_number(profiler, site, monkeypatch):
    monkeypatch.setattr(profiler_module, 'MOST_FINISHED', 2)
    for _number in range(3):
        profiler.start(600, 100)
        profiler.stop()
        awaited(lambda: profiler.running is None)
    assert [one.number for one in profiler.finished] == [3, 2]


def test_nor_beyond_a_number_of_bytes(profiler, site, busy, monkeypatch):
    monkeypatch.setattr(profiler_module, 'MOST_BYTES', 1)
    first = profile(profiler, site)
    second = profile(profiler, site)
    assert first.size > 1
    assert profiler.finished == (second,)


def test_a_failure_is_logged_and_the_next_one_runs(profiler, site, monkeypatch):
    reported = []
    monkeypatch.setattr(profiler, '_report', reported.append)
    monkeypatch.setattr(site, 'metrics', object())
    profiler.start(600, 10)
    awaited(lambda: profiler.running is None)
    assert [exc_info[0] for exc_info in reported] == [AttributeError]
    monkeypatch.setattr(site, 'metrics', None)
    profiler.start(600, 10)
    profiler.stop()
    awaited(lambda: profiler.finished)


def test_without_a_thread_there_is_none(profiler, monkeypatch):
    def start(run):
        raise RuntimeError('no more threads')

    monkeypatch.setattr(profiler._daemon, 'start', start)
    with pytest.raises(RuntimeError):
        profiler.start(1, 10)
    assert profiler.running is None


def test_in_a_forked_child_there_is_none(profiler, site):
    profiler.start(600, 10)
    running = profiler.running
    profiler.begin_anew()
    assert profiler.running is None
    assert profiler.finished == ()
    running.wanted_end = 'the test is over'
    awaited(lambda: profiler.finished)


def test_without_a_lock_of_the_interpreter_there_is_none(site):
    assert Profiler(site, None, safe=False).unusable() == UNSAFE
    assert Profiler(site, None, safe=True).unusable() is None


class Child(object):
    """Sees the one worker in each look, ten times a second."""

    failed, used, used_since, ended = 0, 0.1, 0.0, False
    lost = None

    def __init__(self, rate, seconds):
        assert (rate, seconds) == (50, 1)
        self.begun = monotonic()
        self.next = self.begun + 0.1

    def frames_of(self, number):
        return ((u'from_outside', u'/f.py', 1),)

    def looks(self):
        if self.lost is not None:
            raise self.lost
        found = []
        while self.next <= monotonic():
            found.append(Look(self.next, [
                [native_id_of(thread), 'computes', 1] for thread
                in threading.enumerate() if thread.name == 'busy']))
            self.next += 0.1
        return found

    def end(self):
        self.ended = True


def from_outside(site, make):
    made = []

    def child(rate, seconds):
        made.append(make(rate, seconds))
        return made[0]

    profiler = Profiler(site, None, is_outside=lambda: True, outside=child)
    return profile(profiler, site).profile, made


@pytest.mark.skipif(PY2, reason='Python 2.7 has no numbers of threads, and no '
                    'child process that knows them')
def test_a_child_process_sees_it(site, busy):
    seen, (child,) = from_outside(site, Child)
    assert seen.about['sampler'] == OUTSIDE
    assert {(sample[2], sample[4]) for sample in seen.samples} == {('busy', '/a')}
    assert seen.frames[0][0] == u'from_outside'
    assert child.ended
    assert site.recorder.profiled is None


def test_without_a_child_process_a_thread_does_and_says_so(site, busy):
    class Refused(Child):
        lost = Lost(u'could not: PermissionError')

    seen, (child,) = from_outside(site, Refused)
    assert seen.about['sampler'].startswith('in process: ')
    assert seen.about['sampler'].endswith('could not: PermissionError')
    assert seen.about['ended'] == 'its time was over'
    assert {(sample[2], sample[4]) for sample in seen.samples} == {('busy', '/a')}
    assert child.ended
    assert site.recorder.profiled is None


def test_one_that_cannot_be_started(site, busy):
    def refuse(rate, seconds):
        raise Lost(u'could not be started: no memory')

    seen, _none = from_outside(site, refuse)
    assert seen.about['sampler'].endswith('could not be started: no memory')


def test_a_configuration_that_takes_the_recorder_away(profiler, site, busy):
    profiler.start(1, 50)
    site.recorder = None
    awaited(lambda: profiler.finished)
    assert profiler.find().profile.about['ended'] == 'its time was over'
