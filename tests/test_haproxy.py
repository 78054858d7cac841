"""HAProxy in front of two instances: docs/recipes/haproxy.cfg, as it is there.

Only the addresses are others, it checks ten times as often, and it has a
socket that tells its counters. And ``retries 0``: by default HAProxy would
send a request again whose connection was refused, which hides a loss.
"""
from __future__ import absolute_import, division, print_function

import contextlib
import csv
import io
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import pytest

from tests.checkout import TOP, free_port, is_listening
from tests.functional.client import Connection
from tests.functional.harness import Instance
from tests.functional.test_access import BEARER, write_token
from tests.functional.test_drain import ended
from tests.functional.test_listener import with_settings
from tests.functional.test_overload import WORKERS, sleeping_workers
from tests.waiting import awaited
from tools import programs

pytestmark = pytest.mark.haproxy

NAMES = ['zope1', 'zope2']
SUITE = ('<view monitor>', 'path /-/',
         'name Products.ZServerViews.views.monitor', '</view>',
         '<view /-/probe>', 'name Products.ZServerViews.views.health.ready',
         'access-log off', '</view>')
LISTEN = 'listen = 127.0.0.1:%d\nthreads = 4'
REQUESTS = 10000
# Clients that ask without a pause, and such whose requests take a while: so
# some are in work whenever an instance is to end.
QUICK = ['/@@echo?name=quick'] * 5
SLOW = ['/@@nap?seconds=0.2'] * 3
TEXTS = {QUICK[0]: 'echo quick 0', SLOW[0]: 'awake'}
PATIENCE = 60

STATISTICS = """
global
    stats socket %s mode 600

"""


def recipe(name='haproxy.cfg'):
    """The text of a file of docs/recipes."""
    path = os.path.join(TOP, 'docs', 'recipes', name)
    with io.open(path, encoding='utf-8') as text:
        return text.read()


def changed(text, *changes):
    for old, new in changes:
        assert text.count(old) == 1, (old, text)
        text = text.replace(old, new)
    return text


class HAProxy(object):
    """The child process, with a folder of its own."""

    def __init__(self, ports):
        self.folder = tempfile.mkdtemp(prefix='zsv-')
        self._socket = os.path.join(self.folder, 'socket')
        self.address = ('127.0.0.1', free_port())
        path = os.path.join(self.folder, 'haproxy.cfg')
        with io.open(path, 'w', encoding='utf-8') as config:
            config.write(STATISTICS % self._socket + self._recipe(ports))
        self._process = subprocess.Popen(
            [programs.find('haproxy'), '-db', '-f', path])

    def _recipe(self, ports):
        return changed(
            recipe(), (' :80\n', ' 127.0.0.1:%d\n' % self.address[1]),
            ('10.0.0.1:8080', '127.0.0.1:%d' % ports[0]),
            ('10.0.0.2:8080', '127.0.0.1:%d' % ports[1]),
            (' inter 1s ', ' inter 100ms '),
            ('option redispatch\n',
             'option redispatch\n        retries 0\n'
             '        http-response set-header X-Server %s\n'))

    def wait(self):
        """Return once it listens, with both instances up."""
        awaited(lambda: self._process.poll() is not None
                   or is_listening(self.address[1]))
        assert self._process.poll() is None, 'HAProxy has ended'
        for name in NAMES:
            self.wait_for(name, 'UP')

    def statistics(self):
        """{server of the backend or BACKEND: {column: text}}"""
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as asking:
            asking.settimeout(PATIENCE)
            asking.connect(self._socket)
            asking.sendall(b'show stat\n')
            told = b''.join(iter(lambda: asking.recv(65536), b''))
        rows = csv.DictReader(io.StringIO(told.decode().lstrip('# ')))
        return dict((row['svname'], row) for row in rows
                    if row['pxname'] == 'zope')

    def wait_for(self, name, state):
        awaited(lambda: self.statistics()[name]['status'] == state)

    def connect(self):
        return Connection(self.address, PATIENCE)

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()
        shutil.rmtree(self.folder)


class Site(object):
    """HAProxy and the instances, each at a port that stays the same."""

    def __init__(self, *settings):
        assert programs.find('haproxy'), 'HAProxy is not installed'
        self.folder = tempfile.mkdtemp(prefix='zsv-')
        token = os.path.join(self.folder, 'token')
        write_token(token)
        conf = with_settings('token-file ' + token, *settings + SUITE)
        ports = [free_port() for _name in NAMES]
        self.instances = [Instance(conf, LISTEN % port) for port in ports]
        self.haproxy = None
        try:
            for instance in self.instances:
                instance.start()
            self.haproxy = HAProxy(ports)
            self.haproxy.wait()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        for part in [self.haproxy] + self.instances:
            if part is not None:
                part.stop()
        shutil.rmtree(self.folder)


@pytest.fixture
def make_site():
    """make(*settings): a site, which is stopped at the end."""
    made = []

    def make(*settings):
        made.append(Site(*settings))
        return made[-1]

    yield make
    for site in made:
        site.stop()


def answerers(haproxy, number):
    """Who answered each of so many requests, of one client."""
    with haproxy.connect() as client:
        answers = [client.get('/@@echo?name=%d' % which)
                   for which in range(number)]
    for which, answer in enumerate(answers):
        assert (answer.code, answer.text) == (200, 'echo %d 0' % which)
    return [answer.header('X-Server') for answer in answers]


def test_a_saturated_instance_gets_nothing_until_it_has_room(make_site):
    site = make_site('ready-max-wait 500ms')
    haproxy, saturated = site.haproxy, site.instances[0]
    assert set(answerers(haproxy, 20)) == set(NAMES)
    with sleeping_workers(saturated, queued=5) as connections:
        haproxy.wait_for('zope1', 'DOWN')
        assert answerers(haproxy, 200) == ['zope2'] * 200
        # Nothing else was wrong with it.
        assert saturated.get('/v/count_waiting').text == str(WORKERS)
        # Not told while a check is under way.
        awaited(lambda: haproxy.statistics()['zope1'][
            'check_code'] == '503')
        assert saturated.get('/v/open_gate').text == 'open'
        for number, connection in enumerate(connections):
            assert connection.response().text == 'waited %d' % number
    haproxy.wait_for('zope1', 'UP')
    assert sorted(answerers(haproxy, 20)) == ['zope1'] * 10 + ['zope2'] * 10


def test_the_suite_stays_inside(make_site):
    with make_site().haproxy.connect() as client:
        assert client.get('/-/ready').code == 404


class Load(object):
    """Clients in threads, each with one connection to HAProxy."""

    def __init__(self, haproxy):
        self.failures = []
        self._haproxy = haproxy
        self._ending = threading.Event()
        # One list of answering instances for each client: no lock is needed.
        self._answered = [[] for _path in QUICK + SLOW]
        self._threads = [
            threading.Thread(target=self._client, args=pair)
            for pair in zip(QUICK + SLOW, self._answered)]

    @property
    def answered(self):
        return sum(map(len, self._answered))

    @property
    def answerers(self):
        return set().union(*self._answered)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info):
        self._ending.set()
        for thread in self._threads:
            thread.join(2 * PATIENCE)

    def _client(self, path, answered):
        try:
            with self._haproxy.connect() as client:
                while not self._ending.is_set():
                    answered.append(self._ask(client, path))
        except Exception as error:
            self.failures.append((path, len(answered), repr(error)))

    def _ask(self, client, path):
        answer = client.get(path)
        assert (answer.code, answer.text) == (200, TEXTS[path]), answer.status
        return answer.header('X-Server')


def restart(site, name):
    """As docs/drain.rst has it: drained, ended, and started again."""
    instance = site.instances[NAMES.index(name)]
    answer = instance.get('/-/drain', method='POST', headers=[BEARER])
    assert answer.code == 200
    site.haproxy.wait_for(name, 'DOWN')
    os.kill(instance.pid, signal.SIGTERM)
    assert ended(instance) == 0
    instance.start()
    site.haproxy.wait_for(name, 'UP')


def test_a_rolling_restart_loses_no_request(make_site):
    """One is restarted after the other, until enough have been sent."""
    site = make_site()
    haproxy = site.haproxy
    restarts = 0
    with Load(haproxy) as load:
        while load.answered < REQUESTS and not load.failures:
            for name in NAMES:
                restart(site, name)
                restarts += 1
    assert load.failures == []
    assert load.answered >= REQUESTS and restarts >= 2
    assert load.answerers == set(NAMES)
    # It counts an answer shortly behind its last byte.
    awaited(lambda: haproxy.statistics()['BACKEND']['hrsp_2xx']
               == str(load.answered))
    found = haproxy.statistics()
    for name in NAMES + ['BACKEND']:
        # Neither tried twice, nor elsewhere, nor an error that nobody saw.
        assert [found[name][column] for column in (
            'econ', 'eresp', 'wretr', 'wredis', 'hrsp_5xx', 'cli_abrt',
            'srv_abrt')] == ['0'] * 7, (name, found[name])
