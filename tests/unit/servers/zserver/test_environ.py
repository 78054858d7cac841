"""servers.zserver.environ: the same as Zope's own handler would say."""
from __future__ import absolute_import, division, print_function

import io

import pytest

from Products.ZServerViews.access.peer import Signs
from Products.ZServerViews.servers.zserver import environ as environ_module
from Products.ZServerViews.servers.zserver.environ import Environs

http = pytest.importorskip('ZServer.HTTPServer')

from ZServer.medusa.http_server import http_request  # noqa: E402


class Logger(object):
    pass


class Server(object):
    port = 8080
    request_server_name = 'localhost'
    SERVER_IDENT = 'Zope'

    def __init__(self):
        self.logger = Logger()


class Channel(object):
    socket = 'the socket'
    creation_time = 1
    addr = '10.0.0.1', 4711

    def __init__(self):
        self.server = Server()


class Mount(object):
    script_name = '/a b'


def request_for(uri='/a%20b', header=(), version='1.1', command='get'):
    return http_request(Channel(), '', command, uri, version, list(header))


def by_zope(environs, request, body, zope):
    asked(zope)
    return environs.make(request, body, zope, Mount)


class Site(object):
    signs = Signs()


@pytest.fixture
def environs():
    made = Environs(Site, 'the state')
    made.prepare()
    return made


@pytest.fixture
def zope():
    return http.zhttp_handler('Zope2', '')


HEADERS = [
    [],
    ['Host: localhost', 'Accept: */*'],
    ['host:localhost', 'HOST: other', 'X-A:1', 'x-a: 2', 'X_A: 3'],
    ['Content-Type: a/b', 'content-type: c/d', 'Content-Length: 3'],
    ['Connection: close', 'connection: keep-alive', 'Content-Length:'],
    ['X-Empty:', 'X-Empty:  ', 'X-Empty: last', 'X : y', ': nothing'],
    ['X_B: 1', 'X-B: 2', 'Cookie: a:b', 'Content_Type: spoof'],
]


@pytest.mark.parametrize('header', HEADERS)
@pytest.mark.parametrize('uri', [
    '/a%20b', '/a%20b?', '/a%20b?x=1&y=%20?', '/a%20b#f', '/a%20b?q#f'])
@pytest.mark.parametrize('base', ['', '/base'])
def test_the_same_as_by_zope(environs, header, uri, base):
    zope = http.zhttp_handler('Zope2', base)
    body = io.BytesIO()
    for _time in range(2):
        request = request_for(uri, header)
        made = environs.make(request, body, zope, Mount)
        assert made == by_zope(environs, request, body,
                               http.zhttp_handler('Zope2', base))
        assert request.header == header
    assert made['SCRIPT_NAME'].endswith('/a b')


def test_each_environ_is_a_new_one(environs, zope):
    request = request_for()
    first = environs.make(request, None, zope, Mount)
    first['QUERY_STRING'] = 'changed'
    assert environs.make(request, None, zope, Mount)['QUERY_STRING'] == ''


@pytest.mark.parametrize('line', ['rubbish', ''])
def test_what_is_wrong_with_a_header_comes_out(environs, zope, line):
    request = request_for(header=['Host: x', line])
    with pytest.raises(ValueError):
        environs.make(request, None, zope, Mount)


def asked(zope):
    """What Zope's handler is asked, from now on."""
    requests = []
    original = zope.get_environment

    def get_environment(request):
        requests.append(request)
        return original(request)

    zope.get_environment = get_environment
    return requests


def test_a_handler_that_is_not_zservers_is_asked(environs, zope):
    requests = asked(zope)
    request = request_for()
    assert environs.make(request, None, zope, Mount)['SCRIPT_NAME'] == '/a b'
    assert requests == [request]


def test_a_setting_of_the_environ_goes_through_zope(environs):
    zope = http.zhttp_handler('Zope2', '', {'HTTPS': 'on', 'REMOTE_PORT': 'x'})
    made = environs.make(request_for(), None, zope, Mount)
    assert made['wsgi.url_scheme'] == 'https'
    assert made['REMOTE_PORT'] == '4711'


def test_a_client_of_webdav(environs, zope):
    zope.set_webdav_source_clients('dav')
    made = environs.make(request_for(header=['User-Agent: dav']), None, zope,
                         Mount)
    assert made['WEBDAV_SOURCE_PORT'] == 1
    assert made['PATH_INFO'] == ''


def test_a_name_that_the_resolver_knows(environs, zope):
    request = request_for()
    request.channel.server.logger.resolver = resolver = Logger()
    resolver.cache = {'10.0.0.1': (0, 0, 'client.example')}
    made = environs.make(request, None, zope, Mount)
    assert made['REMOTE_HOST'] == 'client.example'


def test_any_number_of_names_takes_no_memory(environs, zope, monkeypatch):
    monkeypatch.setattr(environ_module, 'MOST_NAMES', 2)
    header = ['X-%d: %d' % (number, number) for number in range(5)]
    made = environs.make(request_for(header=header), None, zope, Mount)
    assert [made['HTTP_X_%d' % number] for number in range(5)] == list('01234')
    assert len(environs._names) == 2


class ViewsServer(Server):
    views_only = True
    is_unix = False
    port = 8090


class UnixServer(ViewsServer):
    is_unix = True


@pytest.mark.parametrize('quick', [True, False])
def test_where_a_request_comes_from(environs, quick):
    # That setting goes no further than the key it names.
    zope = http.zhttp_handler('Zope2', '', {} if quick else {
        'REMOTE_ADDR': '10.9.9.9', 'zserverviews.peer': '127.0.0.1',
        'zserverviews.reserved': True})
    for server, expected in [(Server, (False, '10.0.0.1')),
                             (ViewsServer, (True, '10.0.0.1')),
                             (UnixServer, (True, '')),
                             (Server, (False, '10.0.0.1'))]:
        request = request_for()
        request.channel.server = server()
        made = environs.make(request, None, zope, Mount)
        assert (made['zserverviews.reserved'],
                made['zserverviews.peer']) == expected
        assert made['zserverviews.site'] is Site
        assert made['zserverviews.server'] == 'the state'
        assert made['SERVER_PORT'] == str(server.port)
        assert made['REMOTE_ADDR'] == ('10.0.0.1' if quick else '10.9.9.9')


# The facts that access judges

@pytest.mark.parametrize('header, headers', [
    ([], {}),
    (['Host: a', 'x-forwarded-for:', 'Accept:  b  '],
     {'HOST': 'a', 'X_FORWARDED_FOR': '', 'ACCEPT': 'b'}),
    (['Host: localhost', 'host : evil'], {'HOST': 'localhost, evil'}),
    (['X_Real_IP: 1', 'X-Real-Ip: 2'], {'X_REAL_IP': '1, 2'}),
    (['Authorization: Bearer a:b'], {'AUTHORIZATION': 'Bearer a:b'}),
])
def test_the_facts_have_every_header(environs, header, headers):
    for _time in range(2):
        facts = environs.facts(request_for(header=header, command='pOst'))
        assert facts.headers == headers
        assert (facts.method, facts.version) == ('POST', '1.1')
        assert facts.connection == 'the socket'
        assert (facts.sign is None) is ('Host: localhost' in header
                                        or len(header) < 2)


def test_a_connection_keeps_the_sign_of_a_proxy(environs):
    request = request_for(header=['Via: x'])
    assert environs.facts(request).sign == 'Via'
    request.header = ['Host: x']
    assert environs.facts(request).sign == 'Via'


def test_the_target_is_the_one_that_was_sent(environs):
    request = request_for()
    assert environs.facts(request).target == ''
    request.request = 'GET http://host/a HTTP/1.1'
    assert environs.facts(request).hosts == ['', 'host']


def test_the_facts_are_no_settings(environs):
    for server, peer, on_listener in [
            (Server, '10.0.0.1', False), (ViewsServer, '10.0.0.1', True),
            (UnixServer, '', True)]:
        request = request_for()
        request.channel.server = server()
        facts = environs.facts(request)
        assert (facts.peer, facts.on_listener) == (peer, on_listener)


def test_a_header_without_a_colon_has_no_facts(environs):
    with pytest.raises(ValueError):
        environs.facts(request_for(header=['rubbish']))


def test_a_change_of_the_headers_is_seen(environs, zope):
    request = request_for(header=['A: 1'])
    assert environs.facts(request).headers == {'A': '1'}
    request.header.append('Via: x')
    assert environs.facts(request).headers == {'A': '1', 'VIA': 'x'}
    assert environs.make(request, None, zope, Mount)['HTTP_VIA'] == 'x'
