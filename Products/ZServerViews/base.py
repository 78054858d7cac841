"""Decorators that turn a function of the environ into a view.

They handle ``start_response``, the encoding and the length; the function only
returns the content::

    from Products.ZServerViews.base import TextView, ViewError

    @TextView
    def greeting(environ):
        if environ['REQUEST_METHOD'] not in ('GET', 'HEAD'):
            raise ViewError('405 Method Not Allowed', u'Only GET.\\n',
                            [('Allow', 'GET, HEAD')])
        return u'Hello\\n'

The function runs in the event loop, in the server's own thread: it must not
block, unless it is declared ``aside``.
"""
from __future__ import absolute_import, division, print_function

import functools
import json

from zope.interface import implementer

from Products.ZServerViews._compat import text_type
from Products.ZServerViews.interfaces import IView


class ViewError(Exception):
    """Raised in a decorated function: a response other than ``200 OK``.

    ``status``
        The status line's code and reason, such as ``'404 Not Found'``.
    ``message``
        The text of the body; None stands for the empty text.
    ``headers``
        Further ``(name, value)`` pairs. They override headers that the
        decorator sets, such as Content-Type.
    """

    def __init__(self, status, message=u'', headers=()):
        self.status = status
        self.message = message or u''
        self.headers = headers
        Exception.__init__(self, status, self.message)

    def __str__(self):
        return '%s\n%s' % (self.status, self.message)


def aside(view):
    """Decorator: this view is offloaded to a thread of its own and may block.

    Takes a plain view, a function under one of the other decorators, or the
    result of a decorator. Returns the same object, with the attribute
    ``runs_aside`` set to True. An object that cannot have attributes, such as
    a bound method, is wrapped and available as ``.func``.
    """
    try:
        view.runs_aside = True
    except (AttributeError, TypeError):
        tier = getattr(view, 'tier', None)
        view = functools.partial(view)
        view.runs_aside, view.tier = True, tier
    return view


@implementer(IView)
class _Decorator(object):
    """What the decorators share: a view that calls one function of environ."""

    content_type = None

    def __init__(self, function):
        # PY2: update_wrapper wants all of them, which a partial has not.
        functools.update_wrapper(self, function, [
            name for name in functools.WRAPPER_ASSIGNMENTS
            if hasattr(function, name)], ())
        self.function = self.func = self.__wrapped__ = function
        self.runs_aside = getattr(function, 'runs_aside', False)
        self.tier = getattr(function, 'tier', None)

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        bind = getattr(self.function, '__get__', None)
        if bind is None:
            return self
        function = bind(instance, owner)
        if function is self.function:
            return self  # such as a partial of Python 3.13
        bound = type(self)(function)
        bound.runs_aside, bound.tier = self.runs_aside, self.tier
        return bound

    def encode(self, value):
        """The function's value as the bytes of a body."""
        raise NotImplementedError

    def encode_error(self, message):
        """The message of a ViewError as the bytes of a body."""
        raise NotImplementedError

    def __call__(self, environ, start_response):
        try:
            body = self.encode(self.function(environ))
        except ViewError as error:
            return self._refuse(error, start_response)
        return self._succeed(body, start_response)

    def _succeed(self, body, start_response):
        start_response('200 OK', [('Content-Type', self.content_type),
                                  ('Content-Length', str(len(body)))])
        return [body]

    def _refuse(self, error, start_response):
        body = self.encode_error(error.message)
        return self._answer(error.status, error.headers, body, start_response)

    def _answer(self, status, headers, body, start_response):
        headers = [pair for pair in headers
                   if pair[0].lower() != 'content-length']
        if not any(name.lower() == 'content-type' for name, _value in headers):
            headers.insert(0, ('Content-Type', self.content_type))
        headers.append(('Content-Length', str(len(body))))
        start_response(status, headers)
        return [body]


class TextView(_Decorator):
    """Decorator: makes a view of a function that takes the environ and returns
    text.

    The text is sent in UTF-8 as ``text/plain``. A generator of text is
    streamed: each part is sent as soon as the client can receive it, chunked
    for HTTP/1.1. Raise `ViewError` for any other status; in a generator,
    before the first part. The undecorated function is available as
    ``.function``.

    Runs in the event loop. A value that is not text is answered with 500 and
    logged.
    """

    content_type = 'text/plain; charset=utf-8'

    def encode(self, value):
        if isinstance(value, text_type):
            return value.encode('utf-8')
        if isinstance(value, str):  # PY2
            return value.decode('ascii').encode('ascii')  # PY2
        raise TypeError('a TextView returns text, not %s: %r'
                        % (type(value).__name__, self.function))

    def encode_error(self, message):
        return self.encode(message)

    def __call__(self, environ, start_response):
        try:
            result = self.function(environ)
        except ViewError as error:
            return self._refuse(error, start_response)
        if (not isinstance(result, text_type) and hasattr(result, 'send')
                and hasattr(result, 'close')):
            return self._stream(result, start_response)
        return self._succeed(self.encode(result), start_response)

    def _stream(self, texts, start_response):
        try:
            try:
                first = self.encode(next(texts, u''))
            except ViewError as error:
                for part in self._refuse(error, start_response):
                    yield part
                return
            start_response('200 OK', [('Content-Type', self.content_type)])
            yield first
            for text in texts:
                yield self.encode(text)
        finally:
            texts.close()


class JSONView(_Decorator):
    """Decorator: makes a view of a function that takes the environ and returns
    a value.

    The value is sent as ``application/json`` (RFC 8259) with sorted keys. A
    `ViewError` is answered with ``{"error": message}``. The undecorated
    function is available as ``.function``.

    Runs in the event loop. A value that JSON cannot represent, including NaN,
    is answered with 500 and logged.
    """

    content_type = 'application/json'

    def encode(self, value):
        text = json.dumps(value, sort_keys=True, allow_nan=False)
        return text.encode('ascii') + b'\n'

    def encode_error(self, message):
        return self.encode({'error': message})
