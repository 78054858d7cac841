"""What systemd is told, by a test in its place: Type=notify and WatchdogSec."""
from __future__ import absolute_import, division, print_function

import os
import signal
import time

import pytest

from tests.checkout import free_port
from tests.functional.test_drain import ended
from tests.functional.test_listener import with_settings
from tests.notify_socket import SECONDS, NotifySocket


@pytest.fixture
def systemd():
    made = NotifySocket()
    yield made
    made.close()


def test_it_is_told_of_the_start_the_loop_and_the_end(make_instance, systemd):
    zope = make_instance(environ=systemd.environ()).start()
    systemd.wait_for('READY=1')
    # The loop is idle, and says so again and again.
    for _time in range(3):
        systemd.wait_for('WATCHDOG=1')
    assert systemd.heard.count('READY=1') == 1
    assert 'STOPPING=1' not in systemd.heard
    os.kill(zope.pid, signal.SIGTERM)
    assert ended(zope) == 0
    systemd.listen()
    assert systemd.heard.count('STOPPING=1') == 1
    assert set(systemd.heard) <= {'READY=1', 'WATCHDOG=1', 'STOPPING=1',
                                  'WATCHDOG_USEC=0'}


def test_a_loop_that_stands_still_says_nothing(make_instance, systemd, tmpdir):
    go_on = tmpdir.join('go_on')
    # Where that has a loop of its own, it runs on.
    zope = make_instance(with_settings('listen 127.0.0.1:%d' % free_port()),
                         environ=systemd.environ()).start()
    systemd.wait_for('WATCHDOG=1')
    with zope.connect(timeout=90) as blocked:
        blocked.request('/v/blocks_until?%s' % go_on)
        zope.wait_for_output('the loop is blocked')
        systemd.listen()
        time.sleep(2 * SECONDS)
        assert systemd.listen() == []
        go_on.write('')
        assert blocked.response().code == 200
    systemd.wait_for('WATCHDOG=1')


def test_without_watchdogsec(make_instance, systemd):
    zope = make_instance(environ=systemd.environ(WATCHDOG_USEC='')).start()
    systemd.wait_for('READY=1')
    os.kill(zope.pid, signal.SIGTERM)
    assert ended(zope) == 0
    systemd.listen()
    assert systemd.heard == ['READY=1', 'STOPPING=1']


@pytest.mark.parametrize('name', ['WATCHDOG_PID', 'SYSTEMD_EXEC_PID'])
def test_a_child_of_the_service_says_nothing(make_instance, systemd, name):
    """Such as a worker of a server that tells systemd by itself."""
    zope = make_instance(environ=systemd.environ(**{name: str(os.getpid())})
                         ).start()
    assert zope.get('/v/hello').text == 'hello'
    zope.stop()
    assert systemd.listen() == []


def test_a_site_without_views_says_nothing(make_instance, systemd):
    zope = make_instance('', environ=systemd.environ()).start()
    zope.get('/')
    zope.stop()
    assert systemd.listen() == []


def test_a_socket_that_is_not_there(make_instance, systemd):
    zope = make_instance(environ=systemd.environ(NOTIFY_SOCKET='/not/there')).start()
    assert zope.get('/v/hello').text == 'hello'
    log = zope.wait_for_log('event.log', 'systemd cannot be told', 60)
    assert log.count('systemd cannot be told') == 1
    assert zope.is_running()
