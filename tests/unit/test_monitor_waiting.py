"""monitor.waiting: what stacks say of a thread."""
from __future__ import absolute_import, division, print_function

import os
import threading

import pytest

from Products.ZServerViews.monitor.calling import WITH
from Products.ZServerViews.monitor.waiting import (
    DATABASE, FILE, IDLE, LOCK, RUNNING, SLEEPING, SOCKET, STATES,
    on_a_condition, state, waits_for)

LIBRARY = os.path.dirname(threading.Thread.start.__code__.co_filename)
SITE = LIBRARY + '/site-packages'


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


@pytest.mark.parametrize('stack, called, expected', [
    ([], None, RUNNING),
    ([APP], None, RUNNING),
    ([APP], 'frobnicate', RUNNING),
    ([APP], 'read', RUNNING),
    ([APP], 'get', RUNNING),
    ([APP], WITH, LOCK),
    ([APP], 'acquire', LOCK),
    ([APP], '_acquire', LOCK),
    ([APP, WAIT], 'acquire', LOCK),
    ([APP, WAIT], None, LOCK),
    ([APP, library('threading.py', 'join')], None, LOCK),
    ([APP, library('threading.py', 'run')], None, RUNNING),
    ([APP, ('/srv/threading.py', 1, 'wait')], None, RUNNING),
    ([APP, library('logging/__init__.py', 'acquire')], 'acquire', LOCK),
    ([APP, ('<frozen importlib._bootstrap>', 5, 'acquire')], 'acquire', LOCK),
    ([APP], 'sleep', SLEEPING),
    ([APP], 'recv', SOCKET),
    ([APP, library('socket.py', 'readinto')], 'recv_into', SOCKET),
    ([APP, library('ssl.py', 'read')], 'read', SOCKET),
    ([APP, library('ssl.py', 'read')], None, RUNNING),
    ([APP, SELECT], 'poll', SOCKET),
    ([APP], 'flock', FILE),
    ([APP], 'execute', DATABASE),
    ([ZODB], WITH, DATABASE),
    ([ZODB, WAIT], 'acquire', DATABASE),
    ([APP, site('ZEO/asyncio/client.py', 'call'),
      library('concurrent/futures/_base.py', 'result'), WAIT],
     'acquire', DATABASE),
    ([APP, site('psycopg2/extras.py', 'wait_select')], 'select', DATABASE),
    ([APP, library('sqlite3/dbapi2.py', 'x')], 'acquire', DATABASE),
    ([ZODB], None, RUNNING),
    # The database is further out than the code that waits.
    ([ZODB, APP], WITH, LOCK),
    # A folder of that name far above is none.
    ([('/srv/ZODB/a/b/c/d/e/f.py', 1, 'x')], WITH, LOCK),
    ([library('threading.py', 'run'), HANDLER, WAIT], 'acquire', IDLE),
    # Somebody keeps the lock of waitress's queue.
    ([HANDLER], WITH, LOCK),
    ([library('threading.py', 'run'), library('queue.py', 'get'),
      library('threading.py', '__enter__')], '__enter__', LOCK),
    ([HANDLER, site('waitress/task.py', 'service'), APP, WAIT], None, LOCK),
    ([ACCEPT], 'acquire', IDLE),
    ([ACCEPT], None, RUNNING),
    ([site('waitress/wasyncore.py', 'poll')], 'select', IDLE),
    ([library('asyncore.py', 'poll')], 'select', IDLE),
    ([site('waitress/wasyncore.py', 'poll')], None, RUNNING),
    ([APP, library('queue.py', 'get'), WAIT], 'acquire', IDLE),
    ([APP, library('Queue.py', 'get'), WAIT], None, IDLE),
    ([library('concurrent/futures/thread.py', '_worker')], 'get', IDLE),
    ([library('concurrent/futures/thread.py', '_worker')], None, RUNNING),
    # Nothing but the library: no owner is seen.
    ([library('threading.py', 'run')] + [WAIT] * 30, None, LOCK),
])
def test_state(stack, called, expected):
    assert state(tuple(stack), called) == expected
    assert expected in STATES


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
