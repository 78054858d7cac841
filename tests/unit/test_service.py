"""service: from a configuration to views that servers answer."""
from __future__ import absolute_import, division, print_function

import linecache
import logging
import sys
import threading

import pytest
from ZConfig import ConfigurationError
from zope.component import getGlobalSiteManager, handle
from ZPublisher.interfaces import IPubStart
from ZPublisher.pubevents import PubStart

from Products.ZServerViews import service as service_module
from Products.ZServerViews._compat import PY2
from Products.ZServerViews.access.peer import Facts
from Products.ZServerViews.config.mounts import Mount
from Products.ZServerViews.config.sections import Entry
from Products.ZServerViews.config.settings import ProcessSettings
from Products.ZServerViews.http.encoder import Heads
from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.runtime import site as site_module
from Products.ZServerViews.runtime.access_log import AccessLog
from Products.ZServerViews.runtime.failures import HIDDEN, explain
from Products.ZServerViews.runtime.log_queue import LogQueue
from Products.ZServerViews.runtime.routes import refusal_of
from Products.ZServerViews.servers.waitress.hook import WaitressHook
from Products.ZServerViews.service import Plan, Service
from Products.ZServerViews.views.requests import requests
from Products.ZServerViews.views.workers import workers
from Products.ZServerViews.wsgi.offload import OffloadedResponse
from Products.ZServerViews.wsgi.response import Response
from Products.ZServerViews.wsgi.sender import Sender
from tests.unit import dummies
from tests.unit.monitor.monitor_dummies import Server

VIEW = 'Products.ZServerViews.tests.common.current_thread_id_zserver_view'


def section(**entries):
    return {'zserver-views': entries}


def make(*hooks):
    return Service(dummies.Site(), list(hooks))


# What all responses share


def test_a_site_of_its_own():
    service = Service()
    assert isinstance(service.site.log_queue, LogQueue)
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
    service.site.start = service.site.stop = lambda paths=(): None
    service.site.log_queue = dummies.LogQueue()
    plan = Plan([dummies.mount(a_view=dummies.view())], ProcessSettings())
    try:
        service.serve(plan)
        service.serve(plan)
    finally:
        service.serve(Plan([], ProcessSettings()))
    assert [hook.server_name for hook in service.hooks] == [
        'waitress', 'waitress 1']


def respond(site, mount, environ, encoder=None, expose_tracebacks=False,
            wake=None):
    """The response to a request, made as servers do it."""
    if mount.tier is not None:
        mount.refusal = refusal_of(mount)
        mount = site.visible(mount, Facts.of_environ(environ))
    environ['zserverviews.site'] = site
    sender = Sender(Response(mount, environ, encoder or dummies.encoder(),
                             site.failures, expose_tracebacks, wake), site)
    assert sender.decide()
    return sender.response


def site_response(view, expose_tracebacks=False, method='POST'):
    site = site_module.Site()
    site.log_queue = dummies.LogQueue()
    mount = Mount('/a', view, Entry('place', 'said', '/a', 'package.view'))
    environ = {'HTTP_COOKIE': 'a-secret', 'QUERY_STRING': 'b-secret',
               'HTTP_AUTHORIZATION': 'c-secret'}
    response = respond(
        site, mount, environ, dummies.encoder(dummies.request(method)),
        expose_tracebacks)
    assert isinstance(response, Response)
    return site, response


def test_an_offloaded_view_gets_a_response_of_its_own_kind():
    site = site_module.Site()
    view = dummies.view(result=[b'body'])

    def response(mount):
        return respond(site, mount, {}, wake=wake)

    def wake():
        raise AssertionError('not called')

    in_loop = response(dummies.mount(a_view=view))
    assert type(in_loop) is Response
    assert in_loop.wake is wake
    declared = response(dummies.mount(a_view=view, aside=True))
    assert type(declared) is OffloadedResponse
    assert declared.wake is wake
    mount = dummies.mount(a_view=view)
    offloaded = site.offloaded(response(mount))
    assert type(offloaded) is OffloadedResponse
    assert site.offloaded(offloaded) is offloaded
    assert mount.usage.view_thread is site.view_threads.view_thread(mount)


def test_a_view_that_decides_for_each_request():
    def view(environ, start_response):
        raise AssertionError('nobody calls it here')

    view.runs_aside_for = lambda environ: environ['slow']
    site = site_module.Site()
    mount = Mount('/a', view, Entry('place', 'said', '/a', 'package.view'))
    kinds = [type(respond(site, mount, {'slow': slow}))
             for slow in (True, False)]
    assert kinds == [OffloadedResponse, Response]


def test_a_view_that_cannot_decide_is_offloaded_and_logged_once():
    def view(environ, start_response):
        raise AssertionError('nobody calls it here')

    view.runs_aside_for = lambda environ: environ['no such key']
    site = site_module.Site()
    site.log_queue = dummies.LogQueue()
    mount = Mount('/a', view, Entry('place', 'said', '/a', 'package.view'))
    for _request in range(3):
        assert type(respond(site, mount, {'HTTP_COOKIE': 'secret'})) is (
            OffloadedResponse)
    (level, text, exc_info), = site.log_queue.logged
    assert level == logging.ERROR
    assert text == (
        'runs_aside_for of the view package.view at /a failed: the view is '
        'offloaded for each request for which it fails')
    assert exc_info[0] is KeyError


@pytest.mark.parametrize('aside', [False, True])
def test_the_server_is_asked_in_the_loop_for_a_view_that_is_offloaded(aside):
    site = site_module.Site()
    site.recorder = Recorder()
    server = Server()
    environ = {'zserverviews.server': server}
    mount = Mount('/a', workers, Entry('place', 'said', '/a', 'workers', {
        'tier': 'status', 'aside': aside}))
    response = respond(site, mount, environ)
    assert type(response) is (OffloadedResponse if aside else Response)
    # Also if that is found out later.
    response = site.offloaded(response)
    server.requests = None  # nobody asks it now
    assert environ['zserverviews.server'].requests() == []
    assert site.offloaded(response) is response


def test_a_server_that_fails_to_say_is_none_and_logged():
    site = site_module.Site()
    site.log_queue = dummies.LogQueue()
    server = Server()
    server.requests = None
    environ = {'zserverviews.server': server}
    mount = Mount('/a', requests, Entry('place', 'said', '/a', 'requests', {
        'tier': 'status', 'aside': True}))
    assert type(respond(site, mount, environ)) is OffloadedResponse
    assert environ['zserverviews.server'] is None
    (level, text, exc_info), = site.log_queue.logged
    assert (level, exc_info[0]) == (logging.ERROR, TypeError)
    assert text.startswith('The view requests failed in GET /a')


def test_the_process_is_described_once_if_a_view_tells_of_it():
    def telling(environ, start_response):
        pass

    service = make(dummies.Hook())
    service.site = site = site_module.Site()
    site.start = site.stop = lambda paths=(): None
    site.log_queue = dummies.LogQueue()
    service.serve(Plan([dummies.mount(a_view=dummies.view())],
                       ProcessSettings()))
    assert site.process is None
    telling.needs_process = True
    service.serve(Plan([dummies.mount(a_view=telling)], ProcessSettings()))
    described = site.process
    assert described.python
    service.serve(Plan([dummies.mount(a_view=telling)], ProcessSettings()))
    assert site.process is described


def test_databases_are_watched_while_a_view_asks_for_it(monkeypatch):
    module = pytest.importorskip(
        'Products.ZServerViews.zopeapp.opened')
    told = []

    class Databases(object):
        def __init__(self, site):
            told.append('made')

        def watch(self, timed):
            told.append(timed)

        def end(self):
            told.append('end')

    def needy(environ, start_response):
        pass

    monkeypatch.setattr(module, 'of_zope', Databases)
    needy.needs_databases = True
    service = make(dummies.Hook())
    service.site = site = site_module.Site()
    site.start = site.stop = lambda paths=(): None
    site.log_queue = dummies.LogQueue()

    def serve(view, **given):
        mount = Mount('/a', view, Entry('place', 'said', '/a', 'p.view'))
        service.serve(Plan([mount], ProcessSettings(given), {}))

    serve(failing)
    assert (told, site.databases) == ([], None)
    serve(needy)
    serve(needy, **{'storage-timing': False})
    assert told == ['made', True, False]
    serve(failing)
    assert (told[3:], site.databases) == (['end'], None)
    monkeypatch.setattr(module, 'of_zope', lambda site: None)
    serve(needy)
    assert site.databases is None


@pytest.fixture
def jobs(monkeypatch):
    """Those of a new Site's log queue that wait to be done."""
    found = []
    monkeypatch.setattr(site_module.LogQueue, 'put',
                        lambda log_queue, job: found.append(job))
    monkeypatch.setattr(site_module.Signals, 'install',
                        lambda signals, drains: None)
    # Its threads, and all records of this thread, would outlast the test.
    monkeypatch.setattr(site_module.Site, 'run', lambda site: None)
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
    site.start = site.stop = lambda paths=(): None
    site.log_queue = dummies.LogQueue()
    handlers = getGlobalSiteManager().registeredHandlers
    # Another one looks whether a loop turns.
    before = len(list(handlers())) + 1

    def serve(view):
        mount = Mount('/a', view, Entry('place', 'said', '/a', 'p.view'))
        service.serve(Plan([mount], ProcessSettings(), {}))
        return site.recorder, len(list(handlers())) - before

    assert serve(failing) == (None, 0)
    recorder, subscribed = serve(needy)
    assert recorder is not None and subscribed == 3
    # What it knows outlives a change.
    assert serve(needy) == (recorder, 3)
    # The registry is not changed again: workers read it.
    publication = service._publication
    assert serve(failing) == (None, 3)
    assert serve(needy)[1] == 3
    assert service._publication is publication
    publication.unsubscribe()


def test_readiness_checks_go_on_until_they_change():
    site = site_module.Site()
    site.log_queue = dummies.LogQueue()
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
    site.log_queue = dummies.LogQueue()
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
    ((level, line, exc_info),) = site.log_queue.logged
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


def test_a_response_is_offloaded_once():
    site = site_module.Site()
    mount = dummies.mount(a_view=dummies.view(result=iter([b'a', b'b'])))
    response = respond(site, mount, {})
    assert response.more().endswith(b'a\r\n')
    aside = site.offloaded(response)
    assert type(aside) is OffloadedResponse
    assert aside.status == '200 OK'
    assert site.offloaded(aside) is aside


def test_what_is_known_of_a_view_outlives_a_change():
    service = make(dummies.Hook())
    service.configure(section(a='/a ' + VIEW))
    before = service.table.by_path['/a']
    before.usage.is_offloaded = True
    service.configure(section(a='/a ' + VIEW, b='/b ' + VIEW))
    assert service.table.by_path['/a'] is not before
    assert service.table.by_path['/a'].is_offloaded
    assert not service.table.by_path['/b'].is_offloaded


def failing(environ, start_response):
    raise ValueError('boom')


def test_a_failure_is_logged_with_method_and_path_and_no_secrets():
    site, response = site_response(failing)
    answer = response.more()
    (level, text, exc_info), = site.log_queue.logged
    assert level == logging.ERROR
    assert text == 'The view package.view failed in POST /a'
    assert exc_info[0] is ValueError
    assert b'boom' not in answer
    assert HIDDEN.encode('ascii') in answer
    record = logging.LogRecord('n', level, 'f', 0, text, (), exc_info)
    assert 'secret' not in logging.Formatter().format(record)


def test_a_traceback_is_exposed_where_that_is_wanted():
    _site, response = site_response(failing, expose_tracebacks=True)
    answer = response.more()
    assert b'Traceback (most recent call last):' in answer
    assert b', in failing\n' in answer
    assert b'ValueError: boom\n' in answer
    assert b'secret' not in answer


def test_a_warning_without_a_traceback():
    site, response = site_response(
        dummies.view('200 OK', [('Content-Length', '1')], [b'abc']))
    while response.more() is not None:
        pass
    assert site.log_queue.logged == [(
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
    site.log_queue = dummies.LogQueue()
    mount = Mount('/a', view or failing, Entry(
        'place', 'said', '/a', 'package.view', {'tier': tier}))
    if setup is not None:
        setup(site, mount)
    response = respond(site, mount, environ)
    return site, mount, response


NEAR = {'zserverviews.peer': '127.0.0.1', 'HTTP_HOST': 'localhost',
        'SERVER_PROTOCOL': 'HTTP/1.1'}


@pytest.mark.parametrize('tier', ['operator', 'sensitive', 'change'])
def test_who_may_not_see_a_view_learns_nothing_of_it(tier):
    site, _mount, response = tiered(tier, dict(NEAR, HTTP_VIA='1.1 a'))
    status, headers, body = dummies.split(response.more())
    assert status == 'HTTP/1.1 403 Forbidden'
    assert headers['cache-control'] == 'no-store'
    assert 'www-authenticate' not in headers
    assert body == b'Access is refused.\n'
    (_level, line, _exc_info), = site.log_queue.logged
    assert line == '/a refused: ' + (
        'the method is neither POST nor DELETE' if tier == 'change'
        else 'the request came through a proxy (Via)')


@pytest.mark.parametrize('tier, environ', [
    (None, {}), ('status', {}), ('operator', NEAR),
    ('sensitive', dict(NEAR, **{'zserverviews.reserved': True}))])
def test_who_may_see_a_view(tier, environ):
    _site, _mount, response = tiered(
        tier, dict(environ), view=dummies.view(result=[b'seen']))
    assert dummies.split(response.more())[2] == b'seen'


def aside(site, mount):
    mount.aside = True


def test_a_refusal_is_answered_in_the_loop_whatever_the_view():
    site, mount, response = tiered('operator', {}, aside)
    assert isinstance(response, Response)
    assert b' 403 ' in response.more()
    assert mount.usage.view_thread is None
    # Its one block has been handed out: nothing is left to be put aside.
    assert site.offloaded(response) is response


def test_a_refusal_does_not_wait_for_a_view_that_was_too_slow():
    site, mount, response = tiered('operator', {})
    mount.usage.is_offloaded = True
    assert not response.mount.usage.is_offloaded
    assert b' 403 ' in response.more()
    assert mount.usage.view_thread is None


def test_rules_that_fail_refuse():
    class Broken(dict):
        def get(self, key, default=None):
            raise RuntimeError('on purpose')

    site = site_module.Site()
    mount = dummies.mount(tier='operator')
    mount.refusal = refusal_of(mount)
    facts = Facts('GET', '1.1', '127.0.0.1', False, Broken())
    assert site.visible(mount, facts) is mount.refusal


def test_access_is_by_the_settings_of_the_moment():
    service = make(dummies.Hook())
    assert not hasattr(service.site, 'access')
    service.configure(section(a='/a ' + VIEW))
    first = service.site.access
    assert first.allowed('operator', Facts.of_environ(NEAR))
    plan = service.prepare(section(a='/a ' + VIEW))
    plan.settings.allow = ()
    service.serve(plan)
    assert service.site.access is not first
    assert not service.site.access.allowed('operator', Facts.of_environ(NEAR))


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

    _site, response = site_response(odd, expose_tracebacks=True)
    assert response.more().startswith(b'HTTP/1.1 500 ')


def test_hiding_says_where_to_look():
    explained = site_module.Site().failures.explain
    assert explained(chained(), False) == HIDDEN
    assert 'event log' in HIDDEN
    assert 'second' in explained(chained(), True)


# Configuring

def test_without_views_no_hook_is_installed():
    hook = dummies.Hook()
    service = make(hook)
    for config in {}, section(), {'other': {'a': 'b'}}:
        service.configure(config)
    assert set(hook.calls) <= {'uninstall'}
    assert service.site.log_queue.started == 0


class Settings(object):
    views = ()

    def getSectionType(self):
        return 'zserver-views'


def test_settings_without_a_view_are_told_once():
    service = make(dummies.Hook())
    for _time in range(2):
        service.configure({'one': Settings()})
    (_level, text, _exc_info), = service.site.log_queue.logged
    assert text.startswith('zope.conf: <zserver-views one> has settings, but')


class History(object):
    """Of which only the sinks are asked for."""

    def __init__(self):
        self.sinks = []
        self.remove_sink = self.sinks.remove

    def add_sink(self, sink, tick):
        self.sinks.append(sink)


def test_the_history_is_written_into_the_folder_of_the_setting(tmpdir):
    service = make(dummies.Hook())
    service.site.history = history = History()
    settings = ProcessSettings({'record': str(tmpdir), 'record-size': 1 << 20})
    for _time in range(2):
        service.serve(Plan([dummies.mount()], settings))
    disk = service.site.disk_keeper.disk
    assert (disk.folder, disk.limit) == (str(tmpdir), 1 << 20)
    assert history.sinks == [disk.add]
    assert service.site.log_queue.logged == []
    service.serve(Plan([dummies.mount()], ProcessSettings()))
    assert service.site.disk_keeper.disk is None
    assert history.sinks == []


def test_a_folder_without_a_history_is_told_once(tmpdir):
    service = make(dummies.Hook())
    settings = ProcessSettings({'record': str(tmpdir)})
    for _time in range(2):
        service.serve(Plan([dummies.mount()], settings))
    (_level, text, _exc_info), = service.site.log_queue.logged
    assert text.startswith('zope.conf: the setting record has no effect without')
    assert service.site.disk_keeper.disk is None


def test_a_view_installs_the_hooks_and_starts_the_log_queue():
    one, two = dummies.Hook(), dummies.Hook()
    service = make(one, two)
    service.configure(section(a='/a ' + VIEW))
    assert one.installed and two.installed
    assert service.site.log_queue.started == 1
    assert list(service.table.by_path) == ['/a']
    assert service.site.log_queue.logged == []


def test_a_configuration_takes_the_place_of_the_one_before():
    service = make(dummies.Hook())
    service.configure(section(a='/a ' + VIEW))
    service.configure(section(a='/b ' + VIEW, c='/c ' + VIEW))
    assert sorted(service.table.by_path) == ['/b', '/c']
    assert service.site.started == [{'/a'}, {'/b', '/c'}]


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
    assert message.startswith('zserver-views: 8 errors')
    for key in 'abcefghi':
        place = "entry '%s' of <product-config zserver-views> (" % key
        assert place in message
    assert "the path /d is already used by entry 'd' of <" in message
    assert len(message.split('\n')) == 9


def test_one_unusable_hook_does_not_stop_another():
    broken, good = dummies.Hook('no such server'), dummies.Hook()
    service = make(broken, good)
    service.configure(section(a='/a ' + VIEW))
    assert good.installed and not broken.installed
    assert service.site.log_queue.logged == []


def test_without_any_loop_a_process_that_serves_says_so(monkeypatch):
    hook = dummies.Hook('no one')
    service = make(hook, dummies.Hook('nor the other'))
    service.configure(section(a='/a ' + VIEW))
    assert service.site.log_queue.logged == []
    unserved = service._unserved
    now = [unserved._since]
    unserved._clock = lambda: now[0]
    for seconds in 0, 59.9, 0.2, 100:
        now[0] += seconds
        handle(PubStart(None))
    (level, text, _exc_info), = service.site.log_queue.logged
    assert level == logging.WARNING
    assert text.startswith('No view is served: ') and 'for 60 s' in text
    assert text.endswith('; dummy: no one; dummy: nor the other')
    service.configure({})
    assert service._unserved is None
    assert getGlobalSiteManager().unregisterHandler(
        unserved.look, (IPubStart,)) is False


def test_with_a_loop_nobody_looks():
    service = make(dummies.Hook())
    service.configure(section(a='/a ' + VIEW))
    unserved = service._unserved
    service.site.when_a_loop_begins()
    assert getGlobalSiteManager().unregisterHandler(
        unserved.look, (IPubStart,)) is False
    service.configure({})


def test_in_a_forked_child_each_hook_begins_anew():
    class Hook(object):
        begun_anew = 0

        def begin_anew(self):
            self.begun_anew += 1

    hooks = [Hook(), Hook()]
    service = Service(site_module.Site(), hooks)
    service.changing.acquire()  # as another thread may have it
    service.site.begin_anew()
    assert [hook.begun_anew for hook in hooks] == [1, 1]
    another = threading.Thread(target=service.changing.acquire)
    another.start()
    another.join(20)
    assert not another.is_alive()
