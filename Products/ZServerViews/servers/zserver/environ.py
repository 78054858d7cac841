"""The facts of a request on ZServer, and the environ of a view: what Zope's own
handler would make of the request, and what PEP 3333 wants besides.

Zope's handler makes an environ for each request from nothing. Nearly all of it is the
same for all requests, or is not wanted by a view; so for a handler that does
what ZServer's does, the same keys and values are put together here.

Runs in the loop.
"""
from __future__ import absolute_import, division, print_function

import sys
from wsgiref.util import guess_scheme

from Products.ZServerViews.access.peer import Facts, cgi_name

# How many names of headers are remembered: clients can think of any number.
MOST_NAMES = 500


class Environs(object):
    """Makes environs; ``prepare`` must have been called before."""

    def __init__(self, site, state):
        self._site = site
        self._state = state
        self._usual = None
        self._names = {}
        # What this server and this handler say each time, if nothing but
        # what is done below goes into Zope's environ.
        self._template = None, None, None
        # The headers of the latest request, and what they are as keys: on a
        # connection that is kept they are the same again and again.
        self._latest = None, None, None
        # Its header lines, taken apart, and the headers of its facts.
        self._parsed = None, None, None

    def prepare(self):
        """Look at ZServer, in a thread that may import."""
        from ZServer.HTTPServer import zhttp_handler
        self._usual = zhttp_handler.get_environment.__func__
        self._names.clear()
        self._template = self._latest = self._parsed = None, None, None

    def facts(self, request):
        """What access judges of medusa's request, whatever Zope's handler
        makes of it; ValueError for a header without a colon."""
        channel, headers = request.channel, self._parse(request)[2]
        return Facts(request.command.upper(), request.version, peer(channel),
                     getattr(channel.server, 'views_only', False), headers,
                     # Medusa has cut off all before the path of its uri.
                     (request.request.split(None, 2)[1:2] or [''])[0],
                     self._site.signs.note(channel, headers), channel.socket)

    def _parse(self, request):
        """(header lines, the same as [name, value], {name: value} of facts)"""
        parsed = self._parsed
        if request.header != parsed[0]:
            fields = [line.split(':', 1) for line in request.header]
            # Zope's own handling of a request may change its list.
            parsed = self._parsed = (list(request.header), fields,
                                     _joined(fields))
        return parsed

    def make(self, request, body, zope, mount):
        """A new environ for medusa's request; ``zope`` is Zope's handler.

        Raises whatever Zope's handler raises for a request that is broken.
        """
        server = request.channel.server
        known_server, known_zope, template = self._template
        if known_server is not server or known_zope is not zope:
            template = (self._steady_template(server, zope)
                        if self._is_usual(server, zope) else None)
            self._template = server, zope, template
        if template is not None:
            environ = self._quickly(request, zope, template.copy())
        else:
            environ = zope.get_environment(request)
            environ['wsgi.url_scheme'] = guess_scheme(environ)
            environ.pop('PATH_TRANSLATED', None)
            environ.setdefault('QUERY_STRING', '')
            environ.setdefault('REMOTE_HOST', request.channel.addr[0])
            environ.update(self._steady(server))
        complete(environ, request, body, mount)
        return environ

    def _steady(self, server):
        """What Zope's handler does not say, the same for each request."""
        return {
            'PATH_INFO': '',
            'wsgi.version': (1, 0),
            'wsgi.input_terminated': True,
            'wsgi.multithread': True,
            'wsgi.multiprocess': False,
            'wsgi.run_once': False,
            'zserverviews.site': self._site,
            'zserverviews.server': self._state,
            'zserverviews.reserved': getattr(server, 'views_only', False)}

    def _steady_template(self, server, zope):
        template = self._steady(server)
        template.update({
            'SERVER_PORT': str(server.port),
            'SERVER_NAME': server.request_server_name,
            'SERVER_SOFTWARE': server.SERVER_IDENT,
            'SCRIPT_NAME': '' if zope.uri_base == '/' else zope.uri_base,
            'GATEWAY_INTERFACE': 'CGI/1.1',
            'QUERY_STRING': '',
            # Nothing but an override can say HTTPS.
            'wsgi.url_scheme': 'http'})
        return template

    def _is_usual(self, server, zope):
        """Whether only what is done below goes into Zope's environ."""
        method = getattr(zope.get_environment, '__func__', None)
        return (method is self._usual
                and not zope.env_override
                # For some clients of WebDAV there is a key of its own, and
                # with a resolver the name of the client.
                and zope._wdav_client_reg is None
                and not hasattr(server.logger, 'resolver'))

    def _quickly(self, request, zope, environ):
        channel = request.channel
        environ['REQUEST_METHOD'] = request.command.upper()
        environ['SERVER_PROTOCOL'] = 'HTTP/' + request.version
        environ['channel.creation_time'] = channel.creation_time
        environ['REMOTE_ADDR'] = environ['REMOTE_HOST'] = channel.addr[0]
        if '?' in request.uri or '#' in request.uri:
            environ['QUERY_STRING'] = _query(request)
        header, known_zope, found = self._latest
        if request.header != header or known_zope is not zope:
            found = self._headers(request, zope)
            self._latest = list(request.header), zope, found
        environ.update(found)
        return environ

    def _headers(self, request, zope):
        """{key: value} of the headers."""
        found, names = {}, self._names
        for name, value in self._parse(request)[1]:
            value = value.strip()
            if value:
                key, first = names.get(name) or self._learn(
                    name, request, zope)
                if key is not None and not (first and key in found):
                    found[key] = value
        return found

    def _learn(self, name, request, zope):
        """(key, whether the first header of that name counts, or the last)

        The key is None for a header that Zope leaves out: Zope 2.13 does so
        with some that could be taken for others. So Zope is asked.
        """
        environs = []
        headers = request.header
        try:
            for request.header in [], [name + ': 1', name + ': 2']:
                environs.append(zope.get_environment(request))
        finally:
            request.header = headers
        without, with_it = environs
        found = None, True
        for key in with_it:
            if key not in without:
                found = key, with_it[key] == '1'
        if len(self._names) < MOST_NAMES:
            self._names[name] = found
        return found


def _joined(fields):
    """{name: value} as CGI writes names; of one that comes twice, both values.

    Environs have the first or the last, and none that is empty. But whether a
    header is there at all decides too who may see a view.
    """
    headers = {}
    for name, value in fields:
        name, value = cgi_name(name), value.strip()
        if name in headers:
            value = headers[name] + ', ' + value
        headers[name] = value
    return headers


def peer(channel):
    """The address of the client, '' on a unix socket."""
    return ('' if getattr(channel.server, 'is_unix', False)
            else channel.addr[0])


def _query(request):
    query = request.split_uri()[2]
    return query[1:] if query else ''


def complete(environ, request, body, mount):
    """What is of this request alone."""
    channel = request.channel
    environ['SCRIPT_NAME'] += mount.script_name
    environ['REMOTE_PORT'] = str(channel.addr[1])
    environ['REQUEST_URI'] = request.uri
    environ['wsgi.input'] = body
    environ['wsgi.errors'] = sys.stderr
    # Not REMOTE_ADDR, which the site's configuration may set.
    environ['zserverviews.peer'] = peer(channel)
