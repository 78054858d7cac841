"""The same section on servers that have no hook: gunicorn, uWSGI and others.
"""
from __future__ import absolute_import, division, print_function

import contextlib
import json
import os
import re
import signal
import socket
import time

import pytest

from tests.functional.client import Connection
from tests.functional.harness import on_others
from tests.functional.harness.instance import FIXTURE_SECTION
from tests.functional.test_companion import (
    companion_of,
    exists,
    has_begun,
    stopped,
)
from tests.waiting import awaited

pytestmark = pytest.mark.servers

CONF = FIXTURE_SECTION.replace(
    '</product-config>',
    '    monitor /-/ Products.ZServerViews.views.monitor\n</product-config>')
# Long enough for all questions meanwhile, on a slow machine too.
NAP = 6

WITHOUT = '    egg:Zope#httpexceptions\n'
PREFIX = '    egg:PasteDeploy#prefix\n'
FILTER = '    egg:Products.ZServerViews#views\n'


@pytest.fixture(scope='module', params=on_others.KINDS,
                ids=[kind.name for kind in on_others.KINDS])
def zope(request):
    """Nobody has asked it anything when its listener listens."""
    instance = request.param(CONF)
    instance.start()
    yield instance
    try:
        end(instance)
    finally:
        instance.stop()


def end(zope):
    """In an orderly way, with all that belongs to it."""
    assert zope.is_running(), zope.output()
    assert len(zope.processes()) >= (2 if zope.has_workers else 1)
    session = zope.session
    # The exit code is the server's; each has its own.
    zope.end()
    awaited(lambda: not zope.processes(session))
    with pytest.raises(socket.error):
        zope.connect(listener=1)


@pytest.fixture
def make():
    made = []

    def make(kind, conf=CONF):
        made.append(kind(conf))
        return made[-1]

    yield make
    for instance in made:
        instance.stop()


def ask(zope, target, listener=0, **kw):
    """On a connection of its own, which no worker keeps."""
    kw['headers'] = list(kw.get('headers', ())) + [('Connection', 'close')]
    with zope.connect(listener=listener) as connection:
        return connection.get(target, **kw)


def views(zope, target, **kw):
    """From the listener."""
    return ask(zope, target, listener=1, **kw)


def told(zope, target):
    return json.loads(views(zope, target + '?format=json').text)


# The first test of each server: no worker has had a request.
def test_the_listener_is_there_before_the_first_request(zope):
    assert views(zope, '/v/hello').text == 'hello'
    pid = int(views(zope, '/v/pid').text)
    assert (pid != zope.pid) == zope.has_workers
    assert pid in zope.processes()
    assert views(zope, '/nothing').code == 404
    assert views(zope, '/-/startup').code == 200


def test_views_on_both(zope):
    for listener in 0, 1:
        assert ask(zope, '/v/hello', listener).text == 'hello'
        assert ask(zope, '/v/parts', listener).text == 'one two three'
        assert ask(zope, '/v/hello', listener, method='HEAD').body == b''
        assert ask(zope, '/v/big', listener).code == 200
        found = json.loads(ask(zope, '/v/environ?a=b', listener,
                               method='POST', body=b'a body').text)
        assert found['body'] == 'a body'
        assert (found['SCRIPT_NAME'], found['PATH_INFO']) == (
            '/v/environ', '')
        assert found['QUERY_STRING'] == 'a=b'
        assert found['REQUEST_URI'].startswith('/v/environ')
        assert found['zserverviews.reserved'] is bool(listener)
    assert ask(zope, '/@@echo?name=site').text == 'echo site 0'


def test_views_have_one_thread(zope):
    threads = set()
    for _number in range(20):
        threads.add((ask(zope, '/v/pid').text, ask(zope, '/thr-id').text))
    threads.add((views(zope, '/v/pid').text, views(zope, '/thr-id').text))
    # Two requests may have been answered by two processes.
    if not zope.has_workers:
        assert len(threads) == 1
    environ = json.loads(ask(zope, '/v/environ').text)
    assert environ['thread'] != 0


def test_only_the_exact_path(zope):
    assert ask(zope, '/v/hello/').code == 404
    if zope.knows_target:
        assert ask(zope, '/v/h%65llo').code == 404
        if not zope.name.startswith('werkzeug'):
            # Python's own server removes the second slash.
            assert ask(zope, '//v/hello').code in (400, 404)


def test_who_may_see_what(zope):
    spoofed = [('X-Forwarded-For', '127.0.0.1')]
    for path in '/-/threads', '/-/requests', '/-/info':
        expected = 200 if zope.knows_connection else 403
        assert ask(zope, path).code == expected
        for headers in (spoofed, [('Via', '1.1 proxy')],
                        [('X-Real-Ip', '127.0.0.1')],
                        [('Forwarded', 'for=127.0.0.1')]):
            assert ask(zope, path, headers=headers).code == 403
        assert ask(zope, path, headers=[('Host', 'evil.example')]).code in (
            400, 403)
        assert views(zope, path).code == 200
        assert views(zope, path, headers=spoofed).code == 200
    # Not on TCP, and with no token.
    assert ask(zope, '/-/drain', method='POST').code == 403
    assert views(zope, '/-/drain', method='POST').code == 403
    for path in '/-/live', '/-/ready', '/-/startup':
        assert ask(zope, path, headers=spoofed).code == 200
    if zope.keeps_alive and zope.knows_connection:
        for headers, code in ([], 200), ([('Via', '1.1 proxy')], 403):
            with zope.connect() as connection:
                assert connection.get('/@@echo', headers=headers).code == 200
                assert connection.get('/-/info').code == code


def test_what_the_monitor_knows(zope):
    info = told(zope, '/-/info')
    assert zope.SERVER_IDENT.lower() in info['server_software'].lower()
    assert info['settings']['listen'] == '127.0.0.1:%d' % zope.listen_port
    with zope.connect() as connection:
        assert connection.get('/@@echo').code == 200
        numbers = told(zope, '/-/workers')
    assert numbers['pid'] == info['pid'] in zope.processes()
    assert numbers['workers'] == zope.told_workers
    if zope.answers_asleep:
        # Those of the main port: this view was asked for elsewhere.
        assert numbers['connections'] >= 1
        assert (numbers['connection_limit'] is None) == (
            zope.name == 'cheroot')
    else:
        assert (numbers['connections'] is numbers['connection_limit']
                is None)
    assert zope.KIND in info['server']
    assert 'bytes sent' in info['server_does_not_tell']
    assert (info['worker'] is None) == (not zope.numbers_workers)
    # By the kernel, of the sockets at which the server listens; whoever has
    # looked whether it listens may have waited until it accepts.
    awaited(lambda: told(zope, '/-/workers')['waiting'] == 0)
    for view, checks in (('ready', ['started', 'not-draining', 'wait', 'queue']),
                         ('live', ['progress'])):
        lines = views(zope, '/-/%s?verbose' % view).text.splitlines()
        about = lines.pop(-2)
        assert lines == ['[+]%s ok' % check for check in checks] + ['ok']
        assert about.startswith('pid %d' % info['pid'])
        assert (', worker ' in about) == (info['worker'] is not None)


DURATION = 'http_server_request_duration_seconds_count'


def finished(zope, code):
    """How many requests with this code, by the metrics of one process."""
    answer = views(zope, '/-/metrics')
    assert answer.code == 200
    found = re.findall(
        DURATION + r'\{[^}]*http_response_status_code="%d"\} (\d+)\n' % code,
        answer.text)
    assert 'zope_workers{state="busy"}' in answer.text
    assert 'zope_loop_lag_seconds_count' in answer.text
    return sum(map(int, found))


def test_metrics(zope):
    before = finished(zope, 404)
    assert ask(zope, '/not/there').code == 404
    # Another process may have had that one.
    awaited(lambda: ask(zope, '/not/there').code == 404
            and finished(zope, 404) > before)


def stories_of_naps(zope):
    """What one process tells of those that it has had, of two new ones."""
    with contextlib.ExitStack() as stack:
        asleep = [stack.enter_context(zope.connect()) for _ in range(2)]
        for connection in asleep:
            connection.request('/@@nap?seconds=3')
        for connection in asleep:
            assert connection.response().code == 200
    time.sleep(2)  # two turns of the recorder
    return [story for story in told(zope, '/-/history')['slow']
            if story['path'] == '/@@nap' and story['seconds'] > 2.9]


def test_the_history(zope):
    story = awaited(lambda: stories_of_naps(zope))[-1]
    assert story['status'] == '200'
    if zope.name != 'gunicorn-gevent':  # whose threads have other stacks
        stay, = story['stacks']
        assert stay['state'] == 'sleeping'
        assert stay['stack'][-1][0] == '__call__'


def test_failures(zope):
    assert ask(zope, '/v/raises').code == 500
    assert ask(zope, '/v/exits').code == 500
    assert ask(zope, '/v/bad_value').code == 500
    with zope.connect() as connection:
        connection.request('/v/too_few')
        # Not as if that were all.
        with pytest.raises((EOFError, socket.error)):
            connection.response()
    assert ask(zope, '/v/hello').text == 'hello'


def test_a_client_that_goes(zope):
    for target in '/v/endless', '/v/big':
        with zope.connect() as connection:
            connection.request(target)
            connection.read(100)
    assert ask(zope, '/v/hello').text == 'hello'


def test_views_that_are_offloaded(zope):
    assert ask(zope, '/v/aside_parts').code == 200
    assert ask(zope, '/v/aside_raises').code == 500


def test_all_workers_asleep(zope):
    # Nothing is looked at early before Zope has had a request.
    assert ask(zope, '/@@echo').code == 200
    busy = []
    with contextlib.ExitStack() as stack:
        for _number in range(zope.workers + 2):
            connection = stack.enter_context(zope.connect())
            connection.request('/@@nap?seconds=%d' % NAP, headers=[
                ('Connection', 'close')])
            busy.append(connection)
        awaited(lambda: told(zope, '/-/workers')['busy'] >= min(
            zope.workers, 2) / (2 if zope.has_workers else 1))
        assert views(zope, '/v/hello').text == 'hello'
        found = [request for request in told(zope, '/-/requests')['requests']
                 if request['path'] == '/@@nap']
        assert found and found[0]['phase'] == 'publishing'
        assert (found[0]['waited_seconds'] is None) != zope.answers_asleep
        assert found[0]['sent_bytes'] is None
        assert found[0]['worked_seconds'] > 0
        assert found[0]['client_address'] == '127.0.0.1'
        if zope.answers_asleep:
            awaited(lambda: told(zope, '/-/workers')['waiting'] == 2)
        if zope.answers_asleep or zope.name.startswith('werkzeug'):
            assert ask(zope, '/v/hello').text == 'hello'
        if zope.waits_in_kernel:
            awaited(lambda: told(zope, '/-/workers')['waiting'])
            assert '(not accepted yet)' in views(zope, '/-/requests').text
        assert told(zope, '/-/workers')['busy'] >= 1
        assert re.search(r'\nzope_requests_in_work [1-9]',
                         views(zope, '/-/metrics').text)
        for connection in busy:
            assert connection.response().text == 'awake'


@pytest.mark.parametrize('where', ['one address', 'ports'])
@pytest.mark.parametrize('kind', [
    on_others.GunicornPaste, on_others.GunicornPreload,
    on_others.GunicornGevent], ids=['paste', 'preload', 'gevent'])
def test_a_graceful_reload(make, kind, where):
    """The new workers begin before the old ones end."""
    zope = make(kind)
    if where == 'ports':
        zope.listen_for_each(where)
    zope.start()
    expected = 2 if where == 'ports' else 1
    awaited(lambda: len(zope.listeners()) == expected)
    before = set(zope.processes()) - {zope.pid}
    os.kill(zope.pid, signal.SIGHUP)
    awaited(lambda: not before & set(zope.processes()))
    awaited(lambda: len(zope.listeners()) == expected)
    assert set(zope.listeners()) <= set(zope.processes()) - before
    assert zope.pid not in zope.listeners()
    assert ask(zope, '/v/hello').text == 'hello'
    assert 'ERROR' not in zope.log('event.log')
    end(zope)


def test_greenlets_that_compute(make):
    """None of the same thread runs meanwhile; ours are threads."""
    zope = make(on_others.GunicornGevent)
    zope.options = ['--workers', '1']
    zope.start()
    awaited(lambda: views(zope, '/v/hello').code == 200)
    with zope.connect() as connection:
        connection.request('/@@compute', headers=[('Connection', 'close')])
        awaited(lambda: told(zope, '/-/workers')['busy'] == 1)
        for _number in range(5):
            assert views(zope, '/v/hello').text == 'hello'
            assert views(zope, '/v/aside_parts').code == 200
        found, = told(zope, '/-/requests')['requests']
        assert found['path'] == '/@@compute'
        threads = views(zope, '/-/threads').text
        assert 'fixture_zope/__init__.py' in threads
        views(zope, '/v/open_gate')
        assert connection.response().text == 'computed'
    assert ask(zope, '/v/hello').text == 'hello'


@pytest.mark.parametrize('kind', [on_others.Sync, on_others.UWSGI],
                         ids=['gunicorn', 'uwsgi'])
def test_a_worker_that_is_killed(make, kind):
    zope = make(kind)
    zope.start()
    for _time in range(2):
        pid = int(views(zope, '/v/pid').text)
        os.kill(pid, signal.SIGKILL)

        def another():
            return (zope.listener_answers()
                    and int(views(zope, '/v/pid').text) != pid)

        awaited(another)
    assert ask(zope, '/v/hello').text == 'hello'


@pytest.mark.parametrize('kind', [on_others.Bjoern, on_others.UWSGIAlone],
                         ids=['bjoern', 'uwsgi'])
def test_health_by_what_waits_in_the_kernel(make, kind):
    zope = make(kind)
    zope._edit('zope.conf', '    listen ', '    ready-max-queue 1\n'
               '    live-timeout 1s\n    listen ')
    zope.start()
    awaited(lambda: views(zope, '/-/ready').code == 200)
    with contextlib.ExitStack() as stack:
        waiting = []
        for _number in range(zope.workers + 3):
            connection = stack.enter_context(zope.connect())
            connection.request('/@@wait', headers=[('Connection', 'close')])
            waiting.append(connection)
        awaited(lambda: views(zope, '/-/ready').code == 503)
        assert '[-]queue failed: ' in views(zope, '/-/ready?verbose').text
        awaited(lambda: views(zope, '/-/live').code == 503)
        views(zope, '/v/open_gate')
        for connection in waiting:
            assert connection.response().code == 200
    awaited(lambda: views(zope, '/-/ready').code == 200)
    assert views(zope, '/-/live').code == 200


def page(connection):
    return connection.get('/-/status').text


def siblings(connection):
    return json.loads(connection.get('/-/workers?format=json').text)['siblings']


@pytest.mark.parametrize('where', ['ports', 'socket'])
@pytest.mark.parametrize('kind', [on_others.GunicornPaste, on_others.UWSGI],
                         ids=['gunicorn', 'uwsgi'])
def test_each_process_has_a_listener(make, kind, where):
    zope = make(kind)
    zope.listen_for_each(where)
    zope.start()
    awaited(lambda: len(zope.listeners()) == 2)
    found = zope.listeners()
    first, second = sorted(found)
    with Connection(found[first], 30) as connection:
        info = json.loads(connection.get('/-/info?format=json').text)
        assert info['pid'] == first and info['worker'] is not None
        sibling, = siblings(connection)
        assert (sibling['pid'], sibling['error']) == (second, None)
        assert sibling['workers'] == zope.told_workers
        assert sibling['address'] == ('%s:%d' % found[second]
                                      if where == 'ports' else found[second])
        # Which is asked for its numbers each two seconds at most.
        awaited(lambda: 'process %d' % first in page(connection)
                and '<td>%d' % second in page(connection))
        with stopped(second):
            sibling, = siblings(connection)
            assert sibling['error'] == 'no answer within 1 s'
            awaited(lambda: 'no answer within 1 s' in page(connection))
            text = connection.get('/-/workers?siblings=no').text
            assert text.startswith('pid') and 'sibling' not in text
    os.kill(first, signal.SIGKILL)
    awaited(lambda: len(zope.listeners()) == 2 and first
            not in zope.listeners())
    assert second in zope.listeners()
    left = [name for name in os.listdir(zope.folder)
            if name == 'views-%d' % first]
    assert not left


def test_one_address_for_two_processes(make):
    zope = make(on_others.Sync)
    zope.start()
    log = zope.wait_for_log('event.log', 'another process listens there')
    assert 'INFO' in re.search('.*another process listens there', log).group()
    assert 'ERROR' not in log


@pytest.mark.parametrize('kind', [
    on_others.GThread, on_others.Cheroot, on_others.UWSGI, on_others.Bjoern],
    ids=['gunicorn', 'cheroot', 'uwsgi', 'bjoern'])
def test_the_companion(make, kind):
    zope = make(kind)
    zope._edit('zope.conf', '    listen ', '    companion on\n    listen ')
    zope.start()
    pid = int(views(zope, '/v/pid').text)
    companion = companion_of(pid)
    awaited(lambda: has_begun(companion))
    with stopped(pid):
        assert views(zope, '/-/live').text == 'stopped\n'
    awaited(lambda: views(zope, '/v/hello').code == 200)
    if zope.has_workers:
        os.kill(pid, signal.SIGKILL)
        # The next worker takes the listener from it.
        awaited(zope.listener_answers)
        awaited(lambda: not exists(companion))
        companion = companion_of(int(views(zope, '/v/pid').text))
    zope.end()
    awaited(lambda: not exists(companion))


@pytest.mark.parametrize('kind', [on_others.UWSGI, on_others.UWSGILazy],
                         ids=['master', 'lazy'])
def test_stacks_under_uwsgi(make, kind):
    """What runs in the parent of a fork in C leaves stacks that are walked."""
    zope = make(kind)
    zope.start()
    before = sorted(zope.processes())
    for _number in range(250):
        for listener in 0, 1:
            # By both workers; both walk all stacks.
            code = ask(zope, '/-/threads', listener).code
            assert code == (200 if listener else 403)
        assert ask(zope, '/@@stacks').code == 200
    assert sorted(zope.processes()) == before
    assert 'DAMN' not in zope.output()


@pytest.mark.parametrize('pipeline', ['with', 'without'])
def test_a_pipeline_without_zopes_outermost(make, pipeline):
    zope = make(on_others.Cheroot)
    zope._edit('zope.ini', WITHOUT, FILTER if pipeline == 'with' else '')
    zope.start()
    assert views(zope, '/v/hello').text == 'hello'
    assert ask(zope, '/@@echo?name=a').text == 'echo a 0'
    assert (ask(zope, '/v/hello').code == 200) == (pipeline == 'with')
    assert views(zope, '/v/hello').text == 'hello'


@pytest.mark.parametrize('kind', [on_others.Sync, on_others.Werkzeug],
                         ids=['gunicorn', 'werkzeug'])
def test_a_filter_that_removes_the_signs_of_a_proxy(make, kind):
    zope = make(kind)
    zope._edit('zope.ini', WITHOUT, PREFIX + WITHOUT)
    zope.start()
    for headers in [('X-Forwarded-For', '127.0.0.1, 192.0.2.1')], []:
        assert ask(zope, '/-/info', headers=headers).code == 403
    assert ask(zope, '/-/live').code == 200
    assert views(zope, '/-/info').code == 200
    zope.wait_for_log('event.log', 'paste.deploy.config')


def test_lines_in_the_access_log(make):
    zope = make(on_others.Cheroot)
    zope.start()
    assert ask(zope, '/v/hello?main').text == 'hello'
    assert views(zope, '/v/hello?listener').text == 'hello'
    assert ask(zope, '/quiet').text == 'hello'
    assert ask(zope, '/@@echo?name=last').code == 200
    log = zope.wait_for_log('Z4.log', r'(?s)/v/hello.*/v/hello.*echo|'
                            r'echo.*/v/hello.*/v/hello|'
                            r'/v/hello.*echo.*/v/hello')
    assert log.count('"GET /v/hello?main HTTP/1.1" 200 5 ') == 1
    assert log.count('"GET /v/hello?listener HTTP/1.1" 200 5 ') == 1
    assert '/quiet' not in log
