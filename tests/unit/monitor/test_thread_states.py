"""monitor.thread_states: what stacks say of a thread."""
from __future__ import absolute_import, division, print_function

import os
import threading

import pytest

from Products.ZServerViews import monitor
from Products.ZServerViews.monitor.thread_states import (
    DATABASE,
    FILE,
    IDLE,
    LOCK,
    RUNNING,
    SLEEPING,
    SOCKET,
    STATES,
    UNKNOWN,
    WAITING,
    on_a_condition,
    state,
    waits_for,
)

LIBRARY = os.path.dirname(threading.Thread.start.__code__.co_filename)
SITE = LIBRARY + '/site-packages'
PRODUCT = os.path.dirname(os.path.dirname(monitor.__file__))


def library(name, function):
    return LIBRARY + '/' + name, 10, function


def site(name, function):
    return SITE + '/' + name, 20, function


APP = ('/srv/site/app.py', 30, 'work')
WAIT = library('threading.py', 'wait')
SELECT = library('selectors.py', 'select')
HANDLER = site('waitress/task.py', 'handler_thread')
ACCEPT = site('ZServer/PubCore/ZRendezvous.py', 'accept')
ZODB = site('ZODB/Connection.py', 'setstate')


def own(name, function):
    return PRODUCT + '/' + name, 20, function


@pytest.mark.parametrize('stack, otherwise, expected', [
    ([], LOCK, UNKNOWN),
    ([APP], None, UNKNOWN),
    ([APP], LOCK, LOCK),
    ([APP], RUNNING, RUNNING),
    ([APP], SLEEPING, SLEEPING),
    ([APP], SOCKET, SOCKET),
    ([APP], FILE, FILE),
    ([APP], WAITING, WAITING),
    ([APP, WAIT], None, LOCK),
    # The frame tells more than the clock, which looks back.
    ([APP, WAIT], RUNNING, LOCK),
    ([APP, library('threading.py', 'join')], None, LOCK),
    ([APP, library('threading.py', 'run')], None, UNKNOWN),
    ([APP, library('threading.py', 'run')], RUNNING, RUNNING),
    ([APP, ('/srv/threading.py', 1, 'wait')], None, UNKNOWN),
    ([APP, library('logging/__init__.py', 'acquire')], None, LOCK),
    ([APP, ('<frozen importlib._bootstrap>', 5, 'acquire')], None, LOCK),
    ([APP, library('socket.py', 'readinto')], None, SOCKET),
    ([APP, library('socket.py', 'getaddrinfo')], None, SOCKET),
    ([APP, library('socket.py', 'makefile')], None, UNKNOWN),
    ([APP, library('ssl.py', 'read')], None, SOCKET),
    ([APP, SELECT], None, SOCKET),
    ([APP, library('subprocess.py', '_try_wait')], None, WAITING),
    ([APP, library('subprocess.py', 'poll')], None, UNKNOWN),
    ([ZODB], LOCK, DATABASE),
    ([ZODB], FILE, DATABASE),
    ([ZODB], WAITING, DATABASE),
    ([ZODB], SLEEPING, SLEEPING),
    ([ZODB], RUNNING, RUNNING),
    ([ZODB], None, UNKNOWN),
    ([ZODB, WAIT], None, DATABASE),
    ([APP, site('ZEO/asyncio/client.py', 'call'),
      library('concurrent/futures/_base.py', 'result'), WAIT],
     None, DATABASE),
    ([APP, site('psycopg2/extras.py', 'wait_select')], SOCKET, DATABASE),
    ([APP, site('Products/ZPsycopgDA/db.py', 'query')], SOCKET, DATABASE),
    ([APP, library('sqlite3/dbapi2.py', 'x')], LOCK, DATABASE),
    # The database is further out than the code that waits.
    ([ZODB, APP], LOCK, LOCK),
    # A folder of that name far above is none.
    ([('/srv/ZODB/a/b/c/d/e/f.py', 1, 'x')], LOCK, LOCK),
    ([library('threading.py', 'run'), HANDLER, WAIT], None, IDLE),
    # Somebody keeps the lock of waitress's queue.
    ([HANDLER], LOCK, LOCK),
    ([HANDLER], None, UNKNOWN),
    ([library('threading.py', 'run'), library('queue.py', 'get'),
      library('threading.py', '__enter__')], None, LOCK),
    ([library('threading.py', 'run'), library('Queue.py', 'get'),
      library('threading.py', 'acquire')], None, LOCK),
    ([HANDLER, site('waitress/task.py', 'service'), APP, WAIT], None, LOCK),
    ([ACCEPT], None, IDLE),
    ([site('waitress/wasyncore.py', 'poll')], None, IDLE),
    ([library('asyncore.py', 'poll')], None, IDLE),
    ([site('waitress/wasyncore.py', 'poll'), APP], None, UNKNOWN),
    ([APP, library('queue.py', 'get'), WAIT], None, IDLE),
    ([APP, library('Queue.py', 'get'), WAIT], None, IDLE),
    ([library('concurrent/futures/thread.py', '_worker')], None, IDLE),
    ([library('multiprocessing/pool.py', 'worker'),
      library('multiprocessing/connection.py', '_recv')], WAITING, IDLE),
    ([own('runtime/log_queue.py', '_run')], None, IDLE),
    ([own('runtime/watchdog.py', '_run')], None, IDLE),
    ([own('monitor/helperchecks.py', '_run')], None, IDLE),
    ([own('wsgi/lateness.py', '_run')], None, IDLE),
    ([own('runtime/log_queue.py', '_run'), APP], None, UNKNOWN),
    # Nothing but the library: no owner is seen.
    ([library('threading.py', 'run')] + [WAIT] * 30, None, LOCK),
])
def test_state(stack, otherwise, expected):
    assert state(tuple(stack), lambda: otherwise) == expected
    assert expected in STATES


def test_nobody_else_is_asked_where_the_frame_tells():
    assert state((APP, WAIT), lambda: 1 // 0) == LOCK
    assert state((APP,)) == UNKNOWN


@pytest.mark.parametrize('stack, expected', [
    ([], False), ([APP], True), ([APP, WAIT], True), ([WAIT], False),
    ([APP, ZODB, WAIT], False),
    ([('/srv/site-2/app.py', 30, 'work')], False)])
def test_who_has_begun_a_wait(stack, expected):
    assert waits_for(tuple(stack), '/srv/site') is expected


@pytest.mark.parametrize('stack, expected', [
    ([], False), ([APP], False), ([APP, WAIT], True), ([WAIT, APP], False)])
def test_a_condition(stack, expected):
    assert on_a_condition(tuple(stack)) is expected
