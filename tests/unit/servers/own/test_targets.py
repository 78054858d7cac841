"""targets: which view a WSGI request is for, and what access judges of it."""
from __future__ import absolute_import, division, print_function

import socket
import sys

import pytest

from Products.ZServerViews.access.peer import Signs
from Products.ZServerViews.runtime.routes import Routes
from Products.ZServerViews.servers.own import targets
from tests.unit import dummies
from tests.unit.servers.own.own_dummies import environ


@pytest.fixture
def table():
    made = Routes()
    made.replace([dummies.mount('/a/b'), dummies.mount('/%41')])
    return made


@pytest.mark.parametrize('given, found', [
    (environ('/a/b'), True),
    (environ('/a/b', REQUEST_URI='/a/b?c=d'), True),
    (environ('/a/b', REQUEST_URI='http://host/a/b'), True),
    (environ('/a/b', RAW_URI='/a/b', REQUEST_URI='/other'), True),
    (environ('/a/b', SCRIPT_NAME='/p', REQUEST_URI='/p/a/b'), True),
    (environ('/a/b', SCRIPT_NAME='/p', HTTP_SCRIPT_NAME='/p',
             REQUEST_URI='/p/a/b'), False),
    (environ('/a/b', SCRIPT_NAME='/p', HTTP_SCRIPT_NAME='/p'), True),
    (environ('/a/b', REQUEST_URI=''), True),
    (environ('/a/b', REQUEST_URI='/a/%62'), False),
    (environ('/a/b', REQUEST_URI='//a/b'), False),
    (environ('/a/b', REQUEST_URI='/rewritten'), False),
    (environ('/a/b', REQUEST_URI='host:1'), False),
    (environ('/a/b/', REQUEST_URI='/a/b'), False),
    (environ('/A', REQUEST_URI='/%41'), True),
    (environ('/A', REQUEST_URI='/A'), False)])
def test_only_the_path_as_it_was_sent(table, given, found):
    assert (targets.find_mount(table, given) is not None) == found


def test_without_a_path():
    assert targets.find_mount(Routes(), {}) is None


@pytest.fixture
def pair():
    listening = socket.socket()
    listening.bind(('127.0.0.1', 0))
    listening.listen(1)
    client = socket.create_connection(listening.getsockname())
    accepted, _address = listening.accept()
    yield accepted
    for sock in listening, client, accepted:
        sock.close()


def facts(connections, **given):
    request = environ(**given)
    sock = targets.connection(request)
    sign = None if sock is None else connections.note(sock, request)
    return targets.facts_of(request, sock, sign)


def test_without_the_connection_nothing_is_known_of_the_peer():
    found = facts(targets.Connections(Signs()), HTTP_USER_AGENT='a',
                  CONTENT_TYPE='text/plain')
    assert found.peer is None and found.connection is None
    assert found.on_listener is False
    assert found.version == '1.1' and found.method == 'GET'
    assert found.headers == {'HOST': 'localhost', 'USER_AGENT': 'a',
                             'CONTENT_TYPE': 'text/plain'}
    assert found.target == '/a'


@pytest.mark.parametrize('key', ['gunicorn.socket', 'werkzeug.socket'])
def test_the_peer_is_that_of_the_socket(pair, key):
    connections = targets.Connections(Signs())
    found = facts(connections, **{key: pair})
    assert found.peer == '127.0.0.1' and found.sign is None
    assert found.connection is pair
    # Whatever somebody has made of a header.
    found = facts(connections, REMOTE_ADDR='127.0.0.2', **{key: pair})
    assert found.peer == '127.0.0.1' and found.sign == 'another REMOTE_ADDR'


def test_a_sign_stays_with_its_connection(pair):
    connections = targets.Connections(Signs())
    given = {'gunicorn.socket': pair}
    assert facts(connections, **given).sign is None
    assert facts(connections, HTTP_VIA='a', **given).sign == 'Via'
    assert facts(connections, **given).sign == 'Via'
    assert facts(connections).sign is None
    assert facts(connections, HTTP_VIA='a').sign == 'Via'


def called_from(module, call):
    """Call it from a function of a module of this name."""
    found = {'__name__': module, 'call': call}
    exec('def caller():\n    return call()', found)
    return found['caller']


@pytest.mark.parametrize('modules, sign', [
    ([], None),
    (['paste.translogger', 'ZPublisher.httpexceptions',
      'Products.ZServerViews.servers.own.views_filter'], None),
    (['paste.deploy.config'],
     'the filter of paste.deploy.config may have removed its headers'),
    (['paste.translogger', 'a_filter', 'ZPublisher.httpexceptions'],
     'the filter of a_filter may have removed its headers')])
def test_a_filter_that_may_have_removed_a_sign(modules, sign):
    found = []
    call = called_from('Products.ZServerViews.servers.own.hook', lambda: found.append(
        targets.sign_of_filter(sys._getframe(1))))
    # The last is the innermost.
    for module in reversed(['gunicorn.workers.sync'] + modules):
        call = called_from(module, call)
    call()
    assert found == [sign]


def test_the_peer_of_a_unix_socket_and_of_one_that_has_gone():
    one, other = socket.socketpair()
    assert targets.peer_of(one) == ''
    one.close()
    other.close()
    gone = socket.socket()
    gone.close()
    assert targets.peer_of(gone) is None
    assert targets.peer_of(object()) is None


class TransLogger(object):
    logger = None

    def __call__(self, environ, start_response):
        def said(status, headers, exc_info=None):
            return self, start_response
        return said

    def write_log(self):
        """Has this name."""


def around(start_response):
    def said(*args):
        return start_response(*args)
    return said


def test_a_filter_around_us_writes_the_access_log():
    def plain(*args):
        """A server's."""

    assert not targets.is_logged(plain)
    assert not targets.is_logged(around(plain))
    logged = TransLogger()({}, plain)
    assert targets.is_logged(logged)
    assert targets.is_logged(around(around(logged)))


def test_a_cell_that_is_empty_yet():
    def said():
        return later

    assert not targets.is_logged(said)
    later = None
