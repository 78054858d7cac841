"""request: a worker hands a request over, and waits for the answer."""
from __future__ import absolute_import, division, print_function

import io
import threading

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.runtime import site as site_module
from Products.ZServerViews.servers.own import request as request_module
from Products.ZServerViews.servers.own.request import (
    BUSY,
    MOST_BYTES,
    TOO_LARGE,
    Handover,
    Lost,
    TooLarge,
    answer,
    read_head,
    whole_body,
)
from tests.unit import dummies
from tests.unit.servers.own.own_dummies import environ

pytestmark = pytest.mark.skipif(PY2, reason='not on Python 2.7')


class Loop(object):
    pipeline = None

    def __init__(self):
        self.woken = 0

    def wake(self):
        self.woken += 1

    def take_back(self, handover):
        self.taken_back = handover


class Said(object):
    status = headers = None

    def __call__(self, status, headers):
        self.status, self.headers = status, headers


def handover(view, method='GET'):
    site = site_module.Site()
    site.log_queue = dummies.LogQueue()
    return Handover(dummies.mount(a_view=view), environ(method=method), None,
                    site, Loop())


def finished(handed, most=1000):
    for _step in range(most):
        if handed.is_done:
            return handed
        if handed.can_move:
            handed.step()
        else:
            handed.next_block()
    raise AssertionError('no end')


def answered(view, method='GET'):
    handed, said = finished(handover(view, method)), Said()
    result = answer(handed, said)
    return said, result


def test_a_whole_answer():
    said, result = answered(dummies.view(
        '201 Created', [('X-A', 'b'), ('Connection', 'close'),
                        ('Server', 'mine')], [b'one ', b'two']))
    assert said.status == '201 Created'
    assert said.headers == [('X-A', 'b'), ('Server', 'mine'),
                            ('Content-Length', '7')]
    assert result == [b'one two']


def test_parts_have_no_chunks_any_more():
    said, result = answered(dummies.view(
        result=dummies.Iterable(b'one ', b'', b'two')))
    assert said.headers == []
    assert b''.join(result) == b'one two'


@pytest.mark.parametrize('result', [[b'a body'], dummies.Iterable(b'part')])
def test_head(result):
    said, body = answered(dummies.view(result=result), 'HEAD')
    assert said.status == '200 OK'
    assert b''.join(body) == b''


@pytest.mark.parametrize('status', ['204 No Content', '304 Not Modified'])
def test_no_body(status):
    said, body = answered(dummies.view(status, result=[]))
    assert said.status == status
    assert b''.join(body) == b''


def test_an_answer_that_ends_too_early_is_not_taken_for_whole():
    for view in (dummies.view(headers=[('Content-Length', '9')],
                              result=dummies.Iterable(b'four')),
                 dummies.view(result=dummies.Iterable(
                     b'four', ValueError('no more')))):
        _said, body = answered(view)
        assert next(body) == b'four'
        with pytest.raises(Lost):
            next(body)


def test_a_failure_becomes_a_500():
    said, body = answered(dummies.view(status=None))
    assert said.status == '500 Internal Server Error'
    assert b'Internal Server Error' in b''.join(body)


def test_much_is_not_made_ahead():
    iterable = dummies.Iterable(*[b'x' * 100000] * 20)
    handed = handover(dummies.view(result=iterable))
    while handed.can_move:
        handed.step()
    assert not handed.is_done
    assert handed._pending < MOST_BYTES + 200000
    assert len(list(iterable.parts)) > 10
    # A worker that has taken some wakes the loop.
    handed.next_block()
    assert handed._loop.woken == 1 and handed.can_move


def test_a_client_that_goes_closes_what_the_view_has_returned():
    iterable = dummies.Iterable(*[b'x' * 100000] * 20)
    handed = handover(dummies.view(result=iterable))
    handed.step()
    handed.give_up()
    assert handed._loop.woken == 1 and handed.can_move
    assert iterable.closed == 0
    handed.step()
    assert iterable.closed == 1 and handed.is_done
    handed.give_up()
    assert handed._loop.woken == 1
    handed.end()
    assert iterable.closed == 1


def test_a_loop_that_does_not_come(monkeypatch):
    monkeypatch.setattr(request_module, 'PATIENCE', 0.01)
    calls = []
    handed, said = handover(calls.append), Said()
    assert answer(handed, said) == [BUSY[2]]
    assert said.status == BUSY[0]
    assert dict(said.headers)['Content-Length'] == str(len(BUSY[2]))
    assert handed._loop.taken_back is handed
    # It may come yet, and leaves the view alone.
    handed.step()
    assert handed.is_done and calls == []


def test_a_server_that_takes_no_head():
    def refuse(*args):
        raise ValueError('no')

    handed = handover(dummies.view(result=dummies.Iterable(b'a', b'b')))
    handed.step()
    with pytest.raises(ValueError):
        answer(handed, refuse)
    handed.step()
    assert handed.is_done


def test_a_loop_that_ends():
    handed = handover(dummies.view())
    handed.end()
    with pytest.raises(Lost):
        answer(handed, Said())


def test_a_worker_waits():
    handed, found = handover(dummies.view(result=[b'body'])), []
    worker = threading.Thread(
        target=lambda: found.append(answer(handed, Said())))
    worker.start()
    finished(handed)
    worker.join(60)
    assert b''.join(found[0]) == b'body'


def test_its_head_is_read():
    assert read_head(b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nDate: x\r\n'
                     b'X-A: b: c') == (
        '200 OK', [('Content-Length', '3'), ('X-A', 'b: c')], 3, False)
    assert read_head(b'HTTP/1.1 200 \r\nTransfer-Encoding: chunked') == (
        '200 ', [], None, True)


class Slow(io.BytesIO):
    def read(self, size=-1):
        return io.BytesIO.read(self, min(size, 2) if size > 0 else size)


@pytest.mark.parametrize('given, expected', [
    ({}, b''),
    ({'CONTENT_LENGTH': ''}, b''),
    ({'CONTENT_LENGTH': '5'}, b'a lon'),
    ({'CONTENT_LENGTH': '500'}, b'a long body'),
    ({'CONTENT_LENGTH': 'x'}, b''),
    ({'CONTENT_LENGTH': '\xb2'}, b''),
    ({'CONTENT_LENGTH': '5' * 5000}, b''),
    ({'wsgi.input_terminated': True}, b'a long body')])
def test_the_body_is_read_by_the_worker(given, expected):
    given = dict(given, **{'wsgi.input': Slow(b'a long body')})
    assert whole_body(given).read() == expected


@pytest.mark.parametrize('given', [
    {'CONTENT_LENGTH': '11'}, {'wsgi.input_terminated': True}])
def test_a_body_has_a_limit(given, monkeypatch):
    monkeypatch.setattr(request_module, 'LONGEST_BODY', 10)
    given = dict(given, **{'wsgi.input': Slow(b'a long body')})
    with pytest.raises(TooLarge):
        whole_body(given)


def test_what_is_said_of_a_body_beyond_the_limit():
    _status, headers, text = TOO_LARGE
    assert dict(headers)['Content-Length'] == str(len(text))
