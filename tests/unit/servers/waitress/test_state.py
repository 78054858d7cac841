"""servers.waitress.state: what a waitress knows of requests and of itself."""
from __future__ import absolute_import, division, print_function

import threading

from zope.interface.verify import verifyObject

from Products.ZServerViews.servers.contracts import IServerState
from tests.unit.servers.waitress.recording_dummies import connect, pipeline, state_of


def test_the_contract(recorded):
    state = state_of(connect())
    assert verifyObject(IServerState, state, tentative=True)
    assert state.connection_limit == 100
    assert state.connections() == 1


def test_a_client_that_has_gone(recorded):
    connection = connect()
    connection.get('/a')
    connection.turn()
    state = state_of(connection)
    request, = state.requests()
    assert request.gone is False
    connection.client.close()
    assert state.requests() == [request] and request.gone is True


def test_a_connection_that_is_lost(recorded):
    connection = connect()
    connection.get('/a')
    connection.turn()
    request, = state_of(connection).requests()
    connection.channel.connected = False
    assert state_of(connection).requests()[0].gone is True
    connection.channel.connected = True
    connection.channel.handle_close()
    assert request.gone is True
    # The map of the server does not have it any more.
    assert state_of(connection).requests() == []


def test_a_socket_that_fails(recorded):
    connection = connect()
    connection.get('/a')
    connection.turn()
    connection.channel.socket.close()
    assert state_of(connection).requests()[0].gone is True
    connection.map.clear()


def test_the_workers(recorded):
    # Of other tests, which end soon.
    before = set(state_of(connect()).worker_idents())
    go_on = threading.Event()
    threads = [threading.Thread(target=go_on.wait, args=(60,), name=name)
               for name in ('waitress-0', 'waitress-10', 'waitress-x',
                            'my-waitress-1')]
    for thread in threads:
        thread.start()
    try:
        found = set(state_of(connect()).worker_idents())
        idents = [thread.ident for thread in threads]
        assert set(idents[:2]) <= found <= before.union(idents[:2])
    finally:
        go_on.set()
        for thread in threads:
            thread.join()


def test_which_wait_for_others_of_their_connection(recorded):
    connection = connect()
    pipeline(connection, '/a', '/b', '/c')
    assert [(request.path, request.behind)
            for request in state_of(connection).requests()] == [
        ('/a', False), ('/b', True), ('/c', True)]


def test_a_request_behind_a_view_waits_for_no_worker(recorded):
    seen = []
    parts = iter([b'', b'', b'x'])
    recorded.mount('/front', lambda environ, start_response: (
        start_response('200 OK', [('Content-Length', '1')]), parts)[1])
    connection = connect()
    connection.server.task_dispatcher.add_task = seen.append
    pipeline(connection, '/front', '/other')
    if not seen:
        assert [(request.path, request.behind) for request
                in state_of(connection).requests()] == [('/other', True)]
    connection.turn(6)
    assert [(request.path, request.behind) for request
            in state_of(connection).requests()] == [('/other', False)]
