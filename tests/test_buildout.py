"""The buildout files, each built in a copy of the checkout."""
from __future__ import absolute_import, division, print_function

import os
import re
import signal
import subprocess
import sys
from contextlib import closing

import pytest

from tests.checkout import copy_checkout, free_port, is_listening, wait_for
from tests.functional.client import Connection
from tests.waiting import awaited
from tools.clean_environ import clean_environ
from tools.interpreters import find_python27
from tools.not_root import not_root

# The first build downloads Zope egg by egg; for 2.7 it compiles most of them.
PATIENCE = 900


class Buildout(object):
    """The copy, with an environment of its own that has zc.buildout."""

    file = 'buildout.cfg'
    requirement = 'zc.buildout'
    # How the log says that it serves.
    serves = 'Serving on http://127.0.0.1'

    def __init__(self, folder):
        self.checkout = copy_checkout(folder)
        self.environment = os.path.join(str(folder), 'env')
        self.log = os.path.join(str(folder), 'log')
        self.make_environment()
        self.run([self.tool('pip'), 'install', self.requirement])
        self.build()

    def make_environment(self):
        self.run([sys.executable, '-m', 'venv', self.environment])

    def build(self, *arguments):
        # -U: not with what somebody's default.cfg says.
        self.run([self.tool('buildout'), '-U', '-c', self.file]
                 + list(arguments))

    def path(self, *names):
        return os.path.join(self.checkout, *names)

    def tool(self, name):
        return os.path.join(self.environment, 'bin', name)

    def run(self, command):
        """What the command printed; its failure fails the test."""
        process = subprocess.run(
            command, cwd=self.checkout, env=clean_environ(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, universal_newlines=True,
            timeout=PATIENCE)
        assert process.returncode == 0, process.stdout
        return process.stdout

    def set(self, **options):
        """Build the instance again with other options than the file's."""
        # -N: with the eggs that are there.
        self.build('-N', *[
            'instance:{0}={1}'.format(name.replace('_', '-'), value)
            for name, value in options.items()])

    def server(self):
        """The pid of the server, None before there is one."""
        with open(self.log) as log:
            found = re.search(r'in PID (\d+)', log.read())
        return int(found.group(1)) if found else None

    def command(self):
        return [self.path('bin', 'instance'), 'fg']

    def start(self):
        with open(self.log, 'w') as log:
            return subprocess.Popen(
                self.command(), cwd=self.checkout,
                # Its pid is to be in the log as soon as it serves.
                env=clean_environ(PYTHONUNBUFFERED='1'),
                stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)


class ZServerBuildout(Buildout):
    """... of Python 2.7, made by the last virtualenv that knows it."""

    file = 'buildout-zserver.cfg'
    requirement = 'zc.buildout<3'
    serves = 'Ready to handle requests'

    def make_environment(self):
        self.run([sys.executable, '-m', 'virtualenv', '--python',
                  find_python27(), self.environment])

    def command(self):
        return not_root(Buildout.command(self))

    def server(self):
        path = self.path('var', 'instance.pid')
        if not os.path.exists(path):
            return None
        with open(path) as pid:
            return int(pid.read())


@pytest.fixture(scope='module')
def buildout(tmp_path_factory):
    return Buildout(tmp_path_factory.mktemp('buildout'))


@pytest.fixture(scope='module')
def zserver_buildout(tmp_path_factory):
    return ZServerBuildout(tmp_path_factory.mktemp('buildout-zserver'))


def text_of(port, path):
    with closing(Connection(('127.0.0.1', port))) as connection:
        answer = connection.get(path)
    assert answer.code == 200
    return answer.text


def end(process, server):
    """bin/instance runs the server as its child, and ends with it."""
    try:
        if server and process.poll() is None:
            os.kill(server, signal.SIGINT)
            process.wait(30)
    finally:
        # Only when the test has failed is there something left to end.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def top_of(made, port):
    """Whether bin/instance has the command, and that finds the instance."""
    done = subprocess.run(
        [made.path('bin', 'instance'), 'views', 'top', '--once'], cwd=made.checkout,
        env=clean_environ(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True, timeout=90)
    assert '127.0.0.1:{0}'.format(port) in done.stdout, done.stdout
    return done.returncode == 0


def answers_of(made, port):
    """What it says at /thr-id eight times; its front page is there, too."""
    process = made.start()
    try:
        wait_for(process, made.log, made.serves, 90)
        answers = [text_of(port, '/thr-id').strip() for _ in range(8)]
        assert '<html' in text_of(port, '/').lower()
        awaited(lambda: top_of(made, port))
    finally:
        end(process, made.server())
    assert not is_listening(port)
    return answers


def assert_one_thread(answers):
    assert len(set(answers)) == 1
    assert answers[0].isdigit()


@pytest.mark.buildout
@pytest.mark.parametrize('fast_listen', ['on', 'off'])
def test_the_instance_answers(buildout, fast_listen):
    port = free_port()
    buildout.set(http_address='127.0.0.1:{0}'.format(port),
                 http_fast_listen=fast_listen)
    with open(buildout.path('parts', 'instance', 'etc', 'wsgi.ini')) as ini:
        assert ('fast-listen = ' in ini.read()) == (fast_listen == 'on')
    assert_one_thread(answers_of(buildout, port))


@pytest.mark.buildout_zserver
@pytest.mark.parametrize('fast_listen', ['on', 'off'])
def test_the_instance_on_zserver_answers(zserver_buildout, fast_listen):
    port = free_port()
    zserver_buildout.set(http_address='127.0.0.1:{0}'.format(port),
                         http_fast_listen=fast_listen)
    with open(zserver_buildout.path(
            'parts', 'instance', 'etc', 'zope.conf')) as conf:
        assert 'fast-listen ' + fast_listen in conf.read()
    assert_one_thread(answers_of(zserver_buildout, port))


@pytest.mark.buildout
def test_the_instance_is_checked(buildout):
    # Each verdict, which a machine that is busy may spoil, is tested elsewhere.
    done = subprocess.run(
        [buildout.path('bin', 'instance'), 'views', 'check', '--quick'],
        cwd=buildout.checkout, env=clean_environ(), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, universal_newlines=True, timeout=300)
    assert done.returncode in (0, 1), done.stdout
    assert re.search(r'workers-asleep +/thr-id +ok', done.stdout), done.stdout


@pytest.mark.buildout
def test_the_runner_finds_the_product_and_zope(buildout):
    words = buildout.run([buildout.path('bin', 'test'),
                          'tests/functional/test_paths.py'])
    assert re.search(r'=== \d+ passed in ', words), words
