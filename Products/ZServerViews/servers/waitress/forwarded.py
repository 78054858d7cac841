"""What a request is for the site behind waitress's settings of trusted proxies.

Waitress has these in a filter around the application, which a view does not
pass. Here the same filter is asked, without the application: who the client is,
and what the access log is to show. Runs in the event loop, and in the threads
of offloaded views.
"""
from __future__ import absolute_import, division, print_function

import sys

from Products.ZServerViews.servers.clients import zope_client

_NAMES = ('X_FORWARDED_FOR', 'X_FORWARDED_HOST', 'X_FORWARDED_PROTO',
          'X_FORWARDED_PORT', 'X_FORWARDED_BY', 'FORWARDED')
_KEYS = tuple('HTTP_' + name for name in _NAMES)

# Of an environ, what the filter reads besides.
_PLAIN = {'wsgi.url_scheme': 'http', 'SERVER_NAME': 'localhost',
          'SERVER_PORT': '80', 'HTTP_HOST': 'localhost'}

# The filter's arguments, and the settings that they are.
_OPTIONS = (('trusted_proxy', 'trusted_proxy'),
            ('trusted_proxy_count', 'trusted_proxy_count'),
            ('trusted_proxy_headers', 'trusted_proxy_headers'),
            ('clear_untrusted', 'clear_untrusted_proxy_headers'))

_UNKNOWN = object()


def as_site_sees(server, environ):
    """The environ as the server's filter gives it to the site: the same one,
    or a copy."""
    if not any(key in environ for key in _KEYS):
        return environ
    translate = _translator(server)
    if translate is None:
        return environ
    seen = translate(dict(environ), _start_response)
    # A header that is broken: the site would not get the request.
    return seen if isinstance(seen, dict) else dict(
        item for item in environ.items() if item[0] not in _KEYS)


def client_of(server, headers, peer):
    """Who the client is for the site: an address; the peer's if that cannot be
    told. Never raises.

    ``headers`` and ``peer`` are the request's; the latter is ``localhost`` on a
    unix socket.
    """
    try:
        environ = dict(_PLAIN, REMOTE_ADDR=peer, REMOTE_HOST=peer)
        environ.update(('HTTP_' + name, headers[name]) for name in _NAMES
                       if name in headers)
        seen = as_site_sees(server, environ)
        return zope_client(str(seen['REMOTE_ADDR']),
                           seen.get('HTTP_X_FORWARDED_FOR', ''))
    except Exception:  # another waitress
        return peer


def _translator(server):
    """The filter, around nothing; None if there is none around the site."""
    found = server.__dict__.get('_views_translator', _UNKNOWN)
    if found is _UNKNOWN:
        found = server._views_translator = _make_translator(server.adj)
    return found


def _make_translator(adj):
    # Imported by waitress's server, where this waitress has it.
    module = sys.modules.get('waitress.proxy_headers')
    options = dict((name, getattr(adj, setting, None))
                   for name, setting in _OPTIONS)
    if module is None or not (options['trusted_proxy']
                              or options['clear_untrusted']):
        return None
    return module.proxy_headers_middleware(
        lambda environ, start_response: environ, logger=_Silent(), **options)


class _Silent(object):
    """A logger: the site's own request says what there is to say."""

    def warning(self, *args, **kw):
        """Nothing."""

    debug = info = error = warning


def _start_response(*args):
    """Nobody gets what the filter answers."""
