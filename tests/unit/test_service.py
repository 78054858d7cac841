"""service: from a configuration to views that servers answer."""
from __future__ import absolute_import, division, print_function

import linecache
import logging
import sys
import threading

import pytest
from ZConfig import ConfigurationError
from zope.component import getGlobalSiteManager

from Products.ZServerViews import service as service_module
from Products.ZServerViews import site as site_module
from Products.ZServerViews._compat import PY2
from Products.ZServerViews.accesslog import AccessLog
from Products.ZServerViews.answer import Heads
from Products.ZServerViews.aside import AsideExchange
from Products.ZServerViews.gateway import Exchange
from Products.ZServerViews.hooks.wasyncore import WaitressHook
from Products.ZServerViews.journal import Journal
from Products.ZServerViews.process_settings import ProcessSettings
from Products.ZServerViews.failures import HIDDEN, explain, hide
from Products.ZServerViews.service import Plan, Service
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
    assert isinstance(service.site.heads, Heads)
    names = set(hook.server_name for hook in service.hooks)
    assert names == {'waitress'} | ({'ZServer'} if PY2 else set())
    assert not any(hook.installed for hook in service.hooks)


class LaterWaitressHook(WaitressHook):
    """For no server that there is."""

    def unusable(self):
        return 'reason'


def test_the_hook_for_an_old_waitress_is_made_where_it_may_be_wanted(
        monkeypatch):
    monkeypatch.setattr(service_module, 'HOOKS', [LaterWaitressHook])
    service = Service()
    service.site.start = service.site.stop = lambda: None
    service.site.journal = dummies.Journal()
    plan = Plan([dummies.mount(a_view=dummies.view())], ProcessSettings())
    try:
        service.serve(plan)
        service.serve(plan)
    finally:
        service.serve(Plan([], ProcessSettings()))
    assert [hook.server_name for hook in service.hooks] == [
        'waitress', 'waitress 1']


def site_exchange(view, expose_tracebacks=False, method='POST'):
    site = site_module.Site()
    site.journal = dummies.Journal()
    mount = Mount('/a', view, Entry('place', 'said', '/a', 'package.view'))
    environ = {'HTTP_COOKIE': 'a-secret', 'QUERY_STRING': 'b-secret',
               'HTTP_AUTHORIZATION': 'c-secret'}
    exchange = site.exchange(
        mount, environ, dummies.encoder(dummies.request(method)),
        expose_tracebacks, None)
    assert isinstance(exchange, Exchange)
    return site, exchange


def test_what_runs_aside_gets_an_exchange_of_its_own_kind():
    site = site_module.Site()
    view = dummies.view(result=[b'body'])

    def exchange(mount):
        return site.exchange(mount, {}, dummies.encoder(), False, wake)

    def wake():
        raise AssertionError('not called')

    in_loop = exchange(dummies.mount(a_view=view))
    assert type(in_loop) is Exchange
    assert in_loop.wake is wake
    declared = exchange(dummies.mount(a_view=view, aside=True))
    assert type(declared) is AsideExchange
    assert declared.wake is wake
    mount = dummies.mount(a_view=view)
    mount.tally.runs_aside = True
    assert type(exchange(mount)) is AsideExchange
    assert mount.tally.lane is site.lanes.lane(mount)


def test_a_view_that_decides_for_each_request():
    def view(environ, start_response):
        raise AssertionError('nobody calls it here')

    view.runs_aside_for = lambda environ: environ['slow']
    site = site_module.Site()
    mount = Mount('/a', view, Entry('place', 'said', '/a', 'package.view'))
    kinds = [type(site.exchange(mount, {'slow': slow}, dummies.encoder(),
                                False, None))
             for slow in (True, False)]
    assert kinds == [AsideExchange, Exchange]


def test_the_process_is_described_once_if_a_view_tells_of_it():
    def telling(environ, start_response):
        pass

    service = make(dummies.Hook())
    service.site = site = site_module.Site()
    site.start = site.stop = lambda: None
    site.journal = dummies.Journal()
    service.serve(Plan([dummies.mount(a_view=dummies.view())],
                       ProcessSettings()))
    assert site.process is None
    telling.needs_process = True
    service.serve(Plan([dummies.mount(a_view=telling)], ProcessSettings()))
    described = site.process
    assert described.python
    service.serve(Plan([dummies.mount(a_view=telling)], ProcessSettings()))
    assert site.process is described


@pytest.fixture
def jobs(monkeypatch):
    """Those of a new Site's journal that wait to be done."""
    found = []
    monkeypatch.setattr(site_module.Journal, 'put',
                        lambda journal, job: found.append(job))
    monkeypatch.setattr(site_module.Signals, 'install',
                        lambda signals, drains: None)
    return found


def test_versions_are_found_by_another_thread_once_a_loop_turns(jobs):
    site = site_module.Site()
    site.describe(True)
    assert not jobs
    site.begin_loop(None, drains=True)
    assert jobs == [site.process.find_versions]
    assert site.process.versions is None
    jobs[0]()
    assert site.process.versions['ZConfig']


def test_versions_are_found_if_the_loop_turns_already(jobs):
    site = site_module.Site()
    site.begin_loop(None, drains=True)
    assert not jobs
    site.describe(True)
    assert jobs == [site.process.find_versions]


def test_requests_are_recorded_while_a_view_asks_for_it():
    def needy(environ, start_response):
        pass

    needy.needs_recorder = True
    service = make(dummies.Hook())
    service.site = site = site_module.Site()
    site.start = site.stop = lambda: None
    site.journal = dummies.Journal()
    handlers = getGlobalSiteManager().registeredHandlers
    before = len(list(handlers()))

    def serve(view):
        mount = Mount('/a', view, Entry('place', 'said', '/a', 'p.view'))
        service.serve(Plan([mount], ProcessSettings(), {}))
        return site.recorder, len(list(handlers())) - before

    assert serve(failing) == (None, 0)
    recorder, subscribed = serve(needy)
    assert recorder is not None and subscribed == 2
    # What it knows outlives a change.
    assert serve(needy) == (recorder, 2)
    assert serve(failing) == (None, 0)


def test_readiness_checks_go_on_until_they_change():
    site = site_module.Site()
    site.journal = dummies.Journal()
    calls = {'mine': lambda: None}
    assert site.checks.results() == []
    site.check(calls)
    checks = site.checks
    assert [check.name for check in checks.results()] == ['mine']
    site.check(dict(calls))
    assert site.checks is checks
    site.settings = ProcessSettings({'check-interval': 1.5,
                                     'check-timeout': 2.5})
    site.check(calls)
    assert site.checks is not checks
    (check,) = site.checks._checks
    assert (check.interval, check.timeout) == (1.5, 2.5)
    site.check({})
    assert site.checks.results() == []


def test_a_check_that_raises_is_logged_without_what_it_held():
    site = site_module.Site()
    site.journal = dummies.Journal()
    told = threading.Event()
    report = site._report_check

    def reporting(name, exc_info):
        report(name, exc_info)
        told.set()

    site._report_check = reporting
    site.check({'mine': lambda: {}['x']})
    site.checks.start()
    assert told.wait(30)
    site.checks.stop()
    ((level, line, exc_info),) = site.journal.logged
    assert (level, line) == (logging.ERROR, 'The check mine failed')
    assert exc_info[0] is KeyError


def test_the_checks_of_a_plan():
    service = make(dummies.Hook())
    seen = []
    service.site.check = seen.append
    service.serve(Plan([], ProcessSettings(), {'a': failing}))
    assert seen == [{'a': failing}]


def test_a_check_that_cannot_be_found_stops_the_start():
    class Section(object):
        views = ()
        check = ['no.such.check']

        def getSectionType(self):
            return 'zserver-views'

    with pytest.raises(ConfigurationError) as failure:
        make(dummies.Hook()).prepare({'mine': Section()})
    assert "the setting check ('no.such.check')" in str(failure.value)


def test_an_exchange_is_set_aside_once():
    site = site_module.Site()
    mount = dummies.mount(a_view=dummies.view(result=iter([b'a', b'b'])))
    exchange = site.exchange(mount, {}, dummies.encoder(), False, None)
    assert exchange.more().endswith(b'a\r\n')
    aside = site.set_aside(mount, exchange)
    assert type(aside) is AsideExchange
    assert aside.status == '200 OK'
    assert site.set_aside(mount, aside) is aside


def test_what_is_known_of_a_view_outlives_a_change():
    service = make(dummies.Hook())
    service.configure(section(a='/a ' + VIEW))
    before = service.table.by_path['/a']
    before.tally.runs_aside = True
    service.configure(section(a='/a ' + VIEW, b='/b ' + VIEW))
    assert service.table.by_path['/a'] is not before
    assert service.table.by_path['/a'].runs_aside
    assert not service.table.by_path['/b'].runs_aside


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
    assert HIDDEN.encode('ascii') in answer
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


# Who may see a view


def tiered(tier, environ, setup=None, view=None):
    site = site_module.Site()
    site.journal = dummies.Journal()
    mount = Mount('/a', view or failing, Entry(
        'place', 'said', '/a', 'package.view', {'tier': tier}))
    if setup is not None:
        setup(site, mount)
    exchange = site.exchange(mount, environ, dummies.encoder(), False, None)
    return site, mount, exchange


NEAR = {'zserverviews.peer': '127.0.0.1', 'HTTP_HOST': 'localhost',
        'SERVER_PROTOCOL': 'HTTP/1.1'}


@pytest.mark.parametrize('tier', ['operator', 'sensitive', 'change'])
def test_who_may_not_see_a_view_learns_nothing_of_it(tier):
    site, _mount, exchange = tiered(tier, dict(NEAR, HTTP_VIA='1.1 a'))
    status, headers, body = dummies.split(exchange.more())
    assert status == 'HTTP/1.1 404 Not Found'
    assert headers['cache-control'] == 'no-store'
    assert body == b'There is no view at this path.\n'
    assert site.journal.logged == []


@pytest.mark.parametrize('tier, environ', [
    (None, {}), ('status', {}), ('operator', NEAR), ('sensitive', NEAR)])
def test_who_may_see_a_view(tier, environ):
    _site, _mount, exchange = tiered(
        tier, dict(environ), view=dummies.view(result=[b'seen']))
    assert dummies.split(exchange.more())[2] == b'seen'


def aside(site, mount):
    mount.aside = True


def test_a_refusal_is_answered_in_the_loop_whatever_the_view():
    site, mount, exchange = tiered('operator', {}, aside)
    assert isinstance(exchange, Exchange)
    assert b' 404 ' in exchange.more()
    assert mount.tally.lane is None
    # Its one block has been handed out: nothing is left to be put aside.
    assert site.set_aside(mount, exchange) is exchange


def test_a_refusal_does_not_wait_for_a_view_that_was_too_slow():
    site, mount, exchange = tiered('operator', {})
    mount.tally.runs_aside = True
    assert site.set_aside(mount, exchange) is exchange
    assert mount.tally.lane is None


def test_rules_that_fail_refuse():
    class Broken(dict):
        def get(self, key, default=None):
            raise RuntimeError('on purpose')

    site, _mount, exchange = tiered('operator', Broken())
    assert b' 404 ' in exchange.more()
    assert site.journal.logged == []


def test_access_is_by_the_settings_of_the_moment():
    service = make(dummies.Hook())
    assert not hasattr(service.site, 'access')
    service.configure(section(a='/a ' + VIEW))
    first = service.site.access
    assert first.allowed('operator', NEAR)
    plan = service.prepare(section(a='/a ' + VIEW))
    plan.settings.allow = ()
    service.serve(plan)
    assert service.site.access is not first
    assert not service.site.access.allowed('operator', NEAR)


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


def test_python_2_has_no_switch_interval(monkeypatch):
    monkeypatch.delattr(sys, 'setswitchinterval', raising=False)
    journal = dummies.Journal()
    site_module._set_switch_interval(None, journal)
    assert journal.logged == []
    site_module._set_switch_interval(0.001, journal)
    (_level, message, _exc_info), = journal.logged
    assert message == 'The setting switch-interval has no effect on Python 2'
