"""access.policy: tier x transport x what a client may pretend.

`ROWS` was written by hand from the rules on the page docs/access.rst; it is
the code's opponent, and nothing in it is computed by what it tests.
"""
from __future__ import absolute_import, division, print_function

import itertools
import os

import pytest

from Products.ZServerViews.access.owner import NOT_ASKED, STRANGER
from Products.ZServerViews.access.peer import (
    MOST_LOCAL,
    MOST_SHAPES,
    Facts,
    LocalPeers,
    Signs,
    sign_in,
)
from Products.ZServerViews.access.policy import Access
from Products.ZServerViews.access.token import Token
from Products.ZServerViews.config import networks as networks_module
from Products.ZServerViews.config.sections import TIERS
from Products.ZServerViews.config.settings import ProcessSettings

RIGHT = 'Right-token-0123456789'

TRANSPORTS = {
    # One letter each, for the columns of ROWS.
    'n': {'zserverviews.peer': '127.0.0.1', 'zserverviews.reserved': False,
          'REMOTE_ADDR': '127.0.0.1'},
    'f': {'zserverviews.peer': '192.0.2.7', 'zserverviews.reserved': False,
          'REMOTE_ADDR': '192.0.2.7'},
    'x': {'zserverviews.peer': '', 'zserverviews.reserved': False,
          'REMOTE_ADDR': 'localhost'},
    'T': {'zserverviews.peer': '192.0.2.7', 'zserverviews.reserved': True,
          'REMOTE_ADDR': '192.0.2.7'},
    'U': {'zserverviews.peer': '', 'zserverviews.reserved': True,
          'REMOTE_ADDR': 'localhost'},
}
# n: main port, from near; f: main port, from far; x: main unix socket;
# T: listener for views, TCP; U: listener for views, unix socket.
ORDER = 'nfxTU'

NOBODY = '.....'
LISTENER = '...TU'
NEAR = 'n..TU'
SOCKET = '....U'
ALL = 'nfxTU'

# headers, who may read (operator and sensitive), who may change (by POST)
ROWS = [
    # Host
    (['Host: localhost'], NEAR, SOCKET),
    (['Host: localhost:8080'], NEAR, SOCKET),
    (['Host: LocalHost:1'], NEAR, SOCKET),
    (['Host: ops.example.org'], NEAR, SOCKET),
    (['Host: OPS.example.org:65535'], NEAR, SOCKET),
    (['Host: 127.0.0.1'], NEAR, SOCKET),
    (['Host: 127.0.0.1:8080'], NEAR, SOCKET),
    (['Host: 192.0.2.99:8080'], NEAR, SOCKET),
    (['Host: [::1]'], NEAR, SOCKET),
    (['Host: [::1]:8080'], NEAR, SOCKET),
    (['Host: [2001:DB8::1]:8080'], NEAR, SOCKET),
    (['Host: [::ffff:127.0.0.1]'], NEAR, SOCKET),
    ([], LISTENER, SOCKET),
    (['Host: '], LISTENER, SOCKET),
    (['Host: evil.example'], LISTENER, SOCKET),
    (['Host: evil.example:8080'], LISTENER, SOCKET),
    (['Host: localhost.evil.example'], LISTENER, SOCKET),
    (['Host: 127.0.0.1.evil.example'], LISTENER, SOCKET),
    (['Host: 127.0.0.1.nip.io:8080'], LISTENER, SOCKET),
    (['Host: evil.example:127.0.0.1'], LISTENER, SOCKET),
    (['Host: ops.example.org.evil.example'], LISTENER, SOCKET),
    (['Host: sub.ops.example.org'], LISTENER, SOCKET),
    (['Host: sub.localhost'], LISTENER, SOCKET),
    (['Host: localhost.'], LISTENER, SOCKET),
    (['Host: ops.example.org.'], LISTENER, SOCKET),
    (['Host: 127.0.0.1.'], LISTENER, SOCKET),
    (['Host: localhost:'], LISTENER, SOCKET),
    (['Host: localhost:x'], LISTENER, SOCKET),
    (['Host: localhost:65536'], LISTENER, SOCKET),
    (['Host: localhost:-1'], LISTENER, SOCKET),
    (['Host: localhost:80:80'], LISTENER, SOCKET),
    (['Host: localhost, evil.example'], LISTENER, SOCKET),
    (['Host: localhost evil.example'], LISTENER, SOCKET),
    (['Host: localhost@evil.example'], LISTENER, SOCKET),
    (['Host: evil.example@localhost'], LISTENER, SOCKET),
    (['Host: localhost/'], LISTENER, SOCKET),
    (['Host: http://localhost'], LISTENER, SOCKET),
    (['Host: %6cocalhost'], LISTENER, SOCKET),
    (['Host: localhost\n'], LISTENER, SOCKET),
    (['Host: localh\xf6st'], LISTENER, SOCKET),
    (['Host: 127.1'], LISTENER, SOCKET),
    (['Host: 127.0.1:8080'], LISTENER, SOCKET),
    (['Host: 0177.0.0.1'], LISTENER, SOCKET),
    (['Host: 0177.0.0.01:8080'], LISTENER, SOCKET),
    (['Host: 127.0.0.01'], LISTENER, SOCKET),
    (['Host: 0x7f.0.0.1'], LISTENER, SOCKET),
    (['Host: 0x7f000001'], LISTENER, SOCKET),
    (['Host: 2130706433'], LISTENER, SOCKET),
    (['Host: 2130706433:8080'], LISTENER, SOCKET),
    (['Host: 017700000001'], LISTENER, SOCKET),
    (['Host: 127.0.0.256'], LISTENER, SOCKET),
    (['Host: ::1'], LISTENER, SOCKET),
    (['Host: ::ffff:127.0.0.1'], LISTENER, SOCKET),
    (['Host: [127.0.0.1]'], LISTENER, SOCKET),
    (['Host: [localhost]'], LISTENER, SOCKET),
    (['Host: [::1'], LISTENER, SOCKET),
    (['Host: [::1]]'], LISTENER, SOCKET),
    (['Host: [fe80::1%eth0]'], LISTENER, SOCKET),
    (['Host: [::ffff:0177.0.0.1]'], LISTENER, SOCKET),
    (['Host: [::1].evil.example'], LISTENER, SOCKET),
    # Signs of a proxy; what they say of the client does not matter
    (['Host: localhost', 'X-Forwarded-For: 127.0.0.1'], LISTENER, NOBODY),
    (['Host: localhost', 'X-Forwarded-For: '], LISTENER, NOBODY),
    (['Host: localhost', 'x-forwarded-for: ::ffff:127.0.0.1'], LISTENER,
     NOBODY),
    (['Host: localhost', 'X-Forwarded-For: 0177.0.0.1'], LISTENER, NOBODY),
    (['Host: localhost', 'X-Forwarded-Host: localhost'], LISTENER, NOBODY),
    (['Host: localhost', 'X-Forwarded-Proto: https'], LISTENER, NOBODY),
    (['Host: localhost', 'X-Forwarded: for=127.0.0.1'], LISTENER, NOBODY),
    (['Host: localhost', 'Forwarded: for=127.0.0.1'], LISTENER, NOBODY),
    (['Host: localhost', 'Forwarded: for="[::1]"'], LISTENER, NOBODY),
    (['Host: localhost', 'Via: 1.1 varnish'], LISTENER, NOBODY),
    (['Host: localhost', 'X-Real-IP: 127.0.0.1'], LISTENER, NOBODY),
    (['Host: localhost', 'X-Client-IP: 127.0.0.1'], LISTENER, NOBODY),
    (['Host: localhost', 'True-Client-IP: 127.0.0.1'], LISTENER, NOBODY),
    (['Host: localhost', 'CF-Connecting-IP: 127.0.0.1'], LISTENER, NOBODY),
    (['Host: localhost', 'X-Varnish: 5'], LISTENER, NOBODY),
    (['Host: localhost', 'X-Original-Forwarded-For: ::1'], LISTENER, NOBODY),
    (['Host: evil.example', 'Via: 1.1 a', 'X-Real-IP: ::1'], LISTENER,
     NOBODY),
    # Names that only look so
    (['Host: localhost', 'X-Via-Nothing: 1', 'X-Realm: 1'], NEAR, SOCKET),
    # The token
    (['Host: localhost', 'Authorization: Bearer ' + RIGHT], ALL, ALL),
    (['Host: evil.example', 'Authorization: Bearer ' + RIGHT], ALL, ALL),
    (['Authorization: Bearer ' + RIGHT], ALL, ALL),
    (['Authorization: bearer ' + RIGHT], ALL, ALL),
    (['Authorization: BEARER  ' + RIGHT], ALL, ALL),
    (['Host: www.example.org', 'X-Forwarded-For: 192.0.2.7', 'Via: 1.1 a',
      'Authorization: Bearer ' + RIGHT], ALL, ALL),
    (['Authorization: Bearer'], LISTENER, SOCKET),
    (['Authorization: Bearer '], LISTENER, SOCKET),
    (['Authorization: ' + RIGHT], LISTENER, SOCKET),
    (['Authorization: Bearer ' + RIGHT[:-1]], LISTENER, SOCKET),
    (['Authorization: Bearer ' + RIGHT[:15]], LISTENER, SOCKET),
    (['Authorization: Bearer ' + RIGHT + '0'], LISTENER, SOCKET),
    (['Authorization: Bearer ' + RIGHT.lower()], LISTENER, SOCKET),
    (['Authorization: Bearer ' + RIGHT.upper()], LISTENER, SOCKET),
    (['Authorization: Bearer "%s"' % RIGHT], LISTENER, SOCKET),
    (['Authorization: Bearer %s, Bearer x' % RIGHT], LISTENER, SOCKET),
    (['Authorization: Bearer x' + RIGHT], LISTENER, SOCKET),
    (['Authorization: Bearer\t' + RIGHT], LISTENER, SOCKET),
    (['Authorization: Bearer \xfc' + RIGHT], LISTENER, SOCKET),
    (['Authorization: Token ' + RIGHT], LISTENER, SOCKET),
    (['Authorization: Basic ' + RIGHT], LISTENER, SOCKET),
    # base64 of "admin:<the token>"
    (['Authorization: Basic YWRtaW46UmlnaHQtdG9rZW4tMDEyMzQ1Njc4OQ=='],
     LISTENER, SOCKET),
    (['Proxy-Authorization: Bearer ' + RIGHT], LISTENER, SOCKET),
    (['Cookie: token=' + RIGHT, 'X-Token: ' + RIGHT], LISTENER, SOCKET),
    # Wrong, and not needed by who is near
    (['Host: localhost', 'Authorization: Bearer wrong'], NEAR, SOCKET),
    (['Host: localhost', 'Authorization: Basic YTpi'], NEAR, SOCKET),
    # Pages of other sites, in the browser of somebody who may
    (['Host: localhost', 'Origin: http://localhost'], NEAR, SOCKET),
    (['Host: localhost:8080', 'Origin: http://LOCALHOST:8080'], NEAR, SOCKET),
    (['Host: a.example', 'Origin: https://a.example'], LISTENER, SOCKET),
    (['Host: localhost', 'Origin: http://localhost:8080'], NEAR, NOBODY),
    (['Host: localhost', 'Origin: http://evil.example'], NEAR, NOBODY),
    (['Host: localhost', 'Origin: ftp://localhost'], NEAR, NOBODY),
    (['Host: localhost', 'Origin: null'], NEAR, NOBODY),
    (['Host: localhost', 'Origin: '], NEAR, NOBODY),
    (['Host: localhost', 'Origin: localhost'], NEAR, NOBODY),
    (['Host: localhost', 'Origin: http://localhost.evil.example'], NEAR,
     NOBODY),
    (['Host: localhost', 'Origin: http://evil@localhost'], NEAR, NOBODY),
    (['Origin: http://'], LISTENER, NOBODY),
    (['Host: localhost', 'Sec-Fetch-Site: same-origin'], NEAR, SOCKET),
    (['Host: localhost', 'Sec-Fetch-Site: none'], NEAR, SOCKET),
    (['Host: localhost', 'Sec-Fetch-Site: same-site'], NEAR, NOBODY),
    (['Host: localhost', 'Sec-Fetch-Site: cross-site'], NEAR, NOBODY),
    (['Host: localhost', 'Sec-Fetch-Site: '], NEAR, NOBODY),
    (['Host: localhost', 'Sec-Fetch-Site: same-origin',
      'Origin: http://evil.example'], NEAR, NOBODY),
    (['Host: a.example', 'Authorization: Bearer ' + RIGHT,
      'Origin: https://a.example', 'Sec-Fetch-Site: same-origin'], ALL, ALL),
    (['Host: a.example', 'Authorization: Bearer ' + RIGHT,
      'Origin: https://evil.example'], ALL, NOBODY),
    (['Host: a.example', 'Authorization: Bearer ' + RIGHT,
      'Sec-Fetch-Site: cross-site'], ALL, NOBODY),
    # What a client cannot say of itself
    (['Host: localhost', 'zserverviews.reserved: True',
      'zserverviews.peer: ', 'Remote-Addr: 127.0.0.1'], NEAR, SOCKET),
]


class Owners(object):
    """In the kernel's place: says the same of each connection."""

    def __init__(self, user=0):
        self.user = user
        self.asked = 0

    def uid(self, connection):
        assert connection is CONNECTION
        self.asked += 1
        return self.user


CONNECTION = object()


def facts_of(environ, connection=CONNECTION):
    facts = Facts.of_environ(environ)
    facts.connection = connection
    return facts


def allowed(judge, tier, environ):
    return judge.allowed(tier, facts_of(environ))


def access(owners=None, **given):
    found = {'hosts': ('ops.example.org',),
             'token-file': Token('/path', RIGHT.encode('ascii'))}
    found.update((name.replace('_', '-'), value)
                 for name, value in given.items())
    return Access(ProcessSettings(found), owners or Owners())


def request(transport, headers=('Host: localhost',), method='GET', **more):
    environ = dict({'REQUEST_METHOD': method, 'QUERY_STRING': '',
                    'SERVER_PROTOCOL': 'HTTP/1.1'}, **TRANSPORTS[transport])
    for header in headers:
        name, _, value = header.partition(': ')
        environ['HTTP_' + name.upper().replace('-', '_')] = value
    environ.update(more)
    return environ


def test_the_rows_are_what_they_say():
    assert len(ROWS) > 120
    assert len(set(tuple(row[0]) for row in ROWS)) == len(ROWS)
    for _headers, readers, changers in ROWS:
        for column in readers, changers:
            assert len(column) == len(ORDER)
            assert all(sign in ('.', letter)
                       for sign, letter in zip(column, ORDER))


@pytest.mark.parametrize('headers, readers, changers', ROWS)
def test_the_matrix(headers, readers, changers):
    judge = access()
    for transport, method, tier in itertools.product(
            ORDER, ('GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'post'),
            TIERS + (None,)):
        expected = (
            True if tier in (None, 'status')
            else transport in readers if tier != 'change'
            else transport in changers and method in ('POST', 'DELETE'))
        environ = request(transport, headers, method)
        before = dict(environ)
        assert allowed(judge, tier, environ) is expected, (
            transport, method, tier)
        assert environ == before


@pytest.mark.parametrize('peer, near', [
    ('127.0.0.1', True), ('127.255.0.9', True), ('::1', True),
    ('::ffff:127.0.0.1', True), ('::ffff:7f00:1', True),
    ('::ffff:192.0.2.7', False), ('::127.0.0.1', False), ('::2', False),
    ('10.0.0.1', False), ('0.0.0.0', False), ('::', False),
    ('0177.0.0.1', False), ('127.1', False), ('2130706433', False),
    ('localhost', False), ('', False), ('127.0.0.1.', False),
    ('::1%lo', True), ('fe80::1%eth0', False), (None, False), (5, False),
    (b'127.0.0.1:80', False),
])
def test_who_is_near(peer, near):
    for key in 'zserverviews.peer', 'REMOTE_ADDR':
        environ = request('f', **{key: peer})
        if key == 'REMOTE_ADDR':
            del environ['zserverviews.peer']
        assert allowed(access(), 'operator', environ) is near


def test_the_peer_of_the_socket_counts_before_remote_addr():
    assert not allowed(access(), 'operator', request(
        'f', REMOTE_ADDR='127.0.0.1'))
    assert not allowed(access(), 'operator', request(
        'x', REMOTE_ADDR='127.0.0.1'))
    assert allowed(access(), 'operator', request(
        'n', REMOTE_ADDR='192.0.2.7'))


@pytest.mark.parametrize('networks, near', [
    ('192.0.2.0/24', 'f'), ('192.0.2.0/24 127.0.0.1', 'nf'), ('none', ''),
    ('::/0', ''), ('0.0.0.0/0', 'nf'),
])
def test_the_setting_allow(networks, near):
    judge = access(allow=networks_module.networks(networks))
    for transport in ORDER:
        environ = request(transport)
        assert allowed(judge, 'sensitive', environ) is (transport
                                                       in near + 'TU')
    # Being near is not enough for a change.
    for transport in 'nf':
        assert not allowed(judge, 'change', request(transport, method='POST'))


def test_without_settings():
    judge = Access(ProcessSettings(), Owners())
    assert allowed(judge, 'operator', request('n'))
    for headers in (['Host: ops.example.org'], ['Host: localhost', 'Via: a'],
                    ['Authorization: Bearer ' + RIGHT],
                    ['Authorization: Bearer '], ['Authorization: Bearer None']):
        for tier in 'operator', 'sensitive', 'change':
            for transport in 'nfx':
                assert not allowed(judge, tier, request(transport, headers,
                                                       method='POST'))


@pytest.mark.parametrize('version', ['HTTP/1.0', 'HTTP/0.9', '', None])
def test_the_older_version_needs_the_listener_or_a_token(version):
    for transport in ORDER:
        environ = request(transport, SERVER_PROTOCOL=version)
        assert allowed(access(), 'operator', environ) is (transport in 'TU')
        environ['HTTP_AUTHORIZATION'] = 'Bearer ' + RIGHT
        assert allowed(access(), 'operator', environ)


@pytest.mark.parametrize('reserved', [None, False, 1, 'True', 'yes', object()])
def test_only_the_hook_can_say_that_it_is_the_listener(reserved):
    for transport, method, tier in [('f', 'GET', 'operator'),
                                    ('x', 'POST', 'change')]:
        environ = request(transport, method=method)
        environ['zserverviews.reserved'] = reserved
        assert not allowed(access(), tier, environ)


def test_a_peer_that_the_server_does_not_tell_is_not_local():
    facts = Facts('GET', '1.1', None, False, {'HOST': 'localhost'})
    for tier in 'operator', 'sensitive', 'change':
        assert not Access(ProcessSettings()).allowed(tier, facts)
    assert 'does not tell whose' in Access(ProcessSettings()).objection(
        'operator', facts)


def test_the_unix_socket_is_known_by_the_hook_alone():
    environ = request('U', method='POST', REMOTE_ADDR='')
    assert allowed(access(), 'change', environ)
    del environ['zserverviews.peer']
    assert not allowed(access(), 'change', environ)
    environ['zserverviews.peer'] = None
    assert not allowed(access(), 'change', environ)


# It fails closed


class Odd(object):
    """Equal to all, and of no use for anything."""

    def __eq__(self, other):
        return True

    __hash__ = None

    def __getattr__(self, name):
        raise LookupError(name)


class Wrong(dict):
    """An environ that fails."""

    def get(self, key, default=None):
        raise RuntimeError('on purpose')


@pytest.mark.parametrize('tier', ['', 'public', 'Status', 'OPERATOR', 3,
                                  (), [], True, False, 'statu', 'open'])
def test_an_unknown_tier_is_nobodys(tier):
    for transport in ORDER:
        assert not allowed(access(), tier, request(
            transport, ['Authorization: Bearer ' + RIGHT], 'POST'))


def test_what_fails_is_refused():
    for tier in 'operator', 'sensitive', 'change':
        for facts in (
                None, object(), Facts('POST', '1.1', '', False, Wrong()),
                Facts('POST', '1.1', '127.0.0.1', 1, Wrong()),
                Facts('POST', None, Odd(), 'yes', None),
                Facts('GET', '1.1', Odd(), False, {'HOST': 'localhost'})):
            assert access().allowed(tier, facts) is False
        for environ in (request('n', HTTP_HOST=None),
                        request('n', HTTP_HOST=Odd()),
                        request('f', HTTP_AUTHORIZATION=Odd()),
                        request('n', HTTP_AUTHORIZATION=u'Bearer \u20ac'),
                        request('n', **{'zserverviews.peer': Odd()})):
            assert allowed(access(), tier, environ) is False


def test_a_broken_token_opens_nothing():
    judge = access(token_file=Token('/path', None))
    assert not allowed(judge, 'operator', request(
        'f', ['Authorization: Bearer ' + RIGHT]))


# What the kernel tells of the peer

OWN = os.geteuid()


@pytest.mark.parametrize('user, operator, sensitive', [
    (0, True, True), (OWN, True, True), (33, False, False),
    (1000, True, True), (65534, False, False), (STRANGER, False, False),
    # It cannot tell, and it cannot be asked.
    (None, True, False), (NOT_ASKED, False, False)])
def test_whose_process_is_at_the_other_end(user, operator, sensitive):
    judge = access(Owners(user), allow_users=(1000,))
    assert allowed(judge, 'operator', request('n')) is operator
    assert allowed(judge, 'sensitive', request('n')) is sensitive
    for transport in 'TU':
        assert allowed(judge, 'sensitive', request(transport))
    for transport in 'nfx':
        assert allowed(judge, 'sensitive', request(
            transport, ['Authorization: Bearer ' + RIGHT]))
        assert not allowed(judge, 'change', request(transport, method='POST'))


def test_that_nothing_is_left_to_ask_with_is_logged():
    judge = access(Owners(NOT_ASKED))
    assert 'no descriptor is left' in judge.objection(
        'operator', facts_of(request('n')))


def test_the_site_s_own_user_is_the_one_of_the_moment(monkeypatch):
    # A server may become somebody else behind its start.
    judge = access(Owners(4711))
    assert not allowed(judge, 'operator', request('n'))
    monkeypatch.setattr(os, 'geteuid', lambda: 4711)
    assert allowed(judge, 'operator', request('n'))


def test_without_a_connection_the_kernel_is_not_asked():
    judge = access()
    facts = facts_of(request('n'), None)
    assert judge.allowed('operator', facts)
    assert not judge.allowed('sensitive', facts)


def test_the_kernel_is_asked_last():
    owners = Owners()
    judge = access(owners)
    for environ in (
            request('f'), request('x'), request('T'), request('U'),
            request('n', ['Host: evil.example']), request('n', []),
            request('n', ['Host: localhost', 'Via: 1.1 a']),
            request('n', SERVER_PROTOCOL='HTTP/1.0'),
            request('n', REQUEST_URI='http://evil.example/a'),
            request('f', ['Authorization: Bearer ' + RIGHT])):
        for tier in 'status', 'operator', 'sensitive', 'change':
            allowed(judge, tier, environ)
    assert owners.asked == 0
    facts = facts_of(request('n'))
    assert judge.allowed('operator', facts)
    assert judge.allowed('sensitive', facts)
    assert owners.asked == 1
    # Another request on the same connection.
    assert judge.allowed('operator', facts_of(request('n')))
    assert owners.asked == 2


@pytest.mark.parametrize('target, near', [
    ('/a', True), ('http://localhost/a', True), ('http://LOCALHOST:80', True),
    ('https://127.0.0.1:8080/a?b', True), ('http://ops.example.org', True),
    ('http://evil.example/a', False), ('HTTP://evil.example', False),
    ('http:///a', False), ('http://localhost@evil.example/', False),
    ('http://evil.example#localhost/', False), ('/http://evil.example', True),
    ('a/http://evil.example', False)])
def test_the_host_of_a_target_counts_too(target, near):
    environ = request('n', REQUEST_URI=target)
    assert allowed(access(), 'operator', environ) is near
    # Not instead of the header.
    assert not allowed(access(), 'operator', request(
        'n', ['Host: evil.example'], REQUEST_URI=target))


def test_a_page_is_of_the_same_site_by_all_hosts():
    for target, host, may in [
            ('http://a.example/', 'a.example', True),
            ('http://b.example/', 'a.example', False),
            ('http://a.example/', 'b.example', False)]:
        environ = request('f', ['Host: ' + host, 'Origin: http://a.example',
                                'Authorization: Bearer ' + RIGHT], 'POST',
                          REQUEST_URI=target)
        assert allowed(access(), 'change', environ) is may


# Connections on which a proxy has shown itself

def test_what_is_remembered_of_peers_and_hosts_has_a_bound():
    local = LocalPeers(networks_module.networks('10.0.0.0/8'), [], [], None)

    def is_near(peer, host):
        facts = Facts('GET', '1.1', peer, False, {'HOST': host})
        return local.objection(facts, False) is None

    for number in range(2 * MOST_LOCAL + 1):
        peer, host = '10.0.%d.%d' % divmod(number, 256), 'localhost:%d' % number
        for _time in range(2):
            assert is_near(peer, host)
            assert not is_near('192.0.2.1', host)
            assert not is_near(peer, 'evil.example:%d' % number)
    kept = [value for value in vars(local).values() if isinstance(value, set)]
    assert [len(one) for one in kept] == [1, 1]


class Channel(object):
    pass


def test_a_sign_stays_on_its_connection():
    signs, channel = Signs(), Channel()
    plain = {'HOST': 'localhost', 'ACCEPT': '*/*'}
    for _time in range(3):
        assert signs.note(channel, plain) is None
    assert signs.note(channel, {'HOST': 'a', 'X_REAL_IP': ''}) == 'X-Real-Ip'
    assert signs.note(channel, {'VIA': ''}) == 'X-Real-Ip'
    for _time in range(3):
        assert signs.note(channel, plain) == 'X-Real-Ip'
    assert signs.note(Channel(), plain) is None


def test_the_same_of_lines():
    signs, channel = Signs(), Channel()
    for _time in range(2):
        assert signs.note_lines(channel, ['Host: a', 'Accept: */*']) is None
    assert signs.note_lines(channel, ['Host: a', 'x-forwarded-for:']) == (
        'X-Forwarded-For')
    assert signs.note_lines(channel, ['Host: a', 'Accept: */*']) == (
        'X-Forwarded-For')
    assert signs.note_lines(Channel(), ['no colon', '']) is None
    assert signs.note_lines(Channel(), ['Via : 1.1 a']) == 'Via'


def test_what_is_remembered_of_headers_has_a_bound():
    signs = Signs()
    for number in range(2 * MOST_SHAPES):
        assert signs.note(Channel(), {'X_%d' % number: ''}) is None
        assert signs.note_lines(Channel(), ['Y-%d: 1' % number]) is None
    assert len(signs.clean) == MOST_SHAPES
    assert signs.note(Channel(), {'VIA': ''}) == 'Via'


def test_a_sign_is_called_by_no_name_that_a_client_has_thought_of():
    assert sign_in({'X_FORWARDED_FOR': ''}) == 'X-Forwarded-For'
    assert sign_in({'X_FORWARDED_<B>\n': ''}) == 'X-Forwarded...'
    assert sign_in({'CF_' + 500 * 'A': ''}) == 'Cf-...'
