"""buildout.cfg, built in a copy of the checkout; its instance and runner."""
from __future__ import absolute_import, division, print_function

import os
import re
import signal
import subprocess
import sys
from urllib.request import urlopen

import pytest

from tests.checkout import copy_checkout, free_port, is_listening, wait_for

pytestmark = pytest.mark.buildout

# The first build downloads Zope egg by egg.
PATIENCE = 500


class Buildout:
    """The copy, with an environment of its own that has zc.buildout."""

    def __init__(self, folder):
        self.checkout = copy_checkout(folder)
        self.environment = os.path.join(str(folder), 'env')
        self.log = os.path.join(str(folder), 'log')
        self.run([sys.executable, '-m', 'venv', self.environment])
        self.run([self.tool('pip'), 'install', 'zc.buildout'])
        self.run([self.tool('buildout')])

    def path(self, *names):
        return os.path.join(self.checkout, *names)

    def tool(self, name):
        return os.path.join(self.environment, 'bin', name)

    def run(self, command):
        """What the command printed; its failure fails the test."""
        process = subprocess.run(
            command, cwd=self.checkout, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            universal_newlines=True, timeout=PATIENCE)
        assert process.returncode == 0, process.stdout
        return process.stdout

    def set(self, **options):
        """Build the instance again with other options than the file's."""
        # -N: with the eggs that are there.
        self.run([self.tool('buildout'), '-N'] + [
            'instance:{0}={1}'.format(name.replace('_', '-'), value)
            for name, value in options.items()])

    def start(self):
        with open(self.log, 'w') as log:
            return subprocess.Popen(
                [self.path('bin', 'instance'), 'fg'], cwd=self.checkout,
                # Its pid is to be in the log as soon as it serves.
                env=dict(os.environ, PYTHONUNBUFFERED='1'),
                stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)


@pytest.fixture(scope='module')
def buildout(tmp_path_factory):
    return Buildout(tmp_path_factory.mktemp('buildout'))


def text_of(port, path):
    url = 'http://127.0.0.1:{0}{1}'.format(port, path)
    with urlopen(url, timeout=30) as response:
        assert response.status == 200
        return response.read().decode('utf-8')


def end(process, log):
    """bin/instance runs the server as its child, and ends with it."""
    with open(log) as lines:
        server = re.search(r'in PID (\d+)', lines.read())
    try:
        if server and process.poll() is None:
            os.kill(int(server.group(1)), signal.SIGINT)
            process.wait(30)
    finally:
        # Only when the test has failed is there something left to end.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.parametrize('fast_listen', ['on', 'off'])
def test_the_instance_answers(buildout, fast_listen):
    port = free_port()
    buildout.set(http_address='127.0.0.1:{0}'.format(port),
                 http_fast_listen=fast_listen)
    with open(buildout.path('parts', 'instance', 'etc', 'wsgi.ini')) as ini:
        assert ('fast-listen = ' in ini.read()) == (fast_listen == 'on')
    process = buildout.start()
    try:
        wait_for(process, buildout.log, 'Serving on http://127.0.0.1', 90)
        threads = set(text_of(port, '/thr-id') for _ in range(8))
        assert '<html' in text_of(port, '/').lower()
    finally:
        end(process, buildout.log)
    assert len(threads) == 1
    assert threads.pop().strip().isdigit()
    assert not is_listening(port)


def test_the_runner_finds_the_product_and_zope(buildout):
    words = buildout.run([buildout.path('bin', 'test'),
                          'tests/functional/test_paths.py'])
    assert re.search(r'=== \d+ passed in ', words), words
