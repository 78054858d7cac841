"""The examples of README.rst and docs are executed, see docs_examples."""
from __future__ import absolute_import, division, print_function

import doctest
import importlib
import logging
import re
import sys
import textwrap

import pytest

if sys.version_info[0] == 2:  # PY2
    pytest.skip('the answers and messages shown are those of Python 3 and '
                'waitress 3', allow_module_level=True)

from configparser import ConfigParser

from waitress.adjustments import Adjustments
from ZConfig import ConfigurationError

import Products.ZServerViews
from Products.ZServerViews.config import sections
from Products.ZServerViews.service import Service, of_process
from tests.docs_examples import (
    ALL,
    CONFIGURATIONS,
    MISTAKES,
    PAGES,
    REQUESTS,
    TOKEN,
    Server,
    blocks,
    commands_of,
    comparable,
    configuration_for,
    load_zope_conf,
    read,
)
from tests.functional.harness.on_others import KINDS

# So many blocks there are at least: an extractor that finds nothing, or a
# page that lost its examples, must not pass.
LEAST = {'python': 12, 'apacheconf': 15, 'console': 18, 'ini': 8, 'text': 4}

INSTALLING = re.compile(
    r'(python3 -m )?pip install "|python3 -m venv |python3 -m virtualenv |'
    r'env/bin/(pip install "|mkwsgiinstance -d |mkzopeinstance -d |runwsgi |'
    r'runzope -C )')


@pytest.fixture(scope='module')
def package(tmp_path_factory):
    """The module of the examples, importable while this one is tested."""
    folder = tmp_path_factory.mktemp('examples')
    mysite = folder / 'mysite'
    mysite.mkdir()
    (mysite / '__init__.py').write_text(u'')
    (mysite / 'views.py').write_text(
        u'\n\n'.join(block.text for block in blocks(
            'python', lambda block: not block.is_call)), encoding='utf-8')
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    yield importlib.import_module('mysite.views')
    sys.path.remove(str(folder))
    del sys.modules['mysite.views'], sys.modules['mysite']


@pytest.fixture(autouse=True)
def views(package):
    """The same as it is at the start of Zope: no counter has moved."""
    return importlib.reload(package)


@pytest.fixture
def service(monkeypatch):
    # Other tests import it; the sites of the examples have no access log.
    monkeypatch.delitem(sys.modules, 'paste.translogger', raising=False)
    service = Service()
    yield service
    service.configure({})
    assert service.site.log_queue.flush()


@pytest.fixture
def load(tmp_path):
    return lambda text: load_zope_conf(tmp_path, text)


@pytest.mark.parametrize('language', sorted(LEAST))
def test_there_are_examples(language):
    assert len(blocks(language)) >= LEAST[language]


def test_every_block_is_found_and_of_a_kind_that_is_executed():
    marks = sum(read(path).count('.. code-block::') for path in PAGES)
    assert len(ALL) == marks
    assert set(block.language for block in ALL) == set(LEAST)


# Configuration

@pytest.mark.parametrize('block', CONFIGURATIONS, ids=repr)
def test_configuration(block, load, service):
    service.configure(load(block.text))
    assert any(hook.installed for hook in service.hooks)
    paths = re.findall(r'(?<= )/[^\s>]*', block.text.replace(TOKEN, ''))
    assert len(paths) > 0
    assert set(paths) <= set(service.table.by_path)


def test_both_kinds_of_section_mean_the_same(load, service):
    tables = []
    for block in CONFIGURATIONS:
        if block.page == 'configuration.rst':
            service.configure(load(block.text))
            tables.append(dict(
                (path, (mount.view.function, mount.access_log))
                for path, mount in service.table.by_path.items()))
    assert len(tables) == 2
    assert tables[0] == tables[1]
    assert len(tables[0]) == 5


def test_mistakes_are_shown():
    assert [block.page for block in MISTAKES] == ['configuration.rst']


@pytest.mark.parametrize('block', MISTAKES, ids=repr)
def test_mistakes_are_reported_as_shown(block, load, service):
    with pytest.raises(ConfigurationError) as caught:
        service.configure(load(block.text))
    printed = 'ZConfig.ConfigurationError: %s\n' % caught.value
    assert printed == block.following.text
    assert not service.hooks[0].installed


def test_calls_are_shown():
    assert len(blocks('python', lambda block: block.is_call)) == 1


@pytest.mark.parametrize(
    'block', blocks('python', lambda block: block.is_call), ids=repr)
def test_update_configuration(block, monkeypatch):
    import App.config
    configuration = App.config.DefaultConfiguration()
    configuration.product_config = {}
    monkeypatch.setattr(App.config, '_config', configuration)
    try:
        exec(compile(block.text, block.page, 'exec'), {})
        entries = configuration.product_config[sections.PRODUCT_SECTION]
        assert len(entries) == 1
        assert sorted(of_process.table.by_path) == [
            value.split()[0] for value in entries.values()]
    finally:
        configuration.product_config = {}
        Products.ZServerViews.initialize(None)


def check_server(values, load, service):
    if values['use'] != 'egg:waitress#main':
        # What is shown of other servers is what the tests run.
        assert values in [settings_of(kind.SERVER) for kind in KINDS]
        return
    del values['use']
    assert Adjustments(**values).connection_limit > 100


def settings_of(server):
    """The lines of the section, as a dictionary."""
    return dict(line.split(' = ')
                for line in server.replace('PORT', '8080').split('\n'))


def check_instance(values, load, service):
    text = textwrap.dedent(values['zope-conf-additional'])
    service.configure(load(text))
    assert '/-/live' in service.table.by_path


def check_logger(values, load, service):
    assert values['qualname'] == 'waitress.queue'
    assert getattr(logging, values['level']) > logging.WARNING


def check_pipeline(values, load, service):
    name = values['pipeline'].split()[0].partition('#')[2]
    metadata = pytest.importorskip('importlib.metadata')
    found, = metadata.entry_points(group='paste.filter_app_factory', name=name)
    assert found.load()(service).application is service


CHECKS_OF_INI = {
    'pipeline:main': check_pipeline,
    'server:main': check_server,
    'instance': check_instance,
    'logger_waitress.queue': check_logger,
}


@pytest.mark.parametrize('block', blocks('ini'), ids=repr)
def test_ini(block, load, service):
    parser = ConfigParser()
    parser.read_string(block.text)
    name, = parser.sections()
    check = CHECKS_OF_INI[name]
    check(dict(parser[name]), load, service)


# Answers

@pytest.mark.parametrize('block', REQUESTS, ids=repr)
def test_answers_are_as_shown(block, load, service):
    service.configure(load(configuration_for(block).text))
    with Server() as server:
        for command, shown in commands_of(block):
            assert comparable(server.curl(command)) == comparable(shown)


def test_all_other_commands_only_install_and_start():
    assert len(REQUESTS) >= 11
    others = [command for block in blocks('console') if block not in REQUESTS
              for command, _shown in commands_of(block)]
    assert len(others) >= 4
    assert [line for line in others if not INSTALLING.match(line)] == []


def test_paths_are_as_told(service):
    """The table of requests that go to the view and to Zope."""
    text = read('docs', 'configuration.rst')
    text = text[text.index('.. _paths:'):text.index('.. _names:')]
    rows = [(re.findall('``(.+?)``', targets), goes_to) for targets, goes_to
            in re.findall(r'^    \* - (``.+?)\n      - (.+?)$', text,
                          re.MULTILINE | re.DOTALL)]
    assert [goes_to for _targets, goes_to in rows] == ['the view', 'Zope']
    service.configure({sections.PRODUCT_SECTION: {
        'thread-id': '/thr-id mysite.views.greeting'}})
    signs = {'the view': u'Gr\xfc\xdfe'.encode('utf-8'), 'Zope': b'from Zope'}
    with Server() as server:
        for targets, goes_to in rows:
            assert len(targets) >= 3
            for target in targets:
                assert server.ask('GET', target).rstrip().endswith(
                    signs[goes_to])


# Logs and doctests

def logged(service, caplog, level):
    assert service.site.log_queue.flush()
    return [record.getMessage() for record in caplog.records
            if record.levelno == level]


def shown_in_log(start):
    line, = [block.text.rstrip('\n') for block in blocks('text')
             if block.text.startswith(start)]
    return line


def test_the_log_of_a_failure_is_as_shown(load, service, caplog):
    request, = [block for block in REQUESTS if 'secret' in block.text]
    service.configure(load(configuration_for(request).text))
    with Server() as server:
        server.curl(commands_of(request)[0][0])
    assert logged(service, caplog, logging.ERROR) == [
        shown_in_log('The view mysite.views.broken')]
    assert 'ZeroDivisionError' in caplog.text
    assert 'secret' not in caplog.text


def test_the_log_of_a_slow_view_is_as_shown(load, service, caplog):
    request, = [block for block in REQUESTS if '/sleepy' in block.text]
    service.configure(load(configuration_for(request).text))
    with Server() as server:
        for command, _shown in commands_of(request):
            server.curl(command)
    shown = shown_in_log('The view mysite.views.sleepy')
    assert [without_times(line) for line in logged(
        service, caplog, logging.WARNING)] == without_times(shown).split('\n')


def without_times(text):
    return re.sub(r'for 0\.\d+ s', 'for N s', text)


def test_the_log_of_a_start_is_as_shown(load, service, caplog):
    caplog.set_level(logging.INFO)
    block = [block for block in CONFIGURATIONS
             if block.page == 'configuration.rst'][0]
    service.configure(load(block.text))
    with Server() as server:
        server.ask('GET', '/alive')
    assert logged(service, caplog, logging.INFO) == [
        shown_in_log('Views served ')]


def test_doctests():
    results = [doctest.testfile(path, module_relative=False, encoding='utf-8')
               for path in PAGES]
    assert sum(result.attempted for result in results) >= 2
    assert sum(result.failed for result in results) == 0
