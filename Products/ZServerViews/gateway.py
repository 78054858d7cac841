"""Runs one mini WSGI app (PEP 3333) for a hook, part by part.

All of it runs in the loop's thread, or for a view that runs aside in a thread
of its own, never in two at once. Whatever a view does, raises or returns,
nothing escapes from here: the caller gets blocks of bytes and an end.
"""
from __future__ import absolute_import, division, print_function

import sys
from collections import deque

from Products.ZServerViews._compat import text_type
from Products.ZServerViews.answer import BadAnswer

# Blocks up to this size are joined into one, so that head and body share a
# packet; larger ones are handed out as they are rather than copied.
JOIN_BYTES = 65536


class FileWrapper(object):
    """The ``wsgi.file_wrapper`` of a view's environ: a file as an answer.

    Its length becomes the Content-Length where the file can tell it. Reading
    happens in the loop's thread: for a file on a slow disk the site waits.
    """

    def __init__(self, filelike, block_size=32768):
        self.filelike = filelike
        self.block_size = block_size

    def __iter__(self):
        return iter(lambda: self.filelike.read(self.block_size), b'')

    def bytes_left(self):
        """How many bytes come from here on, or None if the file cannot say."""
        try:
            here = self.filelike.tell()
            self.filelike.seek(0, 2)
            end = self.filelike.tell()
            self.filelike.seek(here)
        except (AttributeError, EnvironmentError, ValueError):
            return None
        return end - here

    def close(self):
        close = getattr(self.filelike, 'close', None)
        if close is not None:
            close()


class Call(object):
    """One call of a view: the server's side of PEP 3333, without HTTP.

    Whatever the view raises comes out of `more` and `close` as it is.

    ``whole``
        The body, where the view has returned all of it at once.
    ``result``
        What the view has returned, while it may have to be closed.
    """

    headers = None
    head_sent = False
    length = None
    is_file = False

    def __init__(self, view, environ):
        self.status = self.whole = self.result = self._parts = None
        self._written = ()
        self._view = view
        self._environ = environ

    def start_response(self, status, headers, exc_info=None):
        """PEP 3333's: once, and again with exc_info until the head is out."""
        if exc_info:
            try:
                if self.head_sent:
                    raise exc_info[1]
                # What was written belongs to the answer that is replaced.
                self._written = ()
            finally:
                exc_info = None
        elif self.status is not None:
            raise AssertionError('start_response was called a second time '
                                 'without exc_info')
        self.status, self.headers = status, tuple(headers)
        return self.write

    def write(self, data):
        """PEP 3333's write callable; what it takes is sent before the parts.

        The loop cannot wait inside a view, so the data is kept until the
        view returns.
        """
        data = _checked(data)
        if not self._written:
            self._written = deque()
        self._written.append(data)

    def more(self):
        """The next part, b'' for an empty one, None behind the last."""
        if self._parts is None:
            self._take(self._view(self._environ, self.start_response))
            if self.whole is not None:
                return self.whole
        if self._written:
            return self._written.popleft()
        try:
            part = _checked(next(self._parts))
        except StopIteration:
            part = None
        if self._written:
            # Written while the part was made: it goes first.
            if part is not None:
                self._written.append(part)
            return self._written.popleft()
        return part

    def _take(self, result):
        self.result = result
        if isinstance(result, (list, tuple)):
            self._take_all(result)
        elif isinstance(result, bytes):
            self._take_all([result])
        elif result is None or isinstance(result, text_type):
            raise TypeError('a view returns an iterable of bytes, not %s'
                            % type(result).__name__)
        else:
            self._parts = iter(result)
            self.is_file = isinstance(result, FileWrapper)
            if self.is_file and not self._written:
                self.length = result.bytes_left()

    def _take_all(self, parts):
        for part in parts:
            _checked(part)
        body = b''.join(parts)
        self.length = len(body)
        if self._written:
            self.length += sum(map(len, self._written))
            self._parts = iter([body])
        else:
            self.whole = body
            self._parts = ()
        if type(self.result) in (list, bytes):
            self.result = None  # nothing to close

    def close(self):
        """Call close() of what the view returned; PEP 3333 wants it always."""
        result, self.result = self.result, None
        self._written = ()
        close = getattr(result, 'close', None)
        if close is not None:
            close()


def _checked(part):
    if not isinstance(part, bytes):
        raise TypeError('the parts of an answer are bytes, not %s'
                        % type(part).__name__)
    return part


class Exchange(object):
    """One request answered by one view: blocks of bytes, pulled by a hook.

    ``report``
        Called with what went wrong, as ``(exc_info, text)``; one of both is
        None. It must not wait.
    ``explain``
        Called with an exc_info, returns the text that the body of a 500
        shows behind its first line.
    """

    waiting = False
    wake = None  # see IExchange
    refused = False  # whether it answers in the place of a view
    _head_out = False

    def __init__(self, view, environ, encoder, report, explain):
        environ['wsgi.file_wrapper'] = FileWrapper
        self._call = Call(view, environ)
        self._encoder = encoder
        self._report = report
        self._explain = explain
        self._blocks = ()
        self._done = False
        self.over = False  # see IExchange

    @property
    def close_connection(self):
        return self._encoder.close_connection

    @property
    def status(self):
        """The status line sent, without the version; None before the head."""
        return self._call.status if self._head_out else None

    @property
    def body_bytes(self):
        """How many bytes of body the answer has had so far."""
        return self._encoder.body_bytes

    @property
    def made(self):
        """How many blocks `more` has at hand."""
        return len(self._blocks)

    @property
    def ended(self):
        """Whether `more` has handed out all, as it would say when asked."""
        return self._done and not self._blocks

    def another(self, view):
        """The Exchange for the same request, answered by another view."""
        return Exchange(view, {}, self._encoder.again(), self._report,
                        self._explain)

    def more(self):
        if self._blocks:
            block = self._blocks.popleft()
            self.over = self.ended and self._call.result is None
            return block
        if self._done:
            return None
        try:
            part = self._call.more()
            if self._encoder.started:
                return self._go_on([], part)
            return self._begin(part)
        except BaseException:  # SystemExit and its like must not end the site
            return self._fail(sys.exc_info())

    def close(self):
        self._done = True
        self._blocks = ()
        try:
            self._call.close()
        except BaseException:
            # The answer is out already: all that is left is to say so.
            self._report(sys.exc_info(), None)

    def _begin(self, part):
        """The head, and with it the first part."""
        call, encoder = self._call, self._encoder
        if part == b'' and call.whole is None:
            return b''  # PEP 3333: the head waits for the first real part
        if call.status is None:
            raise AssertionError('the view did not call start_response')
        length = call.length
        if not part:
            # RFC 9110 section 8.6: the answer to HEAD may announce only the
            # length that GET would have, which an empty list does not tell.
            length = 0 if encoder.takes_body else None
        head = encoder.start(call.status, call.headers, length)
        call.head_sent = True
        if (call.whole and call.result is None
                and len(head) + len(part) <= JOIN_BYTES
                and encoder.is_all(part)):
            # So nearly all views answer; there is nothing else to do.
            self._done = self._head_out = self.over = True
            return head + part
        return self._go_on([head], part)

    def _go_on(self, blocks, part):
        """These blocks, and those of a part behind them."""
        call, encoder = self._call, self._encoder
        if part:
            blocks += encoder.body(part)
        if (part is None or call.whole is not None or encoder.excess_bytes
                or not encoder.takes_body):
            self._done = True
            blocks += self._end()
        self._head_out = True
        return self._join(blocks) or (None if self._done else b'')

    def _end(self):
        excess = self._encoder.excess_bytes
        if excess and not self._call.is_file:
            self._report(None, 'made at least %d bytes more than its '
                               'Content-Length; they were cut off' % excess)
        try:
            return self._encoder.end()
        except BadAnswer:
            self._report(sys.exc_info(), None)
            self._encoder.close_connection = True
            return []

    def _join(self, blocks):
        if sum(map(len, blocks)) <= JOIN_BYTES:
            return b''.join(blocks)
        self._blocks = deque(blocks)
        return self._blocks.popleft()

    def _fail(self, exc_info):
        try:
            self._report(exc_info, None)
            self._done = True
            self._blocks = ()
            if self._head_out:
                # Nothing true can follow the bytes that are out.
                self._encoder.close_connection = True
                return None
            return self._server_error(exc_info)
        finally:
            del exc_info

    def _server_error(self, exc_info):
        text = '500 Internal Server Error\n\n%s\n' % self._explain(exc_info)
        # PY2: a native text is bytes already, in whatever encoding.
        body = (text if isinstance(text, bytes)
                else text.encode('utf-8', 'replace'))
        self._call.status = '500 Internal Server Error'
        # Another one: the first may have begun with a head that is refused.
        self._encoder = self._encoder.again()
        self._head_out = True
        head = self._encoder.start(
            self._call.status,
            [('Content-Type', 'text/plain; charset=utf-8')], len(body))
        return b''.join([head] + self._encoder.body(body))
