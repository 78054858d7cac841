"""``/-/status``: the page and its JSON, over a real server."""
from __future__ import absolute_import, division, print_function

import base64
import hashlib
import json
import re

import pytest

from tests.functional.harness import Instance
from tests.functional.test_monitor import SECTION
from tests.functional.test_overload import WORKERS, sleeping_workers
from tests.waiting import awaited

MOST_BYTES = 60 * 1024


@pytest.fixture(scope='module')
def site():
    instance = Instance(SECTION).start()
    yield instance
    assert instance.is_running(), instance.output()
    instance.stop()


def document(site, query=''):
    answer = site.get('/-/status?format=json' + query)
    assert answer.code == 200, answer.text
    assert answer.header('Content-Type') == 'application/json'
    return json.loads(answer.text)


def hash_of(text, element):
    found = re.search('(?s)<%s>(.*?)</%s>' % (element, element), text)
    digest = hashlib.sha256(found.group(1).encode('utf-8')).digest()
    return "'sha256-%s'" % base64.b64encode(digest).decode('ascii')


def test_the_page_is_whole_and_may_do_nothing_else(site):
    answer = site.get('/-/status')
    assert (answer.code, answer.header('Content-Type')) == (
        200, 'text/html; charset=utf-8')
    assert answer.header('Cache-Control') == 'no-store'
    policy = answer.header('Content-Security-Policy')
    assert policy.startswith("default-src 'none'; ")
    for element in 'script', 'style':
        assert '%s-src %s' % (element, hash_of(answer.text, element)) in policy
    assert 'unsafe' not in policy
    assert len(answer.body) <= MOST_BYTES
    # Nothing from elsewhere, and no style that the policy would not allow.
    assert '://' not in answer.text and ' style=' not in answer.text
    assert ' src=' not in answer.text
    assert all(address == 'data:,' or address.startswith('?') for address
               in re.findall(' href="([^"]*)"', answer.text))
    assert '<noscript><meta http-equiv="refresh"' in answer.text


def test_json_with_an_etag(site):
    def unchanged():
        first = site.get('/-/status?format=json&parts=1')
        assert first.code == 200
        answer = site.get('/-/status?format=json&parts=1', headers=[
            ('If-None-Match', first.header('ETag'))])
        return answer.code == 304 and answer

    # Something may happen between the two.
    answer = awaited(unchanged)
    assert answer.body == b'' and answer.header('ETag')
    news = json.loads(site.get('/-/status?format=json&parts').text)
    text = site.get('/-/status').text
    for name in news['parts']:
        assert '<div id="%s">' % name in text


def test_who_is_stuck_and_where(site):
    with sleeping_workers(site, queued=3):
        found = awaited(lambda: [
            found for found in [document(site)]
            if (found['numbers']['busy'], found['numbers']['waiting'])
            == (WORKERS, 3)])[0]
        assert found['details'] is True
        assert [request['phase'] for request in found['requests']].count(
            'waiting') == 3
        assert all(request['title'].endswith('/@@wait')
                   for request in found['requests'])
        busy = [worker for worker in found['workers'] if worker['began']]
        assert len(busy) == WORKERS
        text = site.get('/-/status').text
        assert 'name=1' not in text
        assert text.count('GET /@@wait') == WORKERS + 3
        ident = busy[0]['thread_ident']
        assert '?stack=%d"' % ident in text
        stack = document(site, '&stack=%d' % ident)
        assert (stack['thread_ident'], stack['request']) == (
            ident, 'GET /@@wait')
        assert '__call__' in stack['text']
        # The same without a script.
        page = site.get('/-/status?stack=%d' % ident).text
        assert '__call__' in page and 'for ' in page
    awaited(lambda: document(site)['numbers']['busy'] == 0)


def test_the_last_minutes(site):
    site.get('/@@echo')
    # One each ten seconds.
    awaited(lambda: sum(interval['requests'] for interval
                        in document(site)['intervals']))
    assert '<svg ' in site.get('/-/status').text


def test_the_database_and_what_is_recorded(site):
    found = awaited(lambda: [found for found in [document(site)]
                             if found['databases']])[0]
    assert 'main' in [one['name'] for one in found['databases']]
    assert found['incidents'] is not None
    assert [health['name'] for health in found['health']] == [
        'live', 'ready', 'startup']


@pytest.mark.parametrize('query, code', [
    ('stack=1', 404), ('stack=x', 400), ('stack=', 400), ('poll=1', 400),
    ('format=text', 400)])
def test_what_is_none(site, query, code):
    assert site.get('/-/status?' + query).code == code


def test_who_may_not_see_it(site):
    answer = site.get('/-/status', headers=[('X-Forwarded-For', '192.0.2.1')])
    assert answer.code in (403, 404)
    assert 'stack' not in answer.text
