"""service: from a configuration to views that servers answer."""
from __future__ import absolute_import, division, print_function

import linecache
import logging
import sys

import pytest
from ZConfig import ConfigurationError

from Products.ZServerViews import service as service_module
from Products.ZServerViews.accesslog import AccessLog
from Products.ZServerViews.answer import Clock
from Products.ZServerViews.gateway import Exchange
from Products.ZServerViews.journal import Journal
from Products.ZServerViews.service import Service, explain, hide
from Products.ZServerViews.table import Mount
from Products.ZServerViews.settings import Entry

from . import dummies

VIEW = 'Products.ZServerViews.tests.common.current_thread_id_zserver_view'


def section(**entries):
    return {'zserver-views': entries}


def make(*hooks):
    return Service(dummies.Site(), list(hooks))


# What all exchanges share


def test_a_site_of_its_own():
    service = Service()
    assert isinstance(service.site.journal, Journal)
    assert isinstance(service.site.access_log, AccessLog)
    assert isinstance(service.site.clock, Clock)
    names = set(hook.server_name for hook in service.hooks)
    assert names == {'ZServer', 'waitress', 'waitress 1'}
    assert not any(hook.installed for hook in service.hooks)


def site_exchange(view, expose_tracebacks=False, method='POST'):
    site = service_module.Site()
    site.journal = dummies.Journal()
    mount = Mount('/a', view, Entry('place', 'said', '/a', 'package.view'))
    environ = {'HTTP_COOKIE': 'a-secret', 'QUERY_STRING': 'b-secret',
               'HTTP_AUTHORIZATION': 'c-secret'}
    exchange = site.exchange(mount, environ, dummies.request(method), 'ident',
                             expose_tracebacks)
    assert isinstance(exchange, Exchange)
    return site, exchange


def failing(environ, start_response):
    raise ValueError('boom')


def test_a_failure_is_logged_with_method_and_path_and_no_secrets():
    site, exchange = site_exchange(failing)
    answer = exchange.more()
    (level, text, exc_info), = site.journal.logged
    assert level == logging.ERROR
    assert text == 'The view package.view failed in POST /a'
    assert exc_info[0] is ValueError
    assert b'boom' not in answer
    assert service_module.HIDDEN.encode('ascii') in answer
    record = logging.LogRecord('n', level, 'f', 0, text, (), exc_info)
    assert 'secret' not in logging.Formatter().format(record)


def test_a_traceback_is_exposed_where_that_is_wanted():
    _site, exchange = site_exchange(failing, expose_tracebacks=True)
    answer = exchange.more()
    assert b'Traceback (most recent call last):' in answer
    assert b', in failing\n' in answer
    assert b'ValueError: boom\n' in answer
    assert b'secret' not in answer


def test_a_warning_without_a_traceback():
    site, exchange = site_exchange(
        dummies.view('200 OK', [('Content-Length', '1')], [b'abc']))
    while exchange.more() is not None:
        pass
    assert site.journal.logged == [(
        logging.WARNING,
        'The view package.view at /a made at least 2 bytes more than its '
        'Content-Length; they were cut off', None)]


def chained():
    try:
        try:
            raise LookupError('first')
        except LookupError:
            raise ValueError('second')
    except ValueError:
        return sys.exc_info()


def test_explaining_reads_no_files(monkeypatch):
    read = []
    for name in 'getline', 'getlines', 'checkcache', 'updatecache':
        monkeypatch.setattr(linecache, name,
                            lambda *args, **kw: read.append(args) or '')
    text = explain(chained())
    assert 'ValueError: second' in text
    assert read == []


def test_explaining_an_error_that_cannot_tell_itself():
    class Mute(Exception):
        def __str__(self):
            raise LookupError('no words')

    try:
        raise Mute()
    except Mute:
        assert 'Mute' in explain(sys.exc_info())


def test_explaining_an_error_outside_ascii():
    def odd(environ, start_response):
        raise ValueError('\xc3\xbc')

    _site, exchange = site_exchange(odd, expose_tracebacks=True)
    assert exchange.more().startswith(b'HTTP/1.1 500 ')


def test_hiding_says_where_to_look():
    assert 'event log' in hide(chained())
    assert 'second' not in hide(chained())


# Configuring

SERVED = (logging.INFO, "Served from the server's own thread: /a", None)


def test_without_views_no_hook_is_installed():
    hook = dummies.Hook()
    service = make(hook)
    for config in {}, section(), {'other': {'a': 'b'}}:
        service.configure(config)
    assert set(hook.calls) <= {'uninstall'}
    assert service.site.journal.started == 0


def test_a_view_installs_the_hooks_and_starts_the_journal():
    one, two = dummies.Hook(), dummies.Hook()
    service = make(one, two)
    service.configure(section(a='/a ' + VIEW))
    assert one.installed and two.installed
    assert service.site.journal.started == 1
    assert list(service.table.by_path) == ['/a']
    assert service.site.journal.logged == [SERVED]


def test_a_configuration_takes_the_place_of_the_one_before():
    service = make(dummies.Hook())
    service.configure(section(a='/a ' + VIEW))
    service.configure(section(a='/b ' + VIEW, c='/c ' + VIEW))
    assert sorted(service.table.by_path) == ['/b', '/c']
    assert service.site.journal.logged[-1][1].endswith(': /b /c')


def test_the_hook_goes_with_the_last_view():
    hook = dummies.Hook()
    service = make(hook)
    service.configure(section(a='/a ' + VIEW))
    service.configure({})
    assert not hook.installed
    assert len(service.table) == 0


def test_a_mistake_changes_nothing():
    hook = dummies.Hook()
    service = make(hook)
    service.configure(section(a='/a ' + VIEW))
    with pytest.raises(ConfigurationError):
        service.configure(section(b='/b ' + VIEW, c='c'))
    assert list(service.table.by_path) == ['/a']
    assert hook.calls == ['install']


def test_mistakes_of_both_kinds_come_in_one_error():
    with pytest.raises(ConfigurationError) as raised:
        make().configure(section(
            a='a ' + VIEW, b='/b', c='/c no_such_module.view',
            d='/d ' + VIEW, e='/d ' + VIEW, f='/f os.path', g='/ ' + VIEW,
            h='/h?x ' + VIEW, i='/i ' + VIEW + ' more'))
    message = str(raised.value)
    assert message.startswith('zserver-views: 8 mistakes')
    for key in 'abcefghi':
        place = "entry '%s' of <product-config zserver-views> (" % key
        assert place in message
    assert "the path /d is taken by entry 'd' of <product-config" in message
    assert len(message.split('\n')) == 9


def test_one_unusable_hook_does_not_stop_another():
    broken, good = dummies.Hook('no such server'), dummies.Hook()
    service = make(broken, good)
    service.configure(section(a='/a ' + VIEW))
    assert good.installed and not broken.installed
    assert service.site.journal.logged == [SERVED]


def test_without_any_usable_hook_one_line_is_logged():
    service = make(dummies.Hook('no one'), dummies.Hook('nor the other'))
    service.configure(section(a='/a ' + VIEW))
    assert service.site.journal.started == 1
    assert service.site.journal.logged == [(
        logging.ERROR,
        'No view is served, for there is no server that could: '
        'dummy: no one; dummy: nor the other', None)]
