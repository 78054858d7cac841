"""The files of docs/recipes, read and run as far as docs/recipes.rst says.

HAProxy's is run by `tests.test_haproxy`. Only addresses, folders and users are
others here, and some times are shorter.
"""
from __future__ import absolute_import, division, print_function

import configparser
import itertools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest

from tests import own_systemd
from tests.checkout import TOP, free_port, is_listening
from tests.docs_examples import read
from tests.functional.client import Connection
from tests.functional.harness import Instance
from tests.functional.harness.instance import FIXTURE_SECTION, SITE, script
from tests.functional.proxies import Proxy
from tests.functional.test_access import BEARER, RIGHT
from tests.functional.test_drain import ended
from tests.functional.test_listener import TYPED
from tests.functional.test_overload import WORKERS, sleeping_workers
from tests.notify_socket import NotifySocket
from tests.test_haproxy import changed, recipe
from tests.waiting import awaited
from tools import programs

pytestmark = pytest.mark.recipes

LISTEN = 'listen = 127.0.0.1:%d\nthreads = 4'
FIXTURE = '    fixture  /v  fixture_views.suite\n</product-config>'
FOLDER, PROGRAMS = '/srv/zope', '/srv/zope/bin'
# So many requests that each of two instances gets some.
MANY = 10
NUMBERS = itertools.count()


def zope_conf():
    return changed(recipe('zope.conf'), ('</product-config>', FIXTURE))


@pytest.fixture
def make():
    """make(kind, *arguments): is stopped at the end."""
    made = []

    def make_it(kind, *args, **kw):
        made.append(kind(*args, **kw))
        return made[-1]

    yield make_it
    for part in reversed(made):
        part.stop()


def loaded(name):
    """The value of a file in YAML."""
    # Only this environment has it; others import this module too.
    import yaml
    return yaml.safe_load(recipe(name))


def placed(text, folder):
    return text.replace(PROGRAMS, os.path.dirname(script(''))).replace(
        FOLDER, folder)


def test_each_file_is_told_of():
    page = read('docs', 'recipes.rst')
    assert sorted(set(re.findall(r'literalinclude:: recipes/(\S+)', page))) == sorted(
        os.listdir(os.path.join(TOP, 'docs', 'recipes')))


# Load balancers

class OfRecipe(Proxy):
    """``FILE`` is its name; {port} and {folder} are put into ``COMMAND``."""

    FILE = COMMAND = None
    CHANGES = ()

    def __init__(self, instances):
        self._ports = [instance.addresses[0][1] for instance in instances]
        Proxy.__init__(self, instances[0], user='root')

    def _config(self, *_of_others):
        text = changed(recipe(self.FILE), *self._addresses())
        return self._around(text)

    def _around(self, text):
        return text

    def _command(self, path):
        words = [word.format(port=self.port, folder=self.folder, path=path)
                 for word in self.COMMAND]
        found = programs.find(words[0])
        assert found, words[0] + ' is not installed; .ci/run has what tests need'
        return [found] + words[1:]

    def answerers(self):
        """The pids of those that answer so many requests."""
        found = set()
        for _request in range(MANY):
            # Varnish keeps answers.
            answer = self.get('/v/pid?%d' % next(NUMBERS))
            assert answer.code == 200, answer.text
            found.add(int(answer.text))
        return found


class Nginx(OfRecipe):
    FILE = 'nginx.conf'
    COMMAND = ['nginx', '-p', '{folder}', '-c', '{path}']

    def _addresses(self):
        return [('listen 80;', 'listen 127.0.0.1:%d;' % self.port)] + [
            ('10.0.0.%d:8080' % number, '127.0.0.1:%d' % port)
            for number, port in enumerate(self._ports, 1)]

    def _around(self, text):
        return ('daemon off; user root root; pid nginx.pid; error_log error.log;\n'
                'events { worker_connections 64; }\n'
                'http { access_log off; client_body_temp_path body; '
                'proxy_temp_path proxy; fastcgi_temp_path fastcgi; '
                'uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n%s}\n' % text)


class Varnish(OfRecipe):
    FILE = 'varnish.vcl'
    COMMAND = ['varnishd', '-F', '-j', 'none', '-n', '{folder}/work', '-f', '{path}',
               '-a', '127.0.0.1:{port}', '-s', 'malloc,16m']

    def _addresses(self):
        return [('.interval = 1s;', '.interval = 100ms;')] + [
            ('"10.0.0.%d";\n    .port = "8080"' % number,
             '"127.0.0.1";\n    .port = "%d"' % port)
            for number, port in enumerate(self._ports, 1)]


@pytest.fixture
def two(make):
    return [make(Instance, zope_conf()).start() for _number in range(2)]


def test_nginx(make, two):
    nginx = make(Nginx, two).start()
    pids = set(instance.pid for instance in two)
    awaited(lambda: nginx.answerers() == pids)
    assert nginx.get('/-/live').code == nginx.get('/-/').code == 404
    os.kill(two[0].pid, signal.SIGTERM)
    assert ended(two[0]) == 0
    # Each request that is refused there goes to the other one.
    assert nginx.answerers() == {two[1].pid}


def drain(instance, method, token):
    return instance.get('/-/drain', method=method, headers=token).code


def test_varnish(make):
    token = {'VIEWS_TOKEN': RIGHT}
    conf = zope_conf() + TYPED % 'token-env VIEWS_TOKEN'
    two = [make(Instance, conf, environ=token).start() for _number in range(2)]
    pids = set(instance.pid for instance in two)
    varnish = make(Varnish, two).start()
    awaited(lambda: varnish.answerers() == pids)
    assert varnish.get('/-/live').code == varnish.get('/-/').code == 404
    assert drain(two[0], 'POST', [BEARER]) == 200
    awaited(lambda: varnish.answerers() == {two[1].pid})
    assert drain(two[0], 'DELETE', [BEARER]) == 200
    awaited(lambda: varnish.answerers() == pids)


def test_traefik(make):
    found = loaded('traefik.yml')['http']
    router, service = found['routers']['zope'], found['services']['zope']
    assert '!PathPrefix(`/-/`)' in router['rule']
    zope = make(Instance, zope_conf()).start()
    assert zope.get(service['loadBalancer']['healthCheck']['path']).code == 200


# Service managers

def unit(name):
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read_string(recipe(name).replace('\\\n', ' '))
    return parser['Service']


class Service(Instance):
    """Started by ExecStart."""

    def _command(self):
        return shlex.split(placed(unit('zope.service')['ExecStart'], self.folder))


def test_systemd(make, tmp_path):
    service = unit('zope.service')
    assert (service['Type'], service['KillMode']) == ('notify', 'mixed')
    assert int(service['TimeoutStopSec']) > 30 + 5
    systemd = NotifySocket()
    environ = dict([service['Environment'].split('=')], **systemd.environ())
    zope = make(Service, zope_conf(), environ=environ)
    try:
        for _start in range(2):
            zope.start()
            systemd.wait_for('READY=1')
            systemd.wait_for('WATCHDOG=1')
            with zope.connect(timeout=90) as blocked:
                blocked.request('/v/blocks_until?%s' % (tmp_path / 'never'))
                zope.wait_for_output('the loop is blocked')
                # What systemd does after WatchdogSec.
                os.kill(zope.pid, signal.SIGABRT)
                assert ended(zope) == -signal.SIGABRT
            assert 'in blocks_until' in zope.output()
    finally:
        systemd.close()


@pytest.mark.skipif(bool(own_systemd.missing()),
                    reason=str(own_systemd.missing()))
def test_a_real_systemd_restarts_a_loop_that_stands_still(make, tmp_path):
    port = free_port()
    zope = make(Instance, zope_conf(), LISTEN % port)
    text = changed(
        placed(recipe('zope.service'), zope.folder), ('User=zope\n', ''),
        ('WatchdogSec=60', 'WatchdogSec=8'))
    systemd = make(own_systemd.OwnSystemd, 'zope.service', text,
                   {'PYTHONPATH': SITE})

    def shows(**expected):
        found = systemd.shown()
        return expected.items() <= found.items() and found

    first = awaited(lambda: shows(ActiveState='active', NRestarts='0'))
    # It is ready, so it listens.
    with Connection(('127.0.0.1', port), 90) as asking:
        assert asking.get('/-/live').code == 200
        asking.request('/v/blocks_until?%s' % (tmp_path / 'never'))
        again = awaited(lambda: shows(ActiveState='active', NRestarts='1'))
    assert again['MainPID'] != first['MainPID']
    with Connection(('127.0.0.1', port)) as asking:
        assert asking.get('/-/live').code == 200


def test_the_timer(make, tmp_path):
    zope = make(Instance, zope_conf(), LISTEN % free_port()).start()
    called, is_active = tmp_path / 'called', tmp_path / 'is-active'
    systemctl = tmp_path / 'systemctl'
    systemctl.write_text(
        '#!/bin/sh\n'
        # 3 is of one that is "activating", "deactivating" or "inactive".
        'if [ "$1" = is-active ]; then [ -e %s ] || exit 3; exit 0; fi\n'
        'echo "$@" >> %s\n' % (is_active, called))
    systemctl.chmod(0o755)
    command = changed(unit('zope-live.service')['ExecStart'],
                      (':8080', ':%d' % zope.addresses[0][1]))
    environ = dict(os.environ, PATH='%s:%s' % (tmp_path, os.environ['PATH']))
    is_active.touch()
    subprocess.check_call(shlex.split(command), env=environ)
    assert not called.exists()
    os.kill(zope.pid, signal.SIGTERM)
    assert ended(zope) == 0
    # What systemd takes for active and does not answer: it is stuck.
    subprocess.check_call(shlex.split(command), env=environ)
    assert called.read_text() == 'try-restart zope.service\n'
    called.unlink()
    is_active.unlink()
    subprocess.check_call(shlex.split(command), env=environ)
    assert not called.exists()


def test_the_timer_while_zope_begins_to_stop(make, tmp_path):
    """It was active when the timer asked, and has not answered then."""
    asked, called = tmp_path / 'asked', tmp_path / 'called'
    systemctl = tmp_path / 'systemctl'
    systemctl.write_text(
        '#!/bin/sh\n'
        'if [ "$1" = is-active ]; then\n'
        '  [ -e %s ] && exit 3; touch %s; exit 0\nfi\n'
        'echo "$@" >> %s\n' % (asked, asked, called))
    systemctl.chmod(0o755)
    command = changed(unit('zope-live.service')['ExecStart'],
                      (':8080', ':%d' % free_port()))
    subprocess.check_call(shlex.split(command), env=dict(
        os.environ, PATH='%s:%s' % (tmp_path, os.environ['PATH'])))
    assert asked.exists() and not called.exists()


class Supervisord(object):
    """In the foreground, with a folder of its own."""

    def __init__(self, instance):
        self.folder = tempfile.mkdtemp(prefix='zsv-')
        text = changed(placed(recipe('supervisord.conf'), instance.folder),
                       ('user=zope\n', ''), ('startsecs=10', 'startsecs=1'))
        text = re.sub('/var/log/supervisor|/run(?=/)', self.folder, text)
        self._conf = os.path.join(self.folder, 'supervisord.conf')
        with open(self._conf, 'w') as conf:
            conf.write(text)
        environ = dict(os.environ, PYTHONPATH=os.pathsep.join(filter(
            None, [SITE, os.environ.get('PYTHONPATH', '')])))
        self._process = subprocess.Popen(
            self._words('supervisord', '-n'), env=environ, cwd=instance.folder,
            stdout=subprocess.DEVNULL)

    def _words(self, program, *words):
        return [sys.executable, '-m', 'supervisor.' + program, '-c', self._conf
                ] + list(words)

    def control(self, *words):
        return subprocess.run(
            self._words('supervisorctl', *words), stdout=subprocess.PIPE,
            universal_newlines=True).stdout

    def log(self):
        with open(os.path.join(self.folder, 'supervisord.log')) as log:
            return log.read()

    def stop(self):
        # It stops its programs first.
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self.folder)


def test_supervisord(make):
    port = free_port()
    zope = make(Instance, zope_conf(), LISTEN % port)
    supervisord = make(Supervisord, zope)
    awaited(lambda: is_listening(port))
    awaited(lambda: 'RUNNING' in supervisord.control('status', 'zope'))
    with Connection(('127.0.0.1', port)) as asking, Connection(
            ('127.0.0.1', port)) as working:
        working.request('/@@nap?seconds=3')
        awaited(lambda: json.loads(asking.get(
            '/-/drain?format=json').text)['in_flight'] == 1)
        assert 'zope: stopped' in supervisord.control('stop', 'zope')
        assert working.response().text == 'awake'
    assert 'stopped: zope (exit status 0)' in supervisord.log()


# Containers

def test_kubernetes(make):
    pod = loaded('kubernetes.yml')['spec']['template']['spec']
    container, = pod['containers']
    startup, live, ready = (container[name + 'Probe'] for name in (
        'startup', 'liveness', 'readiness'))
    port, = container['ports']
    for probe in startup, live, ready:
        assert probe['httpGet']['port'] == port['name'] == 'http'
    assert live['periodSeconds'] < 60 / 2
    word, pause = container['lifecycle']['preStop']['exec']['command']
    assert word == 'sleep'
    assert pod['terminationGracePeriodSeconds'] > int(pause) + 30 + 5
    zope = make(Instance, zope_conf() + TYPED % 'ready-max-wait 500ms').start()

    def codes():
        return [zope.get(probe['httpGet']['path']).code
                for probe in (startup, live, ready)]

    assert codes() == [200, 200, 200]
    with sleeping_workers(zope, queued=2) as connections:
        awaited(lambda: codes() == [200, 200, 503])
        assert zope.get('/v/open_gate').text == 'open'
        for connection in connections:
            assert connection.response().code == 200
    awaited(lambda: codes() == [200, 200, 200])
    assert len(connections) == WORKERS + 2
    with zope.connect() as working:
        working.request('/@@nap?seconds=3')
        awaited(lambda: json.loads(zope.get(
            '/-/drain?format=json').text)['in_flight'] == 1)
        os.kill(zope.pid, signal.SIGTERM)
        assert working.response().text == 'awake'
    assert ended(zope) == 0


def test_the_image_of_plone(make):
    text = recipe('Dockerfile').replace('\\\n', ' ')
    copied, = re.findall(r'^COPY (\S+) /app/etc/zope\.conf\.d/\S+\.conf$', text, re.M)
    command, = re.findall(r'^HEALTHCHECK .* CMD (.+)$', text, re.M)
    zope = make(Instance, FIXTURE_SECTION + '\n' + recipe(copied),
                environ={'VIEWS_TOKEN': RIGHT}).start()
    environ = dict(os.environ, LISTEN_PORT=str(zope.addresses[0][1]))

    def check():
        return subprocess.call(['sh', '-c', command], env=environ)

    assert check() == 0
    assert zope.get('/-/workers', headers=[BEARER]).code == 200
    assert drain(zope, 'GET', [BEARER]) == 200
    os.kill(zope.pid, signal.SIGTERM)
    assert ended(zope) == 0
    assert check() == 1


def test_cookiecutter_zope_instance(make):
    """With the section that its documentation says it makes."""
    told = loaded('instance.yaml')['default_context']
    section, = told['product_config'].items()
    lines = ''.join('    %s %s\n' % item for item in section[1].items())
    zope = make(Instance, '\n<product-config %s>\n%s</product-config>\n' % (
        section[0], lines)).start()
    assert zope.get('/-/live').text == 'ok\n'
