"""views.memory: what is told, for people and for programs."""
from __future__ import absolute_import, division, print_function

import json

import pytest

from Products.ZServerViews.format.text import WIDTH
from Products.ZServerViews.history.model import History
from Products.ZServerViews.monitor.memory.process_memory import ProcessMemory
from Products.ZServerViews.views.formatted import Found
from Products.ZServerViews.views.memory import PATIENCE, MemoryView, memory
from tests.unit.monitor.memory.examples import examined, look
from tests.unit.monitor.monitor_dummies import Server, ask
from tests.unit.site_dummies import FAR, NEAR, TOKEN, Site

NOW = 1000000000.0
OPERATOR = dict(FAR, SCRIPT_NAME='/-/memory', **TOKEN)


class Recorded(object):
    """Has recorded what it is told."""

    def __init__(self):
        self.model = History()


@pytest.fixture
def site():
    made = Site()
    made.history = None
    made.memory = examined()
    return made


class Tracing(object):
    """Notes what is asked for."""

    running = last = reason = None

    def __init__(self):
        self.started = []

    def unusable(self):
        return self.reason

    def start(self, seconds):
        self.started.append(seconds)
        return len(self.started) == 1

    def stop(self):
        self.started.append('stop')


def told(site, query='', view=memory, method='GET', **environ):
    code, _headers, body = ask(view, site, Server(), 'format=json&' + query,
                               method, **environ)
    return code, json.loads(body)


def text_of(site, view=memory):
    code, _headers, body = ask(view, site, Server())
    assert code == '200 OK'
    assert max(map(len, body.splitlines())) <= WIDTH
    return body


def test_what_grows(site):
    found = told(site)[1]['objects']
    assert found['classes'] == [
        {'type': 'shop.Basket', 'objects': 1005, 'growth': 1000},
        {'type': 'shop.Item', 'objects': 7, 'growth': 7}]
    assert found['python_types'] == [
        {'type': 'dict', 'objects': 800, 'growth': -100}]
    assert found['persistent'][0] == {
        'type': 'shop.Basket', 'loaded': 4, 'ghosts': 2,
        'estimated_bytes': 1280, 'growth': 3}
    assert found['look'] == {'started': 1000000060.0, 'objects': 1000,
                             'held_seconds': 0.0125, 'seconds': 0.5}
    assert found['running'] == {'started': 1000000120.0, 'counted': 400,
                                'total': 1007}
    found = told(site, 'limit=1')[1]['objects']
    assert [len(found[name]) for name in (
        'classes', 'python_types', 'persistent')] == [1, 1, 1]


def test_a_text(site):
    text = text_of(site)
    for line in (' +1000     1005  shop.Basket\n', '  -100      800  dict\n',
                 'objects are counted: 400 of 1007\n',
                 '1000 objects at 2001-09-09T01:47:40Z; to list them held all '
                 'threads for 12 ms\n',
                 'growth is since 2001-09-09T01:46:40Z, 1000 objects\n',
                 '     4       2  1.2 KiB      +3  shop.Basket\n',
                 'nothing is recorded of the last day yet\n'):
        assert line in text


def test_before_anybody_has_asked_for_objects(site):
    site.memory = ProcessMemory(None, None)
    found = told(site)[1]['objects']
    assert found == {'running': None, 'look': None, 'compared_with': None,
                     'classes': [], 'python_types': [], 'persistent': None}
    assert 'no objects are counted: ?objects does that' in text_of(site)


def test_at_the_first_look_and_without_zodb(site):
    site.memory = ProcessMemory(None, None)
    site.memory.objects.last = look(NOW)
    found = told(site)[1]['objects']
    assert found['classes'][0]['growth'] is None
    assert found['persistent'] is None
    assert '     -        5  shop.Basket\n' in text_of(site)


def test_it_waits_for_the_objects(site):
    objects = site.memory.objects
    naps = []

    def sleep(seconds):
        naps.append(seconds)
        if len(naps) == 3:
            objects.running = None

    assert told(site, 'objects', MemoryView(sleep=sleep))[1]['objects'][
        'running'] is None
    assert len(naps) == 3


def test_it_does_not_wait_for_ever(site):
    view = MemoryView(clock=site.clock, sleep=lambda seconds: setattr(
        site.clock, 'now', site.clock.now + PATIENCE / 4))
    assert told(site, 'objects', view)[1]['objects']['running'] is not None


def test_refused(site):
    allowed = []

    def look(hold):
        allowed.append(hold)
        return u'there are too many'

    site.memory.objects.look = look
    code, document = told(site, 'objects')
    assert code == '503 Service Unavailable'
    assert document == {'error': 'Objects are not counted: there are too many.'}
    told(site, 'objects&hold=250')
    assert allowed == [0.04, 0.25]


def test_head_has_nothing_counted(site):
    site.memory.objects.look = lambda: u'there are too many'
    assert told(site, 'objects', method='HEAD')[0] == '200 OK'


def test_a_day(site):
    site.history = Recorded()
    for number in range(-30, 0):
        site.history.model.add({'kind': 'minute', 'time': NOW + 3600 * number,
                                'rss': 100 + number})
    day = told(site, view=MemoryView(lambda: NOW))[1]['day']
    assert (day['recorded_since'], day['first_bytes'], day['highest_bytes']) == (
        NOW - 23 * 3600, 77, 99)
    assert day['growth_bytes'] > 1 << 20
    assert len(day['hours']) == 23
    assert day['hours'][0]['lowest_bytes'] == day['hours'][0]['highest_bytes'] == 99
    assert '99 B' in text_of(site, MemoryView(lambda: NOW))


def test_a_collector_that_is_disabled(site):
    document = told(site)[1]
    document['gc']['enabled'] = False
    assert 'the garbage collector is disabled\n' in memory.as_text(
        Found(document=document))


def test_pages(site):
    rows = told(site)[1]['pages']['rows']
    assert [row['path'] for row in rows] == ['/shop', '/']
    assert rows[0] == {'path': '/shop', 'alone': 1, 'alone_growth_bytes': 6 << 20,
                       'shared': 1, 'shared_growth_bytes': 12 << 20}
    text = text_of(site)
    assert '    +6.0 MiB   1    +12.0 MiB   1  /shop\n' in text
    assert '    -4.0 KiB   1     -8.0 KiB   1  /\n' in text
    site.memory.pages.begin_anew()
    assert 'no page has been measured yet\n' in text_of(site)


def test_the_trace_in_a_text(site):
    text = text_of(site)
    for line in (
            'allocations are traced: 2.5 s of 10 s\n',
            'each allocation of Python takes three to four times',
            'traced for 10.0 s until its time was over\n',
            '6.0 KiB in 300 blocks are left; to list them took 125 ms\n',
            '  4.0 KiB     200  /site/shop.py:12\n'):
        assert line in text
    site.memory.tracing.last.refused = u'there are too many'
    site.memory.tracing.running.wanted_end = u'asked'
    text = text_of(site)
    assert 'no list: there are too many\n' in text
    assert '2.5 s of 10 s; it is to end\n' in text
    site.memory.tracing = Tracing()
    assert 'no allocations are traced: POST does that\n' in text_of(site)
    site.memory.tracing.reason = u'this is no day for it'
    assert 'cannot be traced: this is no day for it\n' in text_of(site)


def test_start_and_end_a_trace(site):
    tracing = site.memory.tracing = Tracing()
    code, document = told(site, 'seconds=5', method='POST', **OPERATOR)
    assert code == '202 Accepted'
    assert 'three to four times' in document['tracing']['cost']
    assert told(site, method='DELETE', **OPERATOR)[0] == '200 OK'
    code, document = told(site, method='POST', **OPERATOR)
    assert code == '409 Conflict'
    assert tracing.started == [5, 'stop', 10]
    tracing.reason = u'this is no day for it'
    code, document = told(site, method='POST', **OPERATOR)
    assert code == '501 Not Implemented'
    assert 'no day for it' in document['error']


@pytest.mark.parametrize('method', ['POST', 'DELETE'])
@pytest.mark.parametrize('who, expected', [
    (FAR, '401 Unauthorized'), (NEAR, '401 Unauthorized'),
    (dict(OPERATOR, HTTP_ORIGIN='http://evil.example'), '403 Forbidden')])
def test_who_may_not_trace(site, who, expected, method):
    tracing = site.memory.tracing = Tracing()
    code, _document = told(site, method=method,
                           **dict(who, SCRIPT_NAME='/-/memory'))
    assert code == expected
    assert tracing.started == []


@pytest.mark.parametrize('method, query', [
    ('GET', 'seconds=1'), ('DELETE', 'seconds=1'), ('POST', 'objects'),
    ('DELETE', 'objects'), ('POST', 'seconds=301'), ('POST', 'seconds=0')])
def test_parameters_that_are_not_for_this(site, method, query):
    tracing = site.memory.tracing = Tracing()
    code, _headers, _body = ask(memory, site, Server(), query, method, **OPERATOR)
    assert code == '400 Bad Request'
    assert tracing.started == []
