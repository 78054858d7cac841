"""live, ready, startup and drain over a real server."""
from __future__ import absolute_import, division, print_function

import re
import contextlib
import json
import os
import time

import pytest

from tests.checkout import free_port
from tests.functional.harness import StartFailed
from tests.functional.test_access import BEARER, write_token
from tests.functional.test_drain import ended
from tests.functional.test_listener import ask, with_settings
from tests.functional.test_overload import sleeping_workers, wait_until_waiting
from tests.waiting import awaited

SUITE = ('<view monitor>', 'path /-/',
         'name Products.ZServerViews.views.monitor', '</view>')
FORWARDED = ('X-Forwarded-For', '127.0.0.1')
HEALTH = 'application/health+json'

# Generous, for busy machines: what the product promises is a second.
SOON = 60


@pytest.fixture
def start(make_instance, tmpdir):
    """start(*settings) starts an instance with the suite and a token."""
    token = str(tmpdir.join('token'))
    write_token(token)

    def start(*settings, **kw):
        kw.setdefault('environ', {'CHECKS': str(tmpdir)})
        return make_instance(with_settings(
            'token-file ' + token, *settings + SUITE), **kw).start()

    return start


def code(zope, name):
    answer = zope.get('/-/' + name)
    assert answer.text == {200: u'ok\n', 503: u'failed\n'}[answer.code]
    assert answer.header('Cache-Control') == 'no-store'
    return answer.code


def wait_for(zope, name, wanted):
    end = time.time() + SOON
    while code(zope, name) != wanted:
        assert time.time() < end, zope.get('/-/%s?verbose' % name).text
        time.sleep(0.02)


@contextlib.contextmanager
def requests(zope, number, path):
    """So many connections with a request each."""
    connections = [zope.connect(timeout=90) for _number in range(number)]
    try:
        for connection in connections:
            connection.request(path)
        yield connections
    finally:
        for connection in connections:
            connection.close()


def send_both(connection, *targets):
    """In one piece: a server may read no more while one is in work."""
    connection.send(b''.join(
        ('GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' % target).encode('ascii')
        for target in targets))


def test_ready_tells_that_the_queue_is_long_and_recovers(start):
    zope = start('ready-max-queue 10', 'ready-max-wait 10m')
    assert [code(zope, name) for name in ('live', 'ready', 'startup')] == [
        200, 200, 200]
    with sleeping_workers(zope, 20) as connections:
        wait_for(zope, 'ready', 503)
        lines = zope.get('/-/ready?verbose').text.splitlines()
        assert lines[4:] == ['[-]queue failed: 20 requests wait, at most 10',
                             'pid %d' % zope.pid, 'failed']
        assert [code(zope, name) for name in ('live', 'startup')] == [
            200, 200]
        assert zope.get('/v/open_gate').text == 'open'
        wait_for(zope, 'ready', 200)
        for connection in connections:
            assert connection.response().code == 200


def test_ready_tells_that_requests_wait_for_long(start):
    zope = start('ready-max-wait 300ms')
    with sleeping_workers(zope, 0):
        # All of them are busy: that alone is no reason.
        for _number in range(10):
            time.sleep(0.05)
            assert code(zope, 'ready') == 200
        with zope.connect() as one:
            one.request('/@@echo')
            wait_for(zope, 'ready', 503)
            assert ('[-]wait failed: the oldest request has waited '
                    in zope.get('/-/ready?verbose').text)
            assert zope.get('/v/open_gate').text == 'open'
            assert one.response().code == 200
        wait_for(zope, 'ready', 200)


def test_who_sends_several_requests_at_once_harms_only_himself(start):
    zope = start('ready-max-wait 300ms', 'live-timeout 500ms')
    zope.get('/v/close_gate')
    with zope.connect() as one:
        send_both(one, '/@@wait', '/@@echo?name=behind')
        wait_until_waiting(zope, 1)
        awaited(lambda: len(json.loads(zope.get(
            '/-/requests?format=json').text)['requests']) == 2)
        for _number in range(20):
            time.sleep(0.05)
            assert (code(zope, 'ready'), code(zope, 'live')) == (200, 200)
        assert zope.get('/v/open_gate').text == 'open'
        assert one.response().code == 200
        assert one.response().text == 'echo behind 0'


def test_slow_requests_that_finish_are_a_sign_of_life(start):
    zope = start('live-timeout 3s')
    # In four workers they take 6 seconds, and some wait for most of them.
    with requests(zope, 24, '/@@nap?seconds=1') as connections:
        awaited(lambda: json.loads(zope.get(
            '/-/workers?format=json').text)['waiting'])
        end = time.time() + 60
        waits = [0]
        while waits[-1] is not None:
            assert time.time() < end
            assert code(zope, 'live') == 200
            waits.append(json.loads(zope.get('/-/workers?format=json').text)[
                'oldest_wait_seconds'])
            time.sleep(0.1)
        assert max(filter(None, waits)) > 3
        assert [connection.response().text for connection in connections] == [
            'awake'] * 24


def test_a_real_stall_is_told_and_its_end_too(start):
    zope = start('live-timeout 2s')
    with sleeping_workers(zope, 3) as connections:
        assert code(zope, 'live') == 200
        wait_for(zope, 'live', 503)
        answer = zope.get('/-/live?verbose')
        assert answer.code == 503
        assert answer.text.startswith(
            '[+]event-loop ok\n'
            '[-]progress failed: requests wait, and none has finished for ')
        assert code(zope, 'startup') == 200
        assert zope.get('/v/open_gate').text == 'open'
        for connection in connections:
            assert connection.response().code == 200
        wait_for(zope, 'live', 200)


def test_details_are_for_operators(start):
    zope = start('check zodb', 'check-interval 100ms')
    wait_for(zope, 'ready', 200)
    text = zope.get('/-/ready?verbose').text
    assert re.sub(r'zodb ok \([0-9.]+ m?s ago\)', 'zodb ok (old)', text) == (
        '[+]event-loop ok\n[+]started ok\n[+]not-draining ok\n'
        '[+]wait ok\n[+]queue ok\n'
        '[+]zodb ok (old)\npid %d\nok\n' % zope.pid)
    everybody = [FORWARDED]
    assert zope.get('/-/ready?verbose', headers=everybody).text == 'ok\n'
    answer = zope.get('/-/ready', headers=[('Accept', HEALTH)])
    assert answer.header('Content-Type') == HEALTH
    (check,) = json.loads(answer.text)['checks']['zodb']
    assert check.pop('age_seconds') >= 0 and check == {'status': 'pass'}
    for headers, details in ((everybody, False),
                             (everybody + [BEARER], True)):
        document = json.loads(zope.get('/-/ready?format=health',
                                       headers=headers).text)
        assert document['status'] == 'pass'
        assert ('checks' in document) is details
    answer = zope.get('/-/ready', method='HEAD')
    assert (answer.code, answer.body) == (200, b'')
    for path in '/-/live', '/-/ready', '/-/startup':
        for version in '1.0', '1.1':
            for method in 'OPTIONS', 'HEAD', 'GET':
                answer = zope.get(path + '?_=1', version=version, method=method)
                assert answer.code == 200
                assert answer.body == (b'' if method == 'HEAD' else b'ok\n')
                assert answer.header('Allow') == (
                    'GET, HEAD, OPTIONS' if method == 'OPTIONS' else None)
    assert zope.get('/-/', headers=everybody).code == 401
    assert zope.get('/-/info', headers=everybody).code == 401
    # Read by another thread, which begins with the loop.
    end = time.time() + SOON
    while 'versions: not read yet' in zope.get('/-/info').text:
        assert time.time() < end
        time.sleep(0.02)
    assert '\nProducts.ZServerViews  ' in zope.get('/-/info').text


def test_a_check_of_the_sites_own(start, tmpdir):
    zope = start('check fixture_checks.mine', 'check-interval 100ms',
                 'check-timeout 500ms')
    wait_for(zope, 'ready', 200)
    for word, detail in (
            ('text', u'gr\xfc\xdfe'), ('raise', u'raised RuntimeError'),
            ('hang', u'no result for ')):
        tmpdir.join(word).write('')
        wait_for(zope, 'ready', 503)
        answer = zope.get('/-/ready?verbose')
        assert (u'[-]fixture_checks.mine failed: ' + detail) in answer.text
        assert u'secret' not in answer.text
        assert code(zope, 'live') == code(zope, 'startup') == 200
        os.remove(str(tmpdir.join(word)))
        if word != 'hang':
            wait_for(zope, 'ready', 200)
    zope.wait_for_log('event.log', 'The check fixture_checks.mine failed')


@pytest.mark.parametrize('name, said', [
    ('fixture_checks.wants', 'cannot be called without arguments'),
    ('fixture_checks.no', "has no attribute 'no'"),
    ('zeo', 'neither a dotted name nor one of the words zodb')])
def test_a_check_that_is_none_stops_the_start(start, name, said):
    with pytest.raises(StartFailed) as failure:
        start('check ' + name)
    assert 'the setting check (%r)' % name in str(failure.value)
    assert said in str(failure.value)


def change(zope, method, headers=(BEARER,)):
    return zope.get('/-/drain?format=json', method=method, headers=headers)


def test_drain_and_back(start):
    zope = start()
    with zope.connect() as kept, sleeping_workers(zope, 1) as connections:
        assert kept.get('/v/hello').header('Connection') is None
        assert json.loads(change(zope, 'POST').text) == {
            'draining': True, 'ending': False, 'in_flight': 5}
        assert code(zope, 'ready') == 503
        assert ('[-]not-draining failed: draining, 5 in flight'
                in zope.get('/-/ready?verbose').text)
        assert code(zope, 'live') == code(zope, 'startup') == 200
        # It goes on serving, and no connection stays.
        answer = kept.get('/v/hello')
        assert (answer.text, answer.header('Connection')) == (
            'hello', 'close')
        assert kept.is_closed()
        assert zope.get('/v/open_gate').text == 'open'
        for connection in connections:
            answer = connection.response()
            assert answer.code == 200
            assert answer.header('Connection').lower() == 'close'
            assert connection.is_closed()
    with zope.connect() as another:
        answer = another.get('/@@echo?name=new')
        assert answer.text == 'echo new 0'
        assert answer.header('Connection').lower() == 'close'
    # A worker ends shortly behind its answer.
    awaited(lambda: json.loads(change(zope, 'GET').text) == {
        'draining': True, 'ending': False, 'in_flight': 0})
    assert json.loads(change(zope, 'DELETE').text)['draining'] is False
    assert code(zope, 'ready') == 200
    with zope.connect() as another:
        assert another.get('/@@echo').code == 200
        assert another.get('/@@echo').header('Connection') is None
        assert another.get('/v/hello').header('Connection') is None
    zope.wait_for_log('event.log', 'Draining has ended')


def test_requests_that_one_client_has_sent_at_once_are_all_answered(start):
    zope = start()
    zope.get('/v/close_gate')
    with zope.connect() as one:
        send_both(one, '/@@wait?name=a', '/@@echo?name=b')
        wait_until_waiting(zope, 1)
        awaited(lambda: json.loads(change(zope, 'GET').text)[
            'in_flight'] == 2)
        assert change(zope, 'POST').code == 200
        zope.get('/v/open_gate')
        assert one.response().text == 'waited a'
        assert one.response().text == 'echo b 0'
        assert one.is_closed()


def test_nobody_else_drains(start):
    zope = start()
    for method in 'POST', 'DELETE':
        for headers in ((), (FORWARDED,),
                        (BEARER, ('Origin', 'http://evil.example'))):
            assert change(zope, method, headers).code == (
                403 if BEARER in headers else 401)
    assert json.loads(change(zope, 'GET', ()).text)['draining'] is False
    assert change(zope, 'PUT').code == 405


def test_the_end_comes_while_it_drains(start):
    zope = start()
    assert change(zope, 'POST').code == 200
    os.kill(zope.pid, 15)
    assert ended(zope) == 0


def test_the_listener_tells_of_the_server_of_the_site(start):
    address = '127.0.0.1', free_port()
    zope = start('listen %s:%d' % address, 'ready-max-queue 1')

    def said(path):
        return json.loads(ask(address, path + '?format=json').text)

    assert zope.get('/-/ready').code == 200
    idle = said('/-/workers')
    assert (idle['busy'], idle['waiting']) == (0, 0)
    assert idle['workers'] == json.loads(zope.get(
        '/-/workers?format=json').text)['workers']
    # The event loop of the site may be about to leave the answer before.
    awaited(lambda: said('/-/drain')['in_flight'] == 0)
    with sleeping_workers(zope, 2):
        awaited(lambda: said('/-/workers')['waiting'] == 2)
        there, here = said('/-/workers'), json.loads(
            zope.get('/-/workers?format=json').text)
        for key in 'workers', 'busy', 'waiting', 'connection_limit':
            assert there[key] == here[key], key
        awaited(lambda: said('/-/drain')['in_flight'] == 6)
        assert len(said('/-/requests')['requests']) == 6
        assert ask(address, '/-/ready').code == 503
    assert zope.get('/@@echo?name=x').text == 'echo x 0'
