"""/-/database of several databases."""
from __future__ import absolute_import, division, print_function

import pytest

from tests.functional.test_database import (
    SECTION,
    calls,
    document,
    hanging,
    stuck,
    waits,
)
from tests.functional.test_database_kinds import INSTALLED
from tests.functional.test_overload import WORKERS
from tests.waiting import awaited

# What is thrown away at the end of the process.
TEMPORARY, IMPORT, KIND = (
    ('<temporarystorage />', '%import tempstorage\n', 'TemporaryStorage')
    if 'tempstorage' in INSTALLED else
    ('<mappingstorage />', '', 'MappingStorage'))

OTHERS = IMPORT + """
%%import fixture_storages
<zodb_db other>
    mount-point /other
    mount-point /another
    pool-size 3
    cache-size 123
    <stoppable>
        path %s/var/Other.fs
    </stoppable>
</zodb_db>
<zodb_db scratch>
    mount-point /scratch
    pool-size 2
    {0}
</zodb_db>
""".format(TEMPORARY)


@pytest.fixture
def zope(make_instance):
    instance = make_instance(SECTION)
    instance.edit_conf(r'(?s)\Z', OTHERS.replace('%%', '%')
                       .replace('%s', instance.folder))
    return instance.start()


def told(zope):
    return dict((database['name'], database)
                for database in document(zope)['databases'])


def write(zope, name):
    assert zope.get('/@@write_elsewhere?database=' + name).text == 'written'


def test_each_is_told_of(zope):
    for name in 'other', 'scratch':
        write(zope, name)
    before = told(zope)
    for name in 'other', 'scratch', 'other':
        write(zope, name)
    assert not {'other', 'scratch'} & set(document(zope)['not_opened'])
    found = told(zope)
    main, other, scratch = [found[name] for name in ('main', 'other', 'scratch')]
    assert [one['mount_points'] for one in (main, other, scratch)] == [
        ['/'], ['/another', '/other'], ['/scratch']]
    assert [one['pool']['limit'] for one in (other, scratch)] == [3, 2]
    assert main['storage']['kind'] == 'FileStorage'
    assert other['storage']['kind'] == 'File'
    assert other['storage']['name'].endswith('Other.fs')
    assert scratch['storage']['kind'] == KIND
    assert [found[name]['calls']['totals'][kind]
            - before[name]['calls']['totals'][kind]
            for kind in ('commits', 'stores')
            for name in ('main', 'other', 'scratch')] == [0, 2, 1] * 2
    assert {row['cache']['target_objects'] for row in other['connections']} == {
        123}
    text = zope.get('/-/database').text
    assert '\ndatabase other at /another, /other\n' in text
    assert '\ndatabase scratch at /scratch\n' in text
    metrics = zope.get('/-/metrics').text
    for name, limit in ('other', 3), ('scratch', 2):
        assert ('\nzope_database_connection_limit{database="%s"} %d\n'
                % (name, limit) in metrics)


def test_one_hangs_and_the_others_do_not(zope):
    for name in 'other', 'scratch':
        write(zope, name)
    commits = told(zope)['scratch']['calls']['totals']['commits']
    with stuck(zope, 'tpc_vote', ['/@@write_elsewhere?database=other']
               * (WORKERS - 1)) as connections:
        hanging(zope, WORKERS - 1)
        assert 'tpc_vote' in calls(zope)
        assert {(wait['database'], wait['request'])
                for wait in waits(zope)} == {
            ('other', 'GET /@@write_elsewhere')}
        write(zope, 'scratch')
        # Its connections are closed shortly after the answer.
        found = awaited(lambda: [found for found in [told(zope)] if found[
            'main']['pool']['open'] == WORKERS - 1])[0]
        assert found['scratch']['calls']['totals']['commits'] == commits + 1
        assert [found[name]['pool']['open']
                for name in ('main', 'other')] == [WORKERS - 1] * 2
        # Those of `scratch` are opened with the main one that has opened them
        # before, and belong to the same request.
        holders = {row['thread_ident'] for row in found['main']['connections']
                   if row['open_seconds'] is not None}
        for name in 'main', 'other', 'scratch':
            for row in found[name]['connections']:
                if row['open_seconds'] is not None:
                    assert row['request'] == 'GET /@@write_elsewhere'
                    assert row['request_has_ended'] is False
                    assert row['thread_ident'] in holders
        metrics = zope.get('/-/metrics').text
        for name, number in ('main', 0), ('other', WORKERS - 1), ('scratch', 0):
            assert ('\nzope_database_calls_running{database="%s"} %d\n'
                    % (name, number) in metrics)
        assert zope.get('/storage/go_on').text == 'goes on'
        # They have written the same, so each but one tries again.
        for connection in connections:
            connection.response()
        awaited(lambda: waits(zope) == [])
