"""monitor.requests: requests that wait and that are in work."""
from __future__ import absolute_import, division, print_function

import json

from Products.ZServerViews.format.documents import to_json
from Products.ZServerViews.monitor.requests import (
    PHASES,
    PUBLISHING,
    SENDING,
    TRAVERSING,
    WAITING,
    Request,
    RequestSeenByWorker,
    oldest_first,
    oldest_wait,
    without_query,
)


def test_a_request_of_which_only_the_worker_tells():
    request = RequestSeenByWorker('GET', '/a?b', 100.0, None, lambda: 'client')
    request.start(100.0, 7)
    for seen in request, request.as_seen(7):
        assert seen.times(103) == (3, None, 3)
        document = seen.document(103)
        assert (document['waited_seconds'], document['sent_bytes']) == (
            None, None)
        assert document['worked_seconds'] == 3.0
        assert document['client_address'] == u'client'


def test_one_that_has_come_since_somebody_looked():
    """It is in work, though nobody was seen to have it."""
    request = RequestSeenByWorker('GET', '/a', 100.0, None, lambda: None)
    request.start(100.0, 7)
    assert request.as_seen(None).times(103) == (3, None, 3)
    assert oldest_wait([request.as_seen(None)], 103) is None
    request.worker = None  # by now it is finished
    assert request.as_seen(None) is None


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
        'method': 'GET', 'path': '/a/b', 'asked_host': None, 'asked_path': None,
        'phase': 'sending',
        'age_seconds': 10.0, 'waited_seconds': 4.0, 'worked_seconds': 6.0,
        'worker_ident': 7, 'client_address': '10.0.0.1',
        'peer_address': '10.0.0.1', 'user': 'admin',
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
        assert without_query(path) == '/a'


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


def test_a_long_path_keeps_its_end():
    request = Request('GET', '/begin/' + 1000 * 'x' + '/@@the_page?a=' + 900 * 'b',
                      0.0)
    for text in request.path, request.title():
        assert text.endswith('x/@@the_page') and '/begin/x' in text
        assert len(text) <= 500 + len('GET ')
    request = Request('GET', '/VirtualHostBase/https/www.example.com:443/Plone/'
                                      'VirtualHostRoot/' + 1000 * 'x' + '/@@the_page', 0.0)
    assert request.title().startswith('GET https://www.example.com/xxx')
    assert request.title().endswith('x/@@the_page')


def test_what_the_user_asked_for():
    path = ('/VirtualHostBase/https/www.example.com:443/Plone/VirtualHostRoot/'
            'page/@@sleep')
    request = Request('GET', path + '?secret', 0.0)
    assert request.title() == 'GET https://www.example.com/page/@@sleep'
    document = request.document(1.0)
    assert document['path'] == path
    assert document['asked_host'] == 'https://www.example.com'
    assert document['asked_path'] == '/page/@@sleep'
