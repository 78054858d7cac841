"""monitor.requests: requests in work, and the count of finished ones."""
from __future__ import absolute_import, division, print_function

import json
import threading

from Products.ZServerViews.monitor import requests as requests_module
from Products.ZServerViews.monitor.formats import to_json
from Products.ZServerViews.monitor.requests import (
    PHASES, PUBLISHING, SENDING, TRAVERSING, WAITING, Finished, Request,
    oldest_first, oldest_wait)

LONG = 10


def test_the_life_of_a_request():
    request = Request('GET', '/a/b?token=secret', 100.0, '10.0.0.1')
    assert (request.phase, request.path) == (WAITING, '/a/b')
    assert request.times(103) == (3, 3, None)
    assert (request.waited(103), request.worked(103)) == (3, None)
    request.start(104.0, 7)
    assert request.phase == TRAVERSING
    assert request.times(109) == (9, 4, 5)
    assert (request.waited(109), request.worked(109)) == (4, 5)
    request.publishes('admin')
    assert request.phase == PUBLISHING
    request.sends(10)
    request.sends(5)
    assert (request.phase, request.sent_bytes) == (SENDING, 15)
    assert len(PHASES) == 4
    assert request.document(110.0004) == {
        'method': 'GET', 'path': '/a/b', 'phase': 'sending',
        'age_seconds': 10.0, 'waited_seconds': 4.0, 'worked_seconds': 6.0,
        'worker_ident': 7, 'client_address': '10.0.0.1', 'user': 'admin',
        'sent_bytes': 15, 'client_gone': False}
    assert request.title() == u'GET /a/b'


def test_what_is_not_known_yet():
    request = Request('GET', '/', 100.0)
    request.publishes()
    document = json.loads(to_json(request.document(99.0)))
    assert [document[name] for name in (
        'user', 'client_address', 'worker_ident', 'worked_seconds')] == [
            None] * 4
    assert (document['age_seconds'], document['waited_seconds']) == (0, 0)
    request.start(102.0, 1)
    assert request.worked(101.0) == 0


def test_nothing_from_outside_grows():
    request = Request('M' * 9000, '/' + 'p' * 9000, 0)
    request.publishes('u' * 9000)
    assert [len(value) for value in (
        request.method, request.path, request.user)] == [500] * 3


def test_a_query_never_stays():
    for path in ('/a?x=1', '/a#x=1', '/a?', '/a?b#c', '/a#b?c'):
        assert requests_module.without_query(path) == '/a'


def test_bytes_that_are_no_text():
    assert Request(b'GET', '/', 0).title() == u'GET /'


def test_order_and_oldest_wait():
    requests = [Request('GET', '/%d' % received, received)
                for received in (30, 10, 20)]
    assert [request.received for request in oldest_first(requests)] == [
        10, 20, 30]
    assert oldest_wait(requests, 50) == 40
    requests[1].start(45, 1)
    assert oldest_wait(requests, 50) == 30
    assert oldest_wait(requests[1:2], 50) is None
    assert oldest_wait([], 50) is None


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
    monkeypatch.setattr(requests_module, 'get_ident', lambda: ident[0])
    for ident[0] in range(4):
        finished.add()
        clock.now += 1
    # Too many, but they may live: they have just finished something.
    assert finished.total() == 4
    assert len(finished._rings) == 4
    clock.now += 1000
    finished.add()
    finished._rings[99] = requests_module._Ring()
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
