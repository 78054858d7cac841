"""wsgi.offload: answers that are made in a view thread, by hand here."""
from __future__ import absolute_import, division, print_function

import threading

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews.servers.contracts import IResponse
from Products.ZServerViews.wsgi import offload
from Products.ZServerViews.wsgi.offload import OffloadedResponse
from Products.ZServerViews.wsgi.response import JOIN_BYTES, LAST
from Products.ZServerViews.wsgi.view_threads import Step
from tests.unit import dummies


class ViewThread(object):
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
    """One answer in a view thread, and what has come of it."""

    def __init__(self, a_view, a_request=None, begun=False):
        self.driver = dummies.Driver(a_view, a_request)
        self.inner = self.driver.response
        self.inner.wake = self.wake
        self.view_thread = ViewThread()
        if begun:
            self.inner.more()
        self.response = OffloadedResponse(self.inner, self.view_thread)

    def wake(self):
        raise AssertionError('the view thread of this test does not wake')

    def all(self):
        """The whole answer; the view thread works whenever the loop would wait."""
        got = []
        for _turn in range(100):
            block = self.response.more()
            if block is None:
                return b''.join(got)
            got.append(block)
            if self.response.waiting:
                self.view_thread.run()
        raise AssertionError('no end')


def stream(*parts):
    return dummies.view('200 OK', [], iter(parts))


def test_the_response_keeps_its_contract():
    response = Aside(stream()).response
    assert verifyObject(IResponse, response, tentative=True)
    assert verifyObject(IResponse, dummies.Driver(stream()).response,
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
        assert (getattr(aside.response, attribute)
                == getattr(in_loop.response, attribute))


def test_an_ordinary_answer_takes_one_step():
    parts = dummies.Iterable(b'one', b'two')
    aside = Aside(dummies.view(result=parts))
    assert aside.response.more() == b''
    assert aside.response.waiting
    assert aside.response.more() == b''
    step, = aside.view_thread.steps
    assert (step.first, step.wake) == (True, aside.wake)
    assert aside.response.status is None
    aside.view_thread.run()
    assert not aside.response.waiting
    assert aside.response.more().endswith(b'one\r\n')
    assert aside.response.status == '200 OK'
    assert aside.view_thread.steps == []
    assert aside.response.more() == b''
    step, = aside.view_thread.steps
    assert not step.first

    simple = Aside(dummies.view(result=[b'body']))
    simple.response.more()
    simple.view_thread.run()
    assert simple.response.more().endswith(b'body')
    assert not simple.response.waiting
    assert simple.response.more() is None
    simple.response.close()
    assert simple.view_thread.steps == []


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
    run = aside.view_thread.run

    def run_in_thread():
        thread = threading.Thread(target=run, name='view_thread')
        thread.start()
        thread.join()

    aside.view_thread.run = run_in_thread
    aside.all()
    aside.response.close()
    assert threads == ['view_thread'] * 3 + ['close in view_thread']


def closing():
    parts = dummies.Iterable(b'one', b'two')
    return parts, Aside(dummies.view(result=parts))


def test_closing_before_anything_was_asked():
    parts, aside = closing()
    aside.response.close()
    assert aside.view_thread.steps == []
    assert aside.response.more() is None


def test_closing_before_the_view_is_called():
    parts, aside = closing()
    aside.response.more()
    aside.response.close()
    assert aside.view_thread.steps == []
    assert parts.closed == 0


def test_closing_between_two_parts():
    parts, aside = closing()
    aside.response.more()
    aside.view_thread.run()
    assert aside.response.more()
    aside.response.close()
    aside.response.close()
    assert parts.closed == 0
    aside.view_thread.run()
    assert parts.closed == 1
    assert aside.view_thread.steps == []


def test_closing_while_the_second_part_waits():
    parts, aside = closing()
    aside.response.more()
    aside.view_thread.run()
    aside.response.more()
    aside.response.more()
    aside.response.close()
    aside.view_thread.run()
    assert parts.closed == 1
    assert aside.view_thread.steps == []


def test_closing_while_a_step_runs():
    parts, aside = closing()
    aside.response.more()
    running = aside.view_thread.steps.pop()
    aside.response.close()
    assert running.given_up
    running.call()
    aside.view_thread.run()
    assert parts.closed == 1


def test_closing_with_a_part_that_has_not_been_fetched():
    parts, aside = closing()
    aside.response.more()
    aside.view_thread.run()
    aside.response.close()
    assert aside.response.more() is None
    aside.view_thread.run()
    assert parts.closed == 1


# What goes wrong

@pytest.mark.parametrize('method', ['GET', 'HEAD'])
def test_a_lane_without_room(method):
    parts = dummies.Iterable(b'one')
    aside = Aside(dummies.view(result=parts), dummies.request(method))
    aside.view_thread.is_busy = True
    status, headers, body = dummies.split(aside.all())
    assert status == 'HTTP/1.1 503 Service Unavailable'
    assert headers['retry-after'] == '1'
    assert body.startswith(b'503 ') is (method == 'GET')
    assert aside.response.status == '503 Service Unavailable'
    assert not aside.response.close_connection
    aside.response.close()
    assert aside.view_thread.refusals == 1
    assert (aside.view_thread.steps, aside.view_thread.timeouts) == ([], 0)


def test_a_view_that_does_not_come_back():
    parts, aside = closing()
    aside.response.more()
    running = aside.view_thread.steps.pop()
    aside.view_thread.over = True
    assert not aside.response.waiting
    status, _headers, body = dummies.split(aside.all())
    assert status == 'HTTP/1.1 504 Gateway Timeout'
    assert body.startswith(b'504 ')
    assert aside.response.status == '504 Gateway Timeout'
    assert not aside.response.close_connection
    assert running.given_up
    assert (aside.view_thread.timeouts, aside.view_thread.refusals) == (1, 0)
    aside.response.close()
    running.call()
    aside.view_thread.run()
    assert parts.closed == 1


def test_a_view_whose_turn_does_not_come():
    aside = closing()[1]
    aside.response.more()
    aside.view_thread.over = True
    status = dummies.split(aside.all())[0]
    assert status == 'HTTP/1.1 503 Service Unavailable'
    assert (aside.view_thread.timeouts, aside.view_thread.refusals) == (0, 1)
    aside.response.close()
    assert aside.view_thread.steps == []


def test_a_second_part_that_does_not_come():
    parts, aside = closing()
    aside.response.more()
    aside.view_thread.run()
    aside.response.more()
    aside.response.more()
    aside.view_thread.over = True
    assert aside.response.more() is None
    assert aside.response.close_connection
    assert aside.response.status == '200 OK'
    assert aside.view_thread.timeouts == 1
    aside.response.close()
    aside.view_thread.run()
    assert parts.closed == 1


# What was begun in the loop

def test_an_answer_that_leaves_the_loop():
    parts = dummies.Iterable(b'one', b'two')
    aside = Aside(dummies.view(result=parts), begun=True)
    aside.view_thread.is_busy = True  # which does not count any more
    assert aside.response.status == '200 OK'
    assert aside.response.body_bytes == 3
    rest = aside.all()
    assert b'two' in rest and b'one' not in rest
    assert parts.closed == 1


@pytest.mark.parametrize('result', [list, tuple])
def test_an_answer_that_leaves_the_loop_with_its_last_blocks(result):
    """Made already, all of them; they must be sent all the same."""
    body = b'b' * (JOIN_BYTES + 1)
    aside = Aside(dummies.view(result=result([body])), begun=True)
    assert aside.response.state == LAST
    assert aside.all() == body
    assert not aside.view_thread.steps
    aside.response.close()
    # The view thread closes what the view has returned.
    assert len(aside.view_thread.steps) == (result is tuple)


def test_an_answer_that_leaves_the_loop_before_its_head():
    aside = Aside(stream(b'', b'one'), begun=True)
    assert aside.response.status is None
    aside.response.more()
    aside.view_thread.over = True
    assert dummies.split(aside.all())[0] == 'HTTP/1.1 504 Gateway Timeout'


def test_the_view_thread_waits_for_a_view_that_has_nothing(monkeypatch):
    pauses = []
    monkeypatch.setattr(offload.time, 'sleep', pauses.append)
    aside = Aside(stream(*[b''] * 30 + [b'late']))
    assert b'late' in aside.all()
    assert pauses == [offload.PAUSE] * 30


def test_when_the_client_has_gone_it_waits_no_longer(monkeypatch):
    aside = Aside(stream(*[b''] * 1000))
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            aside.response.close()

    monkeypatch.setattr(offload.time, 'sleep', sleep)
    aside.response.more()
    aside.view_thread.run()
    assert len(pauses) == 3


def test_a_view_that_has_nothing_until_its_time_is_up(monkeypatch):
    aside = Aside(stream(*[b''] * 1000))

    def sleep(seconds):
        aside.view_thread.over = True

    monkeypatch.setattr(offload.time, 'sleep', sleep)
    aside.response.more()
    aside.view_thread.run()
    assert b' 504 ' in aside.response.more()
    assert aside.view_thread.timeouts == 1
