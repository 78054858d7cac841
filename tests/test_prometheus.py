"""Prometheus scrapes two instances by docs/metrics.rst's recipe; one of them is
saturated, and the alerts for it fire and clear.

See `tests.prometheus_server` for what is not as it is in docs.
"""
from __future__ import absolute_import, division, print_function

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import tempfile
import threading

import pytest

from Products.ZServerViews.format import exposition
from tests import docs_examples
from tests.checkout import free_port
from tests.functional.harness import Instance
from tests.functional.harness.instance import FIXTURE_SECTION
from tests.functional.test_access import BEARER, write_token
from tests.functional.test_drain import ended
from tests.functional.test_metrics import QUEUED, samples_in
from tests.functional.test_overload import WORKERS, sleeping_workers
from tests.prometheus_server import DOCS, Prometheus, promtool, read
from tests.test_docs_metrics import DASHBOARD, families
from tests.waiting import awaited

pytestmark = pytest.mark.prometheus

HURRY = 30
LISTEN = 'listen = 127.0.0.1:%d\nthreads = 4'
# Nobody is local, so that it is the token that opens the view; and so many
# views that the answer is a large one, which is compressed.
FURTHER = """
<zserver-views tests>
    allow none
    <view more>
        path /more/
        name fixture_views.suite
    </view>
</zserver-views>
"""
FULL = {'ZopeStuck', 'ZopeSaturated', 'ZopeRequestTooLong'}
# A machine that is busy may cause these at any time.
OF_THE_MACHINE = {'ZopeEventLoopSlow', 'ZopeInterpreterStopped'}


def documented_conf():
    block, = docs_examples.blocks('apacheconf', lambda block: (
        block.page == 'metrics.rst' and docs_examples.TOKEN in block.text))
    return block.text


class Site(object):
    """Two instances, each at a port that stays the same, and Prometheus."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='zsv-')
        token = os.path.join(self.folder, 'token')
        write_token(token)
        conf = FIXTURE_SECTION + documented_conf().replace(
            docs_examples.TOKEN, token) + FURTHER
        self.ports = [free_port(), free_port()]
        self.instances = [Instance(conf, LISTEN % port) for port in self.ports]
        self.prometheus = Prometheus(self.ports, HURRY)

    def start(self):
        for part in self.instances + [self.prometheus]:
            part.start()
        self.wait_until_scraped()
        return self

    def wait_until_scraped(self):
        awaited(lambda: self.prometheus.health() == dict.fromkeys(
            self.ports, ('up', '')))

    def alerts(self):
        """Those that are no machine's."""
        found = dict((port, names - OF_THE_MACHINE) for port, names
                     in self.prometheus.alerts().items())
        return dict((port, names) for port, names in found.items() if names)

    def stop(self):
        for part in self.instances + [self.prometheus]:
            part.stop()
        shutil.rmtree(self.folder)


@pytest.fixture(scope='module')
def site():
    made = Site()
    try:
        yield made.start()
    finally:
        made.stop()


def scrape(instance):
    answer = instance.get('/-/metrics', headers=[BEARER])
    assert answer.code == 200, answer.text
    return answer.text


# Without an instance

def test_the_files():
    shown = promtool('check', 'rules', os.path.join(DOCS, 'alerts.yml'))
    assert '%d rules found' % read('alerts.yml').count('- alert: ') in shown
    assert 'SUCCESS' in promtool(
        'test', 'rules', os.path.join(DOCS, 'alerts_test.yml'))
    prometheus = Prometheus([1, 2])
    try:
        assert 'SUCCESS' in promtool(
            'check', 'config', prometheus.path('prometheus.yml'))
    finally:
        prometheus.stop()


def test_promtool_has_nothing_to_say_of_all_that_there_can_be():
    """Also of what only clients of ZEO have."""
    assert promtool('check', 'metrics',
                    text=exposition.to_prometheus(families())) == ''


# With two

def test_alerts_fire_and_clear(site):
    first, second = site.instances
    awaited(lambda: site.alerts() == {})
    with sleeping_workers(first, queued=QUEUED) as connections:
        full = 'zope_requests_waiting == %d' % QUEUED
        # It is scraped like the other one, many times.
        awaited(lambda: site.prometheus.evaluate(
            'count_over_time((%s)[30s:1s]) > 10' % full))
        awaited(lambda: site.alerts() == {site.ports[0]: FULL})
        assert [value for _labels, value in site.prometheus.evaluate(
            'zope_workers{state="busy"} == %d' % WORKERS)] == [WORKERS]
        for instance in first, second:
            assert promtool('check', 'metrics', text=scrape(instance)) == ''
        assert first.get('/v/open_gate').text == 'open'
        for connection in connections:
            assert connection.response().code == 200
    awaited(lambda: site.alerts() == {})


def test_an_instance_that_has_ended(site):
    second = site.instances[1]
    os.kill(second.pid, signal.SIGTERM)
    ended(second)
    awaited(lambda: site.alerts() == {site.ports[1]: {'ZopeDown'}})
    assert site.prometheus.health()[site.ports[0]] == ('up', '')
    second.start()
    site.wait_until_scraped()
    awaited(lambda: site.alerts() == {})


def test_the_token_is_needed(site):
    assert site.instances[0].get('/-/metrics').code == 401
    prometheus = Prometheus(site.ports, HURRY)
    try:
        with open(prometheus.path('zope-token'), 'w') as token:
            token.write('another-token-than-that\n')
        prometheus.start()
        awaited(lambda: set(prometheus.health().values()) == {
            ('down', 'server returned HTTP status 401 Unauthorized')})
    finally:
        prometheus.stop()


# What it sends and gets

class Relay(object):
    """Passes on what one client and an instance say, and keeps it."""

    def __init__(self, upstream):
        self.asked, self.answered = bytearray(), bytearray()
        self._upstream = upstream
        self._listening = socket.create_server(('127.0.0.1', 0))
        self.port = self._listening.getsockname()[1]
        self._sockets = [self._listening]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(EnvironmentError):
            while True:
                client = self._listening.accept()[0]
                server = socket.create_connection(self._upstream)
                self._sockets += [client, server]
                for way in ((client, server, self.asked),
                            (server, client, self.answered)):
                    threading.Thread(target=self._pass_on, args=way,
                                     daemon=True).start()

    @staticmethod
    def _pass_on(source, target, kept):
        with contextlib.suppress(EnvironmentError):
            for data in iter(lambda: source.recv(65536), b''):
                kept += data
                target.sendall(data)

    def close(self):
        for used in self._sockets:
            with contextlib.suppress(EnvironmentError):
                used.shutdown(socket.SHUT_RDWR)
            used.close()


def heads(data, start):
    """[{name of a header: value}] of each head that begins so."""
    found = re.findall(start + rb'\r\n(.+?)\r\n\r\n', bytes(data), re.DOTALL)
    return [dict(line.split(': ', 1) for line in
                 head.decode('latin-1').split('\r\n')) for head in found]


def test_it_gets_openmetrics_compressed(site):
    instance = site.instances[0]
    relay = Relay(instance.addresses[0])
    prometheus = Prometheus([relay.port], HURRY)
    try:
        prometheus.start()
        awaited(lambda: len(heads(relay.answered, rb'HTTP/1.1 200 OK')) > 3
                and prometheus.health() == {relay.port: ('up', '')})
        scraped = prometheus.evaluate('scrape_samples_scraped')
    finally:
        prometheus.stop()
        relay.close()
    for head in heads(relay.asked, rb'GET /-/metrics HTTP/1.1'):
        assert head['Accept'].startswith('application/openmetrics-text')
        assert head['Accept-Encoding'] == 'gzip'
        assert head['Authorization'] == BEARER[1]
    # How large the first one is nobody knows before.
    for head in heads(relay.answered, rb'HTTP/1.1 200 OK')[1:]:
        assert head['Content-Type'].startswith('application/openmetrics-text')
        assert head['Content-Encoding'] == 'gzip'
    # It has read every sample: as many as the other format has, or fewer if a
    # series has come since.
    (_labels, number), = scraped
    assert 1000 < number <= len(samples_in(scrape(instance)))


# The dashboard

def expressions():
    """{title: what it asks for}; of panels, marks, and choices."""
    dashboard = json.loads(docs_examples.read(DASHBOARD))
    found = dict((panel['title'], [target['expr'] for target
                                   in panel.get('targets', ())])
                 for panel in dashboard['panels'] if panel['type'] != 'row')
    found.update((mark['name'], [mark['expr']])
                 for mark in dashboard['annotations']['list'])
    choices = [choice['query']['query'] for choice
               in dashboard['templating']['list'] if choice['type'] == 'query']
    return found, choices


def filled_in(expression, site):
    """As Grafana does where everything is chosen."""
    chosen = {'job': '(zope)', '__rate_interval': '20s', 'instance': '(%s)'
              % '|'.join('127.0.0.1:%d' % port for port in site.ports)}
    return re.sub(r'\$(\w+)', lambda match: chosen[match.group(1)], expression)


def conflict(instance):
    """Whether one of four requests that write the same had to be tried again."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(instance.connect()) for _ in range(4)]
        for client in clients:
            client.request('/@@write')
        for client in clients:
            assert client.response().code == 200
    return re.search('(?m)^zope_retries_total.* [1-9]', scrape(instance))


def test_the_dashboard_finds_all_it_asks_for(site):
    instance = site.instances[0]
    awaited(lambda: conflict(instance))
    assert instance.get('/not/there').code == 404
    panels, choices = expressions()
    assert len(panels) > 20 and len(choices) == 2
    asked = [(title, filled_in(expression, site))
             for title, wanted in panels.items() for expression in wanted]
    for title, expression in asked:
        # A restart is none of the things that have to be there.
        if title != 'Restarts':
            awaited(lambda: site.prometheus.evaluate(expression))
        site.prometheus.evaluate(expression)
    for choice in choices:
        series, label = re.match(r'label_values\((.+), (\w+)\)\Z',
                                 choice).groups()
        assert site.prometheus.ask('label/%s/values' % label,
                                   match=filled_in(series, site))
