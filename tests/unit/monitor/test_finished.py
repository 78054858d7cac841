"""monitor.finished: the count of finished requests."""
from __future__ import absolute_import, division, print_function

import threading

from Products.ZServerViews.monitor import finished as finished_module
from Products.ZServerViews.monitor.finished import Finished

LONG = 10


class Time(object):
    def __init__(self, now=1000.25):
        self.now = now

    def __call__(self):
        return self.now


def test_nothing_is_finished_yet():
    finished = Finished(Time())
    assert finished.counts() == {10: 0, 60: 0, 300: 0}
    assert (finished.total(), finished.idle_seconds()) == (0, None)


def test_windows():
    clock = Time()
    finished = Finished(clock)
    for _second in range(400):
        finished.add()
        finished.add()
        clock.now += 1
    clock.now -= 1
    assert finished.counts() == {10: 20, 60: 120, 300: 600}
    assert finished.total() == 800
    clock.now += 9
    assert finished.counts() == {10: 2, 60: 102, 300: 582}
    assert finished.idle_seconds() == 9
    clock.now += 300
    assert finished.counts() == {10: 0, 60: 0, 300: 0}
    assert finished.counts((30,)) == {30: 0}
    assert finished.total() == 800


def in_thread(call):
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def test_no_request_is_lost_among_threads():
    finished = Finished()
    begin = threading.Event()
    read = []

    def work():
        begin.wait(LONG)
        for _number in range(5000):
            finished.add()

    threads = [in_thread(work) for _thread in range(8)]
    begin.set()
    while any(thread.is_alive() for thread in threads):
        read.append(finished.total())
        finished.counts()
    assert finished.total() == 8 * 5000
    assert finished.counts((300,)) == {300: 8 * 5000}
    assert read == sorted(read)


def test_threads_that_have_ended_are_forgotten_but_counted(monkeypatch):
    clock = Time()
    finished = Finished(clock, most=2)
    ident = [0]
    monkeypatch.setattr(finished_module, 'get_ident', lambda: ident[0])
    for ident[0] in range(4):
        finished.add()
        clock.now += 1
    # Too many, but they may live: they have just finished something.
    assert finished.total() == 4
    assert len(finished._rings) == 4
    clock.now += 1000
    finished.add()
    finished._rings[99] = finished_module._Ring()
    assert finished.total() == 5
    assert sorted(finished._rings) == [3, 99]
    clock.now += 1000
    for ident[0] in (100, 101):
        finished.add()
    clock.now += 1000
    assert finished.idle_seconds() == 1000
    assert sorted(finished._rings) == [99]
    assert finished.total() == 7
    assert finished.counts() == {10: 0, 60: 0, 300: 0}
