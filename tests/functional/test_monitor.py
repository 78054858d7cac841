"""The monitor suite over a real server whose workers are busy or stuck."""
from __future__ import absolute_import, division, print_function

import base64
import json
import os
import re

import pytest

from tests.functional.harness.instance import FIXTURE_SECTION, SITE
from tests.functional.test_overload import WORKERS, sleeping_workers, wait_until_waiting
from tests.waiting import awaited

SECTION = FIXTURE_SECTION.replace(
    '</product-config>',
    '    monitor /-/ Products.ZServerViews.views.monitor\n'
    '</product-config>')

ROW = {'method', 'path', 'phase', 'age_seconds', 'waited_seconds',
       'worked_seconds', 'worker_ident', 'worker_name', 'client_address',
       'peer_address', 'asked_host', 'asked_path', 'user', 'sent_bytes',
       'client_gone'}


@pytest.fixture(scope='module')
def site(make_module_instance):
    return make_module_instance(SECTION).start()


@pytest.fixture(scope='module')
def make_module_instance():
    from tests.functional.harness import Instance
    made = []

    def make(*args):
        made.append(Instance(*args, **Instance.limited_to(100)))
        return made[-1]

    yield make
    for instance in made:
        assert instance.is_running(), instance.output()
        instance.stop()


@pytest.fixture(autouse=True)
def ended(site):
    """No request of the case before is left."""
    awaited(lambda: get(site, 'requests')['requests'] == [])


def get(site, name):
    answer = site.get('/-/' + name, headers=[('Accept', 'application/json')])
    assert answer.code == 200, answer.text
    assert answer.header('Cache-Control') == 'no-store'
    return json.loads(answer.text)


def threads(site):
    return dict((thread['ident'], thread)
                for thread in get(site, 'threads')['threads'])


def test_sleeping_workers_and_a_queue(site):
    with sleeping_workers(site, queued=6):
        awaited(lambda: get(site, 'requests')['waiting'] == 6)
        first = get(site, 'requests')
        rows = first['requests']
        assert [set(row) for row in rows] == [ROW] * 10
        assert {(row['method'], row['path']) for row in rows} == {
            ('GET', '/@@wait')}
        assert [row['phase'] for row in rows] == (
            ['publishing'] * WORKERS + ['waiting'] * 6)
        ages = [row['age_seconds'] for row in rows]
        assert ages == sorted(ages, reverse=True)
        assert first['oldest_wait_seconds'] == ages[WORKERS]
        for row in rows[:WORKERS]:
            # All are rounded.
            assert abs(row['waited_seconds'] + row['worked_seconds']
                       - row['age_seconds']) < 0.005
        for row in rows[WORKERS:]:
            assert row['waited_seconds'] == row['age_seconds']
            assert row['worked_seconds'] is row['worker_name'] is None
        assert {row['client_address'] for row in rows} == {'127.0.0.1'}
        assert (first['in_work'], first['omitted_requests']) == (WORKERS, 0)
        # Time passes for those that wait.
        awaited(lambda: get(site, 'requests')['oldest_wait_seconds']
                 > first['oldest_wait_seconds'])
        text = site.get('/-/requests').text
        assert text.startswith('4 in work, 6 waiting, one of them for ')
        assert text.count('\n    GET /@@wait\n') == 10
        limited = get(site, 'requests?limit=3')
        assert len(limited['requests']) == 3
        assert limited['omitted_requests'] == 7


def test_a_refused_request_that_waits_is_shown_as_one(site):
    """On ZServer the event loop refuses it at once, and nobody waits."""
    with sleeping_workers(site, queued=1), site.connect() as refused:
        # The clock has moved on since that came: in Python 2.7 by 10 ms.
        awaited(lambda: get(site, 'requests')['oldest_wait_seconds'])
        refused.send(site.REFUSED)
        if site.name == 'zserver':
            assert refused.response().code == 400
        else:
            awaited(lambda: get(site, 'requests')['waiting'] == 2)
        rows = get(site, 'requests')['requests']
        assert [row['path'] for row in rows[WORKERS:]] == (
            ['/@@wait'] if site.name == 'zserver'
            else ['/@@wait', '(refused: 400 Bad Request)'])


TOGETHER = '%d threads, worker, waiting for lock\n' % WORKERS


def once_together(site):
    """What /-/threads shows once it has all workers at the same line.

    Python 2.7 looks again and again whether the wait is over.
    """
    return awaited(lambda: [text for text in [site.get('/-/threads').text]
                            if '\n' + TOGETHER in text])[0]


def frames_of(group):
    return [line for line in group.splitlines()[2:] if line[:4] == 4 * ' '
            and not line.strip().startswith(('for ', 'not moved for '))]


def test_the_text_shows_pages_first_and_folds_what_is_always_the_same(site):
    with sleeping_workers(site):
        groups = once_together(site).split('\n\n')
    assert groups[1].startswith(TOGETHER)
    assert ': GET /@@wait\n' in groups[1]
    page = [place for place, line in enumerate(frames_of(groups[1]))
            if 'fixture_zope' in line]
    # Few lines before, and what the page itself waits in behind.
    assert page and page[0] <= 12
    assert groups[2].startswith('loop, running\n')
    own = [line for line in frames_of(groups[2])
           if 'ZServerViews/' in line]
    assert len(own) == 1 and own[0].endswith(' current_frames')
    assert any(' frames of ' in line for line in frames_of(groups[2]))


def test_the_numbers_of_the_workers(site):
    before = awaited(lambda: [found for found in [get(site, 'workers')]
                              if found['busy'] == 0])[0]
    assert (before['workers'], before['idle']) == (WORKERS, WORKERS)
    assert before['waiting'] == 0
    assert before['oldest_wait_seconds'] is None
    with sleeping_workers(site, queued=5) as connections:
        # The connections of those who asked before are closed by and by.
        during = awaited(lambda: [
            found for found in [get(site, 'workers')]
            if (found['waiting'], found['connections']) == (
                5, WORKERS + 5 + 1)])[0]
        assert (during['busy'], during['idle']) == (WORKERS, 0)
        awaited(lambda: get(site, 'workers')['oldest_wait_seconds'] > 0)
        assert during['connection_limit'] == 100
        # One before the workers went to sleep.
        assert during['finished'] == before['finished'] + 1
        loop, = during['loops']
        assert loop['running'] is not False and loop['turns'] > 0
        site.get('/v/open_gate')
        for connection in connections:
            assert connection.response().code == 200
    awaited(lambda: get(site, 'workers')['finished']
             == before['finished'] + 1 + WORKERS + 5)
    after = get(site, 'workers')
    assert after['finished_by_seconds']['300'] >= WORKERS + 5
    assert '\nworkers ' in site.get('/-/workers').text


def test_requests_behind_one_another_on_a_connection(site):
    site.get('/v/close_gate')
    with site.connect() as connection:
        # In one piece: a server that waits for a worker does not read.
        connection.send(b''.join(
            ('GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' % target).encode()
            for target in ['/@@wait?name=%d' % number for number in range(3)]
            + ['/v/hello']))
        wait_until_waiting(site, 1)
        awaited(lambda: get(site, 'requests')['waiting'] == 2)
        assert [row['phase'] for row in get(site, 'requests')['requests']
                ] == ['publishing', 'waiting', 'waiting']
        before = get(site, 'workers')['finished']
        site.get('/v/open_gate')
        for number in range(3):
            assert connection.response().text == 'waited %d' % number
        assert connection.response().text == 'hello'
    awaited(lambda: get(site, 'workers')['finished'] == before + 3)


@pytest.mark.parametrize('path, phase', [
    ('/@@wait', 'publishing'), ('/@@traversed/x', 'traversing'),
    ('/@@stream', 'sending')])
def test_phases(site, path, phase):
    site.get('/v/close_gate')
    with site.connect() as connection:
        connection.request(path)
        wait_until_waiting(site, 1)
        row, = get(site, 'requests')['requests']
        assert (row['path'], row['phase']) == (path, phase)
        assert (row['sent_bytes'] > 1000) is (phase == 'sending')
        assert row['worker_ident'] in threads(site)
        site.get('/v/open_gate')
        assert connection.response().code == 200


def test_the_user_and_a_client_that_goes_away(site):
    site.get('/v/close_gate')
    word = base64.b64encode(b'admin:admin').decode('ascii')
    with site.connect() as connection:
        connection.request('/@@wait', headers=[
            ('Authorization', 'Basic ' + word)])
        wait_until_waiting(site, 1)
        row, = get(site, 'requests')['requests']
        assert (row['user'], row['client_gone']) == ('admin', False)
    awaited(lambda: get(site, 'requests')['requests'][0]['client_gone'])
    assert 'GET /@@wait  (the client has gone)' in site.get(
        '/-/requests').text
    site.get('/v/open_gate')


def marked(mark):
    """The number of the line of the fixture that ends with this comment."""
    path = os.path.join(SITE, 'fixture_zope', '__init__.py')
    with open(path) as source:
        number, = [number for number, line in enumerate(source, 1)
                   if line.rstrip().endswith('# ' + mark)]
    return number


def test_a_deadlock_of_two_workers(site):
    site.get('/v/close_gate')
    with site.connect() as first, site.connect() as second:
        first.request('/@@deadlock?name=first')
        second.request('/@@deadlock?name=second')
        wait_until_waiting(site, 2)
        expected = {('first', marked('deadlock of the first')),
                    ('second', marked('deadlock of the second'))}

        def stuck():
            return [thread for thread in threads(site).values()
                    if thread['request'] == 'GET /@@deadlock'
                    and thread['stack'][-1][2] in ('first', 'second')]

        # Once the watchdog has looked twice.
        found = awaited(lambda: [
            found for found in [stuck()]
            if len(found) == 2 and all(
                thread['state'] == 'waiting for lock'
                and thread['unmoved_seconds'] is not None
                for thread in found)])[0]
        assert {thread['role'] for thread in found} == {'worker'}
        assert {(thread['stack'][-1][2], thread['stack'][-1][1])
                for thread in found} == expected
        rows = get(site, 'requests')['requests']
        assert [(row['path'], row['phase']) for row in rows] == [
            ('/@@deadlock', 'publishing')] * 2
        text = site.get('/-/threads').text
        for function, line in expected:
            assert 'fixture_zope/__init__.py:%d %s\n' % (line, function) \
                in text
        source = site.get('/-/threads?source=1').text
        assert '# deadlock of the first\n' in source
        assert '# deadlock of the second\n' in source
        site.get('/v/break_deadlock')
        assert first.response().text == second.response().text == 'free'


COLLAPSED = re.compile(r'[^;]+(;[^;]+ \([^;]+:[0-9]+\))+ [1-9][0-9]*\Z')


def test_formats_of_threads_while_all_workers_sleep(site):
    with sleeping_workers(site, queued=2):
        text = once_together(site)
        assert text.count('GET /@@wait') == WORKERS
        assert '\nloop, running\n' in text
        awaited(lambda: 'not moved for' in site.get('/-/threads').text)
        assert max(map(len, text.splitlines())) <= 80

        document = get(site, 'threads')
        roles = [thread['role'] for thread in document['threads']]
        assert roles.count('worker') == WORKERS
        awaited(lambda: {'loop', 'watchdog', 'helper'} <= set(
            thread['role'] for thread in threads(site).values()))
        assert document['omitted_threads'] == 0

        lines = site.get('/-/threads?format=collapsed').text.splitlines()
        assert len(lines) > WORKERS
        for line in lines:
            assert COLLAPSED.match(line), line

        scope = json.loads(site.get('/-/threads?format=speedscope').text)
        assert {'$schema', 'profiles', 'shared'} <= set(scope)
        frames = scope['shared']['frames']
        assert frames and all('name' in frame for frame in frames)
        for profile in scope['profiles']:
            assert {'type', 'name', 'unit', 'startValue', 'endValue',
                    'samples', 'weights'} <= set(profile)
            assert all(number < len(frames)
                       for sample in profile['samples'] for number in sample)

        source = site.get('/-/threads?source=1')
        assert 'gate.wait(120)' in source.text
        assert 'zserver-views-offload /-/threads' in source.text


VIEWS = ['threads?format=text', 'threads?format=json',
         'threads?format=collapsed', 'threads?format=speedscope',
         'threads?source=1', 'threads?source=1&format=json',
         'requests?format=text', 'requests?format=json',
         'workers?format=text', 'workers?format=json',
         'memory?objects=1', 'memory?format=json&limit=1000']


def test_no_answer_has_a_secret(site):
    site.get('/v/close_gate')
    basic = base64.b64encode(b'fred:s3cret-password').decode('ascii')
    secrets = ['s3cret', basic]
    form = b'password=s3cret-field&other=s3cret-too'
    with site.connect() as connection:
        connection.request(
            '/@@secrets?token=s3cret-token', method='POST', body=form,
            headers=[('Authorization', 'Basic ' + basic),
                     ('Cookie', 'session=s3cret-cookie'),
                     ('Referer', 'http://localhost/?s3cret-referer'),
                     ('Content-Type', 'application/x-www-form-urlencoded')])
        wait_until_waiting(site, 1)
        for view in VIEWS:
            answer = site.get('/-/' + view)
            assert answer.code == 200
            assert ('@@secrets' in answer.text) is (
                not view.startswith(('workers', 'memory'))
                and 'collapsed' not in view and 'speedscope' not in view)
            everything = repr(answer.headers) + answer.text
            for secret in secrets:
                assert secret not in everything, view
        for view in 'threads', 'requests', 'workers':
            for query in 's3cret', 's3cret=1', 'format=s3cret':
                for accept in 'text/plain', 'application/json':
                    answer = site.get('/-/%s?%s' % (view, query),
                                      headers=[('Accept', accept)])
                    assert answer.code == 400
                    assert 's3cret' not in answer.text
                    assert 'format: one of' in answer.text
        site.get('/v/open_gate')
        assert connection.response().text == 'kept'


@pytest.mark.parametrize('name', ['threads', 'requests', 'workers'])
def test_methods_of_http(site, name):
    with site.connect() as connection:
        full = connection.get('/-/' + name)
        head = connection.get('/-/' + name, method='HEAD')
        assert head.code == full.code == 200
        assert head.header('Content-Type') == 'text/plain; charset=utf-8'
        assert (head.body, head.ended) == (b'', 'none')
        refused = connection.get('/-/' + name, method='POST', body=b'x')
        assert refused.code == 405
        assert refused.header('Allow') == 'GET, HEAD'
        assert refused.header('Cache-Control') == 'no-store'


@pytest.mark.parametrize('name', ['threads', 'requests', 'workers'])
def test_who_comes_through_a_proxy_sees_nothing(site, name):
    answer = site.get('/-/' + name, headers=[('X-Forwarded-For', '10.0.0.1')])
    assert answer.code == 403
    answer = site.get('/-/%s?format=json' % name,
                      headers=[('X-Forwarded-For', '10.0.0.1')])
    assert answer.code == 403
    assert answer.header('Content-Type') == 'application/json'
