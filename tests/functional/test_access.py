"""Who may see a view: tiers, transports and what clients pretend."""
from __future__ import absolute_import, division, print_function

import os
import re
import shutil
import socket
import tempfile

import pytest

from tests.checkout import free_port
from tests.functional.client import TIMEOUT, Connection
from tests.functional.harness import Instance, StartFailed
from tests.functional.test_listener import with_settings
from tests.functional.test_overload import sleeping_workers

RIGHT = 'Right-token-0123456789'
BEARER = ('Authorization', 'Bearer ' + RIGHT)
HOST = ('Host', 'localhost')

VIEWS = '''
    <view tiers>
        path /t
        name fixture_access.suite
    </view>
    <view /opened>
        name fixture_access.sensitive
        tier status
    </view>
    <view /closed>
        name fixture_access.none
        tier Operator
    </view>
    <view raised>
        path /r
        name fixture_access.suite
        tier sensitive
    </view>
'''

# n: main port, from near; f: main port, from far; x: main unix socket;
# T: listener for views, TCP; U: listener for views, unix socket.
LISTENER = 'TU'
NEAR = 'nTU'
ALL = 'nfxTU'

# headers, who may read (operator and sensitive), who may change (by POST)
ROWS = [
    ([HOST], NEAR, 'U'),
    ([('Host', '127.0.0.1:8080')], NEAR, 'U'),
    ([('Host', '[::ffff:127.0.0.1]:8080')], NEAR, 'U'),
    ([('Host', 'Ops.example.org')], NEAR, 'U'),
    ([('Host', 'evil.example')], LISTENER, 'U'),
    ([('Host', '127.0.0.1.nip.io:8080')], LISTENER, 'U'),
    ([('Host', '0177.0.0.1')], LISTENER, 'U'),
    ([('Host', '2130706433:8080')], LISTENER, 'U'),
    ([('Host', 'localhost.')], LISTENER, 'U'),
    ([HOST, ('X-Forwarded-For', '127.0.0.1')], LISTENER, ''),
    ([HOST, ('x-forwarded-host', 'localhost')], LISTENER, ''),
    ([HOST, ('Forwarded', 'for=127.0.0.1')], LISTENER, ''),
    ([HOST, ('Via', '1.1 cache')], LISTENER, ''),
    ([HOST, ('X-Real-IP', '::1')], LISTENER, ''),
    ([HOST, BEARER], ALL, ALL),
    ([('Host', 'www.example.org'), ('X-Forwarded-For', '192.0.2.7'), BEARER],
     ALL, ALL),
    ([('Host', 'evil.example'), ('Authorization', 'bearer ' + RIGHT)],
     ALL, ALL),
    ([('Host', 'evil.example'), ('Authorization', 'Bearer ' + RIGHT.lower())],
     LISTENER, 'U'),
    ([('Host', 'evil.example'), ('Authorization', 'Bearer ' + RIGHT[:15])],
     LISTENER, 'U'),
    ([('Host', 'evil.example'), ('Authorization', 'Basic ' + RIGHT)],
     LISTENER, 'U'),
    ([HOST, BEARER, ('Origin', 'http://evil.example')], ALL, ''),
    ([HOST, BEARER, ('Sec-Fetch-Site', 'cross-site')], ALL, ''),
    ([HOST, BEARER, ('Origin', 'http://localhost')], ALL, ALL),
]


class From(Connection):
    """A connection that begins at another address of this machine."""

    def __init__(self, address, source):
        Connection.__init__(self, address)
        self.socket.close()
        self.socket = socket.create_connection(address, TIMEOUT, (source, 0))


class Place(object):
    """Instances with each of the listeners, and what connects to them."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='zsv-')
        self.instances = []
        self.connectors = {}

    def start(self):
        write_token(self.path('token'))
        port = free_port()
        own = self.path('views')
        self.zope = self._start('listen 127.0.0.1:%d' % port)
        other = self._start('listen ' + own)
        self.connectors.update({
            'n': self.zope.connect,
            'f': lambda: From(self.zope.addresses[0], '127.0.0.2'),
            'T': lambda: Connection(('127.0.0.1', port)),
            'U': lambda: Connection(own),
        })
        if Instance.name.startswith('waitress'):
            main = self._start(listen='unix_socket = %s\nthreads = 4'
                               % self.path('main'))
            self.connectors['x'] = main.connect
        for instance in self.instances:
            # With the first turn of its loop the listener opens.
            assert instance.get('/v/hello').code == 200
        assert other.get('/t').text == 'GET none'

    def path(self, name):
        return os.path.join(self.folder, name)

    def _start(self, *lines, **kw):
        # 127.0.0.2 plays somebody far away.
        lines += ('token-file ' + self.path('token'), 'hosts ops.example.org',
                  'allow 127.0.0.1')
        instance = Instance(with_settings(*lines + (VIEWS,)), **kw)
        self.instances.append(instance)
        return instance.start()

    def stop(self):
        for instance in self.instances:
            instance.stop()
        shutil.rmtree(self.folder)

    def ask(self, letter, path, headers=(HOST,), method='GET', **kw):
        with self.connectors[letter]() as connection:
            # Of this version the client adds no Host of its own.
            ask(connection, path, headers, method, **kw)
            return connection.response(method)


def write_token(path, mode=0o600):
    with open(path, 'w') as token:
        token.write(RIGHT + '\n')
    os.chmod(path, mode)


def ask(connection, path, headers=(HOST,), method='GET', version='1.1'):
    lines = ['%s %s HTTP/%s' % (method, path, version)]
    lines += ['%s: %s' % header for header in headers]
    if method == 'POST':
        lines.append('Content-Length: 4')
    connection.send('\r\n'.join(lines + ['', '']).encode('latin-1')
                    + (b'body' if method == 'POST' else b''))


@pytest.fixture(scope='module')
def place():
    made = Place()
    try:
        made.start()
        yield made
        for instance in made.instances:
            assert instance.is_running(), instance.output()
    finally:
        made.stop()


def test_all_transports_are_tried(place):
    assert set('nfTU') <= set(place.connectors)
    assert ('x' in place.connectors) == Instance.name.startswith('waitress')


def check(place, letter, path, headers, method, tier, expected):
    answer = place.ask(letter, path, headers, method)
    if expected:
        assert answer.code == 200, (letter, path, method)
        assert answer.text == '%s %s' % (method, tier)
    else:
        assert answer.code == 404, (letter, path, method)
        assert answer.text == 'There is no view at this path.\n'
        assert answer.header('Cache-Control') == 'no-store'


@pytest.mark.parametrize('headers, readers, changers', ROWS)
def test_the_matrix(place, headers, readers, changers):
    for letter in place.connectors:
        for path, tier, who in [('/t', 'none', ALL),
                                ('/t/status', 'status', ALL),
                                ('/opened', 'sensitive', ALL),
                                ('/t/operator', 'operator', readers),
                                ('/t/sensitive', 'sensitive', readers),
                                ('/t/apart', 'sensitive', readers),
                                ('/closed', 'none', readers),
                                ('/r', 'none', readers),
                                ('/r/status', 'status', readers),
                                ('/t/change', 'change', ''),
                                ('/r/change', 'change', '')]:
            check(place, letter, path, headers, 'GET', tier, letter in who)
        for path in '/t/change', '/r/change':
            check(place, letter, path, headers, 'POST', 'change',
                  letter in changers)
        check(place, letter, '/t/operator', headers, 'POST', 'operator',
              letter in readers)


def test_http_1_0(place):
    for letter in place.connectors:
        answer = place.ask(letter, '/t/operator', [HOST], version='1.0')
        assert answer.code == (200 if letter in LISTENER else 404)
        answer = place.ask(letter, '/t/operator', [BEARER], version='1.0')
        assert answer.code == 200
        assert place.ask(letter, '/t/status', [], version='1.0').code == 200


def test_a_refusal_is_an_answer_like_any_other(place):
    with place.connectors['f']() as connection:
        for method in 'HEAD', 'POST', 'GET':
            ask(connection, '/t/sensitive', method=method)
            ask(connection, '/@@echo?name=x')
            ask(connection, '/t/status')
        for method in 'HEAD', 'POST', 'GET':
            refused = connection.response(method)
            assert refused.code == 404
            assert refused.body == (
                b'' if method == 'HEAD'
                else b'There is no view at this path.\n')
            assert connection.response().text == 'echo x 0'
            assert connection.response().text == 'GET status'


def test_refused_and_seen_while_all_workers_sleep(place):
    with sleeping_workers(place.zope, 10):
        for _time in range(20):
            for path in '/t/operator', '/t/apart':
                assert place.ask('f', path).code == 404
                assert place.ask('n', path).code == 200
                assert place.ask('f', path, [BEARER]).code == 200


def test_a_refusal_is_in_the_access_log_and_in_no_other(place):
    assert place.ask('f', '/t/sensitive?mark=1', [BEARER]).code == 200
    assert place.ask('f', '/t/sensitive?mark=2',
                     [('Authorization', 'Bearer Wrong-token-01234')]
                     ).code == 404
    access = place.zope.wait_for_log(Instance.ACCESS_LOG,
                                     r'mark=2 HTTP/1\.1" 404 ')
    assert re.search(r'mark=1 HTTP/1\.1" 200 ', access)
    for text in access, place.zope.log('event.log'), place.zope.output():
        assert RIGHT not in text
        assert 'Wrong-token' not in text
    assert 'mark' not in place.zope.log('event.log')


# Mistakes


def refusal(make_instance, *lines):
    with pytest.raises(StartFailed) as failure:
        make_instance(with_settings(*lines)).start()
    return str(failure.value)


@pytest.mark.parametrize('lines, words', [
    (('allow localhost',), 'is no literal address'),
    (('allow 127.0.0.1/8',), 'this one has it: 127.0.0.0/8'),
    (('hosts *',), 'is no name of a host'),
    (('<view /a>', 'name fixture_access.none', 'tier public', '</view>'),
     'is no tier: choose one of status, operator, sensitive, change'),
    (('<view /a>', 'name fixture_access.suite', 'tier status', '</view>'),
     'name it in an entry of its own'),
    (('<view /a>', 'name fixture_access.change', 'tier status', '</view>'),
     'is always change'),
])
def test_mistakes_stop_the_start(make_instance, lines, words):
    assert words in refusal(make_instance, *lines)


def test_a_token_file_that_others_may_read_stops_the_start(make_instance,
                                                            tmpdir):
    path = str(tmpdir.join('token'))
    write_token(path, 0o640)
    said = refusal(make_instance, 'token-file ' + path)
    assert 'chmod 600 %s' % path in said
    assert RIGHT not in said
