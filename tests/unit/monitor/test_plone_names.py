"""monitor.plone_names: what plone.observability would say."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.monitor import plone_names
from Products.ZServerViews.monitor.plone_names import BOUNDS
from Products.ZServerViews.monitor.process import Process
from Products.ZServerViews.monitor.readings import Readings
from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.monitor.tally import DURATIONS, Tally
from tests.unit.dummies import ManualClock
from tests.unit.monitor.database_documents import Databases, told

SCOPE = 'scope', 'instance'


def series(families):
    """{name: {the values of the labels behind the first: value}}"""
    return dict((family.name, dict(
        (tuple(value for _name, value in labels[1:]), number)
        for labels, number in family.series)) for family in families)


@pytest.fixture
def total():
    """Of requests that take all of our bounds, and one that takes longer."""
    clock = ManualClock()
    recorder = Recorder(clock)
    recorder.tally = Tally(clock)
    for place, seconds in enumerate(DURATIONS + (60.0,)):
        request = recorder.received('GET', '/', None)
        recorder.begins(request)
        request.status = (b'200', b'404', None)[place % 3]
        request.user = (None, 'ann')[place % 2]
        clock.now += seconds - 1e-6  # no sum is above its bound
        recorder.ends()
    return recorder.tally.total()


def test_requests(total):
    found = series(plone_names.requests(total))
    assert found['plone_requests'] == {('anonymous',): 8,
                                       ('authenticated',): 7}
    rows = found['plone_request_duration_seconds']
    # Of bounds that are not among theirs, such as 0.075, the next one has it.
    both = [one + other for one, other in zip(
        rows['anonymous',], rows['authenticated',])]
    assert both[:-1] == [
        len([bound for bound in DURATIONS if low < bound <= high])
        for low, high in zip((0,) + BOUNDS, BOUNDS)] + [1]
    assert both[-1] == pytest.approx(sum(DURATIONS) + 60)
    assert found['plone_request_errors'] == {
        ('404', 'anonymous'): 2, ('404', 'authenticated'): 3}


def test_without_a_request():
    found = series(plone_names.requests(Tally().total()))
    assert found['plone_requests'] == {('anonymous',): 0,
                                       ('authenticated',): 0}
    assert found['plone_request_errors'] == {}


class ConflictError(Exception):
    pass


class ReadConflictError(ConflictError):
    pass


def test_conflicts():
    tally = Tally()
    for error, retried in ((ConflictError, True), (ReadConflictError, True),
                           (ConflictError, False), (KeyError, False)):
        tally.failed(None, error, retried)
    found = series(plone_names.conflicts(tally.errors.total()))
    assert found == {'plone_zodb_conflicts': {('true',): 2, ('false',): 1}}


def test_the_process():
    readings = Readings()
    about = Process(100.0, '3.11.7', 'CPython', 'Linux')
    # What is not known yet has no series, and no label.
    found = series(plone_names.process(readings, about, 107.5))
    assert found['plone_uptime_seconds'] == {(): 7.5}
    assert found['plone_info'] == {('3.11.7',): 1}
    assert found['plone_process_rss_bytes'] == {}
    readings.numbers = {'process_resident_memory_bytes': 5,
                        'process_resident_memory_peak_bytes': 7,
                        'process_cpu_seconds_total': 0.5}
    about.versions = {'Zope': '6.3', 'Plone': '6.2.2'}
    found = series(plone_names.process(readings, about, 0.0))
    assert found['plone_process_rss_bytes'] == {(): 5}
    assert found['plone_process_rss_peak_bytes'] == {(): 7}
    assert found['plone_process_cpu_seconds'] == {(): 0.5}
    assert found['plone_info'] == {('3.11.7', '6.3', '6.2.2'): 1}
    assert found['plone_uptime_seconds'] == {(): 0.0}
    assert 'plone_info' not in series(plone_names.process(readings, None, 0))


def test_databases():
    sized = told(name='sized', calls=None, readings={'size': {
        'value': {'bytes': 5000, 'objects': 70}, 'age_seconds': 1}})
    empty = told(name='empty', readings={'size': {'value': None}})
    made = plone_names.databases(
        Databases(databases=[told(), sized, empty]).collect())
    found = series(made)
    assert found['plone_zodb_connections']['main',] == 2
    assert found['plone_zodb_connections_idle']['main',] == 1
    assert found['plone_zodb_pool_size']['main',] == 7
    assert found['plone_zodb_cache_size']['main',] == 24
    assert found['plone_zodb_cache_size_bytes']['main',] == 10000
    # Without storage-timing nobody knows.
    assert found['plone_zodb_loads'] == {('main',): 50, ('empty',): 50}
    assert found['plone_zodb_stores']['main',] == 4
    assert found['plone_zodb_object_count'] == {('sized',): 70}
    assert found['plone_zodb_db_size_bytes'] == {('sized',): 5000}
    scopes = dict((family.name, family.series[0][0][0]) for family in made)
    assert scopes['plone_zodb_object_count'] == ('scope', 'global')
    assert scopes['plone_zodb_cache_size'] == ('scope', 'instance')
