"""Which view a WSGI request is for, and what access judges of it.

Any worker may call; nothing here waits.
"""
from __future__ import absolute_import, division, print_function

import socket
import threading
import types
import weakref

from Products.ZServerViews.access.peer import Facts, sign_in
from Products.ZServerViews.http.target import sent_path
from Products.ZServerViews.runtime.pipeline import is_translogger

# The target as sent: gunicorn's and werkzeug's name, and that of most others.
_SENT = 'RAW_URI', 'REQUEST_URI'
# The connection, where the server shows it.
_SOCKETS = 'gunicorn.socket', 'werkzeug.socket'
# The packages of servers that show it, and the modules of what stands between
# them and us and leaves requests as they are.
_SERVERS = frozenset([key.partition('.')[0] for key in _SOCKETS]
                     + ['cheroot'])
_FAITHFUL = frozenset(['paste.translogger', 'ZPublisher.httpexceptions'])
_OUR_OWN = __name__.partition('.servers.')[0] + '.'
# Filters that are looked through.
MOST_FILTERS = 50
# Some have no prefix.
_AS_THEY_ARE = 'CONTENT_TYPE', 'CONTENT_LENGTH'


def find_mount(table, environ):
    """The mount that a request is for, or None.

    What stands before the path of the application is no part of a view's.
    """
    mount = table.by_decoded_path.get(environ.get('PATH_INFO'))
    if mount is None:
        return None
    sent = target(environ)
    if sent is None:
        return mount  # the server has only the decoded path
    path, prefix = sent_path(sent), environ.get('SCRIPT_NAME')
    if 'HTTP_SCRIPT_NAME' in environ:
        # gunicorn takes it from a header, which a proxy on this host may have
        # passed on: clients would hide a path from the proxy's rules with it.
        prefix = None
    if prefix and path.startswith(prefix + '/'):
        path = path[len(prefix):]
    return mount if mount.path == path else None


def target(environ):
    """The request target as sent; None where the server does not tell."""
    for key in _SENT:
        sent = environ.get(key)
        if sent:
            return sent
    return None


def connection(environ):
    """The socket of a request; None where the server does not show it."""
    for key in _SOCKETS:
        found = environ.get(key)
        if found is not None:
            return found
    return None


def headers_of(environ):
    """{name as in CGI, without ``HTTP_``: value}"""
    found = dict((key[len('HTTP_'):], environ[key]) for key in environ
                 if key.startswith('HTTP_'))
    found.update((key, environ[key]) for key in _AS_THEY_ARE
                 if environ.get(key))
    return found


def is_logged(start_response):
    """Whether a filter that writes the access log gets what is said by this.

    Each filter that wants to know has put a function of its own around.
    """
    functions = [start_response]
    for function in functions:
        for cell in getattr(function, '__closure__', None) or ():
            try:
                held = cell.cell_contents
            except ValueError:
                continue  # nothing yet
            if is_translogger(held):
                return True
            if (isinstance(held, types.FunctionType)
                    and len(functions) < MOST_FILTERS):
                functions.append(held)
    return False


def sign_of_filter(frame):
    """What to call, in the log, a filter that has had a request before us, and
    may have removed what a proxy has added; None if there is none.

    Paste's ``prefix`` takes X-Forwarded-For out and says its first address, the
    client's own word, in the place of the peer's.

    ``frame``
        Of the function that asks.
    """
    while frame is not None:
        module = frame.f_globals.get('__name__') or 'an unknown module'
        if module.partition('.')[0] in _SERVERS:
            return None
        if module not in _FAITHFUL and not module.startswith(_OUR_OWN):
            return 'the filter of %s may have removed its headers' % module
        frame = frame.f_back
    return 'what has called us is no server that is known'


class Connections(object):
    """Remembers where a proxy has shown itself: by connection, for as long as
    its socket is there."""

    def __init__(self, signs):
        self._signs = signs
        self._known = weakref.WeakKeyDictionary()
        # Held for a look-up; by workers alone.
        self._looking = threading.Lock()

    def note(self, sock, environ):
        """The sign of a proxy in this request, or before it; or None.

        For each request that a worker gets, for the site too.
        """
        names = [key[len('HTTP_'):] for key in environ
                 if key.startswith('HTTP_')]
        with self._looking:
            known = self._known.get(sock)
            if known is None:
                known = self._known[sock] = _Connection()
        return self._signs.note(known, names)

    def sign_on(self, sock):
        """What `note` has found last on a connection, or why that cannot be
        known; None if no proxy has shown itself. In any thread."""
        known = self._known.get(sock)
        if known is None:
            return 'its first request was not looked at'
        return known.__dict__.get('_views_sign')


class _Connection(object):
    """Has what `access.peer.Signs` remembers."""


def facts_of(environ, sock, sign):
    """The Facts of a request.

    ``sock``, ``sign``
        Its connection, or None, and what `Connections.note` says of it.
    """
    headers = headers_of(environ)
    peer = None if sock is None else peer_of(sock)
    if sock is None:
        sign = sign_in(headers)
    elif sign is None and peer and environ.get('REMOTE_ADDR') != peer:
        # By a line before the request, or a filter that knows a proxy.
        sign = 'another REMOTE_ADDR'
    return Facts(
        environ['REQUEST_METHOD'].upper(),
        environ.get('SERVER_PROTOCOL', '').partition('/')[2], peer, False,
        headers, target(environ) or environ.get('PATH_INFO', ''), sign, sock)


def peer_of(sock):
    """The address at the other end, '' on a unix socket; None if it has gone.
    """
    try:
        return ('' if sock.family == socket.AF_UNIX
                else str(sock.getpeername()[0]))
    except (socket.error, AttributeError, IndexError):
        return None
