"""views.index and views.info: what is mounted, and the process."""
from __future__ import absolute_import, division, print_function

import json
import os

import pytest

from Products.ZServerViews.config.settings import SETTINGS
from Products.ZServerViews.config.values import address
from Products.ZServerViews.views import index as index_module
from Products.ZServerViews.views.formatted import MonitorView
from Products.ZServerViews.views.health import live
from Products.ZServerViews.views.index import index, name_of
from Products.ZServerViews.views.info import InfoView
from tests.unit import dummies
from tests.unit.monitor.monitor_dummies import Server, ask
from tests.unit.site_dummies import WORD, Site


@pytest.fixture
def site():
    made = Site(listen=address('127.0.0.1:8090'), switch_interval=0.0005,
                hang_dump='/dump', check=['zodb', 'a.b'], signals=False)
    made.is_listening_at = '127.0.0.1:8090'
    slow = dummies.mount('/slow', name='mysite.slow', tier='operator')
    slow.usage.overruns, slow.usage.longest = 2, 1.5
    slow.usage.is_offloaded = True
    made.budget.left[slow.usage] = 600.0
    made.mount(slow, dummies.mount('/-/live', live, name='a.suite'),
               dummies.mount('/plain', name='mysite.plain'))
    return made


@pytest.fixture
def info():
    return InfoView(now=lambda: 1000000090.0)


def test_the_index_as_text(site):
    assert ask(index, site)[2].splitlines() == [
        u'/-/live  (status)',
        u'    whether requests get finished: fails when all is stuck',
        u'    GET, HEAD, OPTIONS; text, json, health',
        u'    parameters: format, verbose',
        u'/plain  (open)', u'    mysite.plain',
        u'/slow  (operator)', u'    mysite.slow']


def test_the_index_as_json(site):
    document = json.loads(ask(index, site, query='format=json')[2])
    assert document['omitted'] == 0
    assert document['views'][0] == {
        'path': '/-/live', 'name': 'Products.ZServerViews.views.health.live',
        'tier': 'status',
        'summary': live.summary, 'methods': ['GET', 'HEAD', 'OPTIONS'],
        'formats': ['text', 'json', 'health'],
        'parameters': [
            {'name': 'format', 'values': 'one of text, json, health'},
            {'name': 'verbose', 'values': '1 or 0; 1 if there is no value'}]}
    assert document['views'][1:] == [
        {'path': '/plain', 'name': 'mysite.plain', 'tier': None,
         'summary': None, 'methods': None, 'formats': None,
         'parameters': None},
        {'path': '/slow', 'name': 'mysite.slow', 'tier': 'operator',
         'summary': None, 'methods': None, 'formats': None,
         'parameters': None}]


def test_the_name_of_a_view_of_somebody_elses_with_our_base():
    class Theirs(MonitorView):
        name = 'theirs'

    mount = dummies.mount('/theirs', Theirs(), name='mysite.theirs')
    assert name_of(mount) == 'mysite.theirs'


def test_a_view_that_has_every_attribute_is_not_asked(site):
    class Odd(object):
        tier = None

        def __getattr__(self, name):
            raise AssertionError(name)

        def __call__(self, environ, start_response):
            pass

    site.mount(dummies.mount('/odd', Odd(), name='mysite.odd', tier='status'))
    assert ask(index, site)[2] == u'/odd  (status)\n    mysite.odd\n'


def test_no_list_is_endless(site, info, monkeypatch):
    monkeypatch.setattr(index_module, 'MOST', 2)
    assert ask(index, site)[2].splitlines()[-1] == u'1 more are left out'
    assert json.loads(ask(index, site, query='format=json')[2])[
        'omitted'] == 1
    text = ask(info, site)[2]
    assert u'/slow' not in text
    assert text.splitlines()[-1] == u'1 more views are left out'


def test_lines_have_80_columns(site):
    site.mount(dummies.mount('/' + 200 * 'x', name='mysite.plain'))
    for line in ask(index, site)[2].splitlines():
        assert len(line) <= 80


def test_the_process_as_text(site, info):
    site.log_queue.dropped = 3
    parts = ask(info, site, SERVER_SOFTWARE='waitress')[2].split(u'\n\n')
    assert parts[0].splitlines() == [
        u'python                 CPython 3.99.1',
        u'platform               Linux',
        u'server                 waitress',
        u'pid                    %d' % os.getpid(),
        u'worker                 -',
        u'started                2001-09-09T01:46:40Z',
        u'uptime                 1 min 30 s',
        u'dropped lines of logs  3']
    assert parts[1].splitlines() == [u'Zope      6.3', u'waitress  3.0.2']
    settings = dict(line.split(None, 1) for line in parts[2].splitlines())
    assert len(settings) == len(SETTINGS)
    assert settings['listen'] == '127.0.0.1:8090'
    assert settings['switch-interval'] == '500 us'
    assert settings['view-budget'] == '100 ms'
    assert settings['signals'] == 'off'
    assert settings['check'] == 'zodb a.b'
    assert settings['hosts'] == '-'
    assert settings['allow'] == '127.0.0.0/8 ::1/128'
    assert settings['ready-max-queue'] == '100'
    assert settings['hang-dump'] == '/dump'
    assert parts[3].splitlines() == [
        u'path     tier      aside            longest  overruns',
        u'/-/live  status    no                  0 ms         0',
        u'/plain   open      no                  0 ms         0',
        u'/slow    operator  until 01:58:10Z    1.5 s         2']


def test_the_process_as_json(site, info):
    found = json.loads(ask(info, site, query='format=json')[2])
    settings = found.pop('settings')
    views = found.pop('views')
    assert [(view['name'], view['tier']) for view in views[:2]] == [
        ('Products.ZServerViews.views.health.live', 'status'),
        ('mysite.plain', None)]
    assert views[2] == {
        'path': '/slow', 'name': 'mysite.slow', 'tier': 'operator',
        'aside': True, 'aside_until': '2001-09-09T01:58:10Z',
        'longest_turn_seconds': 1.5, 'offences': 2}
    assert [view['aside_until'] for view in views[:2]] == [None, None]
    assert found == {
        'python': '3.99.1', 'implementation': 'CPython', 'platform': 'Linux',
        'versions': {'Zope': '6.3', 'waitress': '3.0.2'},
        'server_software': '', 'server': None, 'server_does_not_tell': None,
        'pid': os.getpid(), 'worker': None, 'dropped_log_lines': 0,
        'started': '2001-09-09T01:46:40Z', 'uptime_seconds': 90.0,
        'views_omitted': 0}
    assert len(settings) == len(SETTINGS)
    assert settings['switch_interval_seconds'] == 0.0005
    assert settings['live_timeout_seconds'] == 60.0
    assert settings['ready_max_queue'] == 100
    assert settings['signals'] is False
    assert settings['check'] == ['zodb', 'a.b']


def test_a_view_that_is_declared_aside_is_so_for_ever(site, info):
    declared = dummies.mount('/declared', aside=True)
    declared.usage.is_offloaded = True
    site.budget.left[declared.usage] = 600.0
    site.mount(declared)
    view, = json.loads(ask(info, site, query='format=json')[2])['views']
    assert (view['aside'], view['aside_until']) == (True, None)
    assert u'/declared  open  yes ' in ask(info, site)[2]


def test_the_versions_are_not_read_yet(site, info):
    site.process.versions = None
    assert u'\n\nversions: not read yet\n\n' in ask(info, site)[2]
    assert json.loads(ask(info, site, query='format=json')[2])[
        'versions'] is None


def test_no_packages_and_no_secret(site, info):
    site.process.versions = {}
    for query in '', 'format=json':
        body = ask(info, site, query=query)[2]
        assert WORD not in body and '/token' not in body
        assert '(hidden)' in body


def test_a_listener_that_is_not_there_is_not_in_force(site, info):
    """Its address may be somebody else's."""
    site.is_listening_at = None
    document = json.loads(ask(info, site, query='format=json')[2])
    assert document['settings']['listen'] is None


def test_the_server_and_what_it_does_not_tell(site, info):
    server = Server()
    server.text, server.worker = 'gunicorn, sync worker, 2 processes', 7
    server.not_known = 'bytes sent', 'connections'
    lines = ask(info, site, server)[2].splitlines()
    assert lines[3:5] == [
        u'  which is             gunicorn, sync worker, 2 processes',
        u'  does not tell        bytes sent, connections']
    assert u'worker                 7' in lines
    document = json.loads(ask(info, site, server, 'format=json')[2])
    assert document['server'] == server.text
    assert document['server_does_not_tell'] == ['bytes sent', 'connections']
    assert document['worker'] == 7
