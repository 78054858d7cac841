"""SIGTERM: no request is lost, and the server ends."""
from __future__ import absolute_import, division, print_function

import contextlib
import os
import signal

import pytest

from tests.checkout import free_port
from tests.functional.client import Connection
from tests.functional.test_listener import with_settings
from tests.waiting import awaited


def ended(zope):
    """The exit code, once the process has ended."""
    awaited(lambda: not zope.is_running())
    return zope.exit_code


def refused(zope):
    try:
        zope.connect().close()
    except EnvironmentError:
        return True
    return False


@contextlib.contextmanager
def working(zope):
    """Meanwhile a worker has a request, which it does not finish."""
    zope.get('/v/close_gate')
    with zope.connect() as connection:
        connection.request('/@@wait')
        awaited(lambda: zope.get('/v/count_waiting').text == '1')
        yield


def end_at_once(zope):
    """SIGTERM twice, the second time while a worker has a request; the exit
    code."""
    with working(zope):
        os.kill(zope.pid, signal.SIGTERM)
        awaited(lambda: refused(zope))
        os.kill(zope.pid, signal.SIGTERM)
        return ended(zope)


@pytest.fixture
def draining(make_instance):
    """Five requests in work or waiting when SIGTERM comes."""
    port = free_port()
    zope = make_instance(with_settings(
        'drain-timeout 20s', 'listen 127.0.0.1:%d' % port)).start()
    idle = zope.connect()
    assert idle.get('/@@echo').code == 200
    zope.get('/v/close_gate')
    connections = [zope.connect() for _number in range(5)]
    for number, connection in enumerate(connections):
        connection.request('/@@wait?name=%d' % number)
    awaited(lambda: zope.get('/v/count_waiting').text == '4')
    os.kill(zope.pid, signal.SIGTERM)
    awaited(lambda: refused(zope))
    yield zope, connections, idle, ('127.0.0.1', port)


def test_running_requests_finish(draining):
    zope, connections, idle, _reserved = draining
    assert zope.is_running()
    idle.request('/v/open_gate')
    answer = idle.response()
    assert answer.text == 'open'
    assert answer.header('Connection') == 'close'
    assert idle.is_closed()
    for number, connection in enumerate(connections):
        answer = connection.response()
        assert answer.text == 'waited %d' % number
        assert answer.header('Connection') == 'close'
        assert connection.is_closed()
    assert ended(zope) == 0
    assert 'The server ends after SIGTERM' in zope.log('event.log')


def test_a_request_on_an_idle_connection_is_answered(draining):
    zope, _connections, idle, reserved = draining
    # All workers wait: it is the fifth in the queue.
    idle.request('/@@echo?name=late')
    with Connection(reserved) as operator:
        assert operator.get('/v/open_gate').text == 'open'
    assert idle.response().text == 'echo late 0'
    assert ended(zope) == 0


def test_without_requests_it_ends_at_once(make_instance):
    zope = make_instance().start()
    assert zope.get('/v/hello').code == 200
    os.kill(zope.pid, signal.SIGTERM)
    assert ended(zope) == 0


def test_at_most_the_time_set(make_instance):
    zope = make_instance(with_settings('drain-timeout 500ms')).start()
    with working(zope):
        os.kill(zope.pid, signal.SIGTERM)
        assert ended(zope) == 0
    assert 'unfinished requests: 1' in zope.log('event.log')


def test_a_second_signal_ends_it_at_once(make_instance):
    assert end_at_once(make_instance().start()) == -signal.SIGTERM


def test_the_setting_signals(make_instance):
    zope = make_instance(with_settings('signals off')).start()
    os.kill(zope.pid, signal.SIGTERM)
    assert ended(zope) == -signal.SIGTERM


def test_a_handler_of_somebody_else_is_left_alone(make_instance):
    zope = make_instance(with_settings(
        '<view /own>', 'name fixture_signals.hello', '</view>')).start()
    os.kill(zope.pid, signal.SIGTERM)
    zope.wait_for_output('handled by the site itself')
    assert zope.get('/own').text == 'hello'


def test_ctrl_c_inside_a_view_is_not_lost(make_instance):
    zope = make_instance().start()
    with zope.connect() as connection:
        connection.request('/v/endless_nothing')
        zope.get('/v/hello')
        os.kill(zope.pid, signal.SIGINT)
        assert ended(zope) == 0
