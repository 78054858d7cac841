"""servers.waitress.known_heads: the same answers, without waitress's parser."""
from __future__ import absolute_import, division, print_function

import itertools
import socket

import pytest
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import WSGITask

from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.servers.waitress import environ, known_heads
from Products.ZServerViews.servers.waitress.connection import ViewConnection
from Products.ZServerViews.servers.waitress.record import RECORD, RecordedChannel
from Products.ZServerViews.servers.waitress.shutdown import end_behind
from tests.unit import dummies
from tests.unit.servers.waitress.test_environ import QUICK
from tests.unit.waitress_dummies import Connection, Server, World, body

# Waitress 2.0 makes each environ itself, from what its parser has found.
pytestmark = pytest.mark.skipif(
    not QUICK, reason='that waitress makes each environ itself')

GET = b'GET /view HTTP/1.1\r\nHost: a\r\n\r\n'
SAME = [
    GET,
    b'HEAD /view HTTP/1.1\r\nHost: a\r\n\r\n',
    b'GET /view?a=b HTTP/1.0\r\nX-A: 1\r\nx-a: 2\r\nContent-Type: a/b\r\n\r\n',
    b'GET http://a/view HTTP/1.1\r\nHost: b\r\nx_y: 1\r\nX-E:\r\n\r\n',
    b'GET /view HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n',
    b'GET /view HTTP/1.1\r\nConnection: close\r\nX-Folded: a\r\n b\r\n\r\n',
    b'\r\nGET /view HTTP/1.1\r\nAccept: \xe4\xff */*\r\n\r\n',
    b'GET /view\r\nHost: a\r\n\r\n',
]
NUMBERS = itertools.count()
OTHERS = [
    b'POST /view HTTP/1.1\r\nHost: a\r\n\r\n',
    b'GET /view HTTP/1.1\r\nAuthorization: Bearer secret\r\n\r\n',
    b'GET /view HTTP/1.1\r\nCookie: secret\r\n\r\n',
    b'GET /view HTTP/1.1\r\nX-Api-Key: secret\r\n\r\n',
    b'GET /view?token=secret HTTP/1.1\r\n\r\n',
    b'GET /view HTTP/1.1\r\nContent-Length: 0\r\n\r\n',
    b'GET /view HTTP/1.1\r\nContent-Length: 2\r\n\r\nab',
    b'GET /view HTTP/1.0\r\nTransfer-Encoding: x\r\n\r\n',
    b'GET /view HTTP/1.1\r\nUpgrade: websocket\r\n\r\n',
    b'GET /view HTTP/1.1\r\nVia: 1.1 proxy\r\n\r\n',
    b'GET /view HTTP/1.1\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n',
    b'GET /view HTTP/1.1\r\nX-Long: ' + b'x' * 1000 + b'\r\n\r\n',
    GET + GET,
    b'\r\n\r\n' + GET,
]


@pytest.fixture
def world():
    made = World()
    made.site.heads = dummies.stopped_heads()
    made.hook.install()
    made.environs, made.found = [], []
    again = made.hook._answering.again

    def counted(channel, head):
        is_answered = again(channel, head)
        made.found.append(is_answered)
        return is_answered

    made.hook._answering.again = counted

    def view(environ, start_response):
        made.environs.append(dict(environ))
        environ.clear()
        start_response('200 OK', [])
        return [b'the view']

    made.mount('/view', view)
    made.mount('/before', dummies.view('200 OK', [], [b'before']))
    yield made
    made.hook.uninstall()


def ask(connection, data, turns=3):
    connection.client.sendall(data)
    return connection.answer(turns)


def connect(server, **options):
    """A connection that has had a view's request, another one each time."""
    connection = Connection(server, **options)
    number = next(NUMBERS)
    assert b' 200 OK' in ask(
        connection, b'GET /before HTTP/1.1\r\nX-Number: %d\r\n\r\n' % number)
    return connection


def known(server):
    return server._views_heads.heads


def comparable(made):
    """Of an environ what can be compared, in its order."""
    found = []
    for key, value in made.items():
        if key == 'wsgi.input':
            value = type(value), value.read()
        elif key == 'zserverviews.facts':
            value = [getattr(value, name) for name in value.__slots__
                     if name != 'connection']
        found.append((key, value))
    return found


@pytest.mark.parametrize('tier', [None, 'status'])
@pytest.mark.parametrize('data', SAME)
def test_the_third_time_all_is_the_same(world, data, tier):
    world.mounts[0].tier = tier
    server, answers = Server(), []
    for _time in range(4):
        connection = connect(server)
        answers.append(ask(connection, data))
        assert world.environs[-1]['waitress.client_disconnected']() is (
            not connection.open)
        del world.environs[-1]['waitress.client_disconnected']
        assert connection.channel.request is None
        assert connection.channel.requests == []
    assert world.found == [True, True]
    assert len(set(answers)) == 1 and answers[0].startswith(b'HTTP/1.')
    first = comparable(world.environs[0])
    assert [comparable(made) for made in world.environs[1:]] == [first] * 3
    assert ('zserverviews.facts' in world.environs[0]) is (tier is not None)


@pytest.mark.parametrize('data', OTHERS)
def test_what_is_not_remembered(world, data):
    server = Server()
    answers = [ask(connect(server), data) for _time in range(4)]
    assert len(set(answers)) == 1 and b'the view' in answers[0]
    assert known(server) == {} and world.found == []


def test_heads_that_come_once_leave_nothing(world, monkeypatch):
    monkeypatch.setattr(known_heads, 'LIMIT', 4)
    connection = connect(Server())
    for number in range(30):
        ask(connection, GET.replace(b'view', b'view?%d' % number), 1)
    assert known(connection.server) == {}
    assert len(connection.server._views_heads._seen) <= 4


def test_who_counts_in_its_query_is_not_looked_for(world):
    connection = connect(Server())
    plain = Connection(connection.server).channel.__class__
    assert connection.channel.__class__ is not plain
    for number in range(4):
        ask(connection, GET.replace(b'view', b'view?%d' % number), 1)
        assert (connection.channel.__class__ is plain) is (number > 0)
    assert hash(GET.replace(b'view', b'view?1')) not in (
        connection.server._views_heads._seen)
    for _time in range(4):
        assert world.found == []
        ask(connection, GET.replace(b'view', b'view?3'), 1)
    assert world.found == [True]


def test_there_are_not_more_than_the_limit(world, monkeypatch):
    monkeypatch.setattr(known_heads, 'LIMIT', 4)
    connection = connect(Server())
    for number in range(30):
        # The first is not looked for: it is another one than before.
        for _time in range(5):
            ask(connection, GET.replace(b'view', b'view?%d' % number), 1)
        assert 1 <= len(known(connection.server)) <= 4
        assert world.found.pop() and (number == 0 or not world.found)
        del world.found[:]


def test_without_a_limit_nothing_is_remembered(world, monkeypatch):
    monkeypatch.setattr(known_heads, 'LIMIT', 0)
    connection = connect(Server())
    for _time in range(4):
        assert ask(connection, GET).endswith(b'the view')
    assert world.found == []


def remembered(world):
    connection = connect(Server())
    for _time in range(3):
        assert ask(connection, GET).endswith(b'the view')
    assert world.found == [True]
    del world.found[:]
    return connection


def test_only_a_whole_head_is_known(world):
    connection = remembered(world)
    for place in range(1, len(GET)):
        connection.client.sendall(GET[:place])
        connection.turn()
        assert ask(connection, GET[place:]).endswith(b'the view')
    assert ask(connection, GET + GET, 6).count(b'the view') == 2
    assert world.found == []


def test_other_routes_have_other_heads(world):
    connection = remembered(world)
    del world.mounts[:]
    world.mount('/view', dummies.view('200 OK', [], [b'another']))
    assert ask(connection, GET).endswith(b'another')
    world.table.replace([])
    assert ask(connection, GET) == b''
    connection.server.task_dispatcher.run()
    assert connection.answer().endswith(b'zope:/view')
    assert world.found == []


def test_a_connection_of_the_site_pays_nothing(world):
    connection = remembered(world)
    plain = Connection(connection.server).channel.__class__
    assert connection.channel.__class__ is not plain
    ask(connection, GET.replace(b'view', b'other'))
    assert connection.channel.__class__ is plain
    connection.server.task_dispatcher.run()
    assert connection.answer().endswith(b'zope:/other')
    assert ask(connection, GET).endswith(b'the view') and world.found == []
    assert ask(connection, GET).endswith(b'the view') and world.found == [True]


def test_a_channel_that_is_recorded_knows_heads_too(world):
    connection = remembered(world)
    world.site.table, world.site.recorder = world.table, Recorder()
    for _time in range(3):
        ask(connection, GET.replace(b'view', b'other'))
        assert isinstance(connection.channel, RecordedChannel)
        assert hasattr(connection.channel.requests[0], RECORD)
        connection.server.task_dispatcher.run()
        assert connection.answer().endswith(b'zope:/other')
        for _time in range(2):
            assert ask(connection, GET).endswith(b'the view')
    assert len(world.found) >= 3 and all(world.found)


def test_who_reads_otherwise_does_it_alone(world):
    class Theirs(HTTPChannel):
        def received(self, data):
            return HTTPChannel.received(self, data.replace(b'xxx', b'view'))

    server = Server()
    server.channel_class = Theirs
    connection = Connection(server)
    for _time in range(5):
        assert ask(connection, GET.replace(b'view', b'xxx')).endswith(
            b'the view')
    assert world.found == [] and type(connection.channel) is Theirs


def test_without_views_waitress_reads_alone(world):
    connection = remembered(world)
    world.hook.uninstall()
    ask(connection, GET)
    connection.server.task_dispatcher.run()
    assert connection.answer().endswith(b'zope:/view')


class Gate(object):
    """Stands for the `access.policy.Access`: lets one peer in."""

    def objection(self, tier, facts):
        return None if facts.peer == '192.0.2.1' else 'the peer is not local'

    def wants_token(self, facts):
        return False


@pytest.fixture
def by_address(monkeypatch):
    """Both ends of these connections are unix sockets, which have no address."""
    monkeypatch.setattr(environ, 'peer', lambda channel: channel.addr[0])


def test_access_is_judged_by_each_peer(world, by_address):
    world.mounts[0].tier = 'operator'
    world.table.replace(world.mounts)
    world.site.access = Gate()
    connection = remembered(world)
    far = connect(connection.server)
    far.channel.addr = '198.51.100.1', 1
    assert ask(far, GET).startswith(b'HTTP/1.1 403 ')
    assert ask(connection, GET).endswith(b'the view')
    assert world.found == [True, True]


def test_the_next_peer_is_told_by_its_own_address(world, by_address):
    connection = remembered(world)
    other = connect(connection.server)
    other.channel.addr = '2001:db8::1', 4321, 0, 0
    ask(other, GET)
    told = world.environs[-1]
    assert [told[key] for key in (
        'REMOTE_ADDR', 'REMOTE_HOST', 'zserverviews.peer', 'REMOTE_PORT')] == [
            '2001:db8::1'] * 3 + ['4321']
    assert world.found == [True]


def test_each_server_has_its_own(world):
    remembered(world)
    below = connect(Server(url_prefix='/below', url_scheme='https'))
    for _time in range(3):
        assert ask(below, GET).endswith(b'the view')
        assert world.environs[-1]['SCRIPT_NAME'] == '/below/view'
        assert world.environs[-1]['wsgi.url_scheme'] == 'https'
    assert world.found == [True]


def test_behind_a_request_for_the_site_the_order_is_kept(world):
    connection = remembered(world)
    connection.client.sendall(GET.replace(b'view', b'other') + GET)
    connection.turn()
    connection.client.sendall(GET)
    assert connection.answer() == b'' and world.found == []
    connection.server.task_dispatcher.run()
    got = connection.answer()
    assert got.count(b'the view') == 2
    assert got.index(b'zope:/other') < got.index(b'the view')


def test_a_process_that_drains_ends_the_connection(world):
    connection = remembered(world)
    world.site.drain.hold()
    assert b'Connection: close' in ask(connection, GET, 6)
    assert not connection.open
    assert world.found == [False]


def test_a_client_that_reads_slowly(world):
    world.mount('/large', dummies.view('200 OK', [], [b'x' * 300000]))
    server = Server()
    large = GET.replace(b'view', b'large')
    for _time in range(3):
        connection = connect(server, small=True)
        connection.client.sendall(large)
        connection.turn()
    assert isinstance(connection.entry, ViewConnection)
    assert len(known(server)) == 1
    got = connection.answer(400)
    assert body(got) == b'x' * 300000
    assert connection.entry is connection.channel
    assert ask(connection, GET).endswith(b'the view')


@pytest.mark.parametrize('owner, name', [
    (HTTPRequestParser, 'parse_header'), (HTTPRequestParser, 'received'),
    (WSGITask, 'get_environment')])
def test_what_somebody_has_patched_is_asked(world, monkeypatch, owner, name):
    original, calls = getattr(owner, name), []

    def patched(*args):
        calls.append(name)
        return original(*args)

    monkeypatch.setattr(owner, name, patched)
    connection = connect(Server())
    for number in range(1, 5):
        assert ask(connection, GET).endswith(b'the view')
        assert len(calls) >= number
    assert world.found == []


def test_nor_is_a_patch_overruled_that_comes_later(world, monkeypatch):
    connection = remembered(world)
    original = WSGITask.get_environment
    monkeypatch.setattr(WSGITask, 'get_environment', lambda task: dict(
        original(task), theirs='patched'))
    ask(connection, GET)
    assert world.environs[-1]['theirs'] == 'patched'


def test_after_a_fault_of_ours_the_site_answers(world):
    connection = remembered(world)
    world.hook._answering.sender = None
    ask(connection, GET)
    assert not world.hook.installed
    connection.server.task_dispatcher.run()
    assert connection.answer().endswith(b'zope:/view')
    assert connection.channel.requests == []


def test_a_fault_behind_the_answer_costs_no_second_one(world, monkeypatch):
    monkeypatch.setattr(known_heads, '_parsed', None)
    connection = connect(Server())
    for _time in range(2):
        assert ask(connection, GET).count(b'HTTP/1.1 200 OK') == 1
    assert not world.hook.installed
    assert connection.server.task_dispatcher.tasks == []


def test_a_client_that_has_closed_is_not_answered(world):
    connection = remembered(world)
    connection.client.sendall(GET)
    connection.client.shutdown(socket.SHUT_WR)
    assert connection.answer().count(b'the view') == 1
    assert not connection.open


def test_what_is_noted_on_one_request_is_not_for_the_next(world):
    world.mount('/large', dummies.view('200 OK', [], [b'x' * 300000]))
    server, large = Server(), GET.replace(b'view', b'large')
    for _time in range(3):
        connection = connect(server, small=True)
        connection.client.sendall(large)
        connection.turn()
    assert isinstance(connection.entry, ViewConnection)
    assert world.found == [True]
    # A drain begins, and somebody ends it.
    end_behind(connection.channel)
    assert connection.channel.requests[0].headers['CONNECTION'] == 'close'
    connection.answer(400)
    again = connect(server, small=True)
    again.client.sendall(large)
    answer = again.answer(400)
    assert world.found == [True, True]
    assert body(answer) == b'x' * 300000
    assert b'Connection: close' not in answer and again.open
