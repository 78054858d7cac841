"""A loop, or a whole process, that stands still; and SIGUSR1."""
from __future__ import absolute_import, division, print_function

import os
import re
import signal
import tempfile
import time

import pytest

from tests.checkout import free_port
from tests.functional.test_drain import ended
from tests.functional.test_listener import ask, with_settings

try:
    import faulthandler
except ImportError:
    faulthandler = None

# How the lines of the event log begin.
STANDS = "The server's loop has not moved for"
MOVES = "The server's loop moves again after"
PAUSED = 'no Python code could run'


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
    assert re.search(r'fixture_views\.py", line \d+, in blocks\n'
                     r' *time\.sleep\(', stack)
    assert PAUSED not in log
    assert zope.get('/v/hello').text == 'hello'


def test_a_blocked_loop_has_a_stand_in(make_instance):
    address = '127.0.0.1', free_port()
    zope = make_instance(with_settings('listen %s:%d' % address)).start()
    assert zope.get('/v/hello').text == 'hello'
    with zope.connect() as blocked:
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
    assert ask(address, '/v/hello').text == 'hello'
    assert zope.log('event.log').count(STANDS) == 1


@pytest.mark.skipif(faulthandler is None, reason='needs faulthandler, which '
                    'is a package of its own on Python 2')
def test_a_worker_that_keeps_the_interpreter(make_instance, dump_file):
    zope = make_instance(with_settings(
        'hang-dump ' + dump_file, 'hang-after 1s')).start()
    assert zope.get('/v/hello').text == 'hello'
    zope.get('/@@keep_lock?name=3')
    log = zope.wait_for_log('event.log', 'Nothing in this process has moved')
    assert dump_file in log
    assert PAUSED in log
    assert STANDS not in log
    dump = content(dump_file)
    assert 'this file gets the stacks' in dump
    assert 'the interpreter moves again after' in dump
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
        while zope.get('/v/count_waiting').text != '1':
            time.sleep(0.02)
        os.kill(zope.pid, signal.SIGUSR1)
        log = zope.wait_for_log('event.log',
                                r'as SIGUSR1 has asked for(.|\n)*'
                                r'zserver-views-journal')
        assert re.search(r'fixture_zope/__init__\.py:\d+ __call__\n', log)
        assert 'loop, ' in log
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
