"""The one encoder: what a view says -> the bytes of an HTTP/1.x answer.

No sockets, no threads, no clock of its own: a hook says what the request
was, the gateway hands over the view's status, headers and parts, and bytes
come back. RFC 9110 and RFC 9112 give the rules; each check names its own.
"""
from __future__ import absolute_import, division, print_function

import time
from email.utils import formatdate

from Products.ZServerViews.chunked import LAST_CHUNK, ChunkedError, Decoder, chunk
from Products.ZServerViews.head import BadAnswer, Heads, connection_options


class Clock(object):
    """The text of the Date header, made once a second.

    ``heads``
        The heads that were made with it.
    """

    def __init__(self, now=time.time):
        self.heads = Heads()
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
        self._head = None
        self._decoder = None

    def start(self, status, headers, length=None):
        """The head as bytes.

        ``length`` is the body's, where the gateway knows it; a Content-Length
        of the view's own goes before it. Raises BadAnswer where the
        head would break the framing; this encoder is of no further use then.
        """
        request, clock = self.request, self._clock
        self._head = head = clock.heads.get(
            request.version, request.keep_alive, self._ident, clock.date(),
            status, headers, length)
        self.close_connection = head.close_connection
        self.takes_body = self.takes_body and head.takes_body
        if head.chunked_by_view:
            self._decoder = Decoder()
        self.started = True
        return head.data

    def is_all(self, part):
        """Whether this part, as it is, is all that follows the head."""
        if len(part) != self._head.length or not self.takes_body:
            return False
        self.body_bytes = len(part)
        return True

    def body(self, part):
        """The blocks that put one non-empty part on the connection."""
        if not self.takes_body:
            return []
        if self._decoder is not None:
            part = self._pass_chunks(part)
        elif self._head.length is not None:
            part = self._cut(part)
        self.body_bytes += len(part)
        if not part:
            return []
        if self._head.chunked:
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
        room = self._head.length - self.body_bytes
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
        if self._head.length is not None and self.body_bytes < self._head.length:
            raise BadAnswer('the view announced %d bytes and sent %d'
                            % (self._head.length, self.body_bytes))
        if self._decoder is not None and not self._decoder.complete:
            raise BadAnswer('the view set Transfer-Encoding: chunked and did '
                            'not send a last chunk')
        return [LAST_CHUNK] if self._head.chunked else []
