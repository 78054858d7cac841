"""The environ of a view on waitress 2 and 3: what waitress's own task would
make of a request, and what a view is told besides.

Waitress makes it for each request from nothing. Nearly all of it is the same
for all requests of a server or of a connection; so the same keys and values are
put together here from a template. For each server the first environ is made both ways, and the
quick one is taken from then on if they are equal, while waitress's function is
in its place: no patch of it, and no other version, is overruled.

Runs in the loop.
"""
from __future__ import absolute_import, division, print_function

import socket
import sys
from io import BytesIO

from Products.ZServerViews.servers.waitress.state import WaitressState
from Products.ZServerViews.servers.waitress.targets import target

# What is the same for all requests of a server.
_STEADY = ('SERVER_PORT', 'SERVER_NAME', 'SERVER_SOFTWARE', 'wsgi.version',
           'wsgi.multithread', 'wsgi.multiprocess', 'wsgi.run_once',
           'wsgi.file_wrapper', 'wsgi.input_terminated',
           'zserverviews.server', 'zserverviews.reserved')

# What a server keeps, and each of its channels: waitress's function and the
# template for it, an empty one if the function has to do it.
_NOTHING = None, {}

# Headers whose keys do not begin with HTTP_ (PEP 3333).
_AS_THEY_ARE = frozenset(['CONTENT_LENGTH', 'CONTENT_TYPE'])


def make(site, channel, request, mount):
    """A new environ for a request of a channel."""
    # With waitress 1 this is a function, which shows nothing.
    maker = getattr(channel.task_class, 'get_environment', None)
    learnt, template = getattr(channel, '_views_environ', _NOTHING)
    if learnt is not maker:
        template = _template(channel, request, maker)
        channel._views_environ = maker, template
    if template:
        environ = quickly(template, channel, request)
    else:
        environ = slowly(channel, request)
        environ['zserverviews.peer'] = peer(channel)
    environ['SCRIPT_NAME'] = channel.adj.url_prefix + mount.script_name
    environ['PATH_INFO'] = ''
    environ['zserverviews.site'] = site
    return environ


def known(site, channel, request, mount):
    """(the function that it is made after, a template for `again`) where the
    environ of a request needs nothing of it but its head; else None."""
    environ = make(site, channel, request, mount)
    # What is another object each time keeps its place, and no channel.
    for key in 'wsgi.errors', 'wsgi.input', 'waitress.client_disconnected':
        environ[key] = None
    maker, template = channel._views_environ
    return (maker, environ) if template else None


def again(template, channel):
    """A new environ for a request of a channel, with a head that is known."""
    environ = _with_client(template, channel)
    environ['wsgi.errors'] = sys.stderr
    environ['wsgi.input'] = BytesIO()
    environ['waitress.client_disconnected'] = channel.check_client_disconnected
    return environ


def _template(channel, request, maker):
    """What is the same for all requests of a channel; empty if that cannot be
    told."""
    server = channel.server
    learnt, template = getattr(server, '_views_environ', _NOTHING)
    if learnt is not maker:
        template = learn(channel, request) if _is_own(maker) else {}
        server._views_environ = maker, template
    return _with_client(template, channel) if template else {}


def _with_client(template, channel):
    """The template of a server, with what a channel has of its own."""
    template = template.copy()
    host, port = channel.addr[:2]
    template['REMOTE_ADDR'] = template['REMOTE_HOST'] = host
    template['REMOTE_PORT'] = str(port)
    template['zserverviews.peer'] = peer(channel)
    return template


def peer(channel):
    """The address of the client, '' on a unix socket."""
    # Waitress says "localhost" there.
    return ('' if channel.socket.family == socket.AF_UNIX
            else str(channel.addr[0]))


def _is_own(maker):
    """Whether that function is waitress's, and nobody's patch."""
    found = getattr(maker, '__globals__', {})
    return found.get('__name__') == 'waitress.task'


def slowly(channel, request):
    """Waitress's own, and what is the same for all requests of the server."""
    environ = channel.task_class(channel, request).get_environment()
    environ['zserverviews.server'] = _state_of(channel.server)
    environ['zserverviews.reserved'] = getattr(channel.server, 'views_only',
                                               False)
    # Waitress has these since 2.1 and 2.0.
    environ.setdefault('REQUEST_URI', str(target(request)))
    environ.setdefault('waitress.client_disconnected',
                       lambda: not channel.connected)
    return environ


def _state_of(server):
    """What a view may ask the server of the site; None where that is another
    than waitress."""
    return (server.views_state if hasattr(server, 'views_state')
            else WaitressState(server))


def learn(channel, request):
    """The template of the channel's server; empty if waitress's own environ
    for this request cannot be made from it."""
    wanted = slowly(channel, request)
    template = dict((key, wanted[key]) for key in _STEADY if key in wanted)
    try:
        made = quickly(_with_client(template, channel), channel, request)
    except Exception:  # an attribute that this waitress does not have
        return {}
    # Each time another: objects that hold the body. Not told yet, or told
    # otherwise to a view: its paths, and its peer.
    for environ in made, wanted:
        for key in ('wsgi.input', 'SCRIPT_NAME', 'PATH_INFO',
                    'zserverviews.peer'):
            environ.pop(key, None)
    return template if made == wanted else {}


def quickly(template, channel, request):
    """The same as `slowly`, but for the paths."""
    environ = template.copy()
    version = request.version
    environ['REQUEST_METHOD'] = request.command.upper()
    environ['SERVER_PROTOCOL'] = ('HTTP/1.1' if version == '1.1'
                                  else 'HTTP/1.0')
    environ['REQUEST_URI'] = request.request_uri
    environ['QUERY_STRING'] = request.query
    environ['wsgi.url_scheme'] = request.url_scheme
    environ['wsgi.errors'] = sys.stderr
    environ['wsgi.input'] = request.get_body_stream()
    environ['waitress.client_disconnected'] = channel.check_client_disconnected
    for name, value in request.headers.items():
        environ[name if name in _AS_THEY_ARE else 'HTTP_' + name] = value
    return environ
