"""views.requests: which requests are shown, and how."""
from __future__ import absolute_import, division, print_function

import json

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.format.text import WIDTH
from Products.ZServerViews.interfaces import IView
from Products.ZServerViews.monitor.threads import known_threads
from Products.ZServerViews.views.requests import RequestsView, all_requests, requests
from tests.unit.monitor.monitor_dummies import Server, Site, ask


@pytest.fixture
def site():
    return Site()


def in_work(site, path, ident, **attributes):
    request = site.recorder.received('GET', path, '192.0.2.1')
    site.clock.now += 1
    request.start(site.clock(), ident)
    for name, value in attributes.items():
        setattr(request, name, value)
    site.recorder.current[ident] = request
    return request


def test_the_contract():
    assert verifyObject(IView, requests)
    assert (requests.name, requests.tier) == ('requests', 'sensitive')
    assert requests.needs_recorder


def test_all_that_is_known(site):
    # On ZServer the client may come without an address.
    waiting = site.recorder.received('POST', '/form?token=x', None)
    site.clock.now += 10
    first = in_work(site, '/first', get_ident())
    second = in_work(site, '/a/second', 12345, user='fred', gone=True,
                     phase='sending', sent_bytes=4321)
    site.clock.now += 0.25
    status, headers, text = ask(requests, site,
                                Server([first, second, waiting]))
    name, = [thread.name for thread in known_threads()
             if thread.ident == get_ident()]
    assert status == '200 OK'
    assert text.splitlines() == [
        u'2 in work, 1 waiting, one of them for 12.2 s',
        u'',
        u'   AGE  WAITED  WORKED  PHASE       WORKER           SENT'
        u'  CLIENT     USER',
        u'12.2 s  12.2 s       -  waiting     -                 0 B'
        u'  -          -',
        u'    POST /form',
        u' 2.2 s   1.0 s   1.2 s  traversing  %-12s      0 B'
        u'  192.0.2.1  -' % name,
        u'    GET /first',
        u' 1.2 s   1.0 s  250 ms  sending     thread-12345  4.2 KiB'
        u'  192.0.2.1  fred',
        u'    GET /a/second  (the client has gone)']
    assert max(map(len, text.splitlines())) <= WIDTH


def test_a_worker_without_a_name_of_its_own(site):
    one = in_work(site, '/one', 12345)
    site.workers = lambda: {12345: 'worker-3', 6: None}
    document = json.loads(ask(requests, site, Server([one]),
                              'format=json')[2])
    assert document['requests'][0]['worker_name'] == 'worker-3'


def test_as_json(site):
    one = in_work(site, '/one', 12345, user='fred')
    document = json.loads(ask(requests, site, Server([one]),
                              'format=json')[2])
    assert document == {
        'in_work': 1, 'waiting': 0, 'oldest_wait_seconds': None,
        'omitted_requests': 0, 'requests': [{
            'method': 'GET', 'path': '/one', 'asked_host': None,
            'asked_path': None, 'phase': 'traversing',
            'age_seconds': 1.0, 'waited_seconds': 1.0, 'worked_seconds': 0.0,
            'worker_ident': 12345, 'worker_name': 'thread-12345',
            'client_address': '192.0.2.1', 'peer_address': '192.0.2.1',
            'user': 'fred', 'sent_bytes': 0,
            'client_gone': False}]}


def test_nothing(site):
    assert ask(requests, site, Server())[2] == u'0 in work, 0 waiting\n'


def test_without_a_server(site):
    in_work(site, '/one', 12345)
    text = ask(requests, site)[2]
    assert text.startswith(u'1 in work, how many wait is not known\n')
    assert u'GET /one\n' in text
    document = json.loads(ask(requests, site, query='format=json')[2])
    assert (document['waiting'], document['in_work']) == (None, 1)


def test_a_recorder_that_has_just_gone(site):
    one = in_work(site, '/one', 12345)
    site.recorder = None
    found, = all_requests(site, Server([one]))
    assert (found.path, found.phase) == ('/one', 'waiting')


class Busy(Server):
    """Its workers go on while it tells of them."""

    def __init__(self, found, then):
        Server.__init__(self, found)
        self.then = then

    def requests(self):
        self.then()
        return Server.requests(self)


def test_workers_that_go_on_meanwhile(site):
    """What is shown was so at one moment."""
    first, second = [site.recorder.received('GET', path, None)
                     for path in ('/first', '/second')]
    site.clock.now += 1
    site.recorder.begins(first)

    def go_on():
        site.clock.now += 1
        site.recorder.ends()
        site.recorder.begins(second)

    server = Busy([first, second], go_on)
    document = json.loads(ask(requests, site, server, 'format=json')[2])
    assert [(row['path'], row['phase'], row['age_seconds'],
             row['waited_seconds'], row['worked_seconds'])
            for row in document['requests']] == [
        ('/first', 'traversing', 1.0, 1.0, 0.0),
        ('/second', 'waiting', 1.0, 1.0, None)]
    assert (document['in_work'], document['waiting']) == (1, 1)


def test_in_one_step_of_the_clock_those_in_work_came_first(site):
    """And the others in the order in which the server has them."""
    all_of_them = [site.recorder.received('GET', '/%d' % number, None)
                   for number in range(20)]
    for number in 7, 13:
        all_of_them[number].start(site.clock(), number)
        site.recorder.current[number] = all_of_them[number]
    document = json.loads(ask(requests, site, Server(all_of_them),
                              'format=json')[2])
    others = [number for number in range(20) if number not in (7, 13)]
    assert [row['path'] for row in document['requests']] == [
        '/%d' % number for number in [7, 13] + others]


def test_what_is_finished_and_not_off_its_connection_yet(site):
    one = site.recorder.received('GET', '/one', None)
    site.recorder.begins(one)
    site.recorder.ends()
    assert ask(requests, site, Server([one]))[2] == u'0 in work, 0 waiting\n'


def test_no_wait_is_longer_than_the_age(site):
    one = in_work(site, '/one', 12345)
    one.started += 0.5  # by a worker, behind the moment of the view
    row, = json.loads(ask(requests, site, Server([one]),
                          'format=json')[2])['requests']
    assert (row['age_seconds'], row['waited_seconds'],
            row['worked_seconds']) == (1.0, 1.0, 0.0)


def test_what_only_the_worker_knows_still(site):
    one, lost = in_work(site, '/one', 1), in_work(site, '/lost', 2)
    assert (one, lost) == tuple(site.recorder.current.values())
    document = json.loads(ask(requests, site, Server([one]),
                              'format=json')[2])
    assert [row['path'] for row in document['requests']] == ['/one', '/lost']


def test_the_oldest_of_many(site):
    server = Server()
    for number in range(1005):
        server.all.insert(0, site.recorder.received(
            'GET', '/%d' % number, None))
        site.clock.now += 1
    for query, most in ('', 1000), ('limit=3', 3):
        document = json.loads(ask(requests, site, server,
                                  'format=json&' + query)[2])
        assert [row['path'] for row in document['requests']] == [
            '/%d' % number for number in range(most)]
        assert document['omitted_requests'] == 1005 - most
        assert (document['waiting'], document['oldest_wait_seconds']) == (
            1005, 1005.0)
    text = ask(requests, site, server, 'limit=3')[2]
    assert u'\n1002 younger requests are not shown\n' in text


def test_what_comes_from_outside_is_shown_safely(site):
    one = in_work(site, '/\x1b[2J' + 'x' * 200, 1, gone=True,
                  user='fred\nbob' * 20)
    text = ask(RequestsView(), site, Server([one]))[2]
    assert u'\x1b' not in text and len(text.splitlines()) == 5
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text.endswith(u'xxx  (the client has gone)\n')
    assert u'xxx...xxx' in text
