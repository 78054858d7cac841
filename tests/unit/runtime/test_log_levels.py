"""runtime.log_levels and log_change: always back to what was."""
from __future__ import absolute_import, division, print_function

import itertools
import logging
import os

import pytest

from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.runtime import log_levels
from Products.ZServerViews.runtime.log_change import Change
from Products.ZServerViews.runtime.log_levels import LogLevels, TooMany
from Products.ZServerViews.runtime.log_redirect import LogRedirect
from Products.ZServerViews.runtime.loops import Loops
from tests.unit.dummies import LogQueue, ManualClock
from tests.waiting import awaited

NAME = 'test.levels'


class Handler(logging.Handler):
    def __init__(self):
        logging.Handler.__init__(self)
        self.said = []

    def emit(self, record):
        self.said.append(record.getMessage())


class Site(object):
    def __init__(self):
        self.clock = ManualClock()
        self.recorder = Recorder(self.clock)
        self.log_queue = LogQueue()
        self.log_queue.has_thread = lambda: True
        self.log_redirect = LogRedirect(Loops(), self.log_queue)


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def levels(site, logger):
    site.log_redirect.install()
    made = LogLevels(site, site.clock)
    yield made
    made.end()
    site.log_redirect.uninstall()


@pytest.fixture(params=['', '.below'])
def logger(request):
    """One that is changed, and for the second round one below it."""
    above = logging.getLogger(NAME)
    handler = Handler()
    above.addHandler(handler)
    above.propagate = False
    above.setLevel(logging.NOTSET)
    made = logging.getLogger(NAME + request.param)
    made.said = handler.said
    yield made
    above.handlers, above.propagate = [], True
    assert type(above.level) is int
    above.setLevel(logging.NOTSET)


def begin(levels, level, seconds=60, **given):
    change = Change(NAME, level, **given)
    levels.begin(logging.getLogger(NAME), change, seconds)
    return change


def said(logger, levels=(10, 20, 30, 40)):
    """Which of these levels the handler gets."""
    del logger.said[:]
    for level in levels:
        logger.log(level, '%d', level)
    return [int(word) for word in logger.said]


def settle(levels):
    with levels._lock:
        levels._settle()


@pytest.mark.parametrize('before', [0, 30, 40])
@pytest.mark.parametrize('order', list(itertools.permutations(range(3))))
def test_overlapping_changes_end_in_any_order(levels, logger, before, order):
    above = logging.getLogger(NAME)
    above.setLevel(before)
    wanted = [10, 40, 20]
    changes = [begin(levels, level) for level in wanted]
    for number in order:
        alive = [change for change in changes
                 if change in [one[0] for one in levels.changes]]
        assert above.level == alive[-1].level
        assert said(logger) == [level for level in (10, 20, 30, 40)
                                if level >= alive[-1].level]
        assert levels.put_back(lambda change: change is changes[number]) == [
            changes[number]]
    assert above.level == before and type(above.level) is int
    assert levels.changes == []


def test_the_time(site, levels, logger):
    above = logging.getLogger(NAME)
    begin(levels, 10, 5)
    begin(levels, 40, 3)
    assert said(logger) == [40]
    site.clock.now += 3
    levels._wake.set()
    awaited(lambda: above.level == 10)
    site.clock.now += 2
    levels._wake.set()
    awaited(lambda: above.level == 0)
    awaited(lambda: not levels._daemon.runs)
    assert [one.reason for one in levels.ended] == [log_levels.TIME_OVER] * 2
    assert 'its time was over' in site.log_queue.logged[-1][1]


@pytest.mark.parametrize('level', [10, 40, 0])
def test_hands_off_what_somebody_else_has_set(site, levels, logger, level):
    """Also to the level that was there just now."""
    above = logging.getLogger(NAME)
    begin(levels, 40)
    begin(levels, 10, path=u'/page')
    above.setLevel(level)
    settle(levels)
    assert levels.changes == []
    assert above.level == level
    assert {one.reason for one in levels.ended} == {log_levels.SOMEBODY_ELSE}
    assert 'somebody else' in site.log_queue.logged[-1][1]
    assert site.log_redirect.gate is None
    # What they have set is what is put back from now on.
    begin(levels, 20)
    levels.put_back(lambda change: True)
    assert above.level == level


def test_for_a_path_and_for_a_user(site, levels, logger):
    logging.getLogger(NAME).setLevel(30)
    begin(levels, 10, path=u'/a b/*')
    begin(levels, 20, user=u'jane')
    assert said(logger) == [30, 40]
    for path, user, heard in [
            ('/a%20b/c?x', None, [10, 20, 30, 40]),
            ('/a%20b', None, [30, 40]),
            ('/VirtualHostBase/http/x:80/VirtualHostRoot/a%20b/', None,
             [10, 20, 30, 40]),
            ('/', u'jane', [20, 30, 40]), ('/', u'joe', [30, 40]),
            # The later one counts.
            ('/a%20b/c', u'jane', [20, 30, 40])]:
        request = site.recorder.received('GET', path, None)
        site.recorder.begins(request)
        request.publishes(user)
        assert said(logger) == heard
        site.recorder.ends(request)
    assert said(logger) == [30, 40]
    levels.put_back(lambda change: True)
    assert said(logger) == [30, 40]
    assert site.log_redirect.gate is None


def test_a_page_can_be_silenced(site, levels, logger):
    logging.getLogger(NAME).setLevel(20)
    begin(levels, 40, path=u'/noisy')
    assert said(logger) == [20, 30, 40]
    site.recorder.begins(site.recorder.received('GET', '/noisy', None))
    assert said(logger) == [40]
    site.recorder.ends()


def test_to_memory(site, levels, logger):
    logging.getLogger(NAME).setLevel(30)
    begin(levels, 10, to_memory=True)
    assert said(logger) == [30, 40]
    entries, number = levels.ring.entries(9)
    assert [entry.message for entry in entries] == [u'10', u'20']
    levels.put_back(lambda change: True)
    assert said(logger) == [30, 40]
    assert levels.ring.entries(9)[1] == 2


def test_a_fault_of_ours_loses_nothing(levels, logger):
    begin(levels, 10, to_memory=True)
    levels._held = None
    assert said(logger) == [10, 20, 30, 40]
    levels._held = {}
    logging.getLogger(NAME).setLevel(0)


def test_there_is_a_limit(levels, logger):
    for _number in range(log_levels.MOST_CHANGES):
        begin(levels, 10)
    with pytest.raises(TooMany):
        begin(levels, 10)
    levels.put_back(lambda change: True)
    assert len(levels.ended) == log_levels.MOST_ENDED


def test_without_a_thread_nothing_is_changed(levels, logger):
    def start(run):
        raise RuntimeError('no thread')

    levels._daemon.start = start
    with pytest.raises(RuntimeError):
        begin(levels, 10)
    assert logging.getLogger(NAME).level == 0 and levels.changes == []


def test_a_logger_that_cannot_be_set(site, levels, logger):
    above = logging.getLogger(NAME)

    def fail(level):
        raise TypeError('not this one')

    above.setLevel = fail
    try:
        with pytest.raises(TypeError):
            begin(levels, 10)
        assert levels.changes == [] and above.level == 0
    finally:
        del above.setLevel


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='there are no forks')
def test_a_child_has_what_was_there_before(levels, logger):
    above = logging.getLogger(NAME)
    begin(levels, 10, to_memory=True)
    logger.log(10, 'the parents')
    assert levels.ring.entries(9)[1] == 1
    child = os.fork()
    if not child:
        code = 1
        try:
            levels.begin_anew()
            assert above.level == 0 and levels.changes == []
            assert not logger.isEnabledFor(10)
            assert not levels._daemon.runs and not len(levels.ring)
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert above.level == 10


def test_the_view_goes(site, levels, logger):
    begin(levels, 10, to_memory=True)
    logger.log(10, 'kept')
    levels.end()
    assert logging.getLogger(NAME).level == 0
    assert not len(levels.ring) and site.log_redirect.gate is None
    assert levels.ended[-1].reason == log_levels.NOT_MOUNTED
