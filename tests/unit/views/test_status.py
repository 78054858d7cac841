"""views.status: the page, its JSON, what is sensitive, and who makes it."""
from __future__ import absolute_import, division, print_function

import json

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.config.mounts import mounts_of
from Products.ZServerViews.config.sections import Entry
from Products.ZServerViews.config.values import address
from Products.ZServerViews.interfaces import IView
from Products.ZServerViews.monitor.condition import STILL
from Products.ZServerViews.runtime.siblings import Sibling
from Products.ZServerViews.views import workers as workers_module
from Products.ZServerViews.views.status import (
    FRESH,
    SIBLINGS_FRESH,
    StatusView,
    status,
)
from Products.ZServerViews.views.status_facts import (
    LONGEST_ADDRESS,
    MOST_PROCESSES,
    MOST_REQUESTS,
    facts,
)
from tests.unit.format.status_page.examples import full
from tests.unit.history.world import eventful
from tests.unit.monitor.monitor_dummies import Server, ask
from tests.unit.site_dummies import NEAR, TOKEN, Site
from tests.unit.zopeapp import database_dummies

MAY_SEE_ALL = dict(NEAR, **TOKEN)
EPOCH = 1700000000.0


class World(object):
    """A view of a site with a worker that is busy and a request that waits."""

    def __init__(self):
        self.site = Site(ready_max_wait=1000.0)
        self.view = StatusView(self.site.clock,
                               lambda: EPOCH + self.site.clock.now)
        waits = self.site.recorder.received('GET', '/waits?s3cret', None)
        works = self.site.recorder.received('GET', '/works?s3cret', '192.0.2.1')
        self.site.recorder.begins(works)
        self.server = Server([waits, works], [get_ident(), 1])
        self.site.clock.now += 4

    def ask(self, query='', may_see=MAY_SEE_ALL, **environ):
        return ask(self.view, self.site, self.server, query,
                   **dict(may_see, **environ))

    def document(self, query='format=json', **kw):
        answered, _headers, text = self.ask(query, **kw)
        assert answered == '200 OK', text
        return json.loads(text)

    def environ(self, query='format=json', may_see=MAY_SEE_ALL, method='GET'):
        return dict(may_see, REQUEST_METHOD=method, QUERY_STRING=query,
                    **{'zserverviews.site': self.site,
                       'zserverviews.server': self.server})

    def offloads(self, *args, **kw):
        return self.view.runs_aside_for(self.environ(*args, **kw))


@pytest.fixture
def world():
    return World()


def test_the_contract():
    assert verifyObject(IView, status)
    assert (status.name, status.tier) == ('status', 'operator')


def test_who_works_and_who_waits(world):
    found = world.document()
    began = round(EPOCH + world.site.clock.now - 4, 1)
    assert found['details'] is True
    assert [request['title'] for request in found['requests']] == [
        'GET /works', 'GET /waits']
    assert [request['began'] for request in found['requests']] == [began, None]
    assert [request['received'] for request in found['requests']] == [began] * 2
    assert found['requests'][0]['client_address'] == '192.0.2.1'
    assert [(worker['thread_ident'], worker['began'])
            for worker in found['workers']] == [(get_ident(), began), (1, None)]
    numbers = found['numbers']
    assert (numbers['busy'], numbers['workers'], numbers['waiting']) == (1, 2, 1)
    assert (numbers['connections'], numbers['connection_limit']) == (7, 100)
    assert [one['ok'] for one in found['health']] == [True] * 3
    assert found['databases'] == found['slow_views'] == found['intervals'] == []
    assert found['incidents'] is None


def test_one_word_for_all(world):
    found = world.document()
    assert (found['condition'], found['still_since']) == ('ok', None)
    assert found['instance'] == 'site' and found['host']
    world.server.workers.remove(1)  # the one that is free
    world.site.clock.now += STILL
    found = world.document()
    # One waits.
    assert (found['condition'], found['still_since']) == (
        'stuck', found['requests'][0]['began'])
    world.server.all.pop(0)
    world.site.clock.now += FRESH + 1
    assert world.document()['condition'] == 'full'


def test_a_drain_is_no_failure(world):
    world.site.drain.draining = True
    found = world.document()
    assert found['condition'] == 'draining'
    assert not [one for one in found['health'] if one['name'] == 'ready'][0]['ok']
    assert world.document('format=json&parts')['kind'] == 'quiet'


def test_without_access_to_what_is_sensitive(world):
    found = world.document(may_see=NEAR)
    assert found['details'] is False
    assert {'title', 'user', 'client_address'}.isdisjoint(found['requests'][0])
    page = world.ask(may_see=NEAR)[2]
    for text in 'works?', '/works', '/waits', '192.0.2.1', 'href="?stack=':
        assert text not in page, text
    # In the same second, to somebody else.
    assert '/works' in world.ask()[2]
    assert '/works' not in world.ask(may_see=NEAR)[2]
    query = 'format=json&stack=%d' % get_ident()
    assert world.ask(query, may_see=NEAR)[0] == '403 Forbidden'
    assert 'sensitive' in world.ask(query, may_see=NEAR)[2]


def test_no_query_is_anywhere(world):
    for query in '', 'format=json', 'format=json&parts', 'stack=%d' % get_ident():
        assert 's3cret' not in world.ask(query)[2]


def test_the_etag_is_that_of_what_is_so(world):
    answered, headers, text = world.ask('format=json&parts')
    assert answered == '200 OK'
    assert 'data-tag="%s"' % headers['etag'].replace('"', '&quot;') in (
        world.ask()[2])
    world.site.clock.now += FRESH + 1
    answered, again, text = world.ask('format=json&parts',
                                      HTTP_IF_NONE_MATCH=headers['etag'])
    assert (answered, text) == ('304 Not Modified', '')
    assert again['etag'] == headers['etag'] and 'content-type' not in again
    world.server.all.pop(0)
    world.site.clock.now += FRESH + 1
    answered, again, text = world.ask('format=json&parts',
                                      HTTP_IF_NONE_MATCH=headers['etag'])
    assert answered == '200 OK' and again['etag'] != headers['etag']
    assert '/waits' not in text


def test_the_parts_are_those_of_the_page(world):
    news = world.document('format=json&parts')
    page = world.ask()[2]
    assert set(news) == {'time', 'verdict', 'kind', 'name', 'parts'}
    assert '<title>%s: %s</title>' % (news['verdict'], news['name']) in page
    for name in news['parts']:
        assert '<div id="%s">%s</div>' % (name, news['parts'][name]) in page


def test_one_answer_a_second_for_all(world):
    assert world.offloads()
    first = world.document()
    assert not world.offloads() and not world.offloads('')
    assert not world.offloads('format=json&parts')
    # Somebody who may see less has another one.
    assert world.offloads(may_see=NEAR)
    world.server.all.pop(0)
    world.site.clock.now += FRESH / 2
    assert world.document() == first
    world.site.clock.now += FRESH
    assert world.offloads()
    assert len(world.document()['requests']) == 1


def test_what_was_fresh_a_moment_ago_is_sent(world):
    first = world.document()
    environ = world.environ()
    assert not world.view.runs_aside_for(environ)
    world.server.all.pop(0)
    world.site.clock.now += FRESH
    # Nothing is made in the event loop now.
    said = []
    data, = world.view(environ, lambda *args: said.append(args))
    assert json.loads(data.decode('ascii')) == first
    assert said[0][0] == '200 OK'


def test_what_cannot_be_asked_is_not_offloaded(world):
    assert not world.offloads('unknown=1')
    assert not world.offloads('', method='POST')


def test_what_is_made_in_another_process_is_not_sent(world):
    world.document()
    world.view._made[True].pid += 1
    assert world.offloads()


def test_the_stack_of_one_thread(world):
    query = 'format=json&stack=%d' % get_ident()
    assert world.offloads(query)
    world.document()
    assert world.offloads(query)
    found = world.document(query)
    assert found['thread_ident'] == get_ident()
    assert 'test_the_stack_of_one_thread' in found['text']
    assert 'test_the_stack_of_one_thread' in world.ask(query[12:])[2]
    assert world.ask('format=json&stack=1')[0] == '404 Not Found'
    for value in '', 'x', '-1', '1' * 30:
        assert world.ask('stack=' + value)[0] == '400 Bad Request'


def test_of_many_requests_the_oldest(world):
    for number in range(MOST_REQUESTS):
        world.site.clock.now += 1
        world.server.all.append(
            world.site.recorder.received('GET', '/%d' % number, None))
    found = world.document()
    assert len(found['requests']) == MOST_REQUESTS
    assert found['omitted_requests'] == 2
    assert found['numbers']['waiting'] == MOST_REQUESTS + 1
    assert '2 younger ones' in world.ask()[2]


def test_databases_incidents_and_slow_views(world):
    with_databases = database_dummies.busy_site()
    try:
        world.site.databases = with_databases.databases
        world.site.history = eventful().flight
        mount, = mounts_of([Entry('place', 'said', '/slow',
                                  'Products.ZServerViews.views.health.ready')])
        mount.usage.overruns, mount.usage.longest = 2, 0.5
        world.site.mount(mount)
        found = world.document()
    finally:
        with_databases.close()
    assert found['slow_views'] == [{
        'path': '/slow', 'longest_turn_seconds': 0.5, 'offences': 2,
        'aside': False}]
    assert [one['name'] for one in found['databases']] == ['main']
    assert found['databases'][0]['waiting'] == 1
    assert 'request over 30 s' in [one['rule'] for one in found['incidents']]


def test_the_other_processes_are_asked_each_two_seconds(world, monkeypatch):
    asked = []

    def ask_all(site, path):
        asked.append((site, path))
        # It may take so long.
        site.clock.now += 1
        return [Sibling('127.0.0.1:8092', 4712, {'workers': 4, 'busy': 1}),
                Sibling('127.0.0.1:8093', error='no answer within 1 s')]

    monkeypatch.setattr(workers_module, 'ask_all', ask_all)
    assert world.document()['processes'] is None and not asked
    world.site.settings.listen = address('127.0.0.1:8091-8098')
    world.site.clock.now += SIBLINGS_FRESH
    found = world.document()
    assert [(one['address'], one['pid'], one['busy'], one['error'])
            for one in found['processes']] == [
        ('127.0.0.1:8093', None, None, 'no answer within 1 s'),
        ('127.0.0.1:8092', 4712, 1, None)]
    assert asked == [(world.site, '/-/workers')]
    # Made behind that, so it is fresh now.
    assert not world.offloads()
    world.site.clock.now += 1.5 * FRESH
    assert world.offloads() and world.document()['processes']
    assert len(asked) == 1
    world.site.clock.now += SIBLINGS_FRESH
    world.document()
    assert len(asked) == 2


def test_of_many_processes_those_that_do_not_answer(world, monkeypatch):
    monkeypatch.setattr(workers_module, 'ask_all', lambda site, path: [
        Sibling('/run/%s/%d' % (100 * 'x', number), 1,
                error=None if number < MOST_PROCESSES else 'late')
        for number in range(MOST_PROCESSES + 1)])
    world.site.settings.listen = address('127.0.0.1:8091-8098')
    found = world.document()
    assert len(found['processes']) == MOST_PROCESSES
    assert found['omitted_processes'] == 1
    assert found['processes'][0]['error'] == 'late'
    assert len(found['processes'][0]['address']) <= LONGEST_ADDRESS


def test_a_server_that_tells_nothing(world):
    world.server = None
    found = world.document()
    assert (found['numbers']['workers'], found['numbers']['waiting'],
            found['numbers']['busy']) == (None, None, 1)
    world.site.clock.now += 1
    assert 'busy workers</dt><dd>1</dd>' in world.ask()[2]


def test_the_clock_of_the_system_is_set(world):
    first = world.document()
    world.site.clock.now += FRESH + 1
    world.view._now = lambda: EPOCH + 3600 + world.site.clock.now
    second = world.document()
    assert second['requests'][0]['received'] == round(
        first['requests'][0]['received'] + 3600, 1)


def test_the_example_has_the_keys_of_the_document(world):
    class Asked(object):
        site, server, pid, worker = world.site, world.server, 1, None

    assert set(full()) == set(facts(Asked, 0.0, True))
