"""What only ZServer has of its limit: one for all servers of a process."""
from __future__ import absolute_import, division, print_function

import pytest

from tests.functional.harness import Instance
from tests.functional.test_overload import wait_until_waiting
from tests.functional.test_admission import LIMIT, close, connect

pytestmark = pytest.mark.skipif(
    Instance.name != 'zserver', reason="these servers are ZServer's own")

HTTP = """
<http-server>
    address 127.0.0.1:PORT
</http-server>
"""
WEBDAV = """
<webdav-source-server>
    address 127.0.0.1:PORT
</webdav-source-server>
"""
MOST = 'max-listen-sockets %d\n' % LIMIT


def test_several_servers_have_one_limit(make_instance):
    zope = make_instance(listen=HTTP + HTTP + MOST).start()
    zope.get('/v/close_gate')
    connections = [zope.connect(timeout=60, listener=number % 2)
                   for number in range(3 * LIMIT)]
    try:
        for number, connection in enumerate(connections):
            connection.request('/@@wait?name=%d' % number)
        wait_until_waiting(zope, 4)
        for listener in (0, 1) * 10:
            with zope.connect(listener=listener) as connection:
                assert connection.get('/v/hello').text == 'hello'
        zope.get('/v/open_gate')
        for number, connection in enumerate(connections):
            assert connection.response().text == 'waited %d' % number
    finally:
        zope.get('/v/open_gate')
        close(connections)


def test_connections_of_other_servers_do_not_give_way(make_instance):
    zope = make_instance(listen=HTTP + WEBDAV + MOST).start()
    with zope.connect(listener=1) as kept:
        connections = connect(zope, 2 * LIMIT)
        try:
            for _number in range(LIMIT):
                assert zope.get('/v/hello').text == 'hello'
            assert kept.get('/', method='OPTIONS').header('DAV')
        finally:
            close(connections)


def test_bodies_for_the_site_are_read_while_others_wait_for_room(
        make_instance):
    zope = make_instance(listen=HTTP + MOST).start()
    zope.get('/v/close_gate')
    connections = connect(zope, 2 * LIMIT)
    try:
        for connection in connections:
            connection.request('/@@wait')
        wait_until_waiting(zope, 4)
        with zope.connect(timeout=60) as last:
            last.request('/@@echo', method='POST', body=b'b' * 600000,
                         headers=[('Content-Type', 'text/plain')])
            last.request('/v/hello')
            assert zope.get('/v/hello').text == 'hello'
            zope.get('/v/open_gate')
            assert last.response().text == 'echo  600000'
            assert last.response().text == 'hello'
    finally:
        zope.get('/v/open_gate')
        close(connections)
