"""monitor.log_ring: the latest records, bounded, as text."""
from __future__ import absolute_import, division, print_function

import logging
import sys

from Products.ZServerViews.monitor import log_ring
from Products.ZServerViews.monitor.log_ring import LogRing, copied
from Products.ZServerViews.monitor.requests import Request
from tests.unit.dummies import ManualClock


def record(message, *args, **given):
    return logging.LogRecord(given.get('name', 'a.b'), logging.DEBUG, 'f', 1,
                             message, args, given.get('exc_info'))


def test_what_is_kept():
    ring = LogRing()
    ring.add(record('one %s', 1), Request('GET', '/page?password=x', 0.0))
    (entry,), number = ring.entries(10)
    assert (number, entry.level, entry.logger, entry.message, entry.request,
            entry.error, entry.frames) == (
        1, u'DEBUG', u'a.b', u'one 1', u'GET /page', None, ())


def test_the_oldest_go():
    ring = LogRing(most=3)
    for number in range(5):
        ring.add(record('%d', number))
    entries, number = ring.entries(2)
    assert ([entry.message for entry in entries], number) == ([u'3', u'4'], 3)
    assert len(ring) == 3


def test_by_logger():
    ring = LogRing()
    for name in 'a', 'a.b', 'ab':
        ring.add(record('x', name=name))
    for name, number in ('a', 2), ('a.b', 1), ('root', 3), ('b', 0):
        assert ring.entries(9, name)[1] == number


def test_each_has_its_time():
    clock = ManualClock()
    ring = LogRing(clock)
    ring.add(record('old'))
    clock.now += log_ring.KEPT / 2
    ring.add(record('young'))
    clock.now += log_ring.KEPT / 2
    ring.expire()
    assert [entry.message for entry in ring.entries(9)[0]] == [u'young']


def test_long_texts_are_cut():
    ring = LogRing()
    ring.add(record('x' * 100000, name='n' * 1000))
    entry = ring.entries(1)[0][0]
    assert len(entry.message) == log_ring.LONGEST_MESSAGE
    assert len(entry.logger) == log_ring.LONGEST_NAME


def test_an_exception_is_told_without_source_and_secrets():
    def fail(depth):
        if depth:
            fail(depth - 1)
        raise ValueError('password=hunter2')

    ring = LogRing()
    try:
        fail(30)
    except ValueError:
        ring.add(record('failed', exc_info=sys.exc_info()))
    entry = ring.entries(1)[0][0]
    assert entry.error == u'ValueError: password=***'
    assert len(entry.frames) == log_ring.MOST_FRAMES
    assert {frame[2] for frame in entry.frames} == {u'fail'}


def test_what_cannot_be_formatted():
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError()

    ring = LogRing()
    ring.add(record('%d', 'no number'))
    try:
        raise Broken()
    except Broken:
        ring.add(record('%s', Broken(), exc_info=sys.exc_info()))
    assert [(entry.message, entry.error) for entry in ring.entries(9)[0]] == [
        (u'%d', None), (u'%s', u'Broken: ?')]


def test_a_copy_of_what_grows_meanwhile():
    left = [RuntimeError(), RuntimeError()]

    def copy():
        if left:
            raise left.pop()
        return 'copied'

    assert copied(copy) == 'copied'
