"""views.index and views.info: what is mounted, and the process."""
from __future__ import absolute_import, division, print_function

import json

import pytest

from Products.ZServerViews.datatypes import address
from Products.ZServerViews.process_settings import SETTINGS
from Products.ZServerViews.views import index as index_module
from Products.ZServerViews.views.base import MonitorView
from Products.ZServerViews.views.health import live
from Products.ZServerViews.views.index import index, name_of
from Products.ZServerViews.views.info import InfoView

from . import dummies
from .monitor_dummies import ask
from .site_dummies import WORD, Site


@pytest.fixture
def site():
    made = Site(listen=address('127.0.0.1:8090'), switch_interval=0.0005,
                hang_dump='/dump', check=['zodb', 'a.b'], signals=False)
    slow = dummies.mount('/slow', name='mysite.slow', tier='operator')
    slow.tally.offences, slow.tally.longest = 2, 1.5
    slow.tally.runs_aside = True
    made.mount(slow, dummies.mount('/-/live', live, name='a.suite'),
               dummies.mount('/plain', name='mysite.plain'))
    return made


@pytest.fixture
def info():
    return InfoView(now=lambda: 1000000090.0, pid=lambda: 4711)


def test_the_index_as_text(site):
    assert ask(index, site)[2].splitlines() == [
        u'/-/live  (status)',
        u'    whether requests get finished: fails when all is stuck',
        u'    GET, HEAD; text, json, health',
        u'    parameters: format, verbose',
        u'/plain  (open)', u'    mysite.plain',
        u'/slow  (operator)', u'    mysite.slow']


def test_the_index_as_json(site):
    document = json.loads(ask(index, site, query='format=json')[2])
    assert document['omitted'] == 0
    assert document['views'][0] == {
        'path': '/-/live', 'name': 'Products.ZServerViews.views.health.live',
        'tier': 'status',
        'summary': live.summary, 'methods': ['GET', 'HEAD'],
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
    site.journal.dropped = 3
    parts = ask(info, site, SERVER_SOFTWARE='waitress')[2].split(u'\n\n')
    assert parts[0].splitlines() == [
        u'python                 CPython 3.99.1',
        u'platform               Linux',
        u'server                 waitress',
        u'pid                    4711',
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
        u'path     tier      aside  longest  offences',
        u'/-/live  status    no        0 ms         0',
        u'/plain   open      no        0 ms         0',
        u'/slow    operator  yes      1.5 s         2']


def test_the_process_as_json(site, info):
    found = json.loads(ask(info, site, query='format=json')[2])
    settings = found.pop('settings')
    views = found.pop('views')
    assert [(view['name'], view['tier']) for view in views[:2]] == [
        ('Products.ZServerViews.views.health.live', 'status'),
        ('mysite.plain', None)]
    assert views[2] == {
        'path': '/slow', 'name': 'mysite.slow', 'tier': 'operator',
        'aside': True, 'longest_turn_seconds': 1.5, 'offences': 2}
    assert found == {
        'python': '3.99.1', 'implementation': 'CPython', 'platform': 'Linux',
        'versions': {'Zope': '6.3', 'waitress': '3.0.2'},
        'server_software': '', 'pid': 4711, 'dropped_log_lines': 0,
        'started': '2001-09-09T01:46:40Z', 'uptime_seconds': 90.0,
        'views_omitted': 0}
    assert len(settings) == len(SETTINGS)
    assert settings['switch_interval_seconds'] == 0.0005
    assert settings['live_timeout_seconds'] == 60.0
    assert settings['ready_max_queue'] == 100
    assert settings['signals'] is False
    assert settings['check'] == ['zodb', 'a.b']


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
