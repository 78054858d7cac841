"""views.workers: the numbers."""
from __future__ import absolute_import, division, print_function

import json
import os

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.config.values import address
from Products.ZServerViews.interfaces import IView
from Products.ZServerViews.runtime.siblings import Sibling
from Products.ZServerViews.views import workers as workers_module
from Products.ZServerViews.views.workers import workers
from tests.unit import dummies
from tests.unit.monitor.monitor_dummies import Server, Site, ask, server
from tests.unit.site_dummies import Site as AllSite


@pytest.fixture
def site():
    made = Site()
    made.loops.begin(None).turns = 42
    for _number in range(3):
        made.recorder.finished.add()
    made.clock.now += 30
    made.recorder.begins(made.recorder.received('GET', '/', None))
    return made


def test_the_contract():
    assert verifyObject(IView, workers)
    assert (workers.name, workers.tier) == ('workers', 'operator')
    assert workers.needs_recorder


def test_as_text(site):
    assert ask(workers, site, server(site))[2].splitlines() == [
        u'pid                  %d' % os.getpid(),
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
        'pid': os.getpid(), 'worker': None,
        'workers': 3, 'busy': 1, 'idle': 2, 'waiting': 1,
        'oldest_wait_seconds': 4.0, 'finished': 3,
        'finished_by_seconds': {'10': 0, '60': 3, '300': 3},
        'connections': 7, 'connection_limit': 100,
        'loops': [{'thread_ident': get_ident(), 'turns': 42,
                   'running': None}],
        'siblings': None}


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


def test_a_server_that_knows_the_queue_alone(site):
    known = server(site)
    known.workers = known.connection_limit = None
    document = json.loads(ask(workers, site, known, 'format=json')[2])
    assert (document['workers'], document['idle'], document['waiting']) == (
        None, None, 1)
    known.worker_count, known.worker = 4, 2
    document = json.loads(ask(workers, site, known, 'format=json')[2])
    assert (document['workers'], document['idle'], document['worker']) == (
        4, 3, 2)
    assert u'worker               2\n' in ask(workers, site, known)[2]
    known.workers, known.knows_queue = [1], False
    document = json.loads(ask(workers, site, known, 'format=json')[2])
    assert (document['workers'], document['waiting'],
            document['oldest_wait_seconds']) == (2, None, None)


# The other processes

@pytest.fixture
def several(monkeypatch):
    """A site each process of which has a listener, and what was asked."""
    made = AllSite(listen=address('127.0.0.1:8091-8098'))
    made.mount(dummies.mount('/else/workers', workers))
    asked = []

    def ask_all(site, path):
        asked.append((site, path))
        return [Sibling('127.0.0.1:8092', 4712, {'workers': 4, 'busy': 1}),
                Sibling('127.0.0.1:8093', error='no answer within 1 s')]

    monkeypatch.setattr(workers_module, 'ask_all', ask_all)
    return made, asked


def environ_for(site, query=''):
    return {'REQUEST_METHOD': 'GET', 'QUERY_STRING': query,
            'zserverviews.site': site}


def test_when_others_are_asked(several, site):
    made, asked = several
    assert workers.runs_aside_for(environ_for(made))
    for query in 'siblings=no', 'siblings=perhaps', 'x':
        assert not workers.runs_aside_for(environ_for(made, query))
    # One address, and none.
    made.settings.listen = address('127.0.0.1:8091')
    assert not workers.runs_aside_for(environ_for(made))
    assert not workers.runs_aside_for(environ_for(site))
    assert not asked


def test_the_others(several):
    made, asked = several
    document = json.loads(ask(workers, made, query='format=json')[2])
    first, second = document['siblings']
    assert first == {
        'address': '127.0.0.1:8092', 'pid': 4712, 'worker': None,
        'workers': 4, 'busy': 1, 'idle': None, 'waiting': None, 'error': None}
    assert second['error'] == 'no answer within 1 s'
    assert second['pid'] is None
    text = ask(workers, made)[2].split(u'\n\n')[1]
    assert text.splitlines() == [
        u'sibling  worker  workers  busy  waiting  address         error',
        u'   4712       -        4     1        -  127.0.0.1:8092',
        u'      -       -        -     -        -  127.0.0.1:8093  '
        u'no answer within 1 s']
    assert json.loads(ask(workers, made, query='format=json&siblings=no')[2])[
        'siblings'] is None
    assert len(asked) == 2
    made.mount()
    ask(workers, made)
    assert asked[-1] == (made, '/-/workers')
