"""The one encoder: what a view says -> the bytes of an HTTP/1.x answer.

No sockets, no threads, no clock of its own: a hook says what the request
was, the gateway hands over the view's status, headers and parts, and bytes
come back. RFC 9110 and RFC 9112 give the rules; each check names its own.
"""
from __future__ import absolute_import, division, print_function

import re
import time
from email.utils import formatdate

from Products.ZServerViews._compat import native_types, wire
from Products.ZServerViews.chunked import LAST_CHUNK, ChunkedError, Decoder, chunk

_STATUS = re.compile(r'[2-9][0-9][0-9](?: [^\x00-\x08\x0a-\x1f\x7f]*)?\Z')
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_UNSAFE = re.compile(r'[\x00-\x08\x0a-\x1f\x7f]')
_BODILESS = ('204', '304')

# RFC 9110 section 7.6.1: these belong to the connection, which is the
# server's, and PEP 3333 forbids them to an application.
_HOP_BY_HOP = frozenset([
    'keep-alive', 'proxy-authenticate', 'proxy-authorization',
    'proxy-connection', 'te', 'trailer', 'trailers', 'upgrade'])


class BadAnswer(ValueError):
    """What a view said cannot be sent without breaking the connection."""


class Clock(object):
    """The text of the Date header, made once a second."""

    def __init__(self, now=time.time):
        self._now = now
        self._second = None
        self._text = None

    def date(self):
        """The time of this answer as RFC 9110 section 5.6.7 writes it."""
        second = int(self._now())
        if second != self._second:
            # In this order: another loop may ask in between.
            self._text = formatdate(second, usegmt=True)
            self._second = second
        return self._text


def connection_options(value):
    """The options that a Connection header lists, in lower case."""
    return [word.strip().lower() for word in value.split(',')]


class Request(object):
    """What the encoder must know of the request.

    ``method``
        As sent, upper case.
    ``version``
        ``'1.0'`` or ``'1.1'``; everything else is answered as 1.0.
    ``connection``
        The value of the Connection header, or ''.
    """

    __slots__ = 'method', 'version', 'keep_alive'

    def __init__(self, method, version, connection):
        self.method = method
        self.version = version if version in ('1.0', '1.1') else '1.0'
        if connection:
            options = connection_options(connection)
            self.keep_alive = ('close' not in options and
                               (version == '1.1' or 'keep-alive' in options))
        else:
            self.keep_alive = version == '1.1'


class Encoder(object):
    """One answer: call `start` once, `body` for each part, `end` once.

    `close_connection` says, once `start` has returned, whether the connection
    ends behind the answer; `end` may still turn it on.
    """

    def __init__(self, request, ident, clock):
        self.request = request
        self.close_connection = not request.keep_alive
        self.started = False
        self.takes_body = request.method != 'HEAD'
        self.body_bytes = 0
        self.excess_bytes = 0
        self._ident = ident
        self._clock = clock
        self._length = None
        self._chunk = False
        self._decoder = None

    def start(self, status, headers, length=None):
        """The head as bytes.

        ``length`` is the body's, where the gateway knows it; a Content-Length
        of the view's own goes before it. Raises BadAnswer where the
        head would break the framing; this encoder is of no further use then.
        """
        _check_status(status)
        fields, length, chunked_by_view, close = _sort_headers(headers, length)
        self.close_connection = self.close_connection or close
        if status[:3] in _BODILESS:
            self.takes_body = False
        elif status[:3] == '205':
            # RFC 9110 section 15.3.6: no content, but a body that is empty.
            self.takes_body = False
            fields.append(('Content-Length', '0'))
        else:
            fields += self._framing_fields(length, chunked_by_view)
        if self.close_connection:
            fields.append(('Connection', 'close'))
        elif self.request.version == '1.0':
            fields.append(('Connection', 'Keep-Alive'))
        fields += self._server_fields(fields)
        head = _encode_head(self.request.version, status, fields)
        self.started = True
        return head

    def _framing_fields(self, length, chunked_by_view):
        """How the client will find the end of the body (RFC 9112, 6.3)."""
        if chunked_by_view:
            self._decoder = Decoder()
        if length is not None:
            self._length = length
            return [('Content-Length', str(length))]
        if self.request.version == '1.1':
            self._chunk = not chunked_by_view
            return [('Transfer-Encoding', 'chunked')]
        self.close_connection = True
        return []

    def _server_fields(self, fields):
        given = [name.lower() for name, _value in fields]
        added = []
        if self._ident and 'server' not in given:
            added.append(('Server', self._ident))
        if 'date' not in given:
            added.append(('Date', self._clock.date()))
        return added

    def body(self, part):
        """The blocks that put one non-empty part on the connection."""
        if not self.takes_body:
            return []
        if self._decoder is not None:
            part = self._pass_chunks(part)
        elif self._length is not None:
            part = self._cut(part)
        self.body_bytes += len(part)
        if not part:
            return []
        if self._chunk:
            before, behind = chunk(part)
            return [before, part, behind]
        return [part]

    def _pass_chunks(self, part):
        try:
            decoded = self._decoder.feed(part)
        except ChunkedError as error:
            raise BadAnswer('the view set Transfer-Encoding: chunked, but its '
                            'body is not chunked: %s' % error)
        return part if self.request.version == '1.1' else decoded

    def _cut(self, part):
        room = self._length - self.body_bytes
        if len(part) <= room:
            return part
        self.excess_bytes += len(part) - room
        return part[:room]

    def end(self):
        """The blocks behind the last part.

        Raises BadAnswer if the client still waits for bytes that will not
        come: then only closing the connection tells it so.
        """
        if not self.takes_body:
            return []
        if self._length is not None and self.body_bytes < self._length:
            raise BadAnswer('the view announced %d bytes and sent %d'
                            % (self._length, self.body_bytes))
        if self._decoder is not None and not self._decoder.complete:
            raise BadAnswer('the view set Transfer-Encoding: chunked and did '
                            'not send a last chunk')
        return [LAST_CHUNK] if self._chunk else []


def _check_status(status):
    if not isinstance(status, native_types):
        raise BadAnswer('the status is %s, not a string: %r'
                        % (type(status).__name__, status))
    if not _STATUS.match(status):
        raise BadAnswer('the status must be a code from 200 on and a reason '
                        'on one line, not %r' % status)


def _sort_headers(headers, length):
    """(fields to send, length or None, chunked by the view, close)"""
    fields = []
    announced = None
    chunked_by_view = close = False
    for name, value in headers:
        _check_header(name, value)
        lower = name.lower()
        if lower == 'content-length':
            announced = _announced(announced, value)
        elif lower == 'transfer-encoding':
            chunked_by_view = _transfer_coding(value) or chunked_by_view
        elif lower == 'connection':
            close = close or 'close' in connection_options(value)
        elif lower in _HOP_BY_HOP:
            raise BadAnswer('the header %s belongs to the connection, which '
                            'is the server\'s' % name)
        else:
            fields.append((name, value))
    if chunked_by_view:
        if announced is not None:
            raise BadAnswer('Content-Length and Transfer-Encoding: chunked '
                            'exclude each other')
        return fields, None, True, close
    return fields, length if announced is None else announced, False, close


def _check_header(name, value):
    if not (isinstance(name, native_types) and isinstance(value, native_types)):
        raise BadAnswer('the name and the value of a header are strings, not '
                        '%s and %s, for %r'
                        % (type(name).__name__, type(value).__name__, name))
    if not _NAME.match(name):
        raise BadAnswer('%r cannot be the name of a header' % name)
    if _UNSAFE.search(value):
        # The value may be somebody's secret or an attack: it is not repeated.
        raise BadAnswer('the value of the header %s holds a line end or '
                        'another control character' % name)


def _announced(before, value):
    digits = value.strip(' \t')
    if not re.match('[0-9]{1,18}\\Z', digits):
        raise BadAnswer('Content-Length must be a number, not %r' % value)
    if before is not None and before != int(digits):
        raise BadAnswer('two different values of Content-Length')
    return int(digits)


def _transfer_coding(value):
    coding = value.strip(' \t').lower()
    if coding not in ('chunked', 'identity'):
        raise BadAnswer('the transfer coding %r is not supported: only '
                        '"chunked" is' % value)
    return coding == 'chunked'


def _encode_head(version, status, fields):
    # RFC 9112 section 4: the blank stands there without a reason too.
    lines = ['HTTP/%s %s' % (version, status if status[3:] else status + ' ')]
    lines += ['%s: %s' % field for field in fields]
    lines.append('\r\n')
    try:
        return wire('\r\n'.join(lines))
    except UnicodeError:
        raise BadAnswer('the status or a header holds characters outside '
                        'ISO 8859-1; PEP 3333 allows no others')
