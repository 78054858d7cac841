"""aside: answers that are made in a lane, by hand here."""
from __future__ import absolute_import, division, print_function

import threading

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews.aside import AsideExchange
from Products.ZServerViews.contracts import IExchange
from Products.ZServerViews.gateway import JOIN_BYTES
from Products.ZServerViews.lanes import Step

from . import dummies


class Lane(object):
    """Does nothing until `run` is called, in the thread of the test."""

    is_busy = False

    def __init__(self):
        self.steps = []
        self.over = False
        self.timeouts = self.refusals = 0

    def put(self, call, wake=None, first=False):
        self.steps.append(Step(call, wake, first, 0))
        return self.steps[-1]

    def run(self):
        step = self.steps.pop(0)
        step.result = (step.call(),)

    def is_over(self, step):
        return self.over

    def give_up(self, step):
        step.given_up = True
        if step in self.steps:
            self.steps.remove(step)
            return True
        return False


class Aside(object):
    """One answer in a lane, and what has come of it."""

    def __init__(self, a_view, a_request=None, begun=False):
        self.driver = dummies.Driver(a_view, a_request)
        self.inner = self.driver.exchange
        self.inner.wake = self.wake
        self.lane = Lane()
        if begun:
            self.inner.more()
        self.exchange = AsideExchange(self.inner, self.lane, begun)

    def wake(self):
        raise AssertionError('the lane of this test does not wake')

    def all(self):
        """The whole answer; the lane works whenever the loop would wait."""
        got = []
        for _turn in range(100):
            block = self.exchange.more()
            if block is None:
                return b''.join(got)
            got.append(block)
            if self.exchange.waiting:
                self.lane.run()
        raise AssertionError('no end')


def stream(*parts):
    return dummies.view('200 OK', [], iter(parts))


def test_the_exchange_keeps_its_contract():
    exchange = Aside(stream()).exchange
    assert verifyObject(IExchange, exchange, tentative=True)
    assert verifyObject(IExchange, dummies.Driver(stream()).exchange,
                        tentative=True)


def views():
    """{name: a factory of a view}"""
    return {
        'parts': lambda: stream(b'one', b'', b'two'),
        'no parts': stream,
        'list': lambda: dummies.view(result=[b'body']),
        'empty list': lambda: dummies.view(result=[]),
        'large list': lambda: dummies.view(result=[b'x' * (JOIN_BYTES + 1)]),
        'large parts': lambda: stream(b'x' * (JOIN_BYTES + 1), b'y'),
        'failing': lambda: dummies.view('no status'),
        'failing later': lambda: stream(b'one', u'text'),
    }


@pytest.mark.parametrize('name', sorted(views()))
@pytest.mark.parametrize('method', ['GET', 'HEAD'])
def test_the_answer_is_the_same_as_in_the_loop(name, method):
    request = dummies.request(method)
    in_loop = dummies.Driver(views()[name](), request)
    aside = Aside(views()[name](), request)
    assert aside.all() == in_loop.run()
    for attribute in 'status', 'body_bytes', 'close_connection':
        assert (getattr(aside.exchange, attribute)
                == getattr(in_loop.exchange, attribute))


def test_an_ordinary_answer_takes_one_step():
    parts = dummies.Iterable(b'one', b'two')
    aside = Aside(dummies.view(result=parts))
    assert aside.exchange.more() == b''
    assert aside.exchange.waiting
    assert aside.exchange.more() == b''
    step, = aside.lane.steps
    assert (step.first, step.wake) == (True, aside.wake)
    assert aside.exchange.status is None
    aside.lane.run()
    assert not aside.exchange.waiting
    assert aside.exchange.more().endswith(b'one\r\n')
    assert aside.exchange.status == '200 OK'
    assert aside.lane.steps == []
    assert aside.exchange.more() == b''
    step, = aside.lane.steps
    assert not step.first

    simple = Aside(dummies.view(result=[b'body']))
    simple.exchange.more()
    simple.lane.run()
    assert simple.exchange.more().endswith(b'body')
    assert not simple.exchange.waiting
    assert simple.exchange.more() is None
    simple.exchange.close()
    assert simple.lane.steps == []


def test_all_of_the_view_is_called_in_the_lane():
    threads = []

    class Parts(dummies.Iterable):
        def __next__(self):
            threads.append(threading.current_thread().name)
            return dummies.Iterable.__next__(self)

        next = __next__

        def close(self):
            threads.append('close in ' + threading.current_thread().name)

    aside = Aside(dummies.view(result=Parts(b'one', b'two')))
    run = aside.lane.run

    def run_in_thread():
        thread = threading.Thread(target=run, name='lane')
        thread.start()
        thread.join()

    aside.lane.run = run_in_thread
    aside.all()
    aside.exchange.close()
    assert threads == ['lane'] * 3 + ['close in lane']


def closing():
    parts = dummies.Iterable(b'one', b'two')
    return parts, Aside(dummies.view(result=parts))


def test_closing_before_anything_was_asked():
    parts, aside = closing()
    aside.exchange.close()
    assert aside.lane.steps == []
    assert aside.exchange.more() is None


def test_closing_before_the_view_is_called():
    parts, aside = closing()
    aside.exchange.more()
    aside.exchange.close()
    assert aside.lane.steps == []
    assert parts.closed == 0


def test_closing_between_two_parts():
    parts, aside = closing()
    aside.exchange.more()
    aside.lane.run()
    assert aside.exchange.more()
    aside.exchange.close()
    aside.exchange.close()
    assert parts.closed == 0
    aside.lane.run()
    assert parts.closed == 1
    assert aside.lane.steps == []


def test_closing_while_the_second_part_waits():
    parts, aside = closing()
    aside.exchange.more()
    aside.lane.run()
    aside.exchange.more()
    aside.exchange.more()
    aside.exchange.close()
    aside.lane.run()
    assert parts.closed == 1
    assert aside.lane.steps == []


def test_closing_while_a_step_runs():
    parts, aside = closing()
    aside.exchange.more()
    running = aside.lane.steps.pop()
    aside.exchange.close()
    assert running.given_up
    running.call()
    aside.lane.run()
    assert parts.closed == 1


def test_closing_with_a_part_that_has_not_been_fetched():
    parts, aside = closing()
    aside.exchange.more()
    aside.lane.run()
    aside.exchange.close()
    assert aside.exchange.more() is None
    aside.lane.run()
    assert parts.closed == 1


# What goes wrong

@pytest.mark.parametrize('method', ['GET', 'HEAD'])
def test_a_lane_without_room(method):
    parts = dummies.Iterable(b'one')
    aside = Aside(dummies.view(result=parts), dummies.request(method))
    aside.lane.is_busy = True
    status, headers, body = dummies.split(aside.all())
    assert status == 'HTTP/1.1 503 Service Unavailable'
    assert headers['retry-after'] == '1'
    assert body.startswith(b'503 ') is (method == 'GET')
    assert aside.exchange.status == '503 Service Unavailable'
    assert not aside.exchange.close_connection
    aside.exchange.close()
    assert aside.lane.refusals == 1
    assert (aside.lane.steps, aside.lane.timeouts) == ([], 0)


def test_a_view_that_does_not_come_back():
    parts, aside = closing()
    aside.exchange.more()
    running = aside.lane.steps.pop()
    aside.lane.over = True
    assert not aside.exchange.waiting
    status, _headers, body = dummies.split(aside.all())
    assert status == 'HTTP/1.1 504 Gateway Timeout'
    assert body.startswith(b'504 ')
    assert aside.exchange.status == '504 Gateway Timeout'
    assert not aside.exchange.close_connection
    assert running.given_up
    assert (aside.lane.timeouts, aside.lane.refusals) == (1, 0)
    aside.exchange.close()
    running.call()
    aside.lane.run()
    assert parts.closed == 1


def test_a_view_whose_turn_does_not_come():
    aside = closing()[1]
    aside.exchange.more()
    aside.lane.over = True
    status = dummies.split(aside.all())[0]
    assert status == 'HTTP/1.1 503 Service Unavailable'
    assert (aside.lane.timeouts, aside.lane.refusals) == (0, 1)
    aside.exchange.close()
    assert aside.lane.steps == []


def test_a_second_part_that_does_not_come():
    parts, aside = closing()
    aside.exchange.more()
    aside.lane.run()
    aside.exchange.more()
    aside.exchange.more()
    aside.lane.over = True
    assert aside.exchange.more() is None
    assert aside.exchange.close_connection
    assert aside.exchange.status == '200 OK'
    assert aside.lane.timeouts == 1
    aside.exchange.close()
    aside.lane.run()
    assert parts.closed == 1


# What was begun in the loop

def test_an_answer_that_leaves_the_loop():
    parts = dummies.Iterable(b'one', b'two')
    aside = Aside(dummies.view(result=parts), begun=True)
    aside.lane.is_busy = True  # which does not count any more
    assert aside.exchange.status == '200 OK'
    assert aside.exchange.body_bytes == 3
    rest = aside.all()
    assert b'two' in rest and b'one' not in rest
    assert parts.closed == 1


def test_an_answer_that_leaves_the_loop_before_its_head():
    aside = Aside(stream(b'', b'one'), begun=True)
    assert aside.exchange.status is None
    aside.exchange.more()
    aside.lane.over = True
    assert dummies.split(aside.all())[0] == 'HTTP/1.1 504 Gateway Timeout'
