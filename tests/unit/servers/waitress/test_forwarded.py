"""servers.waitress.forwarded, with waitress's own filter."""
from __future__ import absolute_import, division, print_function

import sys

import pytest

# The server has it, where there is one.
pytest.importorskip('waitress.proxy_headers', reason='this waitress has no filter')
from Products.ZServerViews.servers.waitress.forwarded import (
    as_site_sees,
    client_of,
)

ALL = {'x-forwarded-for', 'x-forwarded-host'}


class Adjustments(object):

    def __init__(self, **given):
        self.trusted_proxy = None
        self.trusted_proxy_count = 1
        self.trusted_proxy_headers = set()
        self.clear_untrusted_proxy_headers = True
        vars(self).update(given)


class Server(object):

    def __init__(self, **given):
        self.adj = Adjustments(**given)


def environ(**headers):
    made = {'REMOTE_ADDR': '192.0.2.1', 'HTTP_HOST': 'a', 'SERVER_PORT': '80',
            'SERVER_NAME': 'a', 'wsgi.url_scheme': 'http'}
    made.update(('HTTP_' + name, value) for name, value in headers.items())
    return made


def test_what_waitress_removes_is_removed():
    given = environ(X_FORWARDED_FOR='forged', FORWARDED='for=x', X_OTHER='1')
    before = dict(given)
    seen = as_site_sees(Server(), given)
    assert given == before
    assert seen == environ(X_OTHER='1')


def test_what_it_leaves_stays():
    given = environ(X_FORWARDED_FOR='forged')
    server = Server(clear_untrusted_proxy_headers=False)
    assert as_site_sees(server, given) is given
    plain = environ(X_OTHER='1')
    assert as_site_sees(Server(), plain) is plain


def test_who_is_trusted_is_believed():
    server = Server(trusted_proxy='192.0.2.1', trusted_proxy_headers=ALL)
    seen = as_site_sees(server, environ(
        X_FORWARDED_FOR='forged, 198.51.100.9', X_FORWARDED_PORT='1'))
    assert seen['REMOTE_ADDR'] == '198.51.100.9'
    # Waitress 1 leaves what stands before it.
    assert seen['HTTP_X_FORWARDED_FOR'].endswith('198.51.100.9')
    assert 'HTTP_X_FORWARDED_PORT' not in seen
    # The filter is made once for each server.
    assert as_site_sees(server, environ(X_FORWARDED_FOR='198.51.100.8'))[
        'REMOTE_ADDR'] == '198.51.100.8'


def test_a_header_that_is_broken():
    server = Server(trusted_proxy='*', trusted_proxy_headers={'forwarded'})
    seen = as_site_sees(server, environ(FORWARDED='for="broken',
                                        X_FORWARDED_FOR='forged'))
    assert seen == environ()


@pytest.mark.parametrize('given, headers, client', [
    ({}, {'X_FORWARDED_FOR': '198.51.100.9'}, '192.0.2.1'),
    ({'clear_untrusted_proxy_headers': False},
     {'X_FORWARDED_FOR': '198.51.100.9'}, '192.0.2.1'),
    ({'trusted_proxy': '192.0.2.1', 'trusted_proxy_headers': ALL},
     {'X_FORWARDED_FOR': '198.51.100.9'}, '198.51.100.9'),
    ({'trusted_proxy': '*', 'trusted_proxy_headers': {'forwarded'}},
     {'FORWARDED': 'for=198.51.100.9'}, '198.51.100.9'),
    ({'trusted_proxy': '*', 'trusted_proxy_headers': {'forwarded'}},
     {'FORWARDED': 'for="broken'}, '192.0.2.1'),
    ({'trusted_proxy': '192.0.2.2', 'trusted_proxy_headers': ALL},
     {'X_FORWARDED_FOR': '198.51.100.9'}, '192.0.2.1'),
    ({'trusted_proxy': '192.0.2.1', 'trusted_proxy_headers': ALL}, {},
     '192.0.2.1')])
def test_the_client(given, headers, client):
    assert client_of(Server(**given), headers, '192.0.2.1') == client


def test_the_setting_of_zope(monkeypatch):
    class Module(object):
        trusted_proxies = ['192.0.2.1']

    monkeypatch.setitem(sys.modules, 'ZPublisher.HTTPRequest', Module)
    server = Server(clear_untrusted_proxy_headers=False)
    headers = {'X_FORWARDED_FOR': 'forged, 198.51.100.9'}
    assert client_of(server, headers, '192.0.2.1') == '198.51.100.9'
    assert client_of(server, headers, '192.0.2.9') == '192.0.2.9'
    # Waitress has removed it before Zope could read it.
    assert client_of(Server(), headers, '192.0.2.1') == '192.0.2.1'


def test_another_waitress(monkeypatch):
    headers = {'X_FORWARDED_FOR': '198.51.100.9'}
    assert client_of(object(), headers, '192.0.2.1') == '192.0.2.1'
    monkeypatch.delitem(sys.modules, 'waitress.proxy_headers')
    assert client_of(Server(), headers, '192.0.2.1') == '192.0.2.1'
    given = environ(X_FORWARDED_FOR='1')
    assert as_site_sees(Server(), given) is given
