"""The end of the process, whatever else it runs, and what it waits for."""
from __future__ import absolute_import, division, print_function

import json
import os
import signal
import socket
import sys
import time

import pytest

from tests.checkout import free_port
from tests.functional.client import Connection
from tests.functional.harness import Instance
from tests.functional.harness.on_waitress import DEFAULT_LISTEN
from tests.functional.harness.on_zserver import DEFAULT_LISTEN as HTTP_SERVER
from tests.functional.test_drain import end_at_once, ended, working
from tests.functional.test_listener import with_settings
from tests.waiting import awaited

VIEW = ('<view /kept>', 'name fixture_ends.hello', '</view>',
        '<view /block>', 'name fixture_ends.block', '</view>')
SUITE = ('<view monitor>', 'path /-/',
         'name Products.ZServerViews.views.monitor', '</view>')

KEEPERS = ['thread', 'handler', 'process', 'pipe']
if sys.version_info[0] > 2:
    KEEPERS.append('executor')

TWO_ADDRESSES = dict.fromkeys(
    ['waitress', 'waitress 1', 'waitress 2'],
    DEFAULT_LISTEN.replace('127.0.0.1:0', '127.0.0.1:0 127.0.0.1:0'))
TWO_ADDRESSES['zserver'] = 2 * HTTP_SERVER

# Seconds that the process has behind the end of its event loop, and that a
# busy machine may need besides.
GRACE = 5
SLACK = 1.5


def on_zserver():
    return Instance.name == 'zserver'


def kept(make_instance, by, *settings, **kw):
    zope = make_instance(with_settings(*settings + VIEW),
                         environ={'ZSV_KEPT_BY': by}, **kw).start()
    # From the first turn of the event loop on it handles signals.
    assert zope.get('/kept').text == 'hello'
    return zope


def seconds_until_ended(zope, number=signal.SIGTERM):
    begin = time.time()
    os.kill(zope.pid, number)
    assert ended(zope) == 0
    return time.time() - begin


@pytest.mark.parametrize('by', KEEPERS)
def test_whatever_keeps_it(make_instance, by):
    zope = kept(make_instance, by)
    assert seconds_until_ended(zope) < GRACE + SLACK


def test_it_says_what_has_kept_it(make_instance):
    zope = kept(make_instance, 'thread')
    seconds_until_ended(zope)
    # On the console where a busy machine has no time left for the log.
    words = zope.log('event.log') + zope.output()
    assert 'SIGTERM should have ended the process' in words
    assert ': of the site; the main thread is in ' in words


def test_it_says_so_where_the_log_waits(make_instance):
    zope = kept(make_instance, 'pipe')
    seconds_until_ended(zope)
    zope.wait_for_output('SIGTERM should have ended the process')
    assert 'Lost log lines: ' in zope.output()


@pytest.mark.parametrize('by', ['thread', 'handler'])
def test_ctrl_c(make_instance, by):
    zope = kept(make_instance, by)
    assert seconds_until_ended(zope, signal.SIGINT) < GRACE + SLACK


def test_within_the_time_set_and_5_seconds(make_instance):
    zope = kept(make_instance, 'thread', 'drain-timeout 500ms')
    with working(zope):
        assert seconds_until_ended(zope) < 0.5 + GRACE + SLACK


def test_a_blocked_event_loop(make_instance):
    zope = kept(make_instance, 'thread', 'drain-timeout 500ms')
    with zope.connect() as connection:
        connection.request('/block')
        time.sleep(0.5)
        assert seconds_until_ended(zope) < 0.5 + GRACE + SLACK


def test_without_views_nothing_changes(make_instance):
    zope = make_instance('').start()
    os.kill(zope.pid, signal.SIGTERM)
    assert ended(zope) == (0 if on_zserver() else -signal.SIGTERM)


# As process 1, where the kernel drops signals with their default action:


def test_process_1_ends(make_instance):
    zope = make_instance(as_init=True).start()
    assert zope.get('/v/pid').text == '1'
    assert seconds_until_ended(zope) < GRACE + SLACK


def test_process_1_is_kept(make_instance):
    zope = kept(make_instance, 'thread', as_init=True)
    assert seconds_until_ended(zope) < GRACE + SLACK


def test_a_second_sigterm_for_process_1(make_instance):
    zope = make_instance(with_settings('drain-timeout 50s'),
                         as_init=True).start()
    # On ZServer Zope's own handler has both, and the first one ends it.
    assert end_at_once(zope) == (0 if on_zserver() else 128 + signal.SIGTERM)


# What it waits for:


def in_flight(zope):
    return json.loads(zope.get('/-/drain?format=json').text)['in_flight']


@pytest.fixture(params=[(), SUITE], ids=['plain', 'monitored'])
def patient(request, make_instance):
    """Waits for requests; with and without a recorder of them."""
    port = free_port()
    settings = ('drain-timeout 30s', 'listen 127.0.0.1:%d' % port)
    zope = make_instance(with_settings(*settings + request.param)).start()
    zope.monitored = bool(request.param)
    zope.reserved = '127.0.0.1', port
    zope.wait_for_output('Views are also served at ')
    return zope


def test_a_page_that_raises_systemexit(patient):
    with patient.connect(10) as connection:
        connection.request('/@@exit')
        if on_zserver():
            # There a page ends the process in this way.
            assert ended(patient) == 1
            return
        wait_until_over(connection)
        if patient.monitored:
            awaited(lambda: in_flight(patient) == 0)
        assert seconds_until_ended(patient) < GRACE


def wait_until_over(connection):
    """Until the server has answered, or closed the connection."""
    try:
        connection.response()
    except EOFError:
        pass


def test_idle_connections(patient):
    with patient.connect() as idle, Connection(patient.reserved) as reserved:
        assert idle.get('/@@echo').code == 200
        assert reserved.get('/v/hello').text == 'hello'
        assert seconds_until_ended(patient) < GRACE


def test_an_answer_that_the_client_has_not_taken_is_in_flight(make_instance):
    zope = make_instance(with_settings('drain-timeout 30s', *SUITE)).start()
    connection = slow_reader(zope)
    connection.request('/@@large')
    awaited(lambda: finished(zope) == 1)
    assert in_flight(zope) == 1
    os.kill(zope.pid, signal.SIGTERM)
    if not on_zserver():  # Zope's own handler gives a second there
        time.sleep(2)
        assert zope.is_running()
        assert len(connection.response().body) == 12000000
    assert ended(zope) == 0
    connection.close()


def slow_reader(zope):
    connection = Connection.__new__(Connection)
    connection._received, connection._buffer = 0, b''
    connection.socket = socket.socket()
    connection.socket.settimeout(30)
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.socket.connect(zope.addresses[0])
    return connection


def finished(zope):
    """How many requests for the site workers have finished."""
    return json.loads(zope.get('/-/workers?format=json').text)[
        'finished']


def test_a_request_of_a_client_that_has_gone_is_in_flight(make_instance):
    zope = make_instance(with_settings('drain-timeout 1s', *SUITE)).start()
    with working(zope):
        pass  # then its client goes
    time.sleep(0.5)
    assert in_flight(zope) == 1
    os.kill(zope.pid, signal.SIGTERM)
    assert ended(zope) == 0
    if not on_zserver():
        assert 'unfinished requests: 1' in zope.log('event.log')


def test_the_log_says_once_that_it_ends(make_instance):
    zope = make_instance(listen=TWO_ADDRESSES[Instance.name]).start()
    for listener in 0, 1:
        with zope.connect(listener=listener) as connection:
            assert connection.get('/v/hello').text == 'hello'
    assert seconds_until_ended(zope) < GRACE
    said = 0 if on_zserver() else 1
    assert zope.log('event.log').count('SIGTERM: no new connections') == said
    assert zope.log('event.log').count('ends after SIGTERM') == said
