"""``/-/memory`` over a real server in which something grows."""
from __future__ import absolute_import, division, print_function

import json
import os

import pytest

from Products.ZServerViews._compat import PY2
from tests.functional.harness import Instance
from tests.functional.test_profile import MAY, SECTION, TOKEN
from tests.waiting import awaited

HOARDED = 'fixture_zope.Hoarded'


@pytest.fixture(scope='module')
def site():
    instance = Instance(SECTION, environ={'ZSV_TOKEN': TOKEN}).start()
    yield instance
    assert instance.is_running(), instance.output()
    instance.stop()


def memory(site, query=''):
    answer = site.get('/-/memory?format=json' + query)
    assert answer.code == 200, answer.text
    assert answer.header('Cache-Control') == 'no-store'
    return json.loads(answer.text)


def looked(site, behind=None):
    """What a look has found that began behind that one."""
    def look():
        found = memory(site, '&objects=1')['objects']
        return (found['look'] is not None and found['running'] is None
                and found['look'] != behind and found)
    return awaited(look)


def test_sizes(site):
    found = memory(site)
    assert found['memory']['rss_bytes'] > 10 << 20
    # Some kernels have no smaps_rollup.
    assert (found['memory']['pss_bytes'] is not None) == os.path.exists(
        '/proc/self/smaps_rollup')
    assert (found['heap']['python_blocks'] is None) == PY2
    generations = found['gc']['generations']
    assert found['gc']['enabled'] and len(generations) == 3
    assert all((row['collections'] is None) == PY2 for row in generations)
    assert (generations[0]['pauses'] is None) == PY2
    text = site.get('/-/memory').text
    assert 'resident (RSS)' in text and 'GENERATION' in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_leak_is_on_top_at_the_second_look(site):
    # What the first requests for a page bring is there.
    for _time in range(3):
        assert site.get('/@@hoard?number=10&secret=s3cret').code == 200
    first = looked(site)
    assert site.get('/@@hoard?number=1000&secret=s3cret').code == 200
    second = looked(site, first['look'])
    assert second['compared_with'] == first['look']
    top = second['classes'][0]
    assert top['type'].endswith(HOARDED)
    # What grows older while it is counted may be counted twice.
    assert top['growth'] > 900
    assert top['objects'] >= 1030
    assert second['look']['objects'] > 10000
    assert second['look']['held_seconds'] is not None
    text = site.get('/-/memory').text
    assert HOARDED in text.partition('CLASS\n')[2].splitlines()[0]
    assert max(map(len, text.splitlines())) <= 80
    assert 's3cret' not in text + json.dumps(memory(site, '&limit=1000'))


def test_classes_with_code_of_their_own(site):
    looked(site)
    assert site.get('/@@hostile?number=2000').code == 200
    found = looked(site, memory(site)['objects']['look'])
    row, = [row for row in found['classes']
            if row['type'].startswith('fixture_zope.Hostile')]
    assert row['type'] == 'fixture_zope.Hostile?[2J'
    # What grows older while it is counted may be counted twice.
    assert row['objects'] >= 2000


def test_objects_of_the_database_by_class(site):
    assert site.get('/@@hoard?number=1&secret=s3cret').code == 200
    rows = looked(site)['persistent']
    roots = [row for row in rows if row['type'] == 'OFS.Application.Application']
    assert roots and roots[0]['loaded'] >= 1
    assert all(row['loaded'] + row['ghosts'] > 0 for row in rows)


def test_which_page_makes_it_grow(site):
    tries = []

    def grown():
        tries.append(site.get('/@@hoard?number=20000&secret=s3cret').code)
        assert len(tries) < 50  # of some MiB each
        return [row for row in memory(site, '&limit=1000')['pages']['rows']
                if row['path'].endswith('/@@hoard')
                and row['alone_growth_bytes'] > 1 << 20]

    row, = awaited(grown)
    assert row['alone'] > 0
    text = site.get('/-/memory').text
    assert 'GROWTH ALONE' in text and '/@@hoard' in text
    assert 's3cret' not in text
    assert set(tries) == {200}


def trace(site, method, query='', headers=MAY):
    return site.get('/-/memory' + query, method=method,
                    headers=headers + [('Accept', 'application/json')])


@pytest.mark.skipif(PY2, reason='Python 2.7 has no tracemalloc')
def test_where_memory_is_allocated(site):
    answer = trace(site, 'POST', '?seconds=300')
    assert answer.code == 202, answer.text
    begun = json.loads(answer.text)['tracing']
    assert begun['running']['seconds'] == 300 and 'times' in begun['cost']
    try:
        assert trace(site, 'POST').code == 409
        assert site.get('/@@hoard?number=3000&secret=s3cret').code == 200
    finally:
        assert trace(site, 'DELETE').code == 200
    found = awaited(lambda: [told for told in [memory(site, '&limit=1000')['tracing']]
                             if told['running'] is None])[0]['last']
    assert found['id'] == begun['running']['id']
    assert (found['ended'], found['refused']) == ('it was ended on request', None)
    places = [place for place in found['places']
              if 'fixture_zope' in place['file']]
    assert sum(place['blocks'] for place in places) >= 3000
    assert found['held_seconds'] is not None
    assert 's3cret' not in json.dumps(found)
    assert ' blocks are left; to list them took ' in site.get('/-/memory').text


@pytest.mark.skipif(not PY2, reason='Python 3 has tracemalloc')
def test_python_2_traces_nothing(site):
    answer = trace(site, 'POST')
    assert answer.code == 501
    assert 'no tracemalloc' in json.loads(answer.text)['error']
    assert 'no tracemalloc' in memory(site)['tracing']['unusable']


def test_who_may_trace(site):
    for method in 'POST', 'DELETE':
        assert trace(site, method, headers=[]).code == 401
    assert memory(site)['tracing']['running'] is None
    site.wait_for_log('event.log', '/-/memory refused')


def test_what_is_refused(site):
    for query in 'objects=2', 'limit=0', 'unknown=1', 'objects&hold=39':
        assert site.get('/-/memory?' + query).code == 400
    for query in 'objects=1', 'hold=40', 'seconds=301':
        assert trace(site, 'POST', '?' + query).code == 400
    assert site.get('/-/memory', method='PUT').code == 405


def test_in_the_index(site):
    rows = json.loads(site.get('/-/?format=json').text)['views']
    row, = [row for row in rows if row['path'] == '/-/memory']
    assert row['tier'] == 'sensitive'
    assert {'objects', 'limit', 'seconds'} <= {one['name'] for one in row['parameters']}
