"""/-/database of RelStorage on PostgreSQL, also while that is stopped."""
from __future__ import absolute_import, division, print_function

import signal

import pytest

from tests.functional.harness import Instance
from tests.functional.test_database import SECTION, main, stuck, waits
from tests.functional.test_database_kinds import check_its_own_timings, with_storage
from tests.functional.test_overload import WORKERS
from tests.postgresql_server import PostgreSQL
from tests.waiting import awaited

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope='module')
def postgresql():
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture
def zope(postgresql):
    instance = Instance(SECTION)
    with_storage(instance, 'relstorage', """
        <relstorage>
            keep-history false
            # Else loads would be answered without asking.
            cache-local-mb 0
            <postgresql>
                driver psycopg2
                dsn %s password='not to be told'
            </postgresql>
        </relstorage>""" % postgresql.dsn)
    try:
        yield instance.start()
    finally:
        postgresql.signal(signal.SIGCONT)
        instance.stop()


def wait_for_waits(zope, call, path):
    """All workers are in this call, each for this request, and say so."""
    awaited(lambda: [(wait['call'], wait['request']) for wait in waits(zope)]
            == [(call, 'GET ' + path)] * WORKERS)
    before = max(wait['seconds'] for wait in waits(zope))
    awaited(lambda: min(wait['seconds'] for wait in waits(zope)) > before + 1)
    found = main(zope)
    assert found['pool']['open'] == WORKERS
    # Also where `DB.open` waits, which has told nobody yet to whom it belongs.
    assert [(row['request'], row['request_has_ended'])
            for row in found['connections']] == [
        ('GET ' + path, False)] * WORKERS
    assert {row['thread_ident'] for row in found['connections']} == {
        wait['thread_ident'] for wait in waits(zope)}
    assert '\n    GET %s\n' % path in zope.get('/-/database').text
    metrics = zope.get('/-/metrics').text
    assert ('\nzope_database_calls_running{database="main"} %d\n' % WORKERS
            in metrics)


def all_answered(zope, postgresql, connections):
    postgresql.signal(signal.SIGCONT)
    for connection in connections:
        assert connection.response().code == 200
    awaited(lambda: waits(zope) == [] and main(zope)['pool']['open'] == 0)


@pytest.mark.parametrize('path, call', [
    ('/@@wait_then_load', 'load'), ('/@@wait_then_write', 'tpc_vote')])
def test_it_is_stopped_within_transactions(zope, postgresql, path, call):
    zope.get('/v/close_gate')
    with stuck(zope, 'nothing', [path] * WORKERS) as connections:
        awaited(lambda: zope.get('/v/count_waiting').text == str(WORKERS))
        assert waits(zope) == []
        postgresql.signal(signal.SIGSTOP)
        zope.get('/v/open_gate')
        wait_for_waits(zope, call, path)
        all_answered(zope, postgresql, connections)


def test_it_is_stopped_before_transactions_begin(zope, postgresql):
    for _number in range(3):
        assert zope.get('/@@write').code == 200
    commits = main(zope)['calls']['totals']['commits']
    postgresql.signal(signal.SIGSTOP)
    with stuck(zope, 'nothing', ['/@@load_anew'] * WORKERS) as connections:
        wait_for_waits(zope, 'poll_invalidations', '/@@load_anew')
        all_answered(zope, postgresql, connections)
    assert zope.get('/@@write').code == 200
    found = main(zope)
    assert found['calls']['totals']['commits'] == commits + 1
    assert found['storage']['kind'] == 'RelStorage'
    assert found['storage']['relstorage']['load_connections'] == WORKERS
    size = awaited(lambda: main(zope)['readings']['size']['value'])
    assert size['bytes'] > 0 and size['objects'] is None
    check_its_own_timings(zope)


def test_how_it_connects_is_told_without_the_password(zope, postgresql):
    name = main(zope)['storage']['name']
    assert 'dbname=postgres user=zope host=%s' % postgresql.folder in name
    assert 'told' not in zope.get('/-/database').text
    assert 'told' not in zope.get('/-/database?format=json').text
