"""Slow views are found out and run aside; others are declared to.

Where a case says how long a view waits at the door, somebody opens it before:
the time only limits how long a failure takes. Nobody opens it for the view
that is to be too slow.
"""
from __future__ import absolute_import, division, print_function

import json
import re

import pytest

from tests.functional.harness import FIXTURE_SECTION, SECTION
from tests.functional.test_order import REQUESTS
from tests.functional.test_overload import WORKERS, sleeping_workers
from tests.waiting import awaited

SLOW = FIXTURE_SECTION + """
%import Products.ZServerViews
<zserver-views slow>
    aside-timeout 1s
    <view /slow>
        name fixture_views.held
    </view>
    <view /stuck>
        name fixture_views.held
        aside on
    </view>
</zserver-views>
"""

PARTS = 'one two ' + 'x' * 100000 + ' three'


def asking(path):
    return ('GET %s HTTP/1.1\r\nHost: x\r\n\r\n' % path).encode('ascii')


@pytest.fixture(autouse=True)
def lives_on(request):
    """Behind each case the same process serves views and Zope."""
    yield
    if 'zope' in request.fixturenames:
        zope = request.getfixturevalue('zope')
        assert zope.get('/v/open_door').text == 'open'
        assert zope.get('/v/shut_door').text == 'shut'
        assert zope.get('/@@echo').code == 200


def test_a_slow_view_is_logged_and_is_offloaded_after_two_overruns(
        make_instance):
    zope = make_instance(SLOW).start()
    for _overrun in range(2):
        in_loop = zope.get('/slow').text
        assert in_loop.startswith('alone in ') and '/slow' not in in_loop
    with zope.connect() as connection:
        connection.request('/slow?60')
        # Would not be answered before the time is over otherwise.
        assert zope.get('/v/hello').text == 'hello'
        assert zope.get('/v/open_door').text == 'open'
        aside = 'opened in zserver-views-offload /slow'
        assert connection.response().text == aside
        assert connection.get('/slow').text == aside
    log = zope.wait_for_log('event.log', 'is offloaded to a thread of its own')
    # Of the second one only what was the view's own doing is said, which is
    # less than it took where others compute.
    assert len(re.findall(
        r'WARNING.* The view fixture_views\.held at /slow blocked the '
        r'event loop for 0\.[1-9]\d\d s \(view-budget 0\.100 s\)', log)) == 2
    assert len(re.findall(
        r'The view fixture_views\.held at /slow blocked the event '
        r'loop twice within an hour', log)) == 1


def test_a_slow_answer_leaves_the_loop_before_its_end(make_instance):
    zope = make_instance(SLOW).start()
    lines = zope.get('/v/held_parts').text.splitlines()
    assert ['/v/held_parts' in line for line in lines] == [
        False, False, True, True]


def test_the_loop_is_free_while_a_declared_view_waits(zope):
    with zope.connect() as connection:
        connection.request('/v/aside_held?60')
        for _number in range(20):
            assert zope.get('/v/hello').text == 'hello'
            assert zope.get('/@@echo?name=a').text == 'echo a 0'
        zope.get('/v/open_door')
        assert connection.response().text == (
            'opened in zserver-views-offload /v/aside_held')


def test_an_answer_in_several_parts(zope):
    answer = zope.get('/v/aside_parts')
    assert answer.text == PARTS
    assert answer.ended == 'chunked'
    assert zope.get('/v/aside_parts', version='1.0').text == PARTS
    assert zope.get('/v/aside_texts').text == (
        'zserver-views-offload /v/aside_texts\n' * 3)


def test_pipelined(zope):
    others = [REQUESTS['view'], REQUESTS['zope'], REQUESTS['stream']]
    parts = asking('/v/aside_parts'), PARTS
    sequence = [parts, parts]
    for other in others:
        sequence += [other, parts, other, other, parts]
    with zope.connect() as connection:
        connection.send(b''.join(request for request, _text in sequence))
        for _request, text in sequence:
            assert connection.response().text == text


def test_many_connections_at_once(zope):
    connections = [zope.connect() for _number in range(20)]
    try:
        for connection in connections:
            connection.request('/v/aside_parts')
        for connection in connections:
            assert connection.response().text == PARTS
    finally:
        for connection in connections:
            connection.close()


def test_head(zope):
    with zope.connect() as connection:
        answer = connection.get('/v/aside_held', method='HEAD')
        assert (answer.code, answer.ended) == (200, 'none')
        assert int(answer.header('Content-Length')) > 0
        assert connection.get('/v/aside_parts', method='HEAD').code == 200
        assert connection.get('/v/hello').text == 'hello'


def test_500(zope):
    with zope.connect() as connection:
        answer = connection.get('/v/aside_raises')
        assert answer.status == '500 Internal Server Error'
        assert connection.get('/v/hello').text == 'hello'
    log = zope.wait_for_log('event.log', 'RuntimeError: aside')
    assert 'failed in GET /v/aside_raises' in log


def test_a_failure_behind_the_head_ends_the_connection(zope):
    with zope.connect() as connection:
        connection.request('/v/aside_raises_after_head')
        assert connection.read_to_end().endswith(b'5\r\nbegun\r\n')


@pytest.mark.parametrize('reads', [False, True])
def test_a_client_that_goes(zope, reads):
    before = len(closed_aside(zope))
    with zope.connect() as connection:
        connection.request('/v/aside_closing?60')
        while zope.get('/v/count_at_door').text != '1':
            pass
        if reads:
            zope.get('/v/open_door')
            assert connection.read_head().startswith(b'HTTP/1.1 200 OK')
    zope.get('/v/open_door')
    awaited(lambda: len(closed_aside(zope)) == before + 1)
    assert closed_aside(zope)[-1] == 'zserver-views-offload /v/aside_closing'


def closed_aside(zope):
    """The threads in which answers have been closed."""
    return json.loads(zope.get('/v/closed_aside').text)


def test_a_view_that_does_not_come_back(make_instance):
    zope = make_instance(SLOW).start()
    with zope.connect() as first, zope.connect() as second:
        first.request('/stuck?60')
        answer = first.response()
        assert answer.status == '504 Gateway Timeout'
        answer = second.get('/stuck?60')
        assert answer.status == '503 Service Unavailable'
        assert answer.header('Retry-After') == '1'
        assert first.get('/stuck', method='HEAD').code == 503
        for connection in first, second:
            assert connection.get('/v/hello').text == 'hello'
            assert connection.get('/@@echo?name=a').text == 'echo a 0'
        log = zope.wait_for_log('event.log', 'has not returned after 1')
        assert zope.get('/v/open_door').text == 'open'
        zope.wait_for_log('event.log', 'has returned after')
        assert second.get('/stuck').text == (
            'opened in zserver-views-offload /stuck')
    assert len(re.findall(
        r'The view fixture_views\.held at /stuck has not returned after '
        r'1\.\d s \(aside-timeout\); its client gets 504', log)) == 1


def test_a_part_that_does_not_come(make_instance):
    zope = make_instance(SLOW).start()
    with zope.connect() as connection:
        connection.request('/v/aside_begins?60')
        assert connection.read_to_end().endswith(b'5\r\nbegun\r\n')
    assert zope.get('/v/open_door').text == 'open'
    assert zope.get('/@@echo').code == 200


def test_the_access_log_has_what_was_answered(make_instance):
    zope = make_instance(SECTION % (
        'parts /parts fixture_views.aside_parts')).start()
    assert zope.get('/parts').text == PARTS
    zope.wait_for_log(zope.ACCESS_LOG, '"GET /parts HTTP/1.1" 200 ')


def test_an_offloaded_suite_knows_what_the_server_says(make_instance):
    zope = make_instance(FIXTURE_SECTION.replace(
        '</product-config>',
        '    monitor /-/ Products.ZServerViews.views.monitor aside=on\n'
        '</product-config>')).start()

    def told(name):
        answer = zope.get('/-/%s?format=json' % name)
        assert answer.code == 200, answer.text
        return json.loads(answer.text)

    with sleeping_workers(zope, queued=3):
        # A number is a second old at most.
        awaited(lambda: told('status')['numbers']['waiting'] == 3)
        assert told('status')['numbers']['busy'] == WORKERS
        numbers, found = told('workers'), told('requests')
        assert (numbers['busy'], numbers['waiting']) == (WORKERS, 3)
        assert (found['in_work'], found['waiting']) == (WORKERS, 3)
        assert found['omitted_requests'] == 0
        assert told('drain')['in_flight'] >= WORKERS + 3
    assert 'failed' not in zope.log('event.log')
