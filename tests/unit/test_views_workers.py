"""views.workers: the numbers."""
from __future__ import absolute_import, division, print_function

import json

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.interfaces import IView
from Products.ZServerViews.views.workers import workers

from .monitor_dummies import Server, Site, ask


@pytest.fixture
def site():
    made = Site()
    made.loops.begin(None).turns = 42
    for _number in range(3):
        made.recorder.finished.add()
    made.clock.now += 30
    made.recorder.begins(made.recorder.received('GET', '/', None))
    return made


def server(site):
    made = Server([site.recorder.here(),
                   site.recorder.received('GET', '/waits', None)],
                  [get_ident(), 1, 2])
    site.clock.now += 4
    return made


def test_the_contract():
    assert verifyObject(IView, workers)
    assert (workers.name, workers.tier) == ('workers', 'operator')
    assert workers.needs_recorder


def test_as_text(site):
    assert ask(workers, site, server(site))[2].splitlines() == [
        u'workers              3',
        u'  busy               1',
        u'  idle               2',
        u'waiting requests     1',
        u'  the oldest for     4.0 s',
        u'finished requests    3',
        u'  in the last 10 s   0',
        u'  in the last 60 s   3',
        u'  in the last 300 s  3',
        u'connections          7',
        u'  limit              100',
        u'turns of loop 1      42']


def test_as_json(site):
    assert json.loads(ask(workers, site, server(site), 'format=json')[2]) == {
        'workers': 3, 'busy': 1, 'idle': 2, 'waiting': 1,
        'oldest_wait_seconds': 4.0, 'finished': 3,
        'finished_by_seconds': {'10': 0, '60': 3, '300': 3},
        'connections': 7, 'connection_limit': 100,
        'loops': [{'thread_ident': get_ident(), 'turns': 42,
                   'running': None}]}


def test_a_worker_that_the_server_does_not_know(site):
    document = json.loads(ask(workers, site, Server(workers=[1]),
                              'format=json')[2])
    assert (document['workers'], document['busy'], document['idle']) == (
        2, 1, 1)


def test_without_a_server(site):
    document = json.loads(ask(workers, site, query='format=json')[2])
    assert dict((key, document[key]) for key in (
        'workers', 'busy', 'idle', 'waiting', 'connections', 'finished')) == {
        'workers': None, 'busy': 1, 'idle': None, 'waiting': None,
        'connections': None, 'finished': 3}
    assert u'-\n' in ask(workers, site)[2]
