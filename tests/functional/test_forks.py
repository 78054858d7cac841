"""Processes that fork: what the parent has started begins anew in a child that
serves, and leaves alone one that does not.
"""
from __future__ import absolute_import, division, print_function

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from tests.functional.client import Connection
from tests.functional.harness import SECTION, Instance
from tests.functional.harness.instance import SITE
from tests.waiting import awaited

CONF = SECTION % """
    fixture /v  fixture_views.suite
    forks   /f  fixture_forks.suite
    monitor /-/ Products.ZServerViews.views.monitor
""" + """
%import Products.ZServerViews
<zserver-views settings>
    listen 127.0.0.1:0
    hang-dump {0}/hang
    hang-after 5s
    check fixture_checks.counted
    check-interval 1s
    drain-timeout 5s
</zserver-views>
"""

LINES = 20


class Program(object):
    """fixture_forks as a program, which serves an instance's zope.conf."""

    def __init__(self, instance, how):
        self.folder = instance.folder
        self.log_path = os.path.join(self.folder, 'events')
        conf = os.path.join(self.folder, 'etc', 'zope.conf')
        with open(conf, 'a') as text:
            text.write(CONF.format(self.folder))
        environ = dict(os.environ, PYTHONPATH=os.pathsep.join(
            filter(None, [SITE, os.environ.get('PYTHONPATH', '')])))
        self.output = open(os.path.join(self.folder, 'output'), 'w+')
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(SITE, 'fixture_forks.py'), conf,
             self.log_path, how], env=environ, cwd=self.folder,
            stdout=self.output, stderr=subprocess.STDOUT, close_fds=True)
        self._pids = []

    def said(self):
        with open(self.output.name) as text:
            return text.read()

    def server(self, name):
        """The `Server` of that name, once it is there."""
        match = awaited(lambda: re.search(r'(?m)^%s (\d+) (\d+)$' % name,
                                          self.said())
                        or self.process.poll() is not None)
        assert match is not True, self.said()
        pid, port = map(int, match.groups())
        self._pids.append(pid)
        return Server(self, pid, port)

    def log(self):
        with open(self.log_path) as text:
            return text.read()

    def lines(self, pattern):
        """All lines of the log that match, at least one."""
        return awaited(lambda: re.findall('(?m)^.*' + pattern + '.*$',
                                          self.log()))

    def stop(self):
        for pid in self._pids + [self.process.pid]:
            try:
                # Children that have ended are nobody else's by then: their
                # parent has not waited for them, or they are our own.
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        self.process.wait()
        self.output.close()


class Server(object):
    def __init__(self, program, pid, port):
        self.program = program
        self.pid = pid
        self.failures = 0
        # Python would show, and walk through, those of the parent too.
        self.knows_threads = True
        self.address = '127.0.0.1', port

    def get(self, target, address=None, code=200):
        with Connection(address or self.address) as connection:
            response = connection.get(target, headers=[
                ('Connection', 'close')])
        assert response.code == code, response.body
        return response

    def json(self, target):
        return json.loads(self.get(target + '?format=json').text)

    def info(self):
        return self.json('/-/info')

    def listener(self):
        host, _, port = self.info()['settings']['listen'].rpartition(':')
        return host, int(port)

    def logged_once(self, pattern):
        line, = self.program.lines(pattern)
        assert line.startswith('%d ' % self.pid), line

    def terminate(self):
        os.kill(self.pid, signal.SIGTERM)
        awaited(self.has_ended)

    def has_ended(self):
        # Nobody may have waited for it yet.
        try:
            with open('/proc/%d/stat' % self.pid) as stat:
                return stat.read().rpartition(')')[2].split()[0] in 'ZX'
        except EnvironmentError:
            return True


def check(server, word):
    """All that was started for views is there in this process, once."""
    info = server.info()
    assert info['pid'] == server.pid
    if server.knows_threads:
        names = [thread['name']
                 for thread in server.json('/-/threads')['threads']]
        for name in 'log-queue', 'watchdog', 'check-fixture_checks.counted':
            assert names.count('zserver-views-' + name) == 1, names
    # The main thread, two workers, and these three.
    assert len(os.listdir('/proc/%d/task' % server.pid)) >= 6
    awaited(lambda: server.info()['versions'])
    awaited(lambda: 'fixture_checks.counted ok' in server.get(
        '/-/ready?verbose').text)
    server.get('/v/hello?' + word)
    server.logged_once('"GET /v/hello[?]%s HTTP/1.1" 200 5 ' % word)
    server.get('/v/aside_raises?' + word, code=500)
    server.get('/v/raises?' + word, code=500)
    server.logged_once('"GET /v/raises[?]%s HTTP/1.1" 500 ' % word)
    server.failures += 1
    awaited(lambda: len(re.findall('(?m)^%d .* failed in GET /v/raises$'
                                   % server.pid, server.program.log()))
            == server.failures)
    assert server.get('/v/hello', server.listener()).body == b'hello'
    assert server.get('/').code == 200


@pytest.fixture
def start(make_instance):
    started = []

    def start(how):
        started.append(Program(make_instance(''), how))
        return started[-1]

    yield start
    for program in started:
        program.stop()


WAYS = ['before', 'shared', 'page', 'view', 'c']


@pytest.mark.skipif(Instance.name == 'zserver',
                    reason='ZServer is not forked behind its start')
@pytest.mark.parametrize('how', WAYS)
def test_a_child_that_serves(start, how):
    program = start(how)
    parent = program.server('parent')
    if how not in ('before', 'shared'):
        check(parent, 'first')
        with Connection(parent.address) as connection:
            connection.request('/fork' if how == 'page' else '/f/fork')
            child = program.server('child')
            child.knows_threads = how != 'c'
            connection.response()
        lines = [program.lines('line %d before' % number)
                 for number in range(LINES)]
        assert all(len(found) == 1 for found in lines), lines
    else:
        child = program.server('child')
    if how != 'shared':
        check(child, 'child')
        check(parent, 'second')
        assert child.listener() != parent.listener()
        # Else either of them answers.
        assert parent.info()['started'] <= child.info()['started']
    if how == 'c' and sys.version_info[0] == 2:
        # Python 2 handles no signal in a child that it does not know of.
        os.kill(child.pid, signal.SIGKILL)
    else:
        # Before its loop begins SIGTERM ends it at once.
        program.lines('%d .*Views served from the event loop' % child.pid)
        child.terminate()
        child.logged_once('%d .*SIGTERM: no new connections are accepted'
                          % child.pid)
    check(parent, 'last')
    assert len(program.lines('Views served from the event loop')) == 2
    assert (len(program.lines('failed in GET /v/raises'))
            == parent.failures + child.failures)
    parent.terminate()


def test_children_that_serve_nothing(make_instance):
    instance = make_instance(CONF.format('/nonexistent').replace(
        'hang-dump /nonexistent/hang\n', ''))
    instance.start()
    for view in 'children', 'children_aside':
        assert instance.get('/f/' + view).body == b'[7, 8]'
    log = instance.wait_for_log('event.log', '(?s)(a child of .*){2}')
    assert log.count('a child of %d logs' % instance.pid) == 2
    for number in range(LINES):
        instance.wait_for_log('event.log', '(?s)(line %d before.*){2}' % number)
    assert instance.get('/v/hello').body == b'hello'
    log = instance.log('event.log')
    for number in range(LINES):
        assert log.count('line %d before' % number) == 2
    names = [thread['name'] for thread in json.loads(instance.get(
        '/-/threads?format=json').text)['threads']]
    for name in 'log-queue', 'watchdog', 'check-fixture_checks.counted':
        assert names.count('zserver-views-' + name) == 1, names
