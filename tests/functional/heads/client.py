"""Plays scripts: the client, and the event loop of the server that it asks.

Both have the same thread, so that what the server reads at once is what was sent
at once. A step has ended when the server has nothing to do.
"""
from __future__ import absolute_import, division, print_function

import array
import errno
import fcntl
import re
import select
import socket
import termios
import time

from waitress import wasyncore
from waitress.channel import HTTPChannel

from tests.waiting import LONG

_DATE = re.compile(br'\r\nDate: [^\r\n]*GMT\r\n')
_PORT = re.compile(br"'(REMOTE|SERVER)_PORT', '(\d{5})'")
# Bytes that the system keeps for a server in any case.
AT_ONCE = 16384
# Turns of a loop; more are none that ends.
MOST_TURNS = 2000


class _Select(object):
    """In the place of wasyncore's module ``select``: counts what it tells."""

    error = select.error

    def __init__(self):
        self.events = 0

    def select(self, *args):
        found = select.select(*args)
        self.events += sum(map(len, found))
        return found


class Player(object):
    """Plays scripts on a `site.Site`."""

    def __init__(self, site):
        self._site = site
        self._select = wasyncore.select = _Select()
        self._connections = {}
        self._tell = None

    def play(self, script, tell):
        """Call ``tell(bytes)`` with each step, and with what came of it."""
        self._tell = tell
        try:
            for step in script.steps:
                getattr(self, '_' + step[0])(*step[1:])
        finally:
            for connection in self._connections.values():
                connection.close()
            self._connections = {}

    def _open(self, name, server, peer):
        if name in self._connections:
            self._connections.pop(name).close()
        self._connections[name] = _Connection(
            self._site.loops[server], peer, self._turn)
        self._tell(('open %s %s %s' % (name, server, peer)).encode('ascii'))

    def _send(self, name, data):
        connection = self._connections[name]
        if connection.is_closed:
            # The same client comes again.
            connection.open()
            self._tell(b'again')
        self._tell(b'send ' + data)
        self._tell(b'got ' + connection.ask(data))

    def _remount(self, number):
        self._tell(repr(self._site.counts()).encode('ascii'))
        self._site.remount(number)

    def _turn(self, loop):
        """One turn; whether anything was done."""
        before = self._select.events
        wasyncore.poll(0, loop)
        works = bool(self._site.dispatcher.queue)
        self._site.dispatcher.run()
        return works or self._select.events > before


class _Connection(object):
    """A client of the server that has this loop."""

    def __init__(self, served, peer, turn):
        self._loop, self._address = served
        self._peer = peer
        self._turn_of = turn
        self.open()

    def open(self):
        self.is_closed = False
        self._received = 0
        is_unix = isinstance(self._address, str)
        self._socket = socket.socket(
            socket.AF_UNIX if is_unix else socket.AF_INET)
        if not is_unix:
            self._socket.bind((self._peer, 0))
        before = set(map(id, self._channels()))
        self._socket.connect(self._address)
        self._socket.setblocking(False)
        self._port = None if is_unix else self._socket.getsockname()[1]
        self._channel = None
        while self._channel is None:
            self._turn_of(self._loop)
            for channel in self._channels():
                if id(channel) not in before:
                    self._channel = channel
        if not is_unix:
            # Or the system would wait for more (Nagle's algorithm).
            for end in self._socket, self._channel.socket:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, data):
        """What came for the data, made the same for all processes."""
        got = []
        while data and not self.is_closed:
            try:
                sent = self._socket.send(data[:AT_ONCE])
            except socket.error as error:
                if error.errno not in (errno.EAGAIN, errno.EPIPE, errno.ECONNRESET):
                    raise
                sent = 0 if error.errno == errno.EAGAIN else len(data)
            data = data[sent:]
            self._wait_until_there(sent)
            got.append(self._settle())
        return self._normal(b''.join(got)) + (
            b' closed' if self.is_closed else b'')

    def close(self):
        self._socket.close()
        while not self._has_ended():
            self._turn_of(self._loop)

    def _settle(self):
        """Turn the loop until it rests; what came for the client."""
        got = []
        for _turn in range(MOST_TURNS):
            goes_on = self._turn_of(self._loop)
            if self._read(got):
                goes_on = True
            if not goes_on:
                return b''.join(got)
        raise AssertionError('the loop does not come to rest')

    def _channels(self):
        return [channel for channel in
                (getattr(entry, 'views_channel', entry)
                 for entry in self._loop.values())
                if hasattr(channel, 'requests')]

    def _wait_until_there(self, sent):
        """The system has given the server what was sent, if it still reads."""
        waiting = array.array('i', [0])
        end = time.time() + LONG
        while waiting[0] < sent and not self._has_ended():
            assert time.time() < end, (waiting[0], sent)
            fcntl.ioctl(self._channel.socket.fileno(), termios.FIONREAD, waiting)

    def _has_ended(self):
        return self._channel._fileno is None

    def _read(self, got):
        """Whether anything came, be it the end; all that has been sent."""
        before = len(got)
        while not self.is_closed and (
                self._received < self._channel.heads_sent or self._has_ended()):
            select.select([self._socket], [], [])
            try:
                data = self._socket.recv(1 << 18)
            except socket.error as error:
                if error.errno != errno.ECONNRESET:
                    raise
                data = b''
            got.append(data)
            self._received += len(data)
            if not data:
                self.is_closed = True
                self._socket.close()
        return len(got) > before

    def _normal(self, got):
        got = _DATE.sub(b'\r\nDate: \r\n', got)
        return _PORT.sub(self._port_of, got)

    def _port_of(self, found):
        port = int(found.group(2))
        own = {b'REMOTE': self._port,
               b'SERVER': self._address[1]}[found.group(1)]
        return found.group(1) + (b' own' if port == own else b' other')


HTTPChannel.heads_sent = 0


def _counting_send(channel, data, *args, **kw):
    """In the place of a channel's own: counts what the client is to get."""
    sent = wasyncore.dispatcher.send(channel, data, *args, **kw)
    channel.heads_sent += sent
    return sent


HTTPChannel.send = _counting_send
