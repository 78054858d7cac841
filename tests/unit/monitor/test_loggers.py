"""monitor.loggers: what there is, without a lock."""
from __future__ import absolute_import, division, print_function

import logging
import threading

import pytest

from Products.ZServerViews.monitor import loggers


@pytest.fixture
def logger():
    made = logging.getLogger('test.loggers.one')
    yield made
    made.disabled, made.propagate, made.handlers = False, True, []
    logging.disable(logging.NOTSET)


def handler(level):
    made = logging.StreamHandler()
    made.setLevel(level)
    return made


def test_all(logger):
    found = loggers.all_loggers()
    assert found['test.loggers.one'] is logger
    assert found['root'] is logging.root
    # A name that only stands before others is none yet, and may become one.
    assert 'test.loggers' not in found
    assert {u'test.loggers', u'test.loggers.one', u'root'} <= set(
        loggers.known_names())
    assert loggers.get('root') is logging.root
    assert loggers.get('test.loggers.one') is logger


def test_while_somebody_holds_the_lock_of_logging(logger):
    held, go_on = threading.Event(), threading.Event()

    def hold():
        with logging._lock:
            held.set()
            go_on.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(60)
        assert loggers.all_loggers()['test.loggers.one'] is logger
        assert loggers.level_name(logger.level) is None
        assert loggers.obstacle(logger, 10, True) is None
    finally:
        go_on.set()
        thread.join()


@pytest.mark.parametrize('word, number', [
    ('DEBUG', 10), ('warn', 30), ('trace', 5), ('Critical', 50), ('7', 7)])
def test_levels(word, number):
    assert loggers.level_number(word) == number


@pytest.mark.parametrize('word', ['', '0', '51', '-1', 'OFF', 'NOTSET', '1.5'])
def test_no_levels(word):
    with pytest.raises(ValueError):
        loggers.level_number(word)


def test_handlers(logger):
    logger.propagate = False
    assert loggers.handlers_level(logger) is None
    logger.handlers = [handler(30), handler(20)]
    assert loggers.handlers_level(logger) == 20


def test_what_stands_in_the_way(logger):
    logger.propagate = False
    assert 'no handler' in loggers.obstacle(logger, 10, False)
    logger.handlers = [handler(20), handler(0)]
    assert loggers.obstacle(logger, 20, False) is None
    assert loggers.obstacle(logger, 10, False) == (
        u'not in StreamHandler (from INFO)')
    assert loggers.obstacle(logger, 10, True) is None
    logging.disable(logging.INFO)
    assert loggers.obstacle(logger, 20, True) == (
        u'logging.disable(20) is in force')
    logger.disabled = True
    assert loggers.obstacle(logger, 20, True) == u'the logger is disabled'
