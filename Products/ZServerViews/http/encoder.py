"""The one encoder: what a view says -> the bytes of an HTTP/1.x answer.

No sockets, no threads, no clock of its own: a server says what the request
was, the response hands over the view's status, headers and parts, and bytes
come back. RFC 9110 and RFC 9112 give the rules; each check names its own.
"""
from __future__ import absolute_import, division, print_function

import time
from email.utils import formatdate

from Products.ZServerViews.http.chunked import LAST_CHUNK, ChunkedError, Decoder, chunk
from Products.ZServerViews.http.head import BadAnswer, Head, connection_options

# How many heads are remembered, and how long one may be for that. Views
# can think of any number.
MOST_HEADS = 100
MOST_BYTES = 2048


class Heads(object):
    """Makes heads with the Date of the moment, and remembers those of this
    second: views give the same again and again.

    A `Head` is made of nothing but the arguments, so equal ones need it once.
    Several threads may call at once.

    ``now``
        Returns seconds since the epoch.
    """

    def __init__(self, now=time.time):
        self._now = now
        self._latest = None, None, {}

    def get(self, version, keep_alive, ident, status, headers, length):
        """The `Head` of these; raises BadAnswer as that does."""
        second = int(self._now())
        # All in one: another thread may be in the next second already.
        its_second, date, made = self._latest
        if second != its_second:
            # As RFC 9110 section 5.6.7 writes it.
            date, made = formatdate(second, usegmt=True), {}
            self._latest = second, date, made
        given = version, keep_alive, ident, status, tuple(headers), length
        # Other types may be equal to a string and be written differently, or
        # may be changed afterwards.
        plain = type(status) is str
        for pair in headers:
            name, value = pair
            if (type(name) is not str or type(value) is not str
                    or type(pair) is not tuple):
                plain = False
        head = made.get(given) if plain else None
        if head is None:
            head = Head(version, keep_alive, ident, date, status, headers,
                        length)
            if (plain and len(made) < MOST_HEADS
                    and len(head.data) <= MOST_BYTES):
                made[given] = head
        return head


class Encoder(object):
    """One answer: call `start` once, `body` for each part, `end` once.

    Of the request it must know:

    ``method``
        As sent, upper case.
    ``version``
        ``'1.0'`` or ``'1.1'``; everything else is answered as 1.0.
    ``connection``
        The value of the Connection header, '' or None.

    ``ident`` is the text of the header Server; ``heads`` are a `Heads`.

    `close_connection` says, once `start` has returned, whether the connection
    ends behind the answer; `end` may still turn it on.
    """

    body_bytes = 0
    excess_bytes = 0
    _head = None
    _decoder = None

    def __init__(self, method, version, connection, ident, heads):
        self.method = method
        self.version = version if version in ('1.0', '1.1') else '1.0'
        if connection:
            options = connection_options(connection)
            self._keep_alive = ('close' not in options and
                                (version == '1.1' or 'keep-alive' in options))
        else:
            self._keep_alive = version == '1.1'
        self.close_connection = not self._keep_alive
        self.takes_body = method != 'HEAD'
        self._connection = connection
        self._ident = ident
        self._heads = heads

    def again(self):
        """One for another answer to the same request."""
        return Encoder(self.method, self.version, self._connection,
                       self._ident, self._heads)

    def start(self, status, headers, length=None):
        """The head as bytes.

        ``length`` is the body's, where it is known; a Content-Length
        of the view's own goes before it. Raises BadAnswer where the
        head would break the framing; this encoder is of no further use then.
        """
        self._head = head = self._heads.get(
            self.version, self._keep_alive, self._ident, status, headers,
            length)
        self.close_connection = head.close_connection
        self.takes_body = self.takes_body and head.takes_body
        if head.chunked_by_view:
            self._decoder = Decoder()
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
        return part if self.version == '1.1' else decoded

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
