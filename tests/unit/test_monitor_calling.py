"""monitor.calling: the name of what a frame calls, of real frames."""
from __future__ import absolute_import, division, print_function

import os
import select
import sys
import threading
import time
from time import sleep

import pytest

from Products.ZServerViews.monitor import calling
from Products.ZServerViews.monitor.calling import WITH, called_by

LONG = 10


class Stuck(object):
    """A lock that is held, and things that wait with it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.lock.acquire()
        self.timeout = LONG
        self.reader, self.writer = os.pipe()

    def release(self):
        os.write(self.writer, b'.')
        self.lock.release()

    def enters(self):
        with self.lock:
            pass

    def acquires(self):
        self.lock.acquire()

    def acquires_with_arguments(self):
        wait = True
        self.lock.acquire(wait)

    def selects(self):
        select.select([self.reader], [], [], self.timeout)

    def reads(self):
        os.read(self.reader, 1)

    def acquires_often(self):
        # So often that newer Pythons have specialized the call.
        lock = threading.Lock()
        for number in range(100):
            mine = lock if number < 99 else self.lock
            mine.acquire()
            if number < 99:
                mine.release()


CASES = [
    (Stuck.enters, WITH), (Stuck.acquires, 'acquire'),
    (Stuck.acquires_with_arguments, 'acquire'),
    (Stuck.selects, 'select'), (Stuck.reads, 'read'),
    (Stuck.acquires_often, 'acquire')]


def frame_of(thread, function, innermost):
    """The frame of a function, once it has reached its last call."""
    before = None
    for _look in range(1000):
        frame = sys._current_frames().get(thread.ident)
        if frame is not None and innermost(frame) == function:
            place = frame.f_lasti
            if place == before:
                return frame
            before = place
        time.sleep(0.01)
    raise AssertionError('%s is not reached' % function)


@pytest.mark.parametrize('case', CASES, ids=lambda case: case[0].__name__)
def test_the_name_that_a_waiting_thread_calls(case):
    function, expected = case
    stuck = Stuck()
    thread = threading.Thread(target=function, args=(stuck,))
    thread.start()
    try:
        frame = frame_of(thread, function.__name__,
                         lambda frame: frame.f_code.co_name)
        assert called_by(frame) == expected
    finally:
        del frame
        stuck.release()
        thread.join(LONG)
        os.close(stuck.reader)
        os.close(stuck.writer)


class Frame(object):
    """A frame at the last call in a function, made by hand."""

    def __init__(self, function, last=None):
        self.f_code = function.__code__
        code = bytearray(self.f_code.co_code)
        calls = [at for at in range(0, len(code))
                 if calling.dis.opname[code[at]].startswith('CALL')
                 and (calling._STEP == 3 or at % 2 == 0)]
        self.f_lasti = calls[-1] if last is None else last


def keyword(lock):
    lock.acquire(timeout=3)


def keywords(lock, wait):
    lock.acquire(wait, timeout=wait)


def bare():
    sleep(3)


def argument_with_a_name_of_its_own(self):
    time.sleep(self.poll)


def lists(r, w):
    select.select([r], [w, w], (), 3)


def local(function):
    function(3)


def result_of_a_call(find):
    return time.sleep(find())


def result_of_a_method(self, find):
    return time.sleep(self.find(3, find(4)))


def result_of_a_call_with_keywords(find):
    return time.sleep(find(1, wait=2))


def computed(find, wait):
    return time.sleep(find(wait) * 2 > wait[1])


def called_by_a_result(find):
    return find(sleep)(3)


def of_a_kind_that_is_not_known(wait):
    return time.sleep(-wait)


def one_of_two(find, wait):
    return time.sleep(find(wait) if wait else 3)


def star(arguments):
    time.sleep(*arguments)


def two_names(a, b):
    time.sleep(a, b)


@pytest.mark.parametrize('function, expected', [
    (keyword, 'acquire'), (keywords, 'acquire'), (bare, 'sleep'),
    (argument_with_a_name_of_its_own, 'sleep'), (lists, 'select'),
    (local, None), (result_of_a_call, 'sleep'),
    (result_of_a_method, 'sleep'), (result_of_a_call_with_keywords, 'sleep'),
    (computed, 'sleep' if calling._STEP == 2 else None),
    (called_by_a_result, None), (of_a_kind_that_is_not_known, None),
    (one_of_two, None), (star, None), (two_names, 'sleep')])
def test_the_name_behind_arguments(function, expected):
    assert called_by(Frame(function)) == expected


def test_names_with_large_numbers():
    names = ['name_%d' % number for number in range(400)]
    space = {}
    exec('def many(x):\n' + ''.join('    x.%s\n' % name for name in names)
         + '    x.acquire(1)\n', space)
    assert called_by(Frame(space['many'])) == 'acquire'


def test_a_function_too_far_behind_its_arguments(monkeypatch):
    monkeypatch.setattr(calling, '_BACK', 2)
    assert called_by(Frame(keywords)) is None


@pytest.mark.parametrize('last', [-1, 10000])
def test_a_frame_that_has_not_begun_or_is_elsewhere(last):
    assert called_by(Frame(bare, last)) is None


def test_a_frame_that_is_at_its_end():
    def function():
        return sys._getframe()

    assert called_by(function()) is None


def test_a_frame_that_calls_nothing():
    assert called_by(Frame(bare, 0)) is None


def test_names_that_are_not_there():
    code = bytearray(bare.__code__.co_code)
    last = Frame(bare).f_lasti
    assert calling._behind(code, last, (), 1) is None
