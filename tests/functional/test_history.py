"""``/-/history``: what was so, over a real server."""
from __future__ import absolute_import, division, print_function

import json
import time

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
    return sum(stay['seconds'] for stay in stays
               if any(comment in source_of(path, line)
                      for _function, path, line in stay['stack'][-2:]))


def source_of(path, line):
    """This line, of a page of these tests."""
    if 'fixture_zope' not in path:
        return ''
    with open(path.replace('.pyc', '.py')) as source:
        return source.readlines()[line - 1]


def test_three_phases_of_three_seconds(site):
    site.get('/@@phases?seconds=3&secret=s3cret')
    story = story_of(site, '/@@phases')
    assert story['status'] == '200'
    assert story['seconds'] > 8.9
    assert story['storage'] == 0
    for comment in '# first phase', '# second phase', '# third phase':
        # As often as the stacks were looked at.
        assert lines_of(story['stacks'], comment) >= 2, comment
    text = site.get('/-/history').text
    assert 'GET /@@phases\n' in text
    assert text.count(' nap under __init__.py:') >= 3
    assert 's3cret' not in text
    # As Products.LongRequestLogger does.
    site.wait_for_log('event.log', r'(?s)Request \d+-\d+ has been in work for '
                      r'\d\.\d s: GET /@@phases in .*, in nap\n')
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


def test_in_a_burst_of_errors_all_are_counted_and_the_newest_are_shown(site):
    def told():
        return [one for one in history(site)['errors']
                if one['newest'][0]['path'] == '/nowhere/39']

    def so_far():
        return sum(one['count'] for one in history(site)['errors'])

    before = so_far()
    for number in range(40):
        assert site.get('/nowhere/%d' % number).code == 404
    newest = awaited(told)[0]['newest']
    assert [one['path'] for one in newest[:3]] == [
        '/nowhere/%d' % number for number in (39, 38, 37)]
    assert so_far() - before >= 40


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


def test_code_that_holds_the_interpreter_is_an_incident(make_instance):
    site = make_instance(SECTION).start()
    awaited(lambda: history(site)['process'])
    assert site.get('/@@keep_lock?name=3').code == 200
    awaited(lambda: [gap for gap in history(site)['gaps'] if gap['seconds'] > 1.5])
    assert 'no look for 1 s' in [one['rule'] for one in history(site)['incidents']]


def calm(site):
    """(begin, end) of some seconds in which each request was answered at once; None
    where the machine was too busy for that."""
    began = time.time()
    while time.time() < began + 5:
        asked = time.time()
        assert site.get('/@@echo').code == 200
        if time.time() - asked > 0.4:
            return None
    # What the event loop has told of its queue counts for three seconds.
    return began + 3.5, time.time()


def test_a_healthy_site_has_no_looks(make_instance):
    site = make_instance(SECTION).start()
    awaited(lambda: history(site)['process'])
    span = awaited(lambda: calm(site))
    found = history(site, '&from=%.3f&to=%.3f' % span)
    assert (found['looks'], found['held']) == (0, [])


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


def test_a_phase_of_three_in_a_storage(stoppable):
    site = stoppable
    assert site.get('/storage/slow?3').text == 'slow'
    with site.connect(timeout=90) as connection:
        connection.request('/@@load_between_naps?seconds=3')
        assert connection.response().code == 200
    story = story_of(site, '/@@load_between_naps')
    in_storage = sum(stay['seconds'] for stay in story['stacks']
                     if stay['state'] == 'waiting for database')
    assert 2 <= in_storage <= story['seconds'] - 4
    assert 0.1 < story['storage'] < 0.6
    for comment in '# first nap', '# second nap':
        assert 2 <= lines_of(story['stacks'], comment), comment


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
