"""runtime.seen_server: what a server has said, for other threads."""
from __future__ import absolute_import, division, print_function

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews.runtime.seen_server import SeenServer, see
from Products.ZServerViews.servers.contracts import IServerState
from tests.unit.monitor.monitor_dummies import Server


def test_it_says_what_the_server_has_said():
    server = Server([1, 2], [3])
    environ = {'zserverviews.server': server}
    see(environ)
    seen = environ['zserverviews.server']
    server.all.append(4)
    server.workers.append(5)
    assert type(seen) is SeenServer
    assert verifyObject(IServerState, seen, tentative=True)
    assert (seen.requests(), seen.in_flight(), seen.worker_idents(),
            seen.connections()) == ([1, 2], 2, [3], 7)
    for name in IServerState.names():
        if not callable(getattr(server, name)):
            assert getattr(seen, name) == getattr(server, name)


def test_no_server():
    environ = {}
    see(environ)
    assert environ == {'zserverviews.server': None}


def test_a_server_that_cannot_say():
    server = Server()
    server.requests = None
    environ = {'zserverviews.server': server}
    with pytest.raises(TypeError):
        see(environ)
    assert environ == {'zserverviews.server': None}
