"""One request that a worker has handed over to the loop, and waits for.

The loop makes the answer as for a socket, in the bytes of HTTP/1.1; the worker
reads these and says the same in WSGI. So all rules for answers hold here too,
and the worker knows a body that has ended too early from one that is complete.
"""
from __future__ import absolute_import, division, print_function

import io
import re
import tempfile
import threading

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.http.chunked import Decoder
from Products.ZServerViews.http.encoder import Encoder
from Products.ZServerViews.wsgi.response import CLOSED, Response
from Products.ZServerViews.wsgi.sender import Sender

# Seconds that a request waits for the loop to begin with it.
PATIENCE = 5.0
# Bytes that are made ahead of the worker.
MOST_BYTES = 1 << 18
# Of a request's body: more lies in a temporary file.
IN_MEMORY = 1 << 19
READ_AT_ONCE = 1 << 16
# As waitress takes by default.
LONGEST_BODY = 1 << 30
# No digits of other scripts, and no more than int() takes.
_LENGTH = re.compile('[0-9]{1,18}\\Z')

# The worker's server says these itself.
_OF_THE_CONNECTION = frozenset(['connection', 'transfer-encoding', 'date'])

BUSY = ('503 Service Unavailable',
        [('Content-Type', 'text/plain; charset=utf-8'),
         ('Content-Length', '48'), ('Retry-After', '1'),
         ('Cache-Control', 'no-store')],
        b'The loop that serves the views does not answer.\n')

TOO_LARGE = ('413 Request Entity Too Large',
             [('Content-Type', 'text/plain; charset=utf-8'),
              ('Content-Length', '35'), ('Cache-Control', 'no-store')],
             b'The body of the request is too big\n')


class Lost(Exception):
    """The answer has ended too early; the server ends the connection."""


class Handover(object):
    """The request, and what of its answer the worker has not taken yet.

    ``is_done``
        Whether the loop has nothing more to do for it.

    Its lock is held for some instructions only.
    """

    def __init__(self, mount, environ, facts, site, loop):
        self._mount = mount
        self._environ = environ
        self._facts = facts
        self._site = site
        self._loop = loop
        self._sender = None
        self._changed = threading.Condition(threading.Lock())
        self._blocks = []
        self._pending = 0
        self._is_begun = self._is_given_up = False
        self.is_done = False

    # In the loop:

    @property
    def can_move(self):
        """Whether `step` can do something now."""
        return (self._is_given_up or self._sender is None
                or self._pending < MOST_BYTES
                and not self._sender.waits())

    def step(self):
        """Do what can be done now without waiting."""
        with self._changed:
            self._is_begun = True
            given_up = self._is_given_up
        if not given_up and self._sender is None:
            self._sender = self._make_sender()
        if given_up or self._sender.send(self):
            self.end()

    def end(self):
        """No more is made of the answer; also after a fault of ours."""
        try:
            if self._sender is not None and not self.is_done:
                self._leave(self._sender)
        finally:
            with self._changed:
                self._is_begun = self.is_done = True
                self._changed.notify_all()

    def _leave(self, sender):
        response = sender.response
        if sender.logged and self._loop.pipeline is not None:
            self._site.access_log.put(
                self._loop.pipeline, response.environ, sender.started,
                response.status, response.body_bytes)
        if response.state != CLOSED:
            sender.close()

    def send(self, block):
        """Called by the Sender, as a dispatcher's: take a block or nothing."""
        with self._changed:
            if self._pending >= MOST_BYTES:
                return 0
            self._blocks.append(bytes(block))
            self._pending += len(block)
            self._changed.notify_all()
        return len(block)

    def _make_sender(self):
        site, mount, environ = self._site, self._mount, self._environ
        if mount.tier is not None:
            mount = site.visible(mount, self._facts)
        encoder = Encoder(environ['REQUEST_METHOD'].upper(), '1.1', None, '',
                          site.heads)
        return Sender(Response(mount, environ, encoder, site.failures, False,
                               self._loop.wake), site)

    # In the worker:

    def first(self):
        """The first block, with the head; b'' if the loop does not come to
        this request, and None if there is none."""
        with self._changed:
            ends = monotonic() + PATIENCE
            while not self._is_begun and monotonic() < ends:
                self._changed.wait(ends - monotonic())
            self._is_given_up = not self._is_begun
        if self._is_given_up:
            self._loop.take_back(self)
            return b''
        return self.next_block()

    def next_block(self):
        """The next bytes of the answer; None behind the last."""
        with self._changed:
            while not self._blocks and not self.is_done:
                self._changed.wait()
            if not self._blocks:
                return None
            blocks, self._blocks = b''.join(self._blocks), []
            was_full = self._pending >= MOST_BYTES
            self._pending = 0
        if was_full:
            self._loop.wake()
        return blocks

    @property
    def takes_body(self):
        return self._environ['REQUEST_METHOD'].upper() != 'HEAD'

    def give_up(self):
        """The client has gone, or has everything."""
        with self._changed:
            if self.is_done:
                return
            self._is_given_up = True
        self._loop.wake()


def answer(handover, start_response):
    """What the application returns for a request that is handed over."""
    first = handover.first()
    if first == b'':
        start_response(*BUSY[:2])
        return [BUSY[2]]
    if first is None:
        raise Lost('a view was not answered; the event log may say more')
    head, _, begin = first.partition(b'\r\n\r\n')
    status, headers, length, chunked = read_head(head)
    try:
        start_response(status, headers)
    except BaseException:
        handover.give_up()
        raise
    if handover.is_done and length == len(begin):
        return [begin]
    return Body(handover, begin, length, Decoder() if chunked else None)


def read_head(head):
    """(status, headers for WSGI, Content-Length or None, chunked or not)"""
    lines = head.decode('latin-1').split('\r\n')
    headers, length, chunked = [], None, False
    for line in lines[1:]:
        name, _, value = line.partition(': ')
        lower = name.lower()
        chunked = chunked or lower == 'transfer-encoding'
        if lower == 'content-length':
            length = int(value)
        if lower not in _OF_THE_CONNECTION:
            headers.append((name, value))
    return lines[0].partition(' ')[2], headers, length, chunked


class Body(object):
    """The parts of an answer that comes in several."""

    def __init__(self, handover, begin, length, decoder):
        self._handover = handover
        self._block = begin
        self._left = length
        self._decoder = decoder

    def __iter__(self):
        return self

    def __next__(self):
        while self._block is not None:
            part, self._block = self._decoded(self._block), b''
            if part:
                return part
            self._block = self._handover.next_block()
        if self._is_cut():
            raise Lost('the answer of a view has ended too early; the event '
                       'log may say more')
        raise StopIteration

    next = __next__

    def close(self):
        self._handover.give_up()

    def _decoded(self, block):
        if self._decoder is not None:
            return self._decoder.feed(block)
        if self._left is not None:
            self._left -= len(block)
        return block

    def _is_cut(self):
        if not self._handover.takes_body:
            return False
        if self._decoder is not None:
            return not self._decoder.complete
        return bool(self._left)


class TooLarge(Exception):
    """The body of a request is."""


def whole_body(environ):
    """The body of a request as a file; in the worker, which waits for it.

    Raises TooLarge, and whatever the server raises for a client that has gone
    or has said nonsense.
    """
    source, left = environ['wsgi.input'], None
    if not environ.get('wsgi.input_terminated'):
        length = environ.get('CONTENT_LENGTH') or ''
        left = int(length) if _LENGTH.match(length) else 0
        if not left:
            return io.BytesIO()
        if left > LONGEST_BODY:
            raise TooLarge
    body = tempfile.SpooledTemporaryFile(IN_MEMORY)
    try:
        _copy(source, body, left)
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


def _copy(source, body, left):
    """Copy so many bytes, or all."""
    size = 0
    while left is None or size < left:
        data = source.read(READ_AT_ONCE if left is None
                           else min(left - size, READ_AT_ONCE))
        if not data:
            return
        size += len(data)
        if size > LONGEST_BODY:
            raise TooLarge
        body.write(data)
