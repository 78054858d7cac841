"""A loop, or a whole process, that stands still; and SIGUSR1."""
from __future__ import absolute_import, division, print_function

import os
import re
import signal
import tempfile
import time

import pytest

from tests.checkout import free_port
from tests.functional.client import Connection
from tests.functional.test_drain import ended
from tests.functional.test_health import SUITE
from tests.functional.test_listener import ask, with_settings
from tests.functional.test_overload import wait_until_waiting
from tests.waiting import awaited

try:
    import faulthandler
except ImportError:
    faulthandler = None

# How the lines of the event log begin.
STANDS = 'The event loop has been blocked for'
VIEWS_STAND = (r'The event loop of the views \(zserver-views-loop\) has been '
               'blocked for')
MOVES = 'The event loop runs again after'
PAUSED = 'No Python code could run'


@pytest.fixture
def dump_file():
    path = tempfile.mktemp(prefix='zsv-', suffix='.dump')
    yield path
    if os.path.exists(path):
        os.unlink(path)


def content(path):
    with open(path) as dump:
        return dump.read()


def test_a_blocked_loop_is_logged_once(make_instance):
    zope = make_instance().start()
    assert zope.get('/v/blocks?3').text == 'blocked'
    log = zope.wait_for_log('event.log', MOVES)
    assert log.count(STANDS) == 1
    stack = log.partition(STANDS)[2].partition(MOVES)[0]
    assert re.match(r' \d\.\d s, in the view fixture_views\.suite at /v/blocks; '
                    'stack', stack)
    assert re.search(r'fixture_views\.py", line \d+, in blocks\n'
                     r' *time\.sleep\(', stack)
    assert PAUSED not in log
    assert zope.get('/v/hello').text == 'hello'


def listening(make_instance, *settings):
    """(an instance, the address of its listener for views)"""
    address = '127.0.0.1', free_port()
    zope = make_instance(with_settings('listen %s:%d' % address,
                                       *settings)).start()
    assert zope.get('/v/hello').text == 'hello'
    return zope, address


def test_the_listener_while_the_site_is_blocked(make_instance, tmpdir):
    zope, address = listening(make_instance, *SUITE)
    go_on = tmpdir.join('go_on')
    with zope.connect(timeout=90) as blocked:
        blocked.request('/v/blocks_until?%s' % go_on)
        zope.wait_for_output('the loop is blocked')
        for path in '/-/', '/-/workers', '/-/requests', '/-/info', '/-/drain':
            assert ask(address, path).code == 200
        threads = ask(address, '/-/threads')
        assert threads.code == 200
        assert re.search(r'fixture_views\.py:\d+ blocks_until\n', threads.text)
        assert ask(address, '/-/threads?source=1').code == 200
        assert ask(address, '/nothing').code == 404
        for name in 'live', 'ready', 'startup':
            awaited(lambda: ask(address, '/-/' + name).code == 503)
            assert re.search(
                r'\[-\]event-loop failed: the event loop has been blocked for',
                ask(address, '/-/%s?verbose' % name).text)
        # Views of the site run one at a time.
        answer = ask(address, '/v/hello')
        assert answer.code == 503
        assert 'Views run one at a time' in answer.text
        assert answer.header('Retry-After') == '1'
        assert answer.header('Cache-Control') == 'no-store'
        head = ask(address, '/v/hello', method='HEAD')
        assert (head.code, head.body) == (503, b'')
        log = zope.wait_for_log('event.log', STANDS)
        go_on.write('')
        assert blocked.response().text == 'MainThread'
    assert ask(address, '/v/hello').text == 'hello'
    assert ask(address, '/-/live').code == 200
    assert log.count(STANDS) == 1 and not re.search(VIEWS_STAND, log)


def test_a_view_that_blocks_the_loop_of_the_listener(make_instance, tmpdir):
    zope, address = listening(make_instance, *SUITE)
    go_on = tmpdir.join('go_on')
    with Connection(address, 90) as blocked, zope.connect(90) as waits:
        blocked.request('/v/blocks_until?%s' % go_on)
        zope.wait_for_output('the loop is blocked')
        # It waits for its view, and the site waits for nothing.
        waits.request('/v/hello')
        for _time in range(3):
            assert zope.get('/@@echo?name=x').text == 'echo x 0'
            assert zope.get('/-/live').code == 200
        log = zope.wait_for_log('event.log', VIEWS_STAND)
        assert re.search(VIEWS_STAND + r' \d\.\d s, in the view '
                         r'fixture_views\.suite at /v/blocks_until;', log)
        assert STANDS not in log
        go_on.write('')
        assert blocked.response().text == 'zserver-views-loop'
        assert waits.response().text == 'hello'
    zope.wait_for_log('event.log', 'views .zserver-views-loop. runs again')


def test_a_blocked_loop_has_a_fallback_responder(make_instance):
    zope, address = listening(make_instance)
    # The one that has the listener: on ZServer that of the site.
    with (zope.connect() if zope.name == 'zserver'
          else Connection(address)) as blocked:
        blocked.request('/v/blocks?5')
        zope.wait_for_output('the loop is blocked')
        answer = ask(address, '/v/hello')
        assert answer.code == 503
        assert answer.header('Retry-After') == '1'
        assert answer.header('Connection') == 'close'
        assert answer.header('Cache-Control') == 'no-store'
        assert re.match(r"The server's loop has not moved for \d\.\d s\.\n\Z",
                        answer.text)
        assert ask(address, '/nothing').code == 404
        head = ask(address, '/v/hello', method='HEAD')
        assert (head.code, head.body) == (503, b'')
        sent = ask(address, '/v/hello', method='POST', body=b'x' * 100000)
        assert sent.code == 503
        assert blocked.response().text == 'blocked'
    # On ZServer the loop may have been at rest for one look of the watchdog.
    awaited(lambda: ask(address, '/v/hello').text == 'hello')
    assert len(re.findall('%s|%s' % (STANDS, VIEWS_STAND),
                          zope.log('event.log'))) == 1


@pytest.mark.skipif(faulthandler is None, reason='needs faulthandler, which '
                    'is a package of its own on Python 2')
def test_a_worker_that_keeps_the_interpreter(make_instance, dump_file):
    zope = make_instance(with_settings(
        'hang-dump ' + dump_file, 'hang-after 1s')).start()
    assert zope.get('/v/hello').text == 'hello'
    zope.get('/@@keep_lock?name=3')
    log = zope.wait_for_log('event.log', 'This process was blocked for')
    assert dump_file in log
    assert PAUSED in log
    assert STANDS not in log
    dump = content(dump_file)
    assert 'this file gets the stacks' in dump
    assert 'the interpreter runs again after' in dump
    assert 'fixture_zope' in dump
    assert zope.get('/v/hello').text == 'hello'


def test_a_blocked_loop_writes_the_hang_dump(make_instance, dump_file):
    zope = make_instance(with_settings(
        'hang-dump ' + dump_file, 'hang-after 1500ms')).start()
    assert zope.get('/v/blocks?4').text == 'blocked'
    log = zope.wait_for_log('event.log', MOVES)
    assert log.count('stacks of all threads are in ' + dump_file) == 1
    dump = content(dump_file)
    assert 'process' in dump
    assert 'zserver-views-watchdog' in dump
    assert re.search(r'fixture_views\.py:\d+ blocks\n', dump)


def test_a_hang_dump_that_cannot_be_opened(make_instance):
    folder = tempfile.mkdtemp(prefix='zsv-')
    zope = make_instance(with_settings('hang-dump ' + folder)).start()
    assert folder in zope.wait_for_log('event.log', 'hang-dump cannot be')
    assert zope.get('/v/hello').text == 'hello'
    os.rmdir(folder)


def test_a_suspended_process_is_no_fault_of_the_loop(make_instance):
    zope = make_instance().start()
    assert zope.get('/v/hello').text == 'hello'
    os.kill(zope.pid, signal.SIGSTOP)
    time.sleep(2)
    os.kill(zope.pid, signal.SIGCONT)
    log = zope.wait_for_log('event.log', PAUSED)
    assert zope.get('/v/hello').text == 'hello'
    assert STANDS not in log


def test_sigusr1_logs_all_stacks(make_instance):
    zope = make_instance().start()
    zope.get('/v/close_gate')
    with zope.connect() as connection:
        connection.request('/@@wait')
        wait_until_waiting(zope, 1)
        os.kill(zope.pid, signal.SIGUSR1)
        log = zope.wait_for_log('event.log',
                                r'requested by SIGUSR1(.|\n)*'
                                r'zserver-views-log-queue')
        assert re.search(r'fixture_zope/__init__\.py:\d+ __call__\n', log)
        assert 'loop, ' in log
        # Those that have no request too.
        assert re.search(r'(?m)^(\d threads, )?worker, idle$', log)
        zope.get('/v/open_gate')
        assert connection.response().text == 'waited '
    assert zope.get('/v/hello').text == 'hello'


def test_sigusr1_that_somebody_else_handles(make_instance):
    zope = make_instance(with_settings(
        '<view /own>', 'name fixture_signals.hello', '</view>')).start()
    assert zope.get('/own').text == 'hello'
    os.kill(zope.pid, signal.SIGUSR1)
    zope.wait_for_output('handled by the site itself')
    assert zope.get('/own').text == 'hello'


def test_sigusr1_with_the_setting_off(make_instance):
    zope = make_instance(with_settings('signals off')).start()
    assert zope.get('/v/hello').text == 'hello'
    os.kill(zope.pid, signal.SIGUSR1)
    assert ended(zope) == -signal.SIGUSR1
