"""armour: no log handler is called in a loop."""
from __future__ import absolute_import, division, print_function

import logging
import threading

import pytest

from Products.ZServerViews.armour import Armour, QueuedLogger
from Products.ZServerViews.loops import Loops


class Jobs(list):
    """A journal that waits to be told."""

    put = list.append

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
    made = logging.getLogger('armour.test')
    handler = Handler()
    made.addHandler(handler)
    made.records = handler.records
    yield made
    made.removeHandler(handler)


@pytest.fixture
def armour():
    loops, jobs = Loops(), Jobs()
    made = Armour(loops, jobs)
    made.loops, made.jobs = loops, jobs
    original = logging.Logger.__dict__['handle']
    yield made
    made.uninstall()
    assert logging.Logger.__dict__['handle'] is original


def test_records_of_a_loop_wait(armour, logger):
    armour.install()
    logger.error('before the loop')
    assert len(logger.records) == 1
    armour.loops.begin(None)
    logger.error('in the %s', 'loop')
    logger.debug('not enabled')
    assert len(logger.records) == 1
    armour.jobs.run()
    assert logger.records[1].getMessage() == 'in the loop'
    assert logger.records[1].thread == threading.current_thread().ident
    assert len(logger.records) == 2


def test_other_threads_log_as_ever(armour, logger):
    armour.loops.begin(None)
    armour.install()
    thread = threading.Thread(target=logger.error, args=('a worker',))
    thread.start()
    thread.join()
    assert len(logger.records) == 1
    assert not armour.jobs


def test_it_is_put_in_once_and_taken_out(armour, logger):
    armour.uninstall()
    armour.loops.begin(None)
    armour.install()
    ours = logging.Logger.__dict__['handle']
    armour.install()
    assert logging.Logger.__dict__['handle'] is ours
    armour.uninstall()
    armour.uninstall()
    logger.error('directly')
    assert len(logger.records) == 1


def test_a_patch_over_it_stays(armour, monkeypatch):
    armour.install()
    ours = logging.Logger.__dict__['handle']

    def theirs(logger, record):
        ours(logger, record)

    logging.Logger.handle = theirs
    armour.uninstall()
    assert logging.Logger.__dict__['handle'] is theirs
    armour.install()
    assert logging.Logger.__dict__['handle'] is theirs
    logging.Logger.handle = ours


def test_a_queued_logger(logger):
    jobs = Jobs()
    queued = QueuedLogger(logger, jobs)
    assert queued.name == 'armour.test'
    queued.warning('depth is %d', 3)
    assert logger.records == []
    jobs.run()
    assert logger.records[0].getMessage() == 'depth is 3'
    assert logger.records[0].name == 'armour.test'
    logger.setLevel(logging.ERROR)
    queued.warning('too much')
    jobs.run()
    logger.setLevel(logging.NOTSET)
    assert len(logger.records) == 1
