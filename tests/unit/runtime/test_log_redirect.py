"""runtime.log_redirect: no log handler is called in a loop."""
from __future__ import absolute_import, division, print_function

import logging
import threading

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.runtime import patching
from Products.ZServerViews.runtime.log_redirect import LogRedirect, QueuedLogger
from Products.ZServerViews.runtime.loops import Loops
from Products.ZServerViews.runtime.patching import seam


class Jobs(list):
    """A log queue that waits to be told."""

    is_started = True
    put = list.append

    def has_thread(self):
        return self.is_started

    def run(self):
        while self:
            self.pop(0)()


class Handler(logging.Handler):
    def __init__(self):
        logging.Handler.__init__(self)
        self.records = []

    def emit(self, record):
        self.records.append(record)


@pytest.fixture
def logger():
    made = logging.getLogger('log redirect.test')
    handler = Handler()
    made.addHandler(handler)
    made.records = handler.records
    yield made
    made.removeHandler(handler)


@pytest.fixture
def log_redirect():
    loops, jobs = Loops(), Jobs()
    made = LogRedirect(loops, jobs)
    made.loops, made.jobs = loops, jobs
    yield made
    made.uninstall()


def test_records_of_a_loop_wait(log_redirect, logger):
    log_redirect.install()
    logger.error('before the loop')
    assert len(logger.records) == 1
    log_redirect.loops.begin(None)
    logger.error('in the %s', 'loop')
    logger.debug('not enabled')
    assert len(logger.records) == 1
    log_redirect.jobs.run()
    assert logger.records[1].getMessage() == 'in the loop'
    assert logger.records[1].thread == threading.current_thread().ident
    assert len(logger.records) == 2


def test_who_listens_gets_each_record_once(log_redirect, logger):
    noted = []

    def broken(record):
        raise ValueError(record)

    def note(record):
        noted.append(record.getMessage())

    for listener in broken, note, note:
        log_redirect.listen(listener)
    logger.error('not installed')
    log_redirect.install()
    logger.error('in a %s', 'worker')
    logger.debug('not enabled')
    log_redirect.loops.begin(None)
    logger.error('in a loop')
    log_redirect.loops.begin(None).thread = None
    log_redirect.loops._local.loop = None
    log_redirect.jobs.run()
    assert noted == ['in a worker', 'in a loop']
    assert len(logger.records) == 3
    log_redirect.listen_no_more(note)
    log_redirect.listen_no_more(note)
    logger.error('nobody listens')
    assert len(noted) == 2


def test_arguments_are_as_they_were(log_redirect, logger):
    log_redirect.loops.begin(None)
    log_redirect.install()
    argument = [1]
    logger.error('%s', argument)
    logger.error('%d', 5)
    argument.append(2)
    log_redirect.jobs.run()
    assert [(record.getMessage(), record.args)
            for record in logger.records] == [('[1]', ()), ('5', (5,))]


@pytest.mark.skipif(PY2, reason='there are no context variables')
def test_filters_see_the_context_variables_of_the_caller(
        log_redirect, logger):
    from contextvars import ContextVar

    def see(record):
        record.request_id = variable.get('none')
        return True

    variable = ContextVar('request_id')
    logger.addFilter(see)
    log_redirect.loops.begin(None)
    log_redirect.install()
    token = variable.set('one')
    logger.error('first')
    variable.reset(token)
    log_redirect.jobs.run()
    logger.removeFilter(see)
    assert [record.request_id for record in logger.records] == ['one']


class Own(logging.Logger):
    """Has a `handle` of its own, which does not ask that of its base."""

    def handle(self, record):
        if self.isEnabledFor(record.levelno):
            record.by = threading.current_thread().name
            self.callHandlers(record)


class Derived(Own):
    def handle(self, record):
        record.derived = True
        Own.handle(self, record)


@pytest.mark.parametrize('kind', [Own, Derived])
def test_a_class_with_a_handle_of_its_own(log_redirect, kind):
    before = kind.__dict__['handle']
    made, handler = kind('log redirect.own'), Handler()
    made.addHandler(handler)
    log_redirect.install()
    log_redirect.loops.begin(None)
    made.error('in the loop')
    assert handler.records == [] and len(log_redirect.jobs) == 1
    thread = threading.Thread(target=log_redirect.jobs.run, name='helper')
    thread.start()
    thread.join()
    record, = handler.records
    assert record.by == 'helper'
    assert hasattr(record, 'derived') == (kind is Derived)
    log_redirect.uninstall()
    assert kind.__dict__['handle'] is before


def test_a_class_that_came_later(log_redirect):
    log_redirect.install()

    class Late(logging.Logger):
        def handle(self, record):
            self.callHandlers(record)

    made, handler = Late('log redirect.late'), Handler()
    made.addHandler(handler)
    log_redirect.loops.begin(None)
    # At once: no handler's lock is taken in the loop.
    made.error('in the loop')
    assert handler.records == [] and len(log_redirect.jobs) == 1
    thread = threading.Thread(target=log_redirect.jobs.run)
    thread.start()
    thread.join()
    assert len(handler.records) == 1
    # With the next configuration: nor does its own code run there.
    own = Late.__dict__['handle']
    log_redirect.install()
    its_seam = patching.seam(Late, 'handle', None)
    assert Late.__dict__['handle'] is its_seam.trampoline
    assert its_seam.original is own and its_seam.filled
    log_redirect.uninstall()
    assert not its_seam.filled


def test_other_threads_log_as_ever(log_redirect, logger):
    log_redirect.loops.begin(None)
    log_redirect.install()
    thread = threading.Thread(target=logger.error, args=('a worker',))
    thread.start()
    thread.join()
    assert len(logger.records) == 1
    assert not log_redirect.jobs


def test_it_is_put_in_once_and_taken_out(log_redirect, logger):
    log_redirect.uninstall()
    log_redirect.loops.begin(None)
    log_redirect.install()
    ours = logging.Logger.__dict__['handle']
    log_redirect.install()
    assert logging.Logger.__dict__['handle'] is ours
    log_redirect.uninstall()
    log_redirect.uninstall()
    logger.error('directly')
    assert len(logger.records) == 1


def test_a_patch_over_it_stays(log_redirect, monkeypatch):
    log_redirect.install()
    ours = logging.Logger.__dict__['handle']

    def theirs(logger, record):
        ours(logger, record)

    logging.Logger.handle = theirs
    log_redirect.uninstall()
    assert logging.Logger.__dict__['handle'] is theirs
    log_redirect.install()
    assert logging.Logger.__dict__['handle'] is theirs
    logging.Logger.handle = ours


def test_where_no_thread_writes(log_redirect, logger):
    """A forked child of a loop's thread is not that of a loop."""
    log_redirect.jobs.is_started = False
    log_redirect.install()
    log_redirect.loops.begin(None)
    logger.error('at once')
    assert len(logger.records) == 1

    class Dispatcher(object):
        queue_logger = logger

    slot = seam(Dispatcher, 'queue_logger', QueuedLogger)
    slot.fill(log_redirect.jobs)
    Dispatcher().queue_logger.warning('at once too')
    slot.empty(log_redirect.jobs)
    assert len(logger.records) == 2
    assert not log_redirect.jobs


def test_a_queued_logger(logger):
    jobs = Jobs()
    class Dispatcher(object):
        queue_logger = logger

    slot = seam(Dispatcher, 'queue_logger', QueuedLogger)
    slot.fill(jobs)
    queued = Dispatcher().queue_logger
    assert queued.name == 'log redirect.test'
    queued.warning('depth is %d', 3)
    assert logger.records == []
    jobs.run()
    assert logger.records[0].getMessage() == 'depth is 3'
    assert logger.records[0].name == 'log redirect.test'
    assert logger.records[0].funcName == 'test_a_queued_logger'
    logger.setLevel(logging.ERROR)
    queued.warning('too much')
    jobs.run()
    logger.setLevel(logging.NOTSET)
    assert len(logger.records) == 1
    slot.empty(jobs)
    queued.warning('at once')
    assert not jobs
    assert logger.records[1].getMessage() == 'at once'
