"""servers.waitress.answering: answers at once, and when that cannot be."""
from __future__ import absolute_import, division, print_function

import pytest
from waitress import wasyncore

from Products.ZServerViews.servers.waitress.connection import ViewConnection
from tests.unit import dummies
from tests.unit.waitress_dummies import Connection, Server, World, body, zope


@pytest.fixture
def world():
    made = World()
    made.hook.install()
    made.calls = []

    def view(environ, start_response):
        made.calls.append(environ['QUERY_STRING'])
        start_response('200 OK', [])
        return [b'the view']

    made.mount('/view', view)
    yield made
    made.hook.uninstall()


def send_all(connection, *targets):
    lines = []
    for target in targets:
        lines += ['GET %s HTTP/1.1' % target, 'Host: a', '']
    connection.send(*lines)


def test_an_answer_leaves_the_channel_as_it_was(world, connection):
    before = dict(connection.map)
    connection.get('/view')
    connection.turn()
    assert body(connection.read()) == b'the view'
    assert connection.map == before
    assert connection.channel.requests == []


def test_of_several_that_come_together_others_have_their_turn(
        world, connection):
    send_all(connection, '/view?1', '/view?2', '/view?3')
    connection.turn()
    assert world.calls == ['1']
    connection.server.trigger.run()
    stands_in = connection.entry
    assert isinstance(stands_in, ViewConnection)
    assert stands_in.views_channel is connection.channel
    assert connection.answer().count(b'the view') == 3
    assert world.calls == ['1', '2', '3']
    connection.get('/view?4')
    connection.turn()
    assert world.calls[3:] == ['4']


def test_while_the_process_drains_the_last_one_ends_the_connection(
        world, connection):
    world.site.drain.hold()
    send_all(connection, '/view?1', '/view?2')
    answers = connection.answer()
    assert answers.count(b'the view') == 2
    assert answers.count(b'Connection: close') == 1
    assert not connection.open


@pytest.mark.parametrize('first', ['/zope', '/view'])
def test_what_waits_behind_is_not_forgotten(world, connection, first):
    send_all(connection, first, '/view?2', '/other', '/view?3')
    answers = connection.answer()
    for _time in range(3):
        connection.server.task_dispatcher.run()
        answers += connection.answer()
    assert answers.count(b'HTTP/1.1 200 OK') == 4
    assert connection.channel.requests == []


def test_behind_a_client_that_has_gone_nothing_is_answered(
        world, connection, monkeypatch):
    """Its socket is closed while the requests are being read."""
    world.mount('/first', dummies.view('200 OK', [], [b'first']))
    monkeypatch.setattr(wasyncore.dispatcher, 'send',
                        lambda channel, *args, **kw: channel.handle_close()
                        or 0)
    send_all(connection, '/first', '/view?2', '/other')
    connection.turn()
    assert not connection.open
    assert world.calls == []
    assert connection.server.task_dispatcher.tasks == []
    assert [line[2] for line in world.site.access_log.lines] == ['200 OK']


def test_the_body_of_a_request_is_closed(world, connection):
    closed = []
    world.mount('/body', lambda environ, start_response: (
        start_response('200 OK', []), [environ['wsgi.input'].read()])[1])
    received = connection.channel.received

    def watched(data):
        parser = connection.channel.parser_class

        class Parser(parser):
            def close(self):
                closed.append(self.path)
                parser.close(self)

        connection.channel.parser_class = Parser
        return received(data)

    connection.channel.received = watched
    connection.get('/body', 'Content-Length: 5', '', method='POST',
                   body=b'hello')
    connection.turn()
    assert body(connection.read()) == b'hello'
    assert closed == ['/body']


@pytest.mark.parametrize('connection_header', ['keep-alive', 'close'])
def test_what_a_view_returned_is_closed_before_its_input(
        world, connection, connection_header):
    """PEP 3333: close() may read it still."""
    read = []

    class Result(object):
        def __init__(self, environ):
            self.input = environ['wsgi.input']

        def __iter__(self):
            return iter([b'done'])

        def close(self):
            read.append(self.input.read())

    world.mount('/input', lambda environ, start_response: (
        start_response('200 OK', []), Result(environ))[1])
    connection.get('/input', 'Content-Length: 5',
                   'Connection: ' + connection_header, '', method='POST',
                   body=b'hello')
    assert b'done' in connection.answer()
    assert read == [b'hello']


def test_a_view_behind_what_zope_has_left(world):
    """Nothing overtakes what still waits in the channel's buffers."""
    connection = Connection(Server(zope))
    channel = connection.channel
    channel.outbufs[-1].append(b'left')
    channel.total_outbufs_len = 4
    # Waitress would not read now; a client may have been quicker.
    channel.received(b'GET /view HTTP/1.1\r\nHost: a\r\n\r\n')
    assert world.calls == []
    assert connection.answer().startswith(b'leftHTTP/1.1 200 OK')


def test_a_channel_that_was_closed_for_100_continue(world, connection):
    """With the body in the same packet waitress goes on with the request."""
    channel = connection.channel
    monkey = channel.send_continue

    def send_continue():
        monkey()
        channel.handle_close()

    channel.send_continue = send_continue
    channel.received(b'POST /view HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n'
                     b'Expect: 100-continue\r\n\r\nab')
    assert world.calls == []
    assert channel.requests == []
    assert world.site.log_queue.logged == []


def test_a_worker_does_not_judge_who_may_see_a_view(world, connection):
    """The loop may close the channel meanwhile."""
    judged = []

    def visible(mount, facts):
        judged.append(facts.headers['HOST'])
        return mount

    world.site.visible = visible
    world.mount('/tier', dummies.view('200 OK', [], [b'seen']),
                tier='operator')
    send_all(connection, '/zope', '/tier')
    connection.turn()
    connection.server.task_dispatcher.run()
    assert judged == []
    assert b'seen' in connection.answer()
    assert judged == ['a']


def test_a_fault_of_ours_ends_the_call_of_the_view(world, connection):
    parts = dummies.Iterable(b'one', *[b''] * 10)
    world.mount('/parts', dummies.view('200 OK', [], parts))
    connection.get('/parts')
    connection.turn(2)
    entry = connection.entry
    entry.failed = lambda: None
    entry._is_readable = lambda: 1 // 0
    assert not entry.readable()
    assert parts.closed == 1
    assert connection.entry is connection.channel
    assert connection.channel.will_close
