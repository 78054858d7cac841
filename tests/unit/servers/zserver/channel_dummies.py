"""One of medusa's own channels over a socket pair, and what it needs."""
from __future__ import absolute_import, division, print_function

import asyncore
import select
import socket

from ZServer import HTTPServer as http
from ZServer.medusa.counter import counter
from ZServer.Producers import CallbackProducer

from Products.ZServerViews.servers.zserver.answering import Answering
from Products.ZServerViews.servers.zserver.environ import Environs
from Products.ZServerViews.servers.zserver.hook import ViewHandler
from Products.ZServerViews.servers.zserver.listener import ViewsChannel
from Products.ZServerViews.servers.zserver.server import ServedChannel
from Products.ZServerViews.wsgi.response import CLOSED
from tests.unit import dummies

# More than the sockets of a pair take at once.
BIG = b'b' * (8 << 20)


class Lines(object):
    """Keeps (path, code, bytes) of each line; ``usual`` as the real ones."""
    usual = True

    def __init__(self):
        self.put_ones = []

    def put(self, request, sent):
        if self.usual:
            self.put_ones.append((request.uri, request.reply_code, sent))
        return self.usual


class LogQueue(object):

    def __init__(self):
        self.calls = []

    def put(self, call):
        self.calls.append(call)


class Site(dummies.Site):
    """What a Sender needs, and a log queue."""

    def __init__(self):
        dummies.Site.__init__(self)
        self.log_queue = LogQueue()
        self.heads = dummies.stopped_heads()
        self.failures = dummies.Failures()

    def visible(self, mount, facts):
        return mount.refusal if 'VIA' in facts.headers else mount


class Logger(object):
    """What medusa tells of requests that it refuses."""

    def log(self, address, line):
        pass


class ZopeHandler(http.zhttp_handler):
    """Zope's, whose requests stay with the channel's test."""

    def continue_request(self, body, request):
        self.get_environment(request)
        request.channel.current_request = None
        request.channel.queue.append((self, request, body))
        request.channel.work()


class Server(object):
    """What a zhttp_channel and the handlers need of their server."""

    SERVER_IDENT = 'ident'
    request_server_name = 'name'
    port, is_unix, views_only = 80, False, False

    def __init__(self):
        self.bytes_in, self.bytes_out = counter(), counter()
        self.total_requests, self.exceptions = counter(), counter()
        self.logger = Logger()
        self.handlers = []
        self.channels = {}


class Table(object):

    def __init__(self):
        self.by_path = {}


class Zope(object):
    """One channel of a class, its client, and what its views say."""

    def __init__(self, channel_class, monkeypatch):
        self.site, self.lines, self.table = Site(), Lines(), Table()
        self.server = Server()
        self.answering = Answering(
            self.site, Environs(self.site, None), self.lines)
        handler = ViewHandler(self.table, self.answering)
        for part in self.answering, handler:
            part.prepare()
        self.server.handlers = [handler, ZopeHandler('Zope2', '')]
        # Requests that are with a worker.
        self.in_work = []
        monkeypatch.setattr(http, 'handle', lambda handler, request, body:
                            self.in_work.append(request))
        monkeypatch.setattr(http.zhttp_channel, 'log_info',
                            lambda self, message, kind='info': None)
        theirs, self.client = socket.socketpair()
        self.client.settimeout(5)
        self.channel = channel_class(self.server, theirs, ('1.2.3.4', 5))
        self.before = self.channel.__class__

    def mount(self, path, *parts, **options):
        view = options.pop('view', None) or dummies.view(result=list(parts))
        self.table.by_path[path] = dummies.mount(path, view, **options)

    @property
    def entry(self):
        return asyncore.socket_map.get(self.channel._fileno)

    def send(self, *paths):
        self.client.sendall(b''.join(
            path if b'\r\n' in path
            else b'GET ' + path + b' HTTP/1.1\r\nHost: x\r\n\r\n'
            for path in paths))
        self.turn()

    def turn(self, number=5):
        for _number in range(number):
            asyncore.poll(0, asyncore.socket_map)

    def answer(self, text):
        """What a worker does with the oldest request in work."""
        self.in_work.pop(0)
        self.channel.push(text, 0)
        self.channel.push(CallbackProducer(self.channel.done), 0)
        self.turn()

    def read(self, size=None):
        """All that has come, or so much of it."""
        data = b''
        while size is None or len(data) < size:
            self.turn()
            if not select.select([self.client], [], [], 0)[0]:
                if size is None:
                    return data
                continue
            part = self.client.recv(1 << 16)
            if not part:
                return data + b'<end>'
            data += part
        return data

    def bodies(self):
        """The last line of each of the answers that have come."""
        return [answer.rpartition(b'\r\n')[2]
                for answer in self.read().split(b'HTTP/1.1 ')[1:]]

    def at_rest(self):
        """Whether the channel is as if there had never been a view."""
        channel = self.channel
        return (self.entry is channel and channel.__class__ is self.before
                and 'recv' not in channel.__dict__ and not channel.working
                and channel.view_connection is None)

    def close(self):
        self.client.close()
        if self.entry is not None:
            self.entry.close()


class Served(ServedChannel, http.zhttp_channel):
    _zope_class = http.zhttp_channel

    def work(self):
        # No limit of connections here.
        http.zhttp_channel.work(self)


class Listening(ViewsChannel, http.zhttp_channel):
    _zope_class = http.zhttp_channel


CLASSES = {'zhttp_channel': http.zhttp_channel, 'Served': Served,
           'Listening': Listening}


def endless(zope):
    """Parts of an answer that does not end."""
    parts = dummies.Iterable(*[BIG] * 100)
    zope.mount('/endless', view=dummies.view(result=parts))
    zope.send(b'/endless')
    return parts


class Response(object):
    waiting = close_connection = False
    state, status = CLOSED, None


class Sender(object):
    """One that fails, or waits."""
    sent_bytes = 0
    logged = False

    def __init__(self, *args):
        self.response = Response()
        self.closed = 0

    def waits(self):
        return self.response.waiting

    def send(self, channel):
        raise socket.error('broken')

    def close(self):
        self.closed += 1
