"""runtime.log_levels and log_change: always back to what was."""
from __future__ import absolute_import, division, print_function

import itertools
import logging
import os
import threading

import pytest

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.runtime import log_levels
from Products.ZServerViews.runtime.log_change import Change, outermost_first
from Products.ZServerViews.runtime.log_levels import LogLevels, Over, TooMany
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
        self.loops = Loops()
        self.log_redirect = LogRedirect(self.loops, self.log_queue)


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


class Odd(logging.Logger):
    """Refuses each level by `setLevel`, and one by its attribute too."""

    unloved = None

    def setLevel(self, level):
        raise TypeError('not this one')

    @property
    def level(self):
        return self.own

    @level.setter
    def level(self, level):
        if level == self.unloved:
            raise ValueError('not this level')
        self.own = level


def test_one_whose_level_cannot_be_put_back_stops_no_other(
        site, levels, logger):
    """The attribute takes anything, such as None, and `setLevel` does not."""
    bad, above = logging.Logger('aaa'), logging.getLogger(NAME)
    bad.level = None
    bad.parent = above
    levels.begin(bad, Change('aaa', 10), 2)
    begin(levels, 20, 2)
    assert (bad.level, above.level) == (10, 20)
    assert bad.isEnabledFor(10) and not above.isEnabledFor(10)
    site.clock.now += 2
    levels._wake.set()
    awaited(lambda: levels.changes == [])
    assert (bad.level, above.level) == (None, 0)
    assert site.log_queue.logged[-1][0] == logging.WARNING
    begin(levels, 30)
    assert above.level == 30


def test_one_that_refuses_all_is_tried_again(site, levels, logger):
    above = logging.getLogger(NAME)
    odd = Odd('odd', 30)
    odd.setLevel = lambda level: setattr(odd, 'level', level)
    odd.setLevel(30)
    levels.begin(odd, Change('odd', 10), 60)
    begin(levels, 20)
    del odd.setLevel
    odd.unloved = 30
    assert len(levels.put_back(lambda change: True)) == 2
    assert (odd.level, above.level, levels.changes) == (10, 0, [])
    settle(levels)
    assert [text for level, text, _exc_info in site.log_queue.logged
            if level == logging.ERROR] == [
        'A log level could not be put back; it is tried again each second']
    odd.unloved = None
    levels._wake.set()
    awaited(lambda: odd.level == 30)
    awaited(lambda: not levels._daemon.runs)


def test_what_loggers_know_of_levels_is_forgotten_with_a_level(
        levels, logger):
    """Where `setLevel` has not done it."""
    above = logging.getLogger(NAME)
    above.level = None
    above.parent, parent = logging.Logger('above', 30), above.parent
    try:
        change = begin(levels, 10)
        assert logger.isEnabledFor(10)
        levels.put_back(lambda other: other is change)
        assert not logger.isEnabledFor(10)
    finally:
        above.parent = parent
        above.setLevel(0)


def test_nothing_begins_once_it_is_over(levels, logger):
    levels.end()
    with pytest.raises(Over):
        begin(levels, 10)
    assert logging.getLogger(NAME).level == 0 and not levels._daemon.runs


def test_one_that_waits_for_the_lock_while_the_view_goes(levels, logger):
    """It is refused, and so no level stays for ever."""
    refused = []

    def try_it():
        try:
            begin(levels, 10, 3600)
        except Over:
            refused.append(True)

    begin(levels, 20)
    other, finish = threading.Thread(target=try_it), levels._finish

    def finish_and_let_it_begin():
        # The thread that puts back may come first.
        if other.ident is None:
            other.start()
        finish()

    levels._finish = finish_and_let_it_begin
    levels.end()
    levels._finish = finish
    other.join(60)
    assert refused == [True]
    assert logging.getLogger(NAME).level == 0 and levels.changes == []


def test_the_view_goes_in_an_event_loop(site, levels, logger):
    """Which never waits for the lock of `logging`."""
    above = logging.getLogger(NAME)
    begin(levels, 10, to_memory=True)
    logger.log(10, 'kept')
    threads, set_level = [], above.setLevel

    def note_thread(level):
        threads.append(get_ident())
        set_level(level)

    above.setLevel = note_thread
    site.loops.begin(None)
    try:
        with levels._lock:
            levels.end()
        awaited(lambda: above.level == 0)
        awaited(lambda: not levels._daemon.runs)
        assert threads and get_ident() not in threads
        assert levels.ended[-1].reason == log_levels.NOT_MOUNTED
        assert not len(levels.ring) and site.log_redirect.gate is None
        with pytest.raises(Over):
            begin(levels, 10)
    finally:
        del above.setLevel
        site.loops.leave(site.loops.here())


def test_the_outermost_first():
    """The level of one below may be that of one above it."""
    names = ['b.c.d', 'b', 'root', 'a.b', 'a']
    made = {name: logging.Logger(name) for name in names}
    for name in names:
        made[name].parent = None if name == 'root' else made['root']
    held = dict((logger, logger.name) for logger in made.values())
    found = outermost_first(held)
    assert found[0] == 'root' and set(found[1:3]) == {'a', 'b'}
    assert found[3:] == ['a.b', 'b.c.d']


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


def test_a_child_leaves_what_somebody_else_has_set(levels, logger):
    above = logging.getLogger(NAME)
    begin(levels, 10)
    above.setLevel(40)
    levels.begin_anew()
    assert above.level == 40 and levels.changes == []


def test_the_view_goes(site, levels, logger):
    begin(levels, 10, to_memory=True)
    logger.log(10, 'kept')
    levels.end()
    assert logging.getLogger(NAME).level == 0
    assert not len(levels.ring) and site.log_redirect.gate is None
    assert levels.ended[-1].reason == log_levels.NOT_MOUNTED
