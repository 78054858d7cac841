"""zopeapp.opened: all databases that Zope has opened."""
from __future__ import absolute_import, division, print_function

import json
import logging
import sys
import threading

import pytest

from Products.ZServerViews.zopeapp import one_database, opened
from tests.unit.zopeapp.database_dummies import Configuration, Site, Stopping
from tests.waiting import awaited

pytest.importorskip('ZODB')
transaction = pytest.importorskip('transaction')


@pytest.fixture
def site():
    made = Site(main='/', temporary='/temp_folder', other='/other')
    yield made
    made.close()


def told(site, name='main'):
    found, = [database for database in site.databases.collect()['databases']
              if database['name'] == name]
    return found


def test_all_that_is_told_can_be_json(site):
    site.open('main')
    site.watch()
    found = site.databases.collect()
    assert json.loads(json.dumps(found)) == found
    assert found['waits'] == [] and found['waits_omitted'] == 0
    assert found['storage_timing'] is True
    assert found['relstorage_calls'] is None
    assert found['not_opened'] == ['other', 'temporary']
    assert told(site)['mount_points'] == ['/']
    assert told(site)['storage']['kind'] == 'MappingStorage'


def test_databases_that_are_opened_later(site):
    site.watch()
    assert site.databases.collect()['databases'] == []
    db = site.open('temporary')
    db.open().close()
    assert told(site, 'temporary')['calls']['totals']['loads'] >= 0
    assert site.databases._of(db) is not None
    import ZODB
    elsewhere = ZODB.DB(None)
    assert site.databases._of(elsewhere) is None
    elsewhere.close()
    site.databases.end()
    later = site.open('other')
    assert site.databases._of(later) is None


def test_a_request_that_has_a_connection(site):
    db = site.open('main')
    site.watch()
    site.begins('/page?secret=1')
    connection = db.open()
    row, = told(site)['connections']
    assert (row['request'], row['request_has_ended']) == ('GET /page', False)
    assert row['open_seconds'] >= 0
    site.recorder.ends()
    row, = told(site)['connections']
    assert (row['request'], row['request_has_ended']) == ('GET /page', True)
    site.begins('/another')
    assert told(site)['connections'][0]['request_has_ended'] is True
    connection.close()
    row, = told(site)['connections']
    assert (row['request'], row['thread_ident']) == (None, None)


def test_a_request_that_waits(site):
    from ZODB.MappingStorage import MappingStorage
    wait = Stopping()

    class Storage(MappingStorage):
        def tpc_vote(self, *args):
            wait()
            return MappingStorage.tpc_vote(self, *args)

    db = site.open('main', Storage())
    site.watch()
    wait.goes_on.clear()

    def work():
        site.begins('/write')
        connection = db.open()
        connection.root()['a'] = 1
        transaction.commit()
        connection.close()
        site.recorder.ends()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert wait.reached.wait(60)
        row, = site.databases.collect()['waits']
        assert row.pop('seconds') >= 0
        assert row == {'database': 'main', 'call': 'tpc_vote',
                       'request': 'GET /write', 'thread_ident': thread.ident}
        assert site.databases.idents_in_calls() == frozenset([thread.ident])
    finally:
        wait.goes_on.set()
        thread.join()
    assert site.databases.collect()['waits'] == []
    assert site.databases.idents_in_calls() == frozenset()
    assert site.databases.counts()['main'] == (
        told(site)['calls']['totals'])


def test_who_waits_in_open_for_a_connection_that_others_have_had(site):
    from ZODB.tests.MVCCMappingStorage import MVCCMappingStorage
    wait = Stopping()

    class Storage(MVCCMappingStorage):
        def new_instance(self):
            made = MVCCMappingStorage.new_instance(self)
            made.__class__ = Storage
            return made

        def poll_invalidations(self):
            wait()
            return MVCCMappingStorage.poll_invalidations(self)

    db = site.open('main', Storage())
    site.watch()
    site.begins('/before')
    db.open().close()
    site.recorder.ends()
    wait.goes_on.clear()

    def work():
        site.begins('/page')
        db.open().close()
        site.recorder.ends()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert wait.reached.wait(60)
        row, = told(site)['connections']
        assert (row['request'], row['request_has_ended'],
                row['thread_ident']) == ('GET /page', False, thread.ident)
    finally:
        wait.goes_on.set()
        thread.join()
    row, = told(site)['connections']
    assert (row['request'], row['thread_ident']) == (None, None)


def test_who_has_a_connection_that_was_opened_with_another(site):
    main = site.open('main')
    site.open('other')
    site.watch()
    connection = main.open()
    connection.get_connection('other')
    connection.close()
    site.begins('/page')
    connection = main.open()
    row, = told(site, 'other')['connections']
    assert (row['request'], row['request_has_ended']) == ('GET /page', False)
    assert row['thread_ident'] == told(site)['connections'][0]['thread_ident']
    connection.close()
    row, = told(site, 'other')['connections']
    assert (row['request'], row['thread_ident']) == (None, None)


def test_lists_are_bounded(site, monkeypatch):
    monkeypatch.setattr(one_database, 'MOST_CONNECTIONS', 2)
    db = site.open('main')
    site.watch()
    held = [db.open() for _number in range(5)]
    found = told(site)
    assert len(found['connections']) == 2
    assert found['connections_omitted'] == 3
    assert found['pool']['open'] == 5
    for connection in held:
        connection.close()


def test_packs_are_told(site):
    db = site.open('main')
    site.watch()
    assert told(site)['pack'] == {
        'in_progress': False, 'running_seconds': None, 'last': None}
    site.begins('/manage_pack')
    db.pack()
    found = told(site)['pack']
    assert found['last']['request'] == 'GET /manage_pack'
    assert found['last']['error'] is None and found['last']['seconds'] >= 0
    assert found['last']['began'].endswith('Z')
    watched = site.databases._of(db)
    seen = []
    watched.packs.wrap(lambda: seen.append(told(site)['pack']))()
    assert seen[0]['in_progress'] and seen[0]['running_seconds'] >= 0


def test_without_timing(site):
    site.open('main')
    site.watch(timed=False)
    assert site.databases.collect()['storage_timing'] is False
    assert told(site)['calls'] is None
    # The setting may change, while the process runs.
    site.databases.watch(True)
    assert told(site)['calls']['totals']['loads'] == 0
    site.databases.watch(True)


def test_a_database_that_has_been_closed(site):
    db = site.open('main')
    site.watch()
    db.close()
    assert told(site)['storage']['kind'] is None
    assert told(site)['pool']['open'] == 0
    site.tab.databases.clear()


def test_a_database_that_cannot_be_watched(site, monkeypatch):
    def fail(watched, timed):
        raise TypeError('of somebody else')

    monkeypatch.setattr(opened.Watched, 'begin', fail)
    site.open('main')
    site.watch()
    (level, text, exc_info), = site.log_queue.logged
    assert (level, exc_info[0]) == (logging.ERROR, TypeError)
    assert text == ('The database main is not watched; the site is not '
                    'affected')
    assert told(site)['pool']['connections'] == 1


def test_a_storage_that_does_not_even_tell_what_it_is(site, monkeypatch):
    def fail(name, find):
        raise TypeError('of somebody else')

    monkeypatch.setattr(opened, 'StorageReadings', fail)
    site.watch()
    site.open('main').open().close()
    (level, _text, exc_info), = site.log_queue.logged
    assert (level, exc_info[0]) == (logging.ERROR, TypeError)
    assert told(site)['readings'] is None


def test_a_database_is_watched_once_by_whoever_comes_first(site, monkeypatch):
    db = site.open('main')
    monkeypatch.setattr(opened, 'StorageReadings', Twice(site, db))
    site.watch()
    assert len(site.databases._watched) == 1
    watched = site.databases._of(db)
    site.databases.end()
    assert 'open' not in vars(db) and 'pack' not in vars(db)
    assert watched.db() is db


class Twice(object):
    """Makes readings, and meanwhile another thread watches the database."""

    def __init__(self, site, db):
        self._site, self._db = site, db
        self._made = opened.StorageReadings
        self._is_first = True

    def __call__(self, *args):
        if self._is_first:
            self._is_first = False
            thread = threading.Thread(
                target=self._site.databases._opened,
                args=(lambda db: None, self._db))
            thread.start()
            thread.join()
        return self._made(*args)


def test_the_end_comes_while_a_database_is_opened(site, monkeypatch):
    begin = opened.Watched.begin

    def ends_meanwhile(watched, timed):
        site.databases.end()
        begin(watched, timed)

    monkeypatch.setattr(opened.Watched, 'begin', ends_meanwhile)
    site.watch()
    db = site.open('main')
    assert 'open' not in vars(db) and 'pack' not in vars(db)
    assert site.databases._watched == {}


def test_one_that_cannot_be_looked_at_any_more_is_left_alone(
        site, monkeypatch):
    db = site.open('main')
    databases = site.watch()
    watched = databases._of(db)

    def fail():
        raise TypeError('of somebody else')

    monkeypatch.setattr(watched, 'tick', fail)
    databases._tick(watched)
    (level, text, exc_info), = site.log_queue.logged
    assert (level, exc_info[0]) == (logging.ERROR, TypeError)
    assert text == ('The database main is not watched; the site is not '
                    'affected')
    assert databases._of(db) is None and 'open' not in vars(db)
    assert told(site)['readings'] is None
    # One that has gone is forgotten, and nothing is said of it.
    databases.watch(True)
    watched = databases._of(db)
    watched.db = lambda: None
    databases._tick(watched)
    assert databases._watched == {} and len(site.log_queue.logged) == 1


def test_relstorage_is_listened_to_while_it_is_watched(site, monkeypatch):
    from ZODB.MappingStorage import MappingStorage
    heard = []
    monkeypatch.setattr(opened.RelStorageCalls, 'begin',
                        lambda calls: heard.append('begins'))
    monkeypatch.setattr(opened.RelStorageCalls, 'end',
                        lambda calls: heard.append('ends'))
    storage = MappingStorage()
    storage._store_connection_pool = object()
    site.open('other')
    site.watch(timed=False)
    site.open('main', storage)
    assert heard == []
    site.databases.watch(True)
    assert heard == ['ends', 'begins']
    site.databases.end()
    assert heard == ['ends', 'begins', 'ends']


def test_without_zope_there_are_none(monkeypatch):
    monkeypatch.setitem(sys.modules, 'App.config', None)
    assert opened.of_zope(Site()) is None


def test_with_zope(monkeypatch):
    config = pytest.importorskip('App.config')
    monkeypatch.setattr(config, '_config', Configuration())
    site = Site()
    found = opened.of_zope(site)
    found.watch(True)
    assert found.collect()['databases'] == []
    assert found.collect()['not_opened'] == []
    found.end()


def test_without_a_recorder(site):
    site.recorder = None
    db = site.open('main')
    site.watch()
    connection = db.open()
    assert told(site)['connections'][0]['request'] is None
    connection.close()


def test_counters_are_looked_at_by_a_thread(site, monkeypatch):
    monkeypatch.setattr(opened, 'INTERVAL', 0.01)
    db = site.open('main')
    databases = site.watch()
    past = databases._of(db).windows._past
    databases.start()
    databases.start()
    awaited(lambda: len(past) > 3)
    thread = databases._daemon.thread
    databases.end()
    thread.join(60)
    assert not thread.is_alive()
    databases.start()
    assert databases._daemon.thread is None


def test_a_forked_child_begins_anew(site):
    db = site.open('main')
    databases = site.watch()
    before = databases._of(db)
    databases.begin_anew()
    assert databases._of(db) is not None is not before
    assert databases._of(db) is not before
    databases.end()
    databases.begin_anew()
    assert databases._of(db) is None
