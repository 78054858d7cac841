"""views.database: what operators read of the databases."""
from __future__ import absolute_import, division, print_function

import json

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews.interfaces import IView
from Products.ZServerViews.views.database import database
from tests.unit.monitor.database_documents import (
    Databases,
    connection,
    told,
    wait,
)
from tests.unit.monitor.monitor_dummies import Site, ask


@pytest.fixture
def text():
    def text(**given):
        site = Site()
        site.databases = Databases(**given)
        site.workers = lambda: {7: 'waitress-0', 8: None}
        return ask(database, site)[2]
    return text


def test_the_contract():
    assert verifyObject(IView, database)
    assert (database.name, database.tier) == ('database', 'operator')
    assert database.needs_recorder and database.needs_databases


def test_as_text(text):
    assert text().splitlines() == [
        u'nobody waits for a storage',
        u'',
        u'database main at /',
        u'storage          FileStorage',
        u'  name           /srv/Data.fs',
        u'  size           -',
        u'connections      1 open, 1 idle, limit 7',
        u'  open for       3.5 s',
        u'loads            50; 2.5/s in 10 s',
        u'stores           4; 0.0/s in 10 s',
        u'commits          2; 0.0/s in 10 s',
        u'conflicts        1; 0.0/s in 10 s',
        u'errors           1',
        u'  ConflictError  1',
        u'pack             none by this process',
        u'',
        u'OPEN FOR  THREAD      OBJECTS  TARGET  GHOSTS    BYTES  TARGET',
        u'   3.5 s  waitress-0       12     400      30  4.9 KiB       -',
        u'    GET /page',
        u'       -  -                12     400      30  4.9 KiB       -']


def test_who_waits(text):
    lines = text(waits=[wait(), wait(seconds=0.05, request=None),
                        wait(thread_ident=None, seconds=0.2, request=None)],
                 waits_omitted=3).splitlines()
    assert lines[:6] == [
        u'5 in a call of a storage, one of them for 8.2 s',
        u'',
        u'WAITED  CALL  DATABASE  THREAD',
        u' 8.2 s  load  main      waitress-0',
        u'    GET /page',
        u'200 ms  load  main      -']


def test_without_timing(text):
    assert text(storage_timing=False, databases=[told(calls=None)]).startswith(
        u'calls of storages are not timed\n')


def test_a_request_that_has_left_its_connection_open(text):
    assert u'    GET /page  (has ended)\n' in text(databases=[told(
        connections=[connection(request_has_ended=True)])])


def test_what_is_left_out(text):
    found = text(databases=[told(connections_omitted=4)],
                 not_opened=[u'temporary'])
    assert u'4 more connections are left out\n' in found
    assert found.endswith(u'\nnot opened yet: temporary\n')


def test_packs(text):
    def line(**given):
        pack = dict({'in_progress': False, 'running_seconds': None,
                     'last': None}, **given)
        found, = [line for line in text(databases=[told(pack=pack)])
                  .splitlines() if line.startswith(u'pack')]
        return found.partition(u'  ')[2].strip()

    last = {'began': '2026-11-27T03:00:00Z', 'seconds': 63.0, 'error': None,
            'request': None}
    assert line(last=last) == u'2026-11-27T03:00:00Z, took 1 min 3 s'
    assert line(last=dict(last, error='KeyError')) == (
        u'2026-11-27T03:00:00Z, took 1 min 3 s, failed: KeyError')
    assert line(in_progress=True, running_seconds=4.0) == u'runs, for 4.0 s'
    assert line(in_progress=True) == u'runs'
    assert u'\npack             -\n' in text(databases=[told(pack=None)])


def test_kinds_of_storages(text):
    storage = {'kind': 'DemoStorage', 'name': None, 'blobs': u'/blobs',
               'inner': ['ClientStorage'],
               'zeo': {'connected': False, 'cache_hits': 7,
                       'cache_bytes': 2048},
               'relstorage': {'cache_hits': 3}}
    lines = text(databases=[told(storage=storage, connections=[])])
    for line in (u'storage            DemoStorage over ClientStorage',
                 u'blobs              /blobs',
                 u'zeo                not connected',
                 u'  cache bytes      2.0 KiB',
                 u'  cache hits       7',
                 u'relstorage         -'):
        assert line.split() in [found.split() for found
                                in lines.splitlines()], line
    storage['zeo']['connected'] = True
    assert [u'zeo', u'connected'] in [found.split() for found in text(
        databases=[told(storage=storage)]).splitlines()]
    storage['kind'] = None
    assert [u'storage', u'closed', u'over', u'ClientStorage'] in [
        found.split() for found in text(
            databases=[told(storage=storage)]).splitlines()]


def test_calls_of_relstorage(text):
    lines = text(relstorage_calls=[
        {'call': u'storage.tpc_vote', 'samples': 3, 'seconds': 0.012,
         'sample_ratio': 0.1}]).splitlines()
    assert lines[-4:] == [
        u'relstorage calls, of all databases', u'',
        u'SAMPLES    OF  MEAN  CALL',
        u'      3  10 %  4 ms  storage.tpc_vote']


def reading(value, state=u'ok', age=12.0):
    return {'value': value, 'age_seconds': age, 'state': state}


def lines_of(text, **readings):
    return [u' '.join(line.split()) for line in text(
        databases=[told(readings=readings)]).splitlines()]


def test_what_a_storage_was_asked(text):
    big = {'bytes': 5 << 20, 'objects': 1234}
    lines = lines_of(text, size=reading(big), server=None)
    assert u'size 5.0 MiB, 1234 objects (12.0 s ago)' in lines
    lines = lines_of(text, size=reading(
        dict(big, objects=None), u'no result for 70.0 s', 130.0), server=None)
    assert u'size 5.0 MiB (2 min 10 s ago; no result for 1 min 10 s)' in [
        line.replace(u'70.0 s', u'1 min 10 s') for line in lines]
    lines = lines_of(text, size=reading(None, u'has not run yet', None),
                     server=reading(None, u'raised ValueError', None))
    assert u'size has not run yet' in lines
    assert u'zeo server raised ValueError' in lines


def test_what_a_server_of_zeo_was_asked(text):
    lines = lines_of(text, size=reading(None, u'has not run yet', None),
                     server=reading({'waiting': 4, 'active_txns': 1}))
    place = lines.index(u'zeo server asked (12.0 s ago)')
    assert lines[place + 1:place + 3] == [u'active txns 1', u'waiting 4']


def test_no_line_is_long(text):
    found = text(
        waits=[wait(request=u'GET /' + u'x' * 400, database=u'y' * 90)],
        databases=[told(name=u'z' * 90, mount_points=['/p' * 90],
                        connections=[connection(request=u'GET /' + 400 * u'x',
                                                request_has_ended=True)])],
        not_opened=[u'n' * 50] * 9)
    assert max(map(len, found.splitlines())) <= 80


def test_as_json(text):
    site = Site()
    site.databases = Databases(waits=[wait()])
    found = json.loads(ask(database, site, query='format=json')[2])
    assert found['waits'][0]['thread_name'] == 'thread-7'
    assert found['databases'][0]['connections'][1]['thread_name'] is None


def test_without_zope():
    assert json.loads(ask(database, Site(), query='format=json')[2]) == {
        'databases': [], 'not_opened': [], 'storage_timing': False,
        'relstorage_calls': None, 'waits': [], 'waits_omitted': 0}
    assert ask(database, Site())[2] == u'no database is watched\n'


def test_a_database_that_is_not_connected_comes_first(text):
    away, here, other = told(), told(), told()
    away['name'] = u'catalog'
    away['storage'] = dict(away['storage'], zeo={'connected': False})
    here['storage'] = dict(here['storage'], zeo={'connected': True})
    assert text(databases=[other, here, away]).splitlines()[:2] == [
        u'database catalog is not connected to its ZEO server',
        u'nobody waits for a storage']


def test_there_are_no_rates_at_the_beginning(text):
    young = told()
    young['calls'] = dict(young['calls'], per_second={'10': None, '60': None})
    assert u'loads            50' in text(databases=[young]).splitlines()
