"""access: tier x transport x what a client may pretend.

`ROWS` was written by hand from the rules on the page docs/access.rst; it is
the code's opponent, and nothing in it is computed by what it tests.
"""
from __future__ import absolute_import, division, print_function

import itertools

import pytest

from Products.ZServerViews import addresses
from Products.ZServerViews.access import Access
from Products.ZServerViews.bearer import Token
from Products.ZServerViews.process_settings import ProcessSettings
from Products.ZServerViews.settings import TIERS

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


def access(**given):
    found = {'hosts': ('ops.example.org',),
             'token-file': Token('/path', RIGHT.encode('ascii'))}
    found.update((name.replace('_', '-'), value)
                 for name, value in given.items())
    return Access(ProcessSettings(found))


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
        assert judge.allowed(tier, environ) is expected, (
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
        assert access().allowed('operator', environ) is near


def test_the_peer_of_the_socket_counts_before_remote_addr():
    assert not access().allowed('operator', request(
        'f', REMOTE_ADDR='127.0.0.1'))
    assert not access().allowed('operator', request(
        'x', REMOTE_ADDR='127.0.0.1'))
    assert access().allowed('operator', request(
        'n', REMOTE_ADDR='192.0.2.7'))


@pytest.mark.parametrize('networks, near', [
    ('192.0.2.0/24', 'f'), ('192.0.2.0/24 127.0.0.1', 'nf'), ('none', ''),
    ('::/0', ''), ('0.0.0.0/0', 'nf'),
])
def test_the_setting_allow(networks, near):
    judge = access(allow=addresses.networks(networks))
    for transport in ORDER:
        environ = request(transport)
        assert judge.allowed('sensitive', environ) is (transport
                                                       in near + 'TU')
    # Being near is not enough for a change.
    for transport in 'nf':
        assert not judge.allowed('change', request(transport, method='POST'))


def test_without_settings():
    judge = Access(ProcessSettings())
    assert judge.allowed('operator', request('n'))
    for headers in (['Host: ops.example.org'], ['Host: localhost', 'Via: a'],
                    ['Authorization: Bearer ' + RIGHT],
                    ['Authorization: Bearer '], ['Authorization: Bearer None']):
        for tier in 'operator', 'sensitive', 'change':
            for transport in 'nfx':
                assert not judge.allowed(tier, request(transport, headers,
                                                       method='POST'))


@pytest.mark.parametrize('version', ['HTTP/1.0', 'HTTP/0.9', '', None])
def test_the_older_version_needs_the_listener_or_a_token(version):
    for transport in ORDER:
        environ = request(transport, SERVER_PROTOCOL=version)
        assert access().allowed('operator', environ) is (transport in 'TU')
        environ['HTTP_AUTHORIZATION'] = 'Bearer ' + RIGHT
        assert access().allowed('operator', environ)


@pytest.mark.parametrize('reserved', [None, False, 1, 'True', 'yes', object()])
def test_only_the_hook_can_say_that_it_is_the_listener(reserved):
    for transport, method, tier in [('f', 'GET', 'operator'),
                                    ('x', 'POST', 'change')]:
        environ = request(transport, method=method)
        environ['zserverviews.reserved'] = reserved
        assert not access().allowed(tier, environ)


def test_the_unix_socket_is_known_by_the_hook_alone():
    environ = request('U', method='POST', REMOTE_ADDR='')
    assert access().allowed('change', environ)
    del environ['zserverviews.peer']
    assert not access().allowed('change', environ)
    environ['zserverviews.peer'] = None
    assert not access().allowed('change', environ)


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
        assert not access().allowed(tier, request(
            transport, ['Authorization: Bearer ' + RIGHT], 'POST'))


def test_what_fails_is_refused():
    for tier in 'operator', 'sensitive', 'change':
        for environ in (Wrong(), {}, None, Wrong(REQUEST_METHOD='POST'),
                        request('n', HTTP_HOST=None),
                        request('n', HTTP_HOST=Odd()),
                        request('f', HTTP_AUTHORIZATION=Odd()),
                        request('n', HTTP_AUTHORIZATION=u'Bearer \u20ac'),
                        request('n', **{'zserverviews.peer': Odd()})):
            assert access().allowed(tier, environ) is False


def test_a_broken_token_opens_nothing():
    judge = access(token_file=Token('/path', None))
    assert not judge.allowed('operator', request(
        'f', ['Authorization: Bearer ' + RIGHT]))
