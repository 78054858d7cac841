"""Waitress's own channels over socket pairs, without a server and its threads.

The test's thread plays the loop: `Connection.turn` is one turn of it. What
waitress gives to its workers is kept by `Dispatcher` until a test runs it.
"""
from __future__ import absolute_import, division, print_function

import errno
import socket

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import BaseWSGIServer

from Products.ZServerViews.config.mounts import Mount
from Products.ZServerViews.config.sections import Entry
from Products.ZServerViews.runtime.routes import Routes
from Products.ZServerViews.runtime.site import Site
from Products.ZServerViews.servers.waitress.hook import WaitressHook
from tests.unit import dummies


def zope(environ, start_response):
    """What stands for the site: says which path it was asked for."""
    body = ('zope:' + environ['PATH_INFO']).encode('latin-1')
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]


class Dispatcher(object):
    """Keeps the tasks; `run` is a worker's turn."""

    def __init__(self):
        self.tasks = []

    def add_task(self, task):
        self.tasks.append(task)

    def run(self):
        while self.tasks:
            self.tasks.pop(0).service()


class Trigger(object):
    """Keeps what other threads leave to the loop; `run` is the loop's part."""

    def __init__(self):
        self.thunks = []

    def pull_trigger(self, thunk=None):
        if thunk is not None:
            self.thunks.append(thunk)

    def run(self):
        while self.thunks:
            self.thunks.pop(0)()


class Server(BaseWSGIServer):
    """A server without a listening socket."""

    effective_port = 8080
    server_name = 'localhost'

    def __init__(self, application=zope, **adjustments):
        self.application = application
        self.adj = Adjustments(listen='127.0.0.1:0', **adjustments)
        self.task_dispatcher = Dispatcher()
        self.active_channels = {}
        self.trigger = Trigger()
        self.triggered = 0

    def pull_trigger(self):
        self.triggered += 1


class Connection(object):
    """One client and its channel."""

    def __init__(self, server, small=False):
        self.server = server
        self.map = {}
        self.client, accepted = socket.socketpair()
        if small:
            for end in self.client, accepted:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.client.setblocking(False)
        accepted.setblocking(False)
        self.channel = server.channel_class(
            server, accepted, ('192.0.2.1', 1234), server.adj, map=self.map)

    def send(self, *lines, **options):
        """Send requests; an empty line stands between two of them."""
        head = '\r\n'.join(lines).strip() + '\r\n\r\n'
        self.client.sendall(head.encode('latin-1') + options.get('body', b''))

    def get(self, path, *lines, **options):
        self.send(options.pop('method', 'GET') + ' %s HTTP/1.1' % path,
                  'Host: localhost', *lines, **options)

    def turn(self, times=1):
        for _time in range(times):
            self.server.trigger.run()
            wasyncore.poll(0, self.map)

    def read(self):
        """What is there for the client; None once the server has closed."""
        got = b''
        while True:
            try:
                data = self.client.recv(1 << 16)
            except socket.error as error:
                assert error.errno in (errno.EAGAIN, errno.EWOULDBLOCK)
                return got
            if not data:
                return got or None
            got += data

    def answer(self, turns=6):
        """What comes in so many turns; None if the server closed at once."""
        got = []
        for _turn in range(turns):
            self.turn()
            got.append(self.read())
        return None if got[0] is None else b''.join(filter(None, got))

    @property
    def entry(self):
        """What stands for the channel in the loop's map."""
        return self.map[self.channel._fileno]

    @property
    def open(self):
        return bool(self.map)


class AccessLog(object):

    def __init__(self):
        self.lines = []

    def put(self, application, environ, started, status, body_bytes):
        self.lines.append((application, environ, status, body_bytes))


def still_site():
    """A Site whose event loops start nothing: a watchdog would stay, and log
    records of later tests would go the way of a loop's."""
    made = Site()
    made.log_queue = dummies.LogQueue()
    made.run = lambda: None
    return made


class World(object):
    """A table, a site and a hook; views are added by `mount`.

    ``at_once``
        Whether an answer may begin as soon as its request is there, or only
        in the next turn of the loop, as it does behind a worker's.
    """

    def __init__(self, at_once=True):
        self.table = Routes()
        self.site = still_site()
        self.site.access_log = AccessLog()
        self.hook = WaitressHook(self.table, self.site)
        if not at_once:
            self.hook._answering._is_free = lambda channel: False
        self.mounts = []

    def mount(self, path, view, **options):
        options = dict((name.replace('_', '-'), value)
                       for name, value in options.items())
        self.mounts.append(Mount(path, view, Entry('place', 'said', path,
                                                   'package.view', options)))
        self.table.replace(self.mounts)


class Parts(dummies.Iterable):
    """Counts how many parts have been pulled."""

    def __init__(self, parts):
        self.pulled = 0
        dummies.Iterable.__init__(self)
        self.parts = iter(parts)

    def __next__(self):
        self.pulled += 1
        return next(self.parts)

    next = __next__


def endless(part):
    while True:
        yield part


def unread(world, server, turns):
    """(the parts of a view that does not end, a connection whose client has
    asked for it and reads nothing, so many turns later)"""
    parts = Parts(endless(b'x' * 1000))
    world.mount('/endless', dummies.view('200 OK', [], parts))
    connection = Connection(server, small=True)
    connection.get('/endless')
    connection.turn(turns)
    return parts, connection


def body(answer):
    return dummies.split(answer)[2]
