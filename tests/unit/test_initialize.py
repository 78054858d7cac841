"""The Python API: initialize and update_configuration."""
from __future__ import absolute_import, division, print_function

import sys
import threading

import pytest
from ZConfig import ConfigurationError

from Products.ZServerViews import initialize, update_configuration
from Products.ZServerViews import service as service_module
from Products.ZServerViews.service import Service
from Products.ZServerViews.zopeapp import zope213
from tests.unit import dummies

try:
    import App.config as real_config
except ImportError:
    real_config = None

VIEW = 'Products.ZServerViews.tests.common.current_thread_id_zserver_view'


class Configuration(object):
    """What getConfiguration() returns."""

    def __init__(self):
        self.product_config = {}


def stub_configuration(monkeypatch):
    """The configuration of an App.config that is not Zope's."""
    configuration = Configuration()
    dummies.module(monkeypatch, 'App', __path__=[])
    dummies.module(monkeypatch, 'App.config',
                   getConfiguration=lambda: configuration)
    return configuration


def zope_configuration(monkeypatch):
    """The configuration of Zope's own App.config."""
    configuration = Configuration()
    monkeypatch.setattr(real_config, '_config', configuration)
    return configuration


WAYS = [stub_configuration, pytest.param(
    zope_configuration, marks=pytest.mark.skipif(
        real_config is None, reason='Zope is not installed'))]


@pytest.fixture(params=WAYS)
def configuration(request, monkeypatch):
    return request.param(monkeypatch)


@pytest.fixture
def service(monkeypatch):
    """A service of no server in place of the process's own."""
    made = Service(dummies.Site(), [dummies.Hook()])
    monkeypatch.setattr(service_module, 'of_process', made)
    return made


def paths(service):
    return sorted(service.table.by_path)


def test_initialize_serves_what_is_configured(configuration, service):
    configuration.product_config['zserver-views'] = {'a': '/a ' + VIEW}
    initialize(object())
    assert paths(service) == ['/a']
    assert service.hooks[0].installed


def test_initialize_with_none_and_twice(configuration, service):
    configuration.product_config['zserver-views'] = {'a': '/a ' + VIEW}
    initialize(None)
    initialize(None)
    assert paths(service) == ['/a']


def test_initialize_without_a_section(configuration, service):
    initialize(None)
    assert paths(service) == []
    assert not service.hooks[0].installed


def test_initialize_after_the_section_has_gone(configuration, service):
    configuration.product_config['zserver-views'] = {'a': '/a ' + VIEW}
    initialize(None)
    del configuration.product_config['zserver-views']
    initialize(None)
    assert paths(service) == []
    assert not service.hooks[0].installed


def test_initialize_tells_of_mistakes(configuration, service):
    configuration.product_config['zserver-views'] = {'a': 'a', 'b': 'b'}
    with pytest.raises(ConfigurationError) as raised:
        initialize(None)
    assert '2 errors' in str(raised.value)
    assert not service.hooks[0].installed


def test_update_before_initialize(configuration, service):
    update_configuration({'a': '/a ' + VIEW})
    assert paths(service) == ['/a']
    initialize(None)
    assert paths(service) == ['/a']


def test_update_after_initialize_adds(configuration, service):
    configuration.product_config['zserver-views'] = {'a': '/a ' + VIEW}
    initialize(None)
    update_configuration({'b': '/b ' + VIEW})
    update_configuration({'c': '/c ' + VIEW, 'd': '/d ' + VIEW})
    assert paths(service) == ['/a', '/b', '/c', '/d']
    initialize(None)
    assert paths(service) == ['/a', '/b', '/c', '/d']


def test_update_replaces_an_identifier(configuration, service):
    update_configuration({'a': '/a ' + VIEW})
    update_configuration({'a': '/b ' + VIEW})
    assert paths(service) == ['/b']


def test_update_with_nothing(configuration, service):
    update_configuration({})
    assert paths(service) == []
    assert not service.hooks[0].installed


def test_a_mistaken_update_adds_nothing(configuration, service):
    update_configuration({'a': '/a ' + VIEW})
    before = dict(configuration.product_config['zserver-views'])
    for mistaken in ({'b': 'b ' + VIEW}, {'b': '/a ' + VIEW},
                     {'b': '/b ' + VIEW, 'c': '/c'}):
        with pytest.raises(ConfigurationError):
            update_configuration(mistaken)
        assert configuration.product_config['zserver-views'] == before
        assert paths(service) == ['/a']


def test_other_sections_stay(configuration, service):
    configuration.product_config['other'] = {'a': 'b'}
    update_configuration({'a': '/a ' + VIEW})
    assert configuration.product_config['other'] == {'a': 'b'}


def test_the_entries_given_are_not_changed(configuration, service):
    entries = {'a': '/a ' + VIEW}
    update_configuration(entries)
    update_configuration({'b': '/b ' + VIEW})
    assert entries == {'a': '/a ' + VIEW}


class Interrupted(dict):
    """When it is first read, another thread makes its update."""

    def __init__(self, meanwhile):
        dict.__init__(self)
        self._meanwhile = meanwhile
        self.thread = None

    def get(self, *args):
        value = dict.get(self, *args)
        if self.thread is None:
            self.thread = threading.Thread(target=self._meanwhile)
            self.thread.start()
            # It ends at once, or waits for us: no longer than this then.
            self.thread.join(0.3)
        return value


def test_two_threads_update_at_a_time(configuration, service):
    config = Interrupted(lambda: update_configuration({'b': '/b ' + VIEW}))
    configuration.product_config = config
    update_configuration({'a': '/a ' + VIEW})
    config.thread.join()
    assert sorted(config['zserver-views']) == ['a', 'b']
    assert paths(service) == ['/a', '/b']


def bounded(call):
    """Run it, but do not wait for ever where it does."""
    thread = threading.Thread(target=call)
    thread.daemon = True
    thread.start()
    thread.join(5)
    assert not thread.is_alive(), 'it waits for itself'


@pytest.mark.parametrize('start', [
    lambda: initialize(None), lambda: update_configuration({'c': '/c ' + VIEW})
])
def test_a_module_that_adds_its_views_while_it_is_imported(
        configuration, service, monkeypatch, tmpdir, start):
    # Resolving an entry imports its module, which may call us.
    monkeypatch.setattr(service, 'changing', type(service.changing)())
    tmpdir.join('zsv_registers.py').write(
        'from Products.ZServerViews import update_configuration\n'
        'from Products.ZServerViews.tests import common\n'
        'view = common.current_thread_id_zserver_view\n'
        'update_configuration({"b": "/b %s"})\n' % VIEW)
    monkeypatch.syspath_prepend(str(tmpdir))
    monkeypatch.delitem(sys.modules, 'zsv_registers', raising=False)
    configuration.product_config['zserver-views'] = {
        'a': '/a zsv_registers.view'}
    bounded(start)
    assert {'/a', '/b'} <= set(paths(service))
    assert {'a', 'b'} <= set(configuration.product_config['zserver-views'])


class Typed(object):
    """A <zserver-views> section as ZConfig makes it."""

    def __init__(self, *views):
        self.views = views

    def getSectionType(self):
        return 'zserver-views'


class TypedView(object):
    name = VIEW
    path = '/typed'
    access_log = True
    replace_zope = False
    aside = False
    tier = None

    def getSectionName(self):
        return '/typed'


def test_typed_sections_survive_an_update(configuration, service):
    configuration.product_config['more'] = Typed(TypedView())
    initialize(None)
    assert paths(service) == ['/typed']
    update_configuration({'a': '/a ' + VIEW})
    assert paths(service) == ['/a', '/typed']
    initialize(None)
    assert paths(service) == ['/a', '/typed']


@pytest.mark.parametrize('start', [
    lambda: initialize(None), lambda: update_configuration({'a': '/a ' + VIEW})
])
def test_a_typed_section_with_the_name_of_the_other_kind(
        configuration, service, start):
    configuration.product_config['zserver-views'] = Typed(TypedView())
    with pytest.raises(ConfigurationError) as raised:
        start()
    assert 'give the section another' in str(raised.value)
    assert paths(service) == []


@pytest.mark.skipif(real_config is None, reason='Zope is not installed')
def test_zopes_default_configuration_has_no_sections(monkeypatch, service):
    # As in test runners, which read no zope.conf.
    monkeypatch.setattr(real_config, '_config', None)
    initialize(None)
    assert paths(service) == []
    update_configuration({'a': '/a ' + VIEW})
    assert paths(service) == ['/a']
    initialize(None)
    assert paths(service) == ['/a']


def test_a_mistake_stops_only_a_loader_that_swallows_it(configuration,
                                                        monkeypatch):
    seen = []
    monkeypatch.setattr(zope213, 'stop_start', seen.append)
    configuration.product_config['zserver-views'] = {'a': 'wrong'}
    with pytest.raises(ConfigurationError):
        initialize(None)
    assert seen == []
    with pytest.raises(ConfigurationError) as failure:
        initialize(object())
    assert seen == [failure.value]


def test_identifiers_of_an_update_are_lower_case_as_in_the_section(
        configuration, service):
    update_configuration({'a-view': '/a ' + VIEW})
    update_configuration({'A-View': '/b ' + VIEW})
    assert configuration.product_config['zserver-views'] == {
        'a-view': '/b ' + VIEW}
