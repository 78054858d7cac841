"""Debian's Prometheus in a child process, with the files of docs/prometheus.

They are those that users copy. Only the addresses are others; and with `hurry`
everything goes faster by this factor, see `faster`.
"""
from __future__ import absolute_import, division, print_function

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
from urllib.parse import urlencode

from tests.checkout import TOP, free_port
from tests.functional.client import Connection
from tests.functional.test_access import write_token
from tests.test_haproxy import changed
from tests.waiting import awaited
from tools import programs

DOCS = os.path.join(TOP, 'docs', 'prometheus')
TARGETS = ['zope1.example.org:8080', 'zope2.example.org:8080']
PATIENCE = 60


def find(name):
    path = programs.find(name)
    assert path, '%s is not installed; .ci/run lists what the tests need' % name
    return path


def read(name):
    with io.open(os.path.join(DOCS, name), encoding='utf-8') as file:
        return file.read()


def faster(rules, hurry):
    """The rules, with a ``hurry``-th of all their times in minutes: for how long
    a condition has to hold, and of how long a rate is taken. So is the age that
    makes a request or a call too old."""
    def seconds(match):
        return '%s%ds' % (match.group(1), int(match.group(2)) * 60 // hurry)

    def age(match):
        return '%s%g' % (match.group(1), int(match.group(2)) / hurry)

    rules = re.sub(r'(\bfor: |\[)(\d+)m\b', seconds, rules)
    assert not re.search(r'\d+m\b', rules), rules
    return re.sub(r'(_oldest_(?:waiting_|in_work_)?seconds > )(\d+)', age, rules)


def promtool(*words, **kw):
    """What it prints; it must be content. ``text`` is its standard input."""
    done = subprocess.run(
        (find('promtool'),) + words, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, input=kw.get('text', u'').encode('utf-8'),
        timeout=PATIENCE)
    printed = done.stdout.decode('utf-8')
    assert done.returncode == 0, printed
    return printed


class Prometheus(object):
    """It scrapes instances at these ports of 127.0.0.1."""

    def __init__(self, ports, hurry=None):
        self.folder = tempfile.mkdtemp(prefix='zsv-')
        self.port = free_port()
        self._write(ports, hurry)
        self._process = None

    def _write(self, ports, hurry):
        config, rules = read('prometheus.yml'), read('alerts.yml')
        for target, port in zip(TARGETS, ports):
            config = changed(config, (target, '127.0.0.1:%d' % port))
        config = config.replace('          - %s\n' % TARGETS[1], '')
        if hurry:
            rules = faster(rules, hurry)
            config = changed(
                config, ('scrape_interval: 15s', 'scrape_interval: 1s'),
                ('evaluation_interval: 15s', 'evaluation_interval: 1s'))
        for name, text in (('prometheus.yml', config), ('alerts.yml', rules)):
            with io.open(self.path(name), 'w', encoding='utf-8') as file:
                file.write(text)
        write_token(self.path('zope-token'))

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        """Return once it answers; self."""
        self._process = subprocess.Popen([
            find('prometheus'), '--config.file', 'prometheus.yml',
            '--storage.tsdb.path', 'data', '--log.level', 'warn',
            '--web.listen-address', '127.0.0.1:%d' % self.port],
            cwd=self.folder)
        awaited(self._is_ready)
        return self

    def _is_ready(self):
        assert self._process.poll() is None, 'Prometheus has ended'
        with contextlib.suppress(EnvironmentError):
            return self._get('/-/ready').code == 200

    def _get(self, target):
        with Connection(('127.0.0.1', self.port), PATIENCE) as connection:
            return connection.get(target)

    def ask(self, name, **parameters):
        """What its API says."""
        target = '/api/v1/' + name
        if parameters:
            target += '?' + urlencode(
                {key.replace('match', 'match[]'): value
                 for key, value in parameters.items()})
        answer = json.loads(self._get(target).text)
        assert answer['status'] == 'success', (target, answer)
        return answer['data']

    def evaluate(self, expression):
        """[(labels, value)] at this moment."""
        found = self.ask('query', query=expression)
        assert found['resultType'] == 'vector', found
        return [(row['metric'], float(row['value'][1]))
                for row in found['result']]

    def health(self):
        """{port: 'up', 'down' or 'unknown', and the error of the last scrape}"""
        return dict(
            (port_of(target['labels']), (target['health'], target['lastError']))
            for target in self.ask('targets')['activeTargets'])

    def alerts(self, state='firing'):
        """{port: the names of the alerts that are in this state there}"""
        found = {}
        for alert in self.ask('alerts')['alerts']:
            if alert['state'] == state:
                found.setdefault(port_of(alert['labels']), set()).add(
                    alert['labels']['alertname'])
        return found

    def stop(self):
        if self._process is not None:
            if self._process.poll() is None:
                self._process.terminate()
            self._process.wait()
        shutil.rmtree(self.folder)


def port_of(labels):
    return int(labels['instance'].rpartition(':')[2])
