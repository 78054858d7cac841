"""The head of an answer: what a view says -> checked bytes.

What a view must not say is refused here. RFC 9110 and RFC 9112 give the
rules; each check names its own.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import is_plain, native_types, wire

_DIGITS = '0123456789'
# RFC 9110 section 5.6.2: what a token consists of.
_TOKEN = ("!#$%&'*+-.^_`|~" + _DIGITS
          + 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')
# Control characters, but for the tab.
_UNSAFE = frozenset(map(chr, range(32))) - frozenset('\t') | frozenset('\x7f')
# More digits than any length that there is.
_MOST_DIGITS = 18
_BODILESS = ('204', '304')

# RFC 9110 section 7.6.1: these belong to the connection, which is the
# server's, and PEP 3333 forbids them to an application.
_HOP_BY_HOP = frozenset([
    'keep-alive', 'proxy-authenticate', 'proxy-authorization',
    'proxy-connection', 'te', 'trailer', 'trailers', 'upgrade'])


class BadAnswer(ValueError):
    """What a view said cannot be sent without breaking the connection."""


def connection_options(value):
    """The options that a Connection header lists, in lower case."""
    return [word.strip().lower() for word in value.split(',')]


class Head(object):
    """The head of an answer, and what it says of the body.

    ``version``, ``keep_alive``
        The request's: ``'1.0'`` or ``'1.1'``, and whether its connection may
        stay.
    ``ident``, ``date``
        For the headers Server and Date; ``ident`` may be ''.
    ``status``, ``headers``
        The view's.
    ``length``
        The body's in bytes, or None if it is not known; a Content-Length of
        the view's own goes before it.

    Raises BadAnswer for what would break the framing. One head may serve
    several answers: nothing changes it later.

    ``data``
        The head as bytes.
    ``close_connection``
        Whether the connection ends behind the answer.
    ``takes_body``
        False if the status allows no body.
    ``length``
        How many bytes the body must have; None if its end is found otherwise.
    ``chunked``
        Whether the server has to chunk the body.
    ``chunked_by_view``
        Whether the view has chunked it.
    """

    __slots__ = ('data', 'close_connection', 'takes_body', 'length',
                 'chunked', 'chunked_by_view')

    def __init__(self, version, keep_alive, ident, date, status, headers,
                 length):
        _check_status(status)
        fields, names, length, self.chunked_by_view, close = _sort_headers(
            headers, length)
        self.close_connection = close or not keep_alive
        self.takes_body = True
        self.length = None
        self.chunked = False
        self._frame(status[:3], version, length, fields)
        if self.close_connection:
            fields.append(('Connection', 'close'))
        elif version == '1.0':
            fields.append(('Connection', 'Keep-Alive'))
        if ident and 'server' not in names:
            fields.append(('Server', ident))
        if 'date' not in names:
            fields.append(('Date', date))
        self.data = _encode(version, status, fields)

    def _frame(self, code, version, length, fields):
        """How the client will find the end of the body (RFC 9112, 6.3)."""
        if code in _BODILESS:
            self.takes_body = False
        elif code == '205':
            # RFC 9110 section 15.3.6: no content, but a body that is empty.
            self.takes_body = False
            fields.append(('Content-Length', '0'))
        elif length is not None:
            self.length = length
            fields.append(('Content-Length', str(length)))
        elif version == '1.1':
            self.chunked = not self.chunked_by_view
            fields.append(('Transfer-Encoding', 'chunked'))
        else:
            self.close_connection = True


def _check_status(status):
    if not isinstance(status, native_types):
        raise BadAnswer('the status is %s, not a string: %r'
                        % (type(status).__name__, status))
    code, reason = status[:3], status[3:]
    if (len(code) < 3 or code.strip(_DIGITS) or code < '200'
            or reason and reason[0] != ' '
            or not is_plain(reason) and _is_unsafe(reason)):
        raise BadAnswer('the status must be a code from 200 on and a reason '
                        'on one line, not %r' % status)


def _sort_headers(headers, length):
    """(fields to send, their names, length or None, chunked by the view,
    close); names are in lower case"""
    fields, names = [], set()
    announced = None
    chunked_by_view = close = False
    for name, value in headers:
        if not (type(name) is type(value) is str and name
                and not name.strip(_TOKEN) and is_plain(value)):
            _check_header(name, value)  # nearly none needs it
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
            names.add(lower)
    if chunked_by_view:
        if announced is not None:
            raise BadAnswer('Content-Length and Transfer-Encoding: chunked '
                            'exclude each other')
        length = None
    elif announced is not None:
        length = announced
    return fields, names, length, chunked_by_view, close


def _check_header(name, value):
    if not (isinstance(name, native_types) and isinstance(value, native_types)):
        raise BadAnswer('the name and the value of a header are strings, not '
                        '%s and %s, for %r'
                        % (type(name).__name__, type(value).__name__, name))
    if not name or name.strip(_TOKEN):
        raise BadAnswer('%r cannot be the name of a header' % name)
    if _is_unsafe(value):
        # The value may be somebody's secret or an attack: it is not repeated.
        raise BadAnswer('the value of the header %s holds a line end or '
                        'another control character' % name)


def _is_unsafe(text):
    """Whether a text holds a control character."""
    return not _UNSAFE.isdisjoint(text)


def _announced(before, value):
    digits = value.strip(' \t')
    if not digits or digits.strip(_DIGITS) or len(digits) > _MOST_DIGITS:
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


def _encode(version, status, fields):
    # RFC 9112 section 4: the blank stands there without a reason too.
    lines = ['HTTP/%s %s' % (version, status if status[3:] else status + ' ')]
    lines += map('%s: %s'.__mod__, fields)
    lines.append('\r\n')
    try:
        return wire('\r\n'.join(lines))
    except UnicodeError:
        raise BadAnswer('the status or a header holds characters outside '
                        'ISO 8859-1; PEP 3333 allows no others')
