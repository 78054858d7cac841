"""servers.zserver.record: one record for each request, from queue to end."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.monitor.requests import SENDING, WAITING
from Products.ZServerViews.servers.zserver.record import Records

pytest.importorskip('ZServer.HTTPServer')

from ZServer.HTTPResponse import ChannelPipe


class Site(object):

    def __init__(self):
        self.recorder = Recorder()


class Channel(object):
    """What a pipe needs of a zhttp_channel; its requests are its own."""

    addr = '10.0.0.1', 4711
    closed = 0
    reply_code = 200
    command, uri, header = 'get', '/a/b?secret=1', ()

    def __init__(self):
        self.channel = self
        self.pushed = []

    def push(self, thing, send):
        self.pushed.append(thing)

    def done(self):
        pass


class Response(object):

    def __init__(self, stdout):
        self.stdout = stdout


class ZopeRequest(object):

    def __init__(self, response, **environ):
        self.response = response
        self.environ = environ


def entry(channel=None):
    """What ZServer's handler puts in a queue."""
    return 'Zope2', object(), Response(ChannelPipe(channel or Channel()))


def wsgi_entry():
    pipe = ChannelPipe(Channel())
    return 'Zope2WSGI', {'wsgi.output': pipe}, pipe.start_response


@pytest.fixture
def records(monkeypatch):
    monkeypatch.setattr('ZServer.HTTPResponse.Wakeup', lambda *args: None)
    made = Records(Site())
    made.prepare()
    return made


@pytest.mark.parametrize('make', [entry, wsgi_entry])
def test_a_request_that_waits(records, make):
    made = make()
    record = records.of_entry(made)
    assert (record.method, record.path, record.client, record.phase) == (
        'GET', '/a/b', '10.0.0.1', WAITING)
    assert records.of_entry(made) is record


def test_each_request_of_a_queue_is_noted_once(records):
    queue = [entry(), object(), entry()]
    records.note(queue)
    first, last = [records.of_entry(queue[number]) for number in (0, 2)]
    assert first is not last
    received = first.received, last.received
    records._site.recorder.now = lambda: 0
    records.note(queue + [entry()])
    records.note(queue)
    assert (first.received, last.received) == received


def test_a_request_without_a_path(records):
    channel = Channel()
    channel.uri = 'fred:password@host:443'
    assert records.of_entry(entry(channel)).title() == u'GET (no path)'


class Strange(object):
    """A pipe of the FTP server's."""


@pytest.mark.parametrize('made', [
    object(), ('Zope2', object(), Response(Strange())),
    ('Zope2', object(), Response(None)), ('Zope2WSGI', {}, None)])
def test_what_has_no_record(records, made):
    assert records.of_entry(made) is None


def test_without_a_recorder_nothing_is_made(records):
    made = entry()
    records._site.recorder = None
    assert records.of_entry(made) is None
    assert made[2].stdout.__class__ is ChannelPipe


class Pool(object):
    """ZServer's PubCore, with these waiting for a worker."""

    def __init__(self, *waiting):
        self._lists = [], list(waiting), []
        self._handle = self.handle

    def handle(self):
        pass


def test_those_that_nobody_has_announced_are_noted_in_each_turn(records):
    """A clock-server's, and those of connections older than the hook."""
    recorder = records._site.recorder
    queued = [entry(), object(), entry()]
    records._pool = Pool(*queued)
    recorder.now = lambda: 5
    records.note_waiting()
    recorder.now = lambda: 9
    queued.append(entry())
    records._pool = Pool(*queued)
    records.note_waiting()
    recorder.now = lambda: 20
    assert [records.of_entry(queued[number]).received
            for number in (0, 2, 3)] == [5, 5, 9]


def test_one_before_those_that_channels_have_announced(records):
    """A clock-server's, which came in the same turn as a channel's."""
    queued = [entry(), entry()]
    records.of_entry(queued[1])
    records._pool = Pool(*queued)
    records._site.recorder.now = lambda: 5
    records.note_waiting()
    records._site.recorder.now = lambda: 20
    assert records.of_entry(queued[0]).received == 5


def test_those_that_have_been_seen_are_passed_once(records, monkeypatch):
    seen, pipe_of = [], records._pipe
    records._pool = Pool(*[entry() for _number in range(10)])
    records.note_waiting()
    monkeypatch.setattr(
        records, '_pipe', lambda found: seen.append(found) or pipe_of(found))
    for _turn in range(3):
        records.note_waiting()
    assert len(seen) == 3


def test_nobody_waits(records):
    records._pool = Pool()
    records.note_waiting()
    records._pool._handle = None  # no request so far
    records.note_waiting()
    assert records.waiting() == []


def publication(made):
    """What the publisher's events say of an entry."""
    _name, request, response = made
    if isinstance(request, dict):
        return ZopeRequest(None, **request)
    return ZopeRequest(response)


@pytest.mark.parametrize('make', [entry, wsgi_entry])
def test_from_the_queue_to_the_end(records, make):
    recorder = records._site.recorder
    made = make()
    record = records.of_entry(made)
    zope_request = publication(made)
    assert records.of_publication(zope_request) is record
    pipe = (zope_request.environ.get('wsgi.output')
            or zope_request.response.stdout)
    channel = pipe._channel
    recorder.begins(record)
    head = 'HTTP/1.1 404 '
    pipe.write(head)
    pipe.write(object(), 10)
    assert (record.phase, record.sent_bytes) == (SENDING, len(head) + 10)
    assert record.status == '404'
    assert channel.pushed[0] == head
    channel.given = record
    pipe.close()
    assert channel.given is None
    assert recorder.here() is None and recorder.finished.total() == 1
    # Nothing is made of a request that is over.
    assert records.of_publication(zope_request) is record


def test_a_request_that_no_queue_has_shown(records):
    """WebDAV's; the worker itself makes the record."""
    made = entry()
    record = records.of_publication(publication(made))
    assert records.of_entry(made) is record


def test_a_request_of_another_kind_is_published(records):
    assert records.of_publication(ZopeRequest(Response(Strange()))) is None
    assert records.of_publication(ZopeRequest(None)) is None


def test_one_that_is_over_before_anybody_has_asked(records):
    made = entry()
    made[2].stdout.close()
    assert records.of_entry(made) is None


def test_the_end_of_a_request_that_has_not_begun(records):
    recorder = records._site.recorder
    other = recorder.received('GET', '/other', None)
    recorder.begins(other)
    made = entry()
    records.of_entry(made)
    made[2].stdout.close()
    assert recorder.here() is other and recorder.finished.total() == 0
    late = entry()
    records.of_entry(late)
    records._site.recorder = None
    late[2].stdout.close()


def test_the_next_request_of_a_channel_stays(records):
    channel = Channel()
    first, second = entry(channel), entry(channel)
    records.note([first, second])
    pipe = first[2].stdout
    channel.given = records.of_entry(second)
    pipe.close()
    assert channel.given is records.of_entry(second)


def test_a_pipe_of_somebody_elses_making(records):
    class Pipe(ChannelPipe):
        pass

    for _time in range(2):
        made = 'Zope2', object(), Response(Pipe(Channel()))
        record = records.of_entry(made)
        pipe = made[2].stdout
        assert isinstance(pipe, Pipe)
        pipe.write('x')
        assert record.sent_bytes == 1
    # Recorded by another hook of this process, before.
    pipe.__dict__.clear()
    pipe.__init__(Channel())
    assert records.of_entry(made) is not record
