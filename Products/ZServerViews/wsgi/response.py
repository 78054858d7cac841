"""One request answered by one view, from its call to its end: one state machine.

======  ====================================================  ===============
state   what is so                                            `more` leads to
======  ====================================================  ===============
NEW     the view has not been called                          HEAD and on
HEAD    the view was called; the head waits for its first     BODY, LAST,
        part that is not empty (PEP 3333)                     ENDED
BODY    the head is made, parts follow                        LAST, ENDED
LAST    the last block is made, and some blocks are at hand   ENDED
ENDED   every block was handed out; what the view returned    ENDED
        has still to be closed
CLOSED  nothing is left to do
======  ====================================================  ===============

The rules:

- The view is called once, on the way out of NEW.
- ``start_response`` may be called again, with exc_info, until BODY.
- A failure in NEW or HEAD becomes a 500 of ours. In BODY nothing true can follow
  what is out, so the connection ends.
- ENDED is passed over where nothing has to be closed.
- `close` leads from any state to CLOSED; ``close()`` of what the view returned
  is called then, exactly once.

All of it runs in one event loop, or in the view's own thread if the view is
offloaded, never in both at once. Whatever a view does, raises or returns,
nothing escapes from here: the server gets blocks of bytes and an end.
"""
from __future__ import absolute_import, division, print_function

import sys
from collections import deque

from Products.ZServerViews._compat import text_type
from Products.ZServerViews.http.head import BadAnswer
from Products.ZServerViews.wsgi.file_wrapper import FileWrapper

NEW, HEAD, BODY, LAST, ENDED, CLOSED = range(6)

# Blocks up to this size are joined into one, so that head and body share a
# packet; larger ones are handed out as they are rather than copied.
JOIN_BYTES = 65536

# Behind the last part of a view.
_END = object()


class Response(object):
    """Blocks of bytes, pulled by a server.

    ``mount``, ``environ``
        What is answered. The view is the mount's, or the argument ``view``.
    ``encoder``
        The `http.encoder.Encoder` of this request.
    ``failures``
        A `runtime.failures.Failures`: is told what went wrong, without waiting,
        and explains it to clients if ``expose_tracebacks`` is true.
    ``wake``
        Called by other threads to have the event loop turn; or None.
    ``status``
        The status line without the version, once the head is made; else None.
    """

    waiting = is_offloaded = False

    def __init__(self, mount, environ, encoder, failures,
                 expose_tracebacks=False, wake=None, view=None):
        environ['wsgi.file_wrapper'] = FileWrapper
        self.mount = mount
        self.environ = environ
        self.encoder = encoder
        self.wake = wake
        self.state = NEW
        self.status = None
        self._view = view or mount.view
        self._failures = failures
        self._expose_tracebacks = expose_tracebacks
        self._said = None       # the status and the headers of start_response
        self._written = ()      # what write() was given and is not out yet
        self._length = None     # of the body, where it is known
        self._parts = None      # the iterator of the view's parts
        self._result = None     # what the view returned, if it is to be closed
        self._blocks = ()       # made, not handed out yet

    @property
    def close_connection(self):
        """Whether the connection ends behind this answer; final at the end."""
        return self.encoder.close_connection

    @property
    def body_bytes(self):
        """How many bytes of body have been made so far."""
        return self.encoder.body_bytes

    @property
    def has_blocks(self):
        """Whether `more` has blocks at hand and need not call the view."""
        return bool(self._blocks)

    def another(self, view):
        """The Response to the same request by another view."""
        return Response(self.mount, {}, self.encoder.again(), self._failures,
                        self._expose_tracebacks, self.wake, view)

    def answer_by(self, view):
        """In state NEW: have that view answer, in the place of the mount's."""
        self._view = view

    # The server's side:

    def more(self):
        """The next block; b'' for nothing yet, None behind the last."""
        if self._blocks:
            return self._hand_out()
        if self.state >= LAST:
            return None
        try:
            return self._call() if self.state == NEW else self._next()
        except BaseException:  # SystemExit and its like must not end the site
            return self._fail(sys.exc_info())

    def close(self):
        """The client has everything, or has gone."""
        if self.state == CLOSED:
            return
        self.state = CLOSED
        self._blocks = self._written = ()
        result, self._result = self._result, None
        try:
            close = getattr(result, 'close', None)
            if close is not None:
                close()
        except BaseException:
            # The answer is out already: all that is left is to say so.
            self._failures.failed(self, sys.exc_info())

    # The view's side, PEP 3333:

    def start_response(self, status, headers, exc_info=None):
        """Once, and again with exc_info until the head is out."""
        if exc_info:
            try:
                if self.state >= BODY:
                    raise exc_info[1]
                # What was written belongs to the answer that is replaced.
                self._written = ()
            finally:
                exc_info = None
        elif self._said is not None:
            raise AssertionError('start_response was called a second time '
                                 'without exc_info')
        self._said = status, tuple(headers)
        return self.write

    def write(self, data):
        """PEP 3333's write callable; what it takes is sent before the parts.

        The event loop cannot wait inside a view, so the data is kept until the
        view returns.
        """
        if not isinstance(data, bytes):
            raise _not_bytes(data)
        if not self._written:
            self._written = deque()
        self._written.append(data)

    # From state to state:

    def _call(self):
        self.state = HEAD
        result = self._view(self.environ, self.start_response)
        if isinstance(result, (list, tuple)):
            return self._send_all(
                result, None if type(result) is list else result)
        if isinstance(result, bytes):
            return self._send_all(
                [result], None if type(result) is bytes else result)
        self._result = result
        if result is None or isinstance(result, text_type):
            raise TypeError('a view returns an iterable of bytes, not %s'
                            % type(result).__name__)
        self._parts = iter(result)
        if isinstance(result, FileWrapper) and not self._written:
            self._length = result.bytes_left()
        return self._next()

    def _send_all(self, parts, to_close):
        """A view has returned its whole body: nearly all of them do."""
        self._result = to_close
        for part in parts:
            if not isinstance(part, bytes):
                raise _not_bytes(part)
        body = b''.join(parts)
        self._length = len(body)
        if self._written:
            self._length += sum(map(len, self._written))
            self._parts = iter([body])
            return self._next()
        head = self._head(body)
        if len(head) + len(body) <= JOIN_BYTES and self.encoder.is_all(body):
            self.status = self._said[0]
            self.state = CLOSED if self._result is None else ENDED
            return head + body
        return self._made([head] + (self.encoder.body(body) if body else []),
                          True)

    def _next(self):
        """The blocks of the next part."""
        part, encoder = self._part(), self.encoder
        blocks = []
        if self.state == HEAD:
            if part == b'':
                return b''
            blocks.append(self._head(part is not _END))
        if part is not _END and part:
            blocks += encoder.body(part)
        return self._made(blocks, part is _END or encoder.excess_bytes > 0
                          or not encoder.takes_body)

    def _part(self):
        if self._written:
            return self._written.popleft()
        part = next(self._parts, _END)
        if part is not _END and not isinstance(part, bytes):
            raise _not_bytes(part)
        if self._written:
            # Written while the part was made: it goes first.
            if part is not _END:
                self._written.append(part)
            return self._written.popleft()
        return part

    def _head(self, has_body):
        if self._said is None:
            raise AssertionError('the view did not call start_response')
        length = self._length
        if not has_body:
            # RFC 9110 section 8.6: the answer to HEAD may announce only the
            # length that GET would have, which an empty list does not tell.
            length = 0 if self.encoder.takes_body else None
        return self.encoder.start(self._said[0], self._said[1], length)

    def _made(self, blocks, are_last):
        """Hand out the first of these; the head is among them, or was before.
        """
        if are_last:
            blocks += self._end()
        self.status = self._said[0]
        self.state = LAST if are_last else BODY
        if sum(map(len, blocks)) > JOIN_BYTES:
            self._blocks = deque(blocks)
            return self._hand_out()
        if are_last:
            self._finish()
        return b''.join(blocks) or (None if are_last else b'')

    def _hand_out(self):
        block = self._blocks.popleft()
        if self.state == LAST and not self._blocks:
            self._finish()
        return block

    def _finish(self):
        self.state = CLOSED if self._result is None else ENDED

    def _end(self):
        excess = self.encoder.excess_bytes
        if excess and not isinstance(self._result, FileWrapper):
            self._failures.misbehaved(
                self, 'made at least %d bytes more than its Content-Length; '
                'they were cut off' % excess)
        try:
            return self.encoder.end()
        except BadAnswer:
            self._failures.failed(self, sys.exc_info())
            self.encoder.close_connection = True
            return []

    def _fail(self, exc_info):
        try:
            self._failures.failed(self, exc_info)
            if self.state >= BODY:
                self.encoder.close_connection = True
                self._finish()
                return None
            return self._server_error(exc_info)
        finally:
            del exc_info

    def _server_error(self, exc_info):
        text = '500 Internal Server Error\n\n%s\n' % self._failures.explain(
            exc_info, self._expose_tracebacks)
        # PY2: a native text is bytes already, in whatever encoding.
        body = (text if isinstance(text, bytes)
                else text.encode('utf-8', 'replace'))
        # Another one: the first may have begun with a head that is refused.
        self.encoder = self.encoder.again()
        self.status = '500 Internal Server Error'
        head = self.encoder.start(
            self.status, [('Content-Type', 'text/plain; charset=utf-8')],
            len(body))
        self._finish()
        return b''.join([head] + self.encoder.body(body))


def _not_bytes(part):
    return TypeError('the parts of an answer are bytes, not %s'
                     % type(part).__name__)
