"""monitor.database_families: metrics of databases."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.monitor.database_families import databases
from tests.unit.monitor.database_documents import Databases, told, wait

READINGS = {'server': None, 'size': {
    'age_seconds': 14.5, 'state': u'ok',
    'value': {'bytes': 11367, 'objects': None}}}
ZEO = {'kind': 'ClientStorage', 'name': u'', 'inner': [], 'blobs': None,
       'zeo': {'connected': False}, 'relstorage': None}


def samples(**given):
    """{name of a family: {values of its labels: value}}"""
    return dict(
        (family.name[len('zope_database_'):], dict(
            (tuple(value for _name, value in labels), number)
            for labels, number in family.series))
        for family in databases(Databases(**given).collect())
        if family.series)


def test_a_database():
    found = samples()
    assert found['connections'] == {(u'main', 'open'): 1, (u'main', 'idle'): 1}
    assert found['connection_limit'] == {(u'main',): 7}
    assert found['connection_oldest_seconds'] == {(u'main',): 3.5}
    assert found['cached_objects'] == {(u'main',): 24}
    assert found['cached_bytes'] == {(u'main',): 10000}
    assert found['loads'] == {(u'main',): 50}
    assert found['commits'] == {(u'main',): 2}
    assert found['conflicts'] == {(u'main',): 1}
    assert found['errors'] == {(u'main', 'ConflictError'): 1}
    assert found['calls_running'] == {(u'main',): 0}
    assert found['call_oldest_seconds'] == {(u'main',): 0.0}
    assert found['pack_running'] == {(u'main',): 0}


def test_calls_of_relstorage():
    families = dict((family.name, family.series) for family in databases(
        Databases(relstorage_calls=[
            {'call': u'storage.tpc_vote', 'samples': 3, 'seconds': 0.012,
             'sample_ratio': 0.1}]).collect()))
    labels = ('call', u'storage.tpc_vote'),
    assert families['zope_relstorage_call_samples'] == [(labels, 3)]
    assert families['zope_relstorage_call_sampled_seconds'] == [(labels, 0.012)]
    assert families['zope_relstorage_call_sample_ratio'] == [(labels, 0.1)]


def test_each_has_its_own_calls():
    found = samples(databases=[told(), told(name=u'other')],
                    waits=[wait(), wait(seconds=2), wait(database=u'other')])
    assert found['calls_running'] == {(u'main',): 2, (u'other',): 1}
    assert found['call_oldest_seconds'] == {
        (u'main',): 8.25, (u'other',): 8.25}


def test_what_is_not_known_has_no_series():
    known, found = samples(), samples(
        storage_timing=False, databases=[told(calls=None, pack=None)])
    assert set(known) - set(found) == {
        'calls_running', 'call_oldest_seconds', 'loads', 'stores', 'commits',
        'aborts', 'conflicts', 'errors', 'pack_running'}
    assert samples(databases=[]) == {}
    # No client of ZEO, and nobody has asked for a size.
    assert not set(known) & {'server_loads', 'server_connected', 'size_bytes'}


def test_a_server_that_is_asked():
    found = samples(databases=[told(
        storage=ZEO, readings=READINGS, calls={
            'totals': {'server_loads': 3}, 'errors': {}, 'per_second': {}},
        pack={'in_progress': True, 'running_seconds': 1.5, 'last': None})])
    assert found['server_connected'] == {(u'main',): 0}
    assert found['server_loads'] == {(u'main',): 3}
    assert found['size_bytes'] == {(u'main',): 11367}
    assert found['size_age_seconds'] == {(u'main',): 14.5}
    assert 'objects' not in found
    assert found['pack_running'] == {(u'main',): 1}
    readings = dict(READINGS, size=dict(READINGS['size'], value=None))
    assert 'size_bytes' not in samples(databases=[told(readings=readings)])
