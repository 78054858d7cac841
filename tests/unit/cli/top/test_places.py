"""What a user may write for an instance."""
from __future__ import absolute_import, division, print_function

import socket

import pytest

from Products.ZServerViews.access.token import Token
from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.top import places


@pytest.mark.parametrize('said, name, base, host', [
    ('http://127.0.0.1:8080', '127.0.0.1:8080', '/-/', '127.0.0.1:8080'),
    ('localhost:8080', 'localhost:8080', '/-/', 'localhost:8080'),
    ('http://zope1', 'zope1', '/-/', 'zope1'),
    ('https://zope1/', 'https://zope1', '/-/', 'zope1'),
    ('http://[::1]:81/ops', '[::1]:81/ops/', '/ops/', '[::1]:81'),
    ('/run/zope.sock', '/run/zope.sock', '/-/', 'localhost'),
    ('unix:./zope.sock', './zope.sock', '/-/', 'localhost')])
def test_addresses(said, name, base, host):
    found = places.place(said)
    assert (found.name, found.base, found.host) == (name, base, host)
    assert found.is_socket is name.endswith('.sock')
    assert found.headers == ('Connection: close',)


def test_where_the_suite_is():
    assert places.place('http://a', '/ops').base == '/ops/'
    assert places.place('/a.sock', '/ops/').name == '/a.sock /ops/'
    for wrong in 'ops', '/a b', '/a?b':
        with pytest.raises(CannotRun) as caught:
            places.place('http://a', wrong)
        assert 'such as /-/' in str(caught.value)


@pytest.mark.parametrize('said', [
    'zope1', 'ftp://a', 'http://a:b', 'http://user:secret@zope1', 'http://a b'])
def test_what_is_no_address(said):
    with pytest.raises(CannotRun) as caught:
        places.place(said)
    assert 'write http://127.0.0.1:8080' in str(caught.value)
    assert 'secret' not in str(caught.value)


def test_a_token_is_presented_and_not_shown():
    found = places.place('http://a', token=Token('a file', b'a-secret-word-of-it'))
    assert found.headers[1] == 'Authorization: Bearer a-secret-word-of-it'
    assert 'secret' not in repr(found.token) + found.name


def test_names_do_not_reach_the_terminal_as_they_are():
    assert places.place(u'/run/\x1b[2J.sock').name == u'/run/?[2J.sock'


def test_a_socket_that_is_not_there():
    with pytest.raises(EnvironmentError):
        places.place('/no/such.sock').connect(1)


def test_a_system_without_unix_sockets(monkeypatch):
    monkeypatch.delattr(socket, 'AF_UNIX')
    with pytest.raises(CannotRun):
        places.place('/run/zope.sock')
    assert not places.place('http://a').is_socket
