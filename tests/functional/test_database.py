"""/-/database while a storage hangs, and all workers with it."""
from __future__ import absolute_import, division, print_function

import contextlib
import json
import pkgutil

import pytest
import ZODB

from tests.functional.harness.instance import FIXTURE_SECTION
from tests.functional.test_overload import WORKERS
from tests.waiting import awaited

SECTION = FIXTURE_SECTION.replace(
    '</product-config>',
    '    monitor /-/ Products.ZServerViews.views.monitor\n'
    '    storages /storage fixture_storages.suite\n'
    '</product-config>')

# On ZODB3 a connection finds most of them itself, before it asks its storage.
STORAGES_FIND_CONFLICTS = 'mvccadapter' in [
    module[1] for module in pkgutil.iter_modules(ZODB.__path__)]

FILE = 'path %s/var/Stoppable.fs'


@pytest.fixture
def start(make_instance):
    """start(line) starts an instance whose storage can be stopped."""

    def start(line, section=SECTION):
        instance = make_instance(section)
        if '%s' in line:
            line %= instance.folder
        instance.edit_conf(
            r'(?s)<zodb_db main>(.*?)<filestorage>.*?</filestorage>',
            '%%import fixture_storages\n<zodb_db main>\n'
            '<stoppable>\n%s\n</stoppable>\n' % line)
        return instance.start()

    return start


def document(zope):
    answer = zope.get('/-/database?format=json')
    assert answer.code == 200, answer.text
    return json.loads(answer.text)


def main(zope):
    found, = [database for database in document(zope)['databases']
              if database['name'] == 'main']
    return found


def waits(zope):
    return document(zope)['waits']


def hanging(zope, number=WORKERS):
    """The waits, once there are so many and none is a call just being made."""
    return awaited(lambda: [
        found for found in [waits(zope)] if len(found) == number
        and min(wait['seconds'] for wait in found) > 0.5])[0]


def calls(zope):
    return sorted(wait['call'] for wait in waits(zope))


@contextlib.contextmanager
def stuck(zope, call, paths):
    """The storage hangs in this call, and a request for each path with it."""
    assert zope.get('/storage/hang?' + call).text == 'hangs'
    connections = [zope.connect(timeout=90) for _path in paths]
    try:
        for connection, path in zip(connections, paths):
            connection.request(path)
        yield connections
    finally:
        zope.get('/storage/go_on')
        zope.get('/v/open_gate')
        for connection in connections:
            connection.close()


def all_answered(zope, connections):
    assert zope.get('/storage/go_on').text == 'goes on'
    for connection in connections:
        assert connection.response().code == 200
    awaited(lambda: waits(zope) == [])


def test_all_workers_are_stuck_in_load(start):
    zope = start(FILE)
    assert zope.get('/@@load_anew').code == 200
    before = main(zope)
    with stuck(zope, 'load', ['/@@load_anew?secret=1'] * WORKERS
               ) as connections:
        found = hanging(zope)
        assert [(wait['database'], wait['request'], 'load' in wait['call'])
                for wait in found] == [
            ('main', 'GET /@@load_anew', True)] * WORKERS
        assert len(set(wait['thread_ident'] for wait in found)) == WORKERS
        awaited(lambda: waits(zope)[-1]['seconds'] > 1)
        pool = main(zope)['pool']
        assert (pool['open'], pool['connections'] - pool['idle']) == (
            WORKERS, WORKERS)
        held = [row for row in main(zope)['connections']
                if row['open_seconds'] is not None]
        assert [(row['request'], row['request_has_ended'])
                for row in held] == [('GET /@@load_anew', False)] * WORKERS
        assert {row['thread_name'] for row in held} == {
            wait['thread_name'] for wait in found}
        text = zope.get('/-/database').text
        assert text.startswith('%d in a call of a storage' % WORKERS)
        # On Zope 2.13 another database has a connection for some of them too.
        assert text.count('\n    GET /@@load_anew\n') >= 2 * WORKERS
        # A free worker is not needed for these either.
        assert ('\nzope_database_calls_running{database="main"} %d\n' % WORKERS
                in zope.get('/-/metrics').text)
        all_answered(zope, connections)
    after = awaited(lambda: [found for found in [main(zope)]
                             if found['pool']['open'] == 0])[0]
    assert after['calls']['totals']['loads'] >= (
        before['calls']['totals']['loads'] + WORKERS)
    assert after['pool']['idle'] == WORKERS


def test_a_commit_is_stuck_in_tpc_vote_and_others_behind_it(start):
    zope = start(FILE)
    assert zope.get('/@@write').code == 200
    commits = main(zope)['calls']['totals']['commits']
    with stuck(zope, 'tpc_vote', ['/@@write'] * WORKERS) as connections:
        hanging(zope)
        found = calls(zope)
        assert found.count('tpc_vote') == 1
        # On ZODB3 one that waits to begin keeps others from loading.
        assert set(found) - {'tpc_vote'} <= {'tpc_begin', 'load'}
        assert 'tpc_begin' in found
        assert {wait['request'] for wait in waits(zope)} == {'GET /@@write'}
        assert zope.get('/storage/go_on').text == 'goes on'
        # They have written the same, so each but one tries again.
        for connection in connections:
            connection.response()
        awaited(lambda: waits(zope) == [])
    totals = main(zope)['calls']['totals']
    assert totals['commits'] > commits
    if STORAGES_FIND_CONFLICTS:
        assert totals['conflicts'] > 0
        assert main(zope)['calls']['errors']['ConflictError'] > 0


def test_one_is_stuck_in_new_instance_and_others_at_the_lock_of_the_pool(
        start):
    zope = start('')
    assert zope.get('/@@echo').code == 200
    zope.get('/v/close_gate')
    idle = awaited(lambda: main(zope)['pool']['idle'])
    assert 0 < idle < WORKERS - 1
    with stuck(zope, 'new_instance', ['/@@wait'] * WORKERS):
        hanging(zope, WORKERS - idle)
        assert calls(zope) == (['new_instance'] + ['open']
                               * (WORKERS - idle - 1))
        pool = main(zope)['pool']
        assert (pool['open'], pool['connections']) == (idle, idle)
        assert zope.get('/storage/go_on').text == 'goes on'
        awaited(lambda: main(zope)['pool']['open'] == WORKERS)
        awaited(lambda: waits(zope) == [])


def test_all_workers_are_stuck_inside_open(start):
    zope = start('')
    assert zope.get('/storage/keep_idle').text == 'kept'
    with stuck(zope, 'new_instance', ['/@@echo'] * WORKERS) as connections:
        # The text leaves out what is short.
        found = hanging(zope)
        assert calls(zope) == ['new_instance'] + ['open'] * (WORKERS - 1)
        assert len(set(wait['thread_ident'] for wait in found)) == WORKERS
        assert {wait['request'] for wait in found} == {'GET /@@echo'}
        assert zope.get('/-/database').text.startswith(
            '%d in a call of a storage' % WORKERS)
        for accept in 'text/plain', 'application/openmetrics-text':
            text = zope.get('/-/metrics', headers=[('Accept', accept)]).text
            for name in ('zope_requests_in_work', 'zope_workers{state="busy"}',
                         'zope_database_calls_running{database="main"}'):
                assert '\n%s %d\n' % (name, WORKERS) in text
            assert '\nzope_workers{state="idle"} 0\n' in text
        found = dict(line.rsplit(' ', 1) for line in zope.get(
            '/-/metrics?names=plone').text.splitlines())
        scope = '{scope="instance",database="main"}'
        assert int(found['plone_zodb_connections' + scope]) >= 1
        assert zope.get('/storage/go_on').text == 'goes on'
        for connection in connections:
            assert connection.response().code == 200


def test_without_timing_the_pool_is_told(start):
    section = SECTION.replace('</product-config>', """</product-config>
        %import Products.ZServerViews
        <zserver-views settings>
            storage-timing off
        </zserver-views>""")
    zope = start(FILE, section)
    assert zope.get('/@@load_anew').code == 200
    with stuck(zope, 'load', ['/@@load_anew'] * WORKERS) as connections:
        awaited(lambda: main(zope)['pool']['open'] == WORKERS)
        found = document(zope)
        assert (found['storage_timing'], found['waits']) == (False, [])
        assert main(zope)['calls'] is None
        assert {row['request'] for row in main(zope)['connections']
                if row['open_seconds'] is not None} == {'GET /@@load_anew'}
        assert zope.get('/storage/go_on').text == 'goes on'
        for connection in connections:
            assert connection.response().code == 200
