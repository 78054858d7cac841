"""The check's own views, and the work for workers, in this process."""
from __future__ import absolute_import, division, print_function

import errno
import json
import logging
import os
import resource
import sys
import threading

import pytest

from Products.ZServerViews.cli.check import child, control, work
from Products.ZServerViews.interfaces import ISuite


def call(name, query=''):
    found = dict(control._views)[name]
    return json.loads(b''.join(found(
        {'QUERY_STRING': query}, lambda status, headers: None)
    ).decode('ascii'))


@pytest.fixture
def subscribed(monkeypatch):
    monkeypatch.setattr(work, 'subscribe', lambda: None)
    monkeypatch.setattr(control, '_find_threads', lambda: 7)
    yield control.suite.views()
    logging.getLogger().removeHandler(control._listener)


def test_the_suite(subscribed):
    assert ISuite.providedBy(control.suite)
    names = [name for name, _view in subscribed]
    assert len(names) == len(set(names)) == 13
    assert control.suite.views() == subscribed
    assert logging.getLogger().handlers.count(control._listener) == 1
    assert call('state')['threads'] == 7


def test_modules():
    call('modules')
    sys.modules['of_this_test'] = sys
    try:
        assert call('modules') == ['of_this_test']
        assert call('modules') == []
    finally:
        del sys.modules['of_this_test']


def record(name, thread):
    made = logging.LogRecord(name, logging.WARNING, __file__, 1, '', (), None)
    made.thread = thread
    return made


def test_who_logs_in_the_loop(monkeypatch):
    class Site(object):
        class loops(object):
            threads = {1}
            of_servers = ()

    class Service(object):
        site = Site

    monkeypatch.setattr(control.service, 'of_process', Service)
    monkeypatch.setattr(control, 'MOST_NAMES', 2)
    call('loggers')
    before = call('state')['logged']
    for name, thread in (('b', 1), ('other', 2), ('waitress.queue', 1),
                         ('Products.ZServerViews', 1), ('a', 1), ('c', 1),
                         (control.LOGGER, 1)):
        control._listener.emit(record(name, thread))
    assert call('loggers') == ['a', 'b']
    assert call('loggers') == []
    assert call('state')['logged'] == before + 1


def test_descriptors():
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        before = len(os.listdir('/dev/fd'))
        assert call('open_files', '50') is True
        assert len(os.listdir('/dev/fd')) == before + 50
        assert call('use_up_files') is True
        with pytest.raises(OSError) as caught:
            os.dup(0)
        assert caught.value.errno == errno.EMFILE
        # All that there were are given back.
        assert call('open_files', '1') in (True, False)
        assert call('close_files') is True
        assert len(os.listdir('/dev/fd')) == before
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
        control._limit = None


def test_more_descriptors_than_there_are(monkeypatch):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(control, '_raise_limit', lambda: None)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, limit[1]))
        assert call('open_files', '300') is False
        assert control._taken == []
        assert call('close_files') is True
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


@pytest.mark.parametrize('name', ['open_files', 'use_up_files'])
def test_another_failure_is_not_hidden(monkeypatch, name):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    given = [3]

    def dup(number):
        if given:
            return given.pop()
        raise OSError(errno.EIO, 'broken')

    monkeypatch.setattr(control.os, 'dup', dup)
    monkeypatch.setattr(control.os, 'close', lambda number: None)
    try:
        with pytest.raises(OSError) as caught:
            call(name, '5')
        assert caught.value.errno == errno.EIO
    finally:
        del control._taken[:]
        control._limit = None
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


@pytest.mark.parametrize('name, size', [('huge', 1 << 30), ('endless', None)])
def test_answers_for_who_does_not_read(name, size):
    heads = []
    parts = dict(control._views)[name](
        {}, lambda status, headers: heads.append(dict(headers)))
    if size is None:
        assert [len(next(parts)) for _number in range(3)] == [65536] * 3
    else:
        assert heads[0]['Content-Length'] == str(size)
        assert sum(len(part) for part in parts) == size


def test_a_view_that_sleeps(monkeypatch):
    slept = []
    monkeypatch.setattr(control.time, 'sleep', slept.append)
    assert call('sleep') is True
    assert slept == [control.SLEEP]


def test_a_view_that_logs():
    assert call('log') is True


# Work

class Event(object):
    """The beginning of a request."""

    def __init__(self, path):
        self.request = self
        self.environ = {'PATH_INFO': path} if path else {}


def at_work(kind):
    """A thread that is at work and waits at the gate."""
    assert call('close_gate') is True
    before = call('state')['waiting']
    thread = threading.Thread(target=work.on_start,
                              args=(Event(work.WORK + kind),))
    thread.daemon = True
    thread.start()
    while call('state')['waiting'] == before:
        pass
    return thread


@pytest.mark.parametrize('kind', ['sleep', 'loop', 'imports', 'logs'])
def test_work_ends_when_the_gate_opens(kind):
    thread = at_work(kind)
    assert thread.is_alive()
    assert call('open_gate') is True
    thread.join(10)
    assert not thread.is_alive()
    assert call('state')['waiting'] == 0


def test_handlers_without_a_lock_are_let_be(monkeypatch):
    class Handler(object):
        lock = None  # and nothing to acquire it by

    class Locked(Handler):
        lock = True

        def acquire(self):
            calls.append('acquire')

        def release(self):
            calls.append('release')

    calls = []
    handlers = None, Handler(), Locked(), Handler()
    monkeypatch.setattr(logging, '_handlerList',
                        [lambda one=one: one for one in handlers])
    monkeypatch.setattr(work.gate, 'wait', lambda: calls.append('wait'))
    work.logs()
    assert calls == ['acquire', 'wait', 'release']


@pytest.mark.parametrize('path', ['/', '/-check-/state', None])
def test_other_requests_go_on(path):
    work.on_start(Event(path))
    assert work.gate.waiting == 0


def test_c_code(monkeypatch):
    slept = []

    class Library(object):
        usleep = staticmethod(slept.append)

    monkeypatch.setattr(work, '_c_library', Library)
    work.on_start(Event(work.WORK + 'c_code'))
    assert slept == [2000000]
    # It is subscribed already.
    work.subscribe()
    assert work._c_library is Library


# What the child process runs

@pytest.mark.parametrize('server', ['runwsgi', 'zserver'])
def test_what_is_started(monkeypatch, server):
    started = []
    alarms = []
    monkeypatch.setattr(child.signal, 'alarm', alarms.append)
    for function, name in ('_run_wsgi', 'runwsgi'), ('_run_zserver',
                                                     'zserver'):
        monkeypatch.setattr(child, function,
                            lambda path, name=name: started.append(
                                (name, path)))
    child.main([server, '/zope.file', '60'])
    assert (started, alarms) == ([(server, '/zope.file')], [60])


def test_uwsgi_is_started(monkeypatch):
    executed = []
    monkeypatch.setattr(child.signal, 'alarm', lambda seconds: None)
    monkeypatch.setattr(child.os, 'execv', lambda *args: executed.append(args))
    child.main(['uwsgi', '/zope.ini', '/bin/uwsgi', '81', '2', '60'])
    (program, words), = executed
    assert program == words[0] == '/bin/uwsgi'
    assert words[-1] == '/zope.ini'
    assert '127.0.0.1:81' in words
    assert words[words.index('--threads') + 1] == '2'


def test_a_server_that_configures_logging_anew():
    root = logging.getLogger()
    control._attach()
    root.removeHandler(control._listener)
    assert call('state')['pid'] == os.getpid()
    assert control._listener in root.handlers
    root.removeHandler(control._listener)
