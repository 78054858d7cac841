"""early: a connection is the loop's or a worker's, before it is queued."""
from __future__ import absolute_import, division, print_function

import socket
import time

import pytest
from zope.interface import classImplements
from zope.interface.verify import verifyObject

from Products.ZServerViews._compat import PY2, monotonic
from Products.ZServerViews.runtime.patching import calling, seam
from Products.ZServerViews.servers.contracts import IAdoptingPort
from Products.ZServerViews.servers import views_loop as loop_module
from Products.ZServerViews.servers.waitress import main_port
from Products.ZServerViews.servers.waitress.main_port import MainPorts
from tests.functional.client import Connection
from tests.unit import dummies
from tests.unit.servers.own.own_dummies import Hooked
from tests.waiting import LONG, awaited

pytestmark = pytest.mark.skipif(PY2, reason='not on Python 2.7')

classImplements(MainPorts, IAdoptingPort)

GET = b'GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n'


class Server(object):
    """Has connections queued, as gunicorn does."""

    def __init__(self):
        self.queue = []

    def enqueue(self, connection):
        self.queue.append(connection)


class Held(object):
    """A connection of such a server, and its client."""

    def __init__(self, family=socket.AF_INET):
        if family == socket.AF_UNIX:
            self.sock, client = socket.socketpair()
        else:
            listening = socket.socket()
            listening.bind(('127.0.0.1', 0))
            listening.listen(1)
            client = socket.create_connection(listening.getsockname(), 30)
            self.sock = listening.accept()[0]
            listening.close()
        self.client = Connection.__new__(Connection)
        self.client.socket = client
        self.client._buffer, self.client._received = b'', 0

    def close(self):
        self.sock.close()
        self.client.close()


class Pool(object):
    name = 'server'
    connection_limit = None

    def __init__(self, server, early):
        self.server, self.early = server, early
        self.environ_socket = None
        self.missing = []
        server.pool = self

    def lacks(self):
        return self.server.lacks

    def seams(self):
        return [(seam(type(self.server), 'enqueue', calling), self.enqueue)]

    def connection(self, environ):
        return self.environ_socket

    def queued(self):
        return len(self.server.queue)

    def idents(self):
        return []

    def connections(self):
        return 0

    def enqueue(self, original, server, connection):
        try:
            first = self.early.look(connection.sock)
            if first is self.early.NOTHING:
                first = None
            elif self.early.take(first, connection, connection.sock, None):
                return
            self.early.queue(first, connection, connection.sock, None)
        except Exception:
            self.early.part.failed()
        original(server, connection)


def pool_of(served_by, early):
    return Pool(served_by, early) if isinstance(served_by, Server) else None


@pytest.fixture
def make():
    """A server of a class of its own, whose process serves, and whose Zope has
    had a request."""
    made = []

    def make(*mounts, **settings):
        lacks = settings.pop('lacks', [])
        reached = settings.pop('reached', True)
        hooked = Hooked(*mounts, pools=[pool_of], **settings)
        made.append(hooked)
        hooked.site.record(True)
        server = hooked.server = type('Server', (Server,), {})()
        server.lacks, server.held = lacks, []
        hooked.hook.begin('a server', server)
        if reached:
            assert hooked.ask('/b').body == b'the site'

        def held(**kw):
            server.held.append(Held(**kw))
            return server.held[-1]

        server.hold = held
        return hooked

    yield make
    for hooked in made:
        hooked.close()
        for held in hooked.server.held:
            held.close()


def send(hooked, data=GET, **kw):
    held = hooked.server.hold(**kw)
    held.client.send(data)
    hooked.server.enqueue(held)
    return held


def view(environ, start_response):
    start_response('200 OK', [('X-Found', '%s %s %s' % (
        environ['SERVER_NAME'], environ['zserverviews.reserved'],
        environ['zserverviews.peer']))])
    return [b'a view']


@pytest.mark.parametrize('family, found', [
    (socket.AF_INET, '127.0.0.1 False 127.0.0.1'),
    (socket.AF_UNIX, 'localhost False ')])
def test_a_view_is_answered_without_a_worker(make, family, found):
    hooked = make(dummies.mount(a_view=view))
    for _number in range(2):
        held = send(hooked, family=family)
        assert held.sock.fileno() == -1
        answer = held.client.response()
        assert answer.body == b'a view'
        assert answer.header('X-Found').strip() == found.strip()
        assert answer.header('Connection') == 'close'
        assert held.client.is_closed()
    assert not hooked.server.queue


@pytest.mark.parametrize('data', [
    b'GET /b HTTP/1.1\r\nHost: a\r\n\r\n', b'POST /a HTTP/1.1\r\n',
    b'GET /a HTT', b'', GET + b'G', b'GET /a/ HTTP/1.1\r\n'])
def test_all_else_is_a_workers(make, data):
    hooked = make(dummies.mount())
    held = send(hooked, data)
    assert hooked.server.queue == [held]
    request, = hooked.hook._loop.state.requests()
    assert request.path == (data.split(b' ')[1].decode()
                            if b'\r\n' in data else '(not read yet)')
    # Not taken over later, either.
    assert held.sock.fileno() != -1


def test_before_zope_has_had_a_request(make):
    hooked = make(dummies.mount(), reached=False)
    send(hooked)
    assert len(hooked.server.queue) == 1
    assert hooked.ask('/b').body == b'the site'
    assert send(hooked).client.response().code == 200


def test_a_worker_takes_what_waits(make):
    hooked = make(dummies.mount())
    held = send(hooked, b'GET /b HTTP/1.1\r\n')
    hooked.server.pool.environ_socket = held.sock
    seen = []

    def site(environ, start_response):
        seen.extend(hooked.site.recorder.current.values())
        start_response('200 OK', [])
        return []

    hooked.pipeline.application = site
    hooked.ask('/b?c')
    assert hooked.server.queue.pop() is held
    request, = seen
    assert request.path == '/b' and request.client == '127.0.0.1'
    assert request.waited(request.started + 1) is not None


def test_a_sign_of_a_proxy_stays_with_a_connection(make):
    hooked = make(dummies.mount(tier='operator'))
    for given, code in ({}, 200), ({'HTTP_VIA': 'a'}, 403):
        held = send(hooked, b'GET /b HTTP/1.1\r\n')
        given.update({'HTTP_HOST': 'localhost', 'gunicorn.socket': held.sock})
        hooked.ask('/b', **given)
        held.sock.recv(100)
        held.client.send(GET)
        hooked.hook._filter = None  # the tests are none that is known
        hooked.server.enqueue(held)
        assert held.client.response().code == code
    for text in 'its first request was not looked at', 'a filter':
        held = send(hooked, b'GET /b HTTP/1.1\r\n')
        if text == 'a filter':
            hooked.hook._filter = text
            hooked.ask('/b', **{'gunicorn.socket': held.sock})
        held.sock.recv(100)
        held.client.send(GET)
        hooked.server.enqueue(held)
        assert held.client.response().code == 403
        awaited(lambda: any(text in repr(line)
                            for line in hooked.site.log_queue.logged))


def test_a_client_that_has_gone(make):
    hooked = make(dummies.mount())
    held = hooked.server.hold()

    class Gone(object):
        """As a socket whose client has reset the connection."""

        def __getattr__(self, name):
            return getattr(real, name)

        def getpeername(self):
            raise socket.error('gone')

    real = held.sock
    held.sock = Gone()
    held.client.send(GET)
    assert not hooked.server.pool.early.take(('GET', '/a'), held, held.sock,
                                             None)
    assert real.fileno() != -1


def test_what_a_version_lacks_is_logged(make):
    hooked = make(dummies.mount(), lacks=['enqueue_req', 'cfg'])
    send(hooked)
    assert len(hooked.server.queue) == 1
    text = repr(hooked.site.log_queue.logged)
    assert 'on its port, views wait' in text and 'enqueue_req, cfg' in text


def test_a_fault_of_ours_leaves_the_server_as_it_was(make, monkeypatch):
    hooked = make(dummies.mount())
    early = hooked.server.pool.early
    monkeypatch.setattr(early, 'look', None)
    for _number in range(2):
        send(hooked)
    assert len(hooked.server.queue) == 2
    assert repr(hooked.site.log_queue.logged).count('disabled until') == 1
    assert not hooked.hook._loop.state.knows_queue
    # Views are served on.
    assert hooked.ask('/a').status == '200 OK'
    assert early.connection({}) is None and early.taken(None) is None
    early.queue(None, held_none(), None, None)
    assert not early.take(('GET', '/a'), None, None, None)


def held_none():
    return type('Connection', (object,), {})()


def test_views_come_and_go(make):
    hooked = make(dummies.mount())
    hooked.hook.uninstall()
    send(hooked)
    assert len(hooked.server.queue) == 1
    hooked.hook.install()
    # By a worker, from which nothing shows which server it is of.
    assert hooked.ask('/b').body == b'the site'
    assert send(hooked).client.response().code == 200
    hooked.hook.begin_anew()
    send(hooked)
    assert len(hooked.server.queue) == 2


def test_the_loop_has_room_for_so_many(make, monkeypatch):
    hooked = make(dummies.mount())
    monkeypatch.setattr(loop_module, 'MOST_WAITING', 0)
    send(hooked)
    assert len(hooked.server.queue) == 1


def test_the_longest_idle_makes_room(make, monkeypatch):
    monkeypatch.setattr(main_port, 'MOST', 2)
    hooked = make(dummies.mount())
    held = [send(hooked, b'GET /a HTTP/1.1\r\nHost: ') for _number in range(3)]
    assert held[0].client.is_closed()
    for one in held[1:]:
        one.client.send(b'localhost\r\n\r\n')
        assert one.client.response().code == 200
    assert verifyObject(IAdoptingPort, hooked.server.pool.early._port)


def test_one_that_is_idle_for_too_long(make, monkeypatch):
    hooked = make(dummies.mount())
    held = send(hooked, b'GET /a HTTP/1.1\r\nHost: ')
    state = hooked.hook._loop.state
    awaited(lambda: state.connections() == 1)
    now = [time.time()]
    monkeypatch.setattr(time, 'time', lambda: now[0])

    def closed():
        # Again and again: it may have read the line meanwhile, which is activity.
        now[0] += 1000
        hooked.hook._loop.wake()
        return state.connections() == 0

    end = monotonic() + LONG  # for that clock stands still
    while not closed():
        assert monotonic() < end
        time.sleep(0.01)
    assert held.client.is_closed()


def test_a_view_that_has_gone_and_a_request_that_is_none(make):
    hooked = make(dummies.mount())
    held = send(hooked, b'GET /a HTTP/1.1\r\nHost: ')
    bad = send(hooked, b'GET /a HTTP/1.1\r\n')
    hooked.table.replace([dummies.mount('/b')])
    held.client.send(b'localhost\r\n\r\n')
    assert held.client.response().code == 404
    bad.client.send(b'a b: c\r\n\r\n')
    assert bad.client.response().code == 400


def test_what_cannot_begin_is_closed(make, monkeypatch):
    hooked = make(dummies.mount())
    ports = hooked.server.pool.early._port

    def fails(taken):
        raise fault

    monkeypatch.setattr(ports, 'adopt', fails)
    for fault in socket.error('gone'), ValueError('ours'):
        held = send(hooked)
        # Whatever was not read makes the system reset the connection.
        assert held.client.is_closed()
    text = repr(hooked.site.log_queue.logged)
    assert text.count('that was taken over failed') == 1


class Taken(object):
    closed = 0

    def begin(self):
        raise AssertionError('the loop has ended')

    def close(self):
        self.closed += 1


def test_what_comes_when_the_loop_has_ended(make):
    hooked = make(dummies.mount())
    loop = hooked.hook._loop
    loop.stop()
    taken = Taken()
    loop.take_over(taken)
    assert taken.closed == 1 and not loop.has_room
    loop._close()
