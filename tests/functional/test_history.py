"""``/-/history``: what was so, over a real server."""
from __future__ import absolute_import, division, print_function

import json
import time
import zlib

import pytest

from tests.functional import incident
from tests.functional.harness import Instance
from tests.functional.test_monitor import SECTION
from tests.functional.test_overload import WORKERS, sleeping_workers
from tests.waiting import awaited

SETTINGS = """
%import Products.ZServerViews
<zserver-views settings>
    slow-request 2s
    slow-request-log 3s
</zserver-views>
"""


@pytest.fixture(scope='module')
def site():
    instance = Instance(SECTION + SETTINGS).start()
    yield instance
    assert instance.is_running(), instance.output()
    instance.stop()


def history(site, query=''):
    answer = site.get('/-/history?format=json' + query)
    assert answer.code == 200, answer.text
    assert answer.header('Cache-Control') == 'no-store'
    return json.loads(answer.text)


def story_of(site, path):
    """That of the slow request for this path, once it is recorded."""
    return awaited(lambda: [story for story in history(site)['slow']
                            if story['path'] == path])[0]


def lines_of(stays, comment):
    """For how long a stack was at the line with this comment."""
    source = open(stays[0]['stack'][-2][1].replace('.pyc', '.py')).readlines()
    return sum(stay['seconds'] for stay in stays
               for _function, path, line in stay['stack'][-2:]
               if path.endswith(('__init__.py', '__init__.pyc'))
               and comment in source[line - 1])


def test_three_phases_of_three_seconds(site):
    site.get('/@@phases?seconds=3&secret=s3cret')
    story = story_of(site, '/@@phases')
    assert story['status'] == '200'
    assert 8.9 < story['seconds'] < 12
    assert story['waited'] < 1
    for comment in '# first phase', '# second phase', '# third phase':
        assert 2 <= lines_of(story['stacks'], comment) <= 4, comment
    text = site.get('/-/history').text
    assert 'GET /@@phases\n' in text
    assert text.count(' nap under __init__.py:') >= 3
    assert 's3cret' not in text
    # As Products.LongRequestLogger does.
    site.wait_for_log('event.log', r'(?s)Request \d+-\d+ has been in work for '
                      r'[34]\.\d s: GET /@@phases in .*, in nap\n')
    site.wait_for_log('event.log', r'Request \d+-\d+ has ended after \S+ s: '
                      r'GET /@@phases, status 200')


def test_who_held_the_workers_and_who_waited(site):
    with sleeping_workers(site, queued=3):
        found = awaited(lambda: [
            found for found in [history(site)]
            if len(found['held']) >= WORKERS and found['queued']
            and found['held'][WORKERS - 1]['seconds'] > 2])[0]
        mine = [held for held in found['held'] if held['path'] == '/@@wait']
        assert len(mine) == WORKERS
        assert len(set(held['worker'] for held in mine)) == WORKERS
        for held in mine:
            longest = held['stacks'][0]
            assert longest['state'] == 'waiting for lock'
            assert '__call__' in [frame[0] for frame in longest['stack']]
        assert found['queued'][0]['path'] == '/@@wait'
        assert found['summary']['most_waiting'] == 3
        one = history(site, '&worker=' + mine[0]['worker'])
        assert [held['worker'] for held in one['held']
                if held['path'] == '/@@wait'] == [mine[0]['worker']]
        assert history(site, '&path=/nowhere')['held'] == []


def test_errors_by_class_and_place(site):
    site.get('/@@fail?secret=s3cret')
    site.get('/not/there')
    found = awaited(lambda: [
        one for one in history(site)['errors'] if one['newest'][0]['path']
        in ('/@@fail', '/not/there')])
    assert all(one['place'] and one['newest'][0]['stack'] for one in found)
    assert 'ERRORS' in site.get('/-/history').text


FORMATS = 'text', 'json', 'collapsed', 'speedscope', 'firefox', 'pprof', 'svg'


def decoded(answer):
    """Its body as text; that of pprof is compressed."""
    data = answer.body
    if data.startswith(b'\x1f\x8b'):
        data = zlib.decompress(data, zlib.MAX_WBITS + 16)
    return data.decode('utf-8', 'replace')


def test_two_hundred_secrets_are_in_no_answer(site):
    secrets = ['s3cret%03d' % number for number in range(200)]
    query, form, headers, cookies = [secrets[first:first + 50]
                                     for first in range(0, 200, 50)]
    body = '&'.join('%s=%s' % (value + 'name', value) for value in form)
    with site.connect(timeout=60) as connection:
        connection.request(
            '/@@leak?seconds=3&' + '&'.join(
                'q%s=%s' % (value, value) for value in query),
            method='POST', body=body.encode('ascii'),
            headers=[('X-' + value, value) for value in headers] + [
                ('Content-Type', 'application/x-www-form-urlencoded'),
                ('Cookie', '; '.join('%s=%s' % (value, value)
                                     for value in cookies))])
        assert connection.response().code == 500
    story = story_of(site, '/@@leak')
    assert story['error'] == 'ValueError'
    found = history(site)
    assert [one for one in found['errors'] if one['class'] == 'ValueError']
    assert 'Told %s' in [one['text'] for one in found['log']]
    assert '(a text made while running)' in [one['text']
                                             for one in found['log']]
    for form in FORMATS:
        answer = site.get('/-/history?format=' + form)
        text = decoded(answer)
        assert '@@leak' in text, form
        assert 's3cret' not in text.lower(), form
        policy = answer.header('Content-Security-Policy')
        assert (policy is not None and policy.startswith('sandbox ')) == (
            form == 'svg')


def test_an_interval_and_what_is_none(site):
    now = time.time()
    found = history(site, '&from=%d&to=%d' % (now - 60, now))
    assert (found['from'], found['to']) == (int(now - 60), int(now))
    for query in ('at=25:00', 'at=yesterday', 'from=3', 'at=03:12&to=03:13',
                  'from=%d&to=%d' % (now, now - 1), 'path='):
        assert site.get('/-/history?' + query).code == 400, query
    at = time.strftime('%H:%M', time.gmtime(now)) + 'Z'
    found = history(site, '&at=' + at)
    assert found['from'] <= now < found['from'] + 120
    assert found['to'] - found['from'] == 60
    answer = site.get('/-/history', headers=[('X-Forwarded-For', '10.0.0.1')])
    assert answer.code == 403


def test_a_healthy_site_has_no_looks(make_instance):
    site = make_instance(SECTION).start()
    for _number in range(200):
        assert site.get('/@@echo').code == 200
    found = awaited(lambda: [found for found in [history(site)]
                             if found['process']])[0]
    assert (found['looks'], found['held'], found['slow']) == (0, [], [])


@pytest.fixture
def stoppable(make_instance):
    """A site with a storage that can be stopped."""
    site = incident.prepared(make_instance(incident.SECTION)).start()
    assert site.get('/@@load_anew').code == 200
    return site


def held_for(site, path, seconds, number):
    """Once so many requests for a path have held workers for so long."""
    return awaited(lambda: len([
        held for held in history(site)['held']
        if held['path'] == path and held['seconds'] > seconds]) >= number)


def told(site, moments):
    """What is told of the moments of the incident, and what its requests were."""
    first, second, all_of_it = [
        history(site, '&from=%.3f&to=%.3f' % span) for span in (
            (moments.at_the_lock - 1, moments.at_the_lock),
            (moments.at_the_storage - 1, moments.at_the_storage),
            (moments.began, moments.ended + 1))]
    stories = [story for story in all_of_it['slow'] if story['inside']]
    return first, second, sorted(stories, key=lambda story: story['id'])


def test_a_staged_incident_is_told_a_day_later(stoppable):
    site = stoppable
    moments = incident.staged(
        site, lambda path, number: held_for(site, path, 3, number))
    awaited(lambda: len(told(site, moments)[2]) >= 4 + incident.BURST)
    before = told(site, moments)
    check_told(moments, *before)
    for _hour in range(24):
        later = json.loads(site.get('/day/hour?1000').text)
    assert later > moments.ended + 24 * 3600 - 60
    after = told(site, moments)
    check_told(moments, *after)
    assert history(site)['recorded'][1] > later - 120
    for key in 'held', 'queued', 'gaps', 'incidents':
        assert [one[key] for one in before[:2]] == [one[key] for one in after[:2]]
    assert after[2] == before[2]


def check_told(moments, first, second, stories):
    assert [held['path'] for held in first['held']] == ['/@@wait'] * 2
    assert first['queued'] == []
    assert sorted(held['path'] for held in second['held']) == (
        ['/@@load_anew'] * 2 + ['/@@wait'] * 2)
    assert [one['path'] for one in second['queued']] == ['/@@echo']
    assert second['summary']['most_waiting'] == incident.BURST
    states = dict((held['path'], held['stacks'][0]['state'])
                  for held in second['held'])
    assert states == {'/@@wait': 'waiting for lock',
                      '/@@load_anew': 'waiting for database'}
    for story in stories:
        assert moments.began - 1 < story['began']
        assert story['ended'] < moments.ended + 1
        at = sum(stay['seconds'] for stay in story['stacks'])
        assert abs(story['seconds'] - story['waited'] - at) < 1 or (
            story['path'] == '/@@echo' and story['waited'] > 2)


def test_a_storage_that_hangs(stoppable):
    site = stoppable
    assert site.get('/storage/hang?load').text == 'hangs'
    with site.connect(timeout=90) as connection:
        connection.request('/@@load_anew')
        awaited(lambda: [held for held in history(site)['held']
                         if held['seconds'] > 3])
        assert site.get('/storage/go_on').text == 'goes on'
        assert connection.response().code == 200
    story = story_of(site, '/@@load_anew')
    assert story['storage'] == 1.0
    assert story['stacks'][-1]['state'] == 'waiting for database'
