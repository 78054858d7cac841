from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.history.waits import MOST_PATHS, Waits
from Products.ZServerViews.monitor.requests import Request
from Products.ZServerViews.runtime.loops import Loop
from tests.unit.dummies import ManualClock
from tests.unit.monitor.monitor_dummies import Server


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def waits(clock):
    return Waits(None, clock)


def loop_of(server):
    loop = Loop(None)
    loop.state = server
    return loop


def requests(*moments):
    return [Request('GET', '/%d?secret' % moment, moment)
            for moment in moments]


def test_before_anybody_has_told(waits):
    assert waits.now() == (None, None, None)
    waits.ask(Loop(None))
    assert waits.now() == (None, None, None)


def test_those_that_wait_the_oldest_first(waits, clock):
    begun, behind, one, other = requests(990, 991, 995, 993)
    begun.start(999, 7)
    behind.behind = True
    waits.ask(loop_of(Server([begun, behind, one, other])))
    assert waits.now() == (2, 7, ['/993', '/995'])
    # They may have a worker by now.
    clock.now += 1
    assert waits.now() == (2, 7, ['/993', '/995'])


def test_nobody_waits(waits):
    waits.ask(loop_of(Server([])))
    assert waits.now() == (0, None, [])


def test_a_server_is_asked_once_a_second_and_an_old_answer_is_none(
        waits, clock):
    server = Server([])
    loop = loop_of(server)
    waits.ask(loop)
    server.all = requests(990)
    waits.ask(loop)
    assert waits.now()[0] == 0
    clock.now += 1
    waits.ask(loop)
    assert waits.now()[0] == 1
    clock.now += 4
    assert waits.now() == (None, None, None)


def test_two_loops_of_one_server_and_two_servers(waits):
    server = Server(requests(990))
    waits.ask(loop_of(server))
    waits.ask(loop_of(server))
    assert waits.now()[0] == 1
    other = Server(requests(980))
    waits.ask(loop_of(other))
    assert waits.now()[:2] == (2, 20)


def test_a_server_that_does_not_tell(waits):
    server = Server(requests(990))
    server.knows_queue = False
    waits.ask(loop_of(server))
    assert waits.now() == (None, None, None)


def test_some_are_named(waits):
    waits.ask(loop_of(Server(requests(*range(100)))))
    number, _wait, paths = waits.now()
    assert (number, len(paths)) == (100, MOST_PATHS)


def test_a_server_that_fails_is_told_once_and_asked_no_more(clock):
    reports, asked = [], []
    waits = Waits(reports.append, clock)
    server = Server([])

    def requests():
        asked.append(True)
        raise ValueError('why')

    server.requests = requests
    for _number in range(3):
        waits.ask(loop_of(server))
        clock.now += 2
    assert len(asked) == len(reports) == 1
    assert reports[0][0] is ValueError
    assert waits.now() == (None, None, None)
