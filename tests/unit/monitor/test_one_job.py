"""monitor.one_job: one at a time, in a thread that ends with it."""
from __future__ import absolute_import, division, print_function

import threading

import pytest

from Products.ZServerViews.monitor.one_job import OneJob
from tests.waiting import awaited


class Job(OneJob):
    """Works until it is told to stop, and fails if it is told that."""

    def __init__(self):
        self.reported, self.done = [], []
        self.go_on = threading.Event()
        super(Job, self).__init__('zserver-views-test', self.reported.append)

    def work(self, job):
        assert self.go_on.wait(60)
        if job == 'fails':
            raise ValueError(job)
        self.done.append((job, self.is_wanted(job)))


@pytest.fixture
def made():
    job = Job()
    yield job
    job.go_on.set()
    awaited(lambda: not job._daemon.runs)


def test_one_at_a_time(made):
    assert made.running is None and not made._daemon.runs
    assert made.begin(lambda: 'first') == 'first'
    assert made.running == 'first'
    assert made.begin(lambda: pytest.fail('one runs')) is None
    made.go_on.set()
    awaited(lambda: made.running is None)
    assert made.done == [('first', True)]
    assert made.begin(lambda: 'second') == 'second'
    awaited(lambda: len(made.done) == 2)
    assert made.reported == []


def test_a_failure_is_reported_and_the_next_one_runs(made):
    made.go_on.set()
    made.begin(lambda: 'fails')
    awaited(lambda: made.running is None)
    (kind, error, _traceback), = made.reported
    assert kind is ValueError and str(error) == 'fails'
    made.begin(lambda: 'next')
    awaited(lambda: made.running is None)
    assert made.done == [('next', True)]


def test_without_a_thread(made, monkeypatch):
    def start(run):
        raise RuntimeError('no thread')

    monkeypatch.setattr(made._daemon, 'start', start)
    with pytest.raises(RuntimeError):
        made.begin(lambda: 'first')
    assert made.running is None


def test_one_of_before_a_new_beginning_leaves_the_next_alone(made):
    made.begin(lambda: 'old')
    made.begin_anew()
    assert made.running is None
    made.running = 'new'
    made.go_on.set()
    awaited(lambda: made.done)
    assert made.done == [('old', False)]
    awaited(lambda: 'old' not in [made.running])
    assert made.running == 'new'
