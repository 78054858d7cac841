"""What README.rst, CHANGES.rst and docs say of the code is true of it."""
from __future__ import absolute_import, division, print_function

import ast
import glob
import json
import os
import re
import sys
import xml.etree.ElementTree

import pytest

if sys.version_info[0] == 2:  # PY2
    pytest.skip('the pages are compared with the settings of waitress 3, '
                'which needs Python 3', allow_module_level=True)

from waitress.adjustments import Adjustments
from ZConfig import ConfigurationError

import Products.ZServerViews
from Products.ZServerViews import views
from Products.ZServerViews.config import resolve, sections
from Products.ZServerViews.monitor import requests, thread_states, threads
from Products.ZServerViews.runtime.log_queue import LogQueue
from Products.ZServerViews.servers.zserver import connection as connection_module
from Products.ZServerViews.servers.zserver import server as server_module
from Products.ZServerViews.wsgi import response, sender
from tests.docs_examples import PAGES, ROOT, load_zope_conf, read
from tests.functional.conftest import CANNOT_HOLD
from tests.unit.monitor import monitor_dummies
from tests.unit.zopeapp import database_dummies

PACKAGE = os.path.dirname(Products.ZServerViews.__file__)
NAMES = [os.path.basename(path) for path in PAGES]

TYPED = u"""
%%import Products.ZServerViews
<zserver-views one>
    <view %s>
        name mysite.views.alive
    </view>
</zserver-views>
"""


def page(name):
    return read('docs', name)


# README and CHANGES: PyPI knows no Sphinx

@pytest.mark.parametrize('name', ['README.rst', 'CHANGES.rst'])
def test_the_long_description_needs_no_sphinx(name):
    text = read(name)
    assert len(text) > 500
    assert re.findall(r':[a-z:]+:`', text) == []
    directives = re.findall(r'^ *\.\. ([a-z-]+)::', text, re.MULTILINE)
    assert set(directives) <= {'code-block', 'image'}


def test_an_index_of_packages_shows_no_broken_picture(monkeypatch):
    said = {}
    monkeypatch.setitem(sys.modules, 'setuptools', type('Setuptools', (), {
        'setup': staticmethod(said.update),
        'find_packages': staticmethod(lambda **kw: [])}))
    path = os.path.join(ROOT, 'setup.py')
    exec(compile(read('setup.py'), path, 'exec'), {'__file__': path})
    shown = said['long_description']
    # One file in a checkout, no file elsewhere; what is around it stays.
    picture, = re.findall(r'^\.\. image:: (.*)$', read('README.rst'), re.MULTILINE)
    assert os.path.exists(os.path.join(ROOT, picture))
    assert 'image::' not in shown and ':alt:' not in shown
    assert ('where each thread is in the code.\n\n``zserverviews top`` shows it in '
            'a terminal::\n\n    STATE' in shown)
    assert 'Upgrading from 0.2' in shown and '1.0 (unreleased)' in shown


def test_the_readme_names_each_page():
    named = re.findall(r'^- ``([a-z-]+\.rst)``:', read('README.rst'),
                       re.MULTILINE)
    assert sorted(named + ['README.rst', 'index.rst']) == sorted(NAMES)


def test_the_index_lists_each_page():
    listed = re.findall(r'^    ([a-z-]+)$', page('index.rst'), re.MULTILINE)
    assert sorted([name + '.rst' for name in listed]
                  + ['README.rst', 'index.rst']) == sorted(NAMES)


def test_make_targets_exist():
    targets = re.findall(r'^([a-z]+):', read('Makefile'), re.MULTILINE)
    named = re.findall(r'(?:``|^    )make ([a-z]+)',
                       ''.join(read(path) for path in PAGES), re.MULTILINE)
    assert set(named) == {'bench', 'demo', 'test'}
    assert set(named) <= set(targets)


def test_files_of_the_checkout_exist():
    text = ''.join(read(path) for path in PAGES)
    named = set(re.findall(r'``((?:[\w-]+/)*[\w-]+\.(?:cfg|txt))``', text))
    # Those of pip and of Zope are not ours.
    named -= {'requirements.txt'}
    assert {'buildout.cfg', 'buildout-zserver.cfg'} <= named
    assert [name for name in named
            if not os.path.exists(os.path.join(ROOT, name))] == []


@pytest.mark.parametrize('name', ['CONTRIBUTING.rst', 'SECURITY.rst'])
def test_files_of_the_source_exist(name):
    text = read(name)
    named = set(re.findall(r'``((?:[\w.-]+/)*[\w-]+\.(?:py|rst|xml|ini|txt)|'
                           r'[\w-]+(?:/[\w-]+)+)``', text))
    # Of the view and the server that somebody adds.
    named -= {'views/name.py', 'tests/unit/views/test_name.py', 'servers/name'}
    assert named
    places = [ROOT, PACKAGE, os.path.join(ROOT, 'tests', 'functional')]
    assert [path for path in sorted(named) if not any(
        os.path.exists(os.path.join(place, path)) for place in places)] == []
    assert name in read('README.rst')


def test_names_of_the_package_exist():
    text = ''.join(read(path) for path in PAGES)
    names = set(re.findall(r'\bProducts\.ZServerViews\.\w+(?:\.\w+)*', text))
    assert len(names) >= 8
    for name in sorted(names):
        assert resolve.resolve(name) is not None


# Settings

def test_each_setting_is_described_once():
    schema = xml.etree.ElementTree.parse(
        os.path.join(PACKAGE, 'component.xml'))
    keys = [key.get('name') for kind in ('key', 'multikey')
            for key in schema.iter(kind)]
    assert set(name for name, _, _ in sections.OPTIONS) < set(keys)
    described = re.findall(r'^\.\. describe:: (.+)$',
                           page('configuration.rst'), re.MULTILINE)
    assert sorted(described) == sorted(
        keys + ['identifier', 'URL path', 'dotted name'])


@pytest.mark.parametrize('option', sections.OPTIONS, ids=lambda one: one[0])
def test_the_default_of_each_option_is_told(option):
    name, _converter, default = option
    text = page('configuration.rst').split('.. describe:: %s\n' % name)[1]
    told = re.search(r'default\s+is\s+``(\w+)``', text.split('.. ')[0])
    if default is None:
        assert told is None
        assert 'Without this option' in text.split('.. ')[0]
        return
    assert told.group(1) == ('on' if default else 'off')


def test_settings_of_waitress_exist():
    table = page('configuration.rst').split('Settings of waitress\n')[1]
    table = table.split('Settings of ZServer\n')[0]
    cells = re.findall(r'\* - ((?:``[^\n]+\n\s*)+)- ', table)
    names = re.findall(r'``(\w+)``', ''.join(cells))
    assert len(names) >= 15
    assert set(names) <= set(Adjustments._param_map)


def test_names_of_sections_are_turned_into_lower_case(tmp_path):
    entries, mistakes = sections.read(
        load_zope_conf(tmp_path, TYPED % u'/Alive'))
    assert ([entry.path for entry in entries], mistakes) == (['/alive'], [])


def test_a_section_with_a_slash_at_its_end_is_empty(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        load_zope_conf(tmp_path, TYPED % u'/-/')
    assert 'ends with a slash' in str(caught.value)
    assert '(line ' in str(caught.value)


# What is supported

def test_every_zope_that_is_tested_is_named():
    places = [os.path.join(ROOT, 'tox.ini')]
    places += glob.glob(os.path.join(ROOT, 'tools', '*.py'))
    tested = set(re.findall(r'\b(Zope2?)(?:\[wsgi\])?==(\d[\d.]+)',
                            ''.join(read(place) for place in places)))
    assert len(tested) >= 3
    named = set(re.findall(r'^    \* - (Zope2?) ([\d.]+)$',
                           page('supported.rst'), re.MULTILINE))
    assert tested <= named


def told_to_be_impossible():
    """{server: {case: reason}} as the tables of supported.rst have it."""
    told = {}
    tables = re.findall(r'list-table:: On (.+)\n((?:(?:  .*)?\n)+)',
                        page('supported.rst'))
    for server, table in tables:
        rows = re.findall(r'\* - ((?:.+\n)+?) +- ((?:.+\n)+?)'
                          r'(?=    \* |\n)', table)
        told[server.lower()] = dict(
            (case, ' '.join(reason.split())) for cases, reason in rows
            for case in re.findall('``(.+?)``', cases))
    return told


def test_cases_that_cannot_hold_are_told():
    """The list that the tests leave out is the one on the page."""
    wanted = dict(
        (server, dict((case, reason[0].upper() + reason[1:] + '.')
                      for case, reason in cases.items()))
        for server, cases in CANNOT_HOLD.items() if cases)
    assert len(wanted) >= 2
    assert told_to_be_impossible() == wanted


def test_newer_waitress_holds_all_cases():
    text = ' '.join(page('supported.rst').split())
    assert 'On waitress 3 every case holds.' in text
    assert CANNOT_HOLD['waitress'] == {}


# The design

def test_folders_in_the_design_exist_and_all_are_there():
    folders = [os.path.relpath(path, PACKAGE).replace(os.sep, '/') + '/'
               for pattern in ('*', '*/*')
               for path in glob.glob(os.path.join(PACKAGE, pattern))
               if os.path.exists(os.path.join(path, '__init__.py'))]
    assert len(folders) >= 14
    named = set(re.findall(r'^    \* - ``((?:\w+/)+)``$', page('design.rst'),
                           re.MULTILINE))
    assert sorted(named | {'tests/'}) == sorted(folders)


@pytest.mark.parametrize('fact', [
    '%d blocks or %d KiB' % (sender.BLOCKS_AT_ONCE,
                             sender.BYTES_AT_ONCE // 1024),
    'blocks above %d KiB are' % (response.JOIN_BYTES // 1024),
    '{:,} jobs'.format(LogQueue()._limit),
    'the limit is %d seconds' % connection_module.CLIENT_TIMEOUT,
    'at %d requests' % server_module.MOST_QUEUED,
    '%d KiB behind' % (connection_module.MOST_BEHIND // 1024),
])
def test_numbers_in_the_design_are_those_of_the_code(fact):
    assert fact in ' '.join(page('design.rst').split())


# Log messages

def texts_of_the_package():
    """The string constants of all modules, each in one line."""
    found = set()
    for folder, _folders, names in os.walk(PACKAGE):
        for name in names:
            if name.endswith('.py'):
                tree = ast.parse(read(os.path.join(folder, name)))
                found.update(' '.join(node.value.split())
                             for node in ast.walk(tree)
                             if isinstance(node, ast.Constant)
                             and isinstance(node.value, str))
    return found


def test_the_log_messages_in_the_changes_are_those_of_the_code():
    section = read('CHANGES.rst').split('\nLog messages:\n')[1]
    listed = [' '.join(words.split()) for item in section.split('\n- ')[1:]
              for words in re.findall('``(.+?)``', item, re.DOTALL)]
    assert len(listed) >= 28
    texts = texts_of_the_package()
    # The beginning of those of a view's own thread is put in front of each.
    start = 'The view %s at %s '
    missing = [message for message in listed
               if not any(text.startswith(message) for text in texts)
               and not (message.startswith(start)
                        and message[len(start):] in texts)]
    assert missing == []


# The monitor suite

def samples_of_json(name):
    """The JSON documents on a page: each begins a line of a sample."""
    found = re.findall(r'^    (\{"(?:.+\n)+?)(?=\n|    \$ )',
                       page(name) + '\n', re.MULTILINE)
    return [json.loads(sample) for sample in found]


def keys_of(document):
    """The keys of a document and of the first member of each list in it."""
    if isinstance(document, list):
        return keys_of(document[0]) if document else None
    if isinstance(document, dict):
        return dict((key, keys_of(value)) for key, value in document.items())
    return None


@pytest.fixture
def busy_site():
    """A site with a request, and the server that tells of it."""
    site = monitor_dummies.Site()
    site.loops.begin(None)
    request = site.recorder.received('GET', '/', '192.0.2.1')
    site.recorder.begins(request)
    with_databases = database_dummies.busy_site()
    site.databases = with_databases.databases
    yield site, monitor_dummies.Server([request])
    with_databases.close()


@pytest.mark.parametrize('view, form', [
    ('workers', 'json'), ('requests', 'json'), ('threads', 'json'),
    ('database', 'json'),
    ('threads', 'speedscope')])
def test_documents_have_the_keys_that_are_shown(view, form, busy_site):
    _status, _headers, text = monitor_dummies.ask(
        dict(views.monitor.views())[view], *busy_site,
        query='format=' + form)
    samples = samples_of_json(view + '.rst')
    assert len(samples) == {'threads': 2}.get(view, 1)
    assert keys_of(json.loads(text)) in [keys_of(sample) for sample in samples]


def test_the_views_of_the_suite_are_listed():
    table = page('monitor.rst').split('list-table:: Views of the suite')[1]
    rows = re.findall(r'\* - ``/-/([\w/]*)``\n +- (.+)\n +- (.+)\n +- (.+)\n',
                      table)
    assert rows == [
        (name, view.tier, ', '.join(view.methods), ', '.join(view.formats))
        for name, view in views.monitor.views()]


def test_roles_states_and_phases_are_told():
    threads_page, requests_page = page('threads.rst'), page('requests.rst')
    for word in threads.ROLES + thread_states.STATES:
        assert re.search('^``%s`` ' % word, threads_page, re.MULTILINE)
    assert tuple(re.findall('^``([a-z]+)``$', requests_page, re.MULTILINE)
                 ) == requests.PHASES
