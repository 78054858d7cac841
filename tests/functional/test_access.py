"""Who may see a view: tiers, transports and what clients pretend."""
from __future__ import absolute_import, division, print_function

import os
import re
import shutil
import socket
import subprocess
import sys
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
    ([HOST, ('X-Forwarded-For', '')], LISTENER, ''),
    ([HOST, ('Via', '')], LISTENER, ''),
    ([HOST, HOST], LISTENER, 'U'),
    ([HOST, ('Host', 'evil.example')], LISTENER, 'U'),
    ([('Host', 'evil.example'), HOST], LISTENER, 'U'),
    ([HOST, ('Host', '')], LISTENER, 'U'),
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
        for instance in self.zope, other:
            instance.wait_for_output('Views are also served at ')
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
        return
    assert answer.text == 'Access is refused.\n'
    assert answer.header('Cache-Control') == 'no-store'
    has_token = any(value in ('Bearer ' + RIGHT, 'bearer ' + RIGHT)
                    for _name, value in headers)
    assert answer.code == (403 if has_token else 401), (letter, path, method)
    assert answer.header('WWW-Authenticate') == (
        None if has_token else 'Bearer')


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
        assert answer.code == (200 if letter in LISTENER else 401)
        answer = place.ask(letter, '/t/operator', [BEARER], version='1.0')
        assert answer.code == 200
        assert place.ask(letter, '/t/status', [], version='1.0').code == 200


def test_the_host_of_a_target_in_the_absolute_form_counts(place):
    for letter in place.connectors:
        for host, header, readers in [
                ('localhost', 'localhost', NEAR),
                ('127.0.0.1:8080', 'localhost', NEAR),
                ('localhost', 'ops.example.org', NEAR),
                ('evil.example', 'localhost', LISTENER),
                ('localhost', 'evil.example', LISTENER),
                ('localhost@evil.example', 'localhost', LISTENER)]:
            answer = place.ask(letter, 'http://%s/t/operator' % host,
                               [('Host', header)])
            assert answer.code == (200 if letter in readers else 401), (
                letter, host, header)


# What a proxy does with a connection: it may show itself in one request for
# another path, or for a view that everybody may see.
SIGN = ('X-Forwarded-For', '192.0.2.7')
SHOWN = [('/@@echo?name=x', [HOST, SIGN]), ('/t/status', [HOST, SIGN]),
         ('/t', [HOST, SIGN]), ('/nothing/here', [HOST, SIGN]),
         ('/t/operator', [HOST, SIGN, BEARER])]


@pytest.mark.parametrize('path, headers', SHOWN)
def test_behind_a_sign_of_a_proxy_nothing_is_local(place, path, headers):
    for letter in sorted(place.connectors):
        with place.connectors[letter]() as connection:
            for target, given, who in [
                    ('/t/operator', [HOST], NEAR), (path, headers, None),
                    ('/t/operator', [HOST], LISTENER),
                    ('/t/sensitive', [HOST], LISTENER),
                    ('/t/operator', [HOST, BEARER], ALL),
                    ('/t/operator', [HOST], LISTENER)]:
                ask(connection, target, given)
                code = connection.response().code
                if who is not None:
                    assert code == (200 if letter in who else 401), (
                        letter, target)
            ask(connection, '/t/change', [HOST], 'POST')
            assert connection.response().code == 401


def test_and_so_if_all_comes_at_once(place):
    with place.connectors['n']() as connection:
        for _time in range(3):
            ask(connection, '/@@echo?name=x', [HOST, SIGN])
            ask(connection, '/t/operator')
        for _time in range(3):
            assert connection.response().text == 'echo x 0'
            assert connection.response().code == 401


# On Linux all of these tests run. The harness's ZServer has a namespace with
# one user; there everybody else is a stranger, with whatever number.
STRANGER = 12345

AS_STRANGER = """
import os, socket, sys
os.setuid(%d)
client = socket.socket()
client.connect(('127.0.0.1', int(sys.argv[1])))
for line in sys.stdin:
    client.sendall(('GET %%s HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n'
                    %% line.strip()).encode('ascii'))
    head = b''
    while not head.endswith(b'\\r\\n\\r\\n'):
        byte = client.recv(1)
        if not byte:
            sys.exit('closed')
        head += byte
    length = int(head.lower().partition(b'content-length:')[2].split()[0])
    while length:
        length -= len(client.recv(length))
    sys.stdout.write(head.split()[1].decode('ascii') + '\\n')
    sys.stdout.flush()
""" % STRANGER


def codes_for_stranger(instance, paths):
    """What a process of another user gets, on one connection."""
    assert os.getuid() == 0, 'only root can play another user'
    child = subprocess.Popen(
        [sys.executable, '-c', AS_STRANGER, str(instance.addresses[0][1])],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    output, _ = child.communicate('\n'.join(paths).encode('ascii'))
    assert child.returncode == 0
    return [int(word) for word in output.split()]


def test_a_process_of_another_user_is_not_local(place):
    # As every proxy that runs as a user of its own.
    assert codes_for_stranger(place.zope, [
        '/t', '/t/status', '/t/operator', '/t/sensitive', '/t/apart', '/r',
        '/t/status']) == [200, 200, 401, 401, 401, 401, 200]


def test_users_whose_processes_are_local(make_instance):
    zope = make_instance(with_settings(
        'allow-users daemon %d' % STRANGER, VIEWS)).start()
    expected = 403 if Instance.name.startswith('zserver') else 200
    assert codes_for_stranger(zope, ['/t/operator', '/t/sensitive']) == [
        expected] * 2


def test_a_refusal_is_an_answer_like_any_other(place):
    with place.connectors['f']() as connection:
        for method in 'HEAD', 'POST', 'GET':
            ask(connection, '/t/sensitive', method=method)
            ask(connection, '/@@echo?name=x')
            ask(connection, '/t/status')
        for method in 'HEAD', 'POST', 'GET':
            refused = connection.response(method)
            assert refused.code == 401
            assert refused.body == (
                b'' if method == 'HEAD' else b'Access is refused.\n')
            assert connection.response().text == 'echo x 0'
            assert connection.response().text == 'GET status'


def test_refused_and_seen_while_all_workers_sleep(place):
    with sleeping_workers(place.zope, 10):
        for _time in range(20):
            for path in '/t/operator', '/t/apart':
                assert place.ask('f', path).code == 401
                assert place.ask('n', path).code == 200
                assert place.ask('f', path, [BEARER]).code == 200


@pytest.mark.parametrize('target, accept, is_json', [
    ('/t/operator', None, False), ('/t/operator', 'text/html, */*', False),
    ('/t/operator', 'application/json', True),
    ('/t/operator?format=json', None, True),
    ('/t/operator?a=b&format=json', 'text/plain', True),
    ('/t/operator?format=jsonp', None, False)])
def test_a_refusal_has_the_format_that_is_wanted(place, target, accept,
                                                  is_json):
    headers = [HOST] + ([('Accept', accept)] if accept else [])
    for method in 'GET', 'POST', 'PUT', 'OPTIONS':
        answer = place.ask('f', target, headers, method)
        assert answer.code == 401
        assert answer.header('Content-Type') == (
            'application/json' if is_json else 'text/plain; charset=utf-8')
        assert answer.text == ('{"error": "Access is refused."}\n' if is_json
                               else 'Access is refused.\n')


def test_the_event_log_says_why_and_not_too_often(make_instance):
    zope = make_instance(with_settings('allow 127.0.0.1', VIEWS)).start()
    place = Place()
    place.connectors = {'n': zope.connect,
                        'f': lambda: From(zope.addresses[0], '127.0.0.2')}
    secret = 'Secret-0123456789'
    for _time in range(3):
        for letter, headers in [
                ('f', [HOST]), ('n', [('Host', secret)]),
                ('n', [HOST, ('X-Forwarded-For', secret)]),
                ('n', [HOST, ('X-Forwarded-' + secret, secret)]),
                ('f', [HOST, ('Authorization', 'Bearer ' + secret)])]:
            answer = place.ask(letter, '/t/sensitive?' + secret, headers)
            assert answer.code == 403
            assert answer.header('WWW-Authenticate') is None
    assert place.ask('n', '/t/change').code == 403
    place.stop()
    zope.wait_for_log('event.log', '/t/change refused')
    said = zope.log('event.log')
    for reason in [
            'the peer is in no network of the setting allow',
            'the Host is not in the setting hosts',
            r'the request came through a proxy \(X-Forwarded-For\)',
            r'the request came through a proxy \(X-Forwarded\.\.\.\)',
            'the token is wrong, and the peer is in no network of the '
            'setting allow']:
        assert len(re.findall('/t/sensitive refused: %s\n' % reason,
                              said)) == 1, reason
    assert len(re.findall(
        '/t/change refused: the method is neither POST nor DELETE',
        said)) == 1
    assert len(re.findall(' refused: ', said)) == 6
    assert secret not in said


def test_a_refusal_is_in_the_access_log(place):
    assert place.ask('f', '/t/sensitive?mark=1', [BEARER]).code == 200
    assert place.ask('f', '/t/sensitive?mark=2',
                     [('Authorization', 'Bearer Wrong-token-01234')]
                     ).code == 401
    access = place.zope.wait_for_log(Instance.ACCESS_LOG,
                                     r'mark=2 HTTP/1\.1" 401 ')
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
    (('allow localhost',), 'is not a network'),
    (('allow 127.0.0.1/8',), 'its network is 127.0.0.0/8'),
    (('hosts *',), 'is not a host name'),
    (('allow-users nobody-of-this-name',), 'this machine has no user'),
    (('<view /a>', 'name fixture_access.none', 'tier public', '</view>'),
     'is not a tier: choose one of status, operator, sensitive, change'),
    (('<view /a>', 'name fixture_access.suite', 'tier status', '</view>'),
     'mount it with an entry of its own'),
    (('<view /a>', 'name fixture_access.change', 'tier status', '</view>'),
     'is always change'),
])
def test_mistakes_stop_the_start(make_instance, lines, words):
    assert words in refusal(make_instance, *lines)


def test_a_token_file_that_others_may_read_stops_the_start(make_instance):
    # Not in a folder of pytest's: it lets nobody else in.
    folder = tempfile.mkdtemp(prefix='zsv-')
    os.chmod(folder, 0o755)
    path = os.path.join(folder, 'token')
    try:
        write_token(path, 0o640)
        said = refusal(make_instance, 'token-file ' + path)
        assert 'chmod 600 %s' % path in said
        assert RIGHT not in said
        zope = make_instance(with_settings(
            'token-file ' + path, 'token-file-mode any', 'allow none',
            VIEWS)).start()
        assert zope.get('/t/operator').code == 401
        assert zope.get('/t/operator', headers=[BEARER]).code == 200
    finally:
        shutil.rmtree(folder)


def test_a_token_in_the_environment(make_instance, monkeypatch):
    monkeypatch.setenv('ZSV_TOKEN', RIGHT)
    zope = make_instance(with_settings('token-env ZSV_TOKEN', VIEWS)).start()
    for path in '/t/sensitive', '/t/change':
        assert zope.get(path, method='POST').code == (
            401 if path == '/t/change' else 200)
        assert zope.get(path, method='POST', headers=[BEARER]).code == 200
    monkeypatch.delenv('ZSV_TOKEN')
    said = refusal(make_instance, 'token-env ZSV_TOKEN')
    assert 'has no variable ZSV_TOKEN' in said
