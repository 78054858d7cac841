"""What all views of the monitor suite share: their HTTP.

A view of the suite is one instance of a subclass of `MonitorView`. Its method
`MonitorView.collect` returns the data, and one method for each format makes
the text. This module handles methods, parameters, the choice of the format and the
headers.

Everything runs in the event loop, unless the view is offloaded.
"""
from __future__ import absolute_import, division, print_function

import os

from zope.interface import implementer

from Products.ZServerViews.base import ViewError
from Products.ZServerViews.format.documents import to_json
from Products.ZServerViews.format.text import text
from Products.ZServerViews.http.accept import has_tag, preferred
from Products.ZServerViews.http.query import Choice, read
from Products.ZServerViews.interfaces import IView

PLAIN = 'text/plain; charset=utf-8'

# The formats that there are, and their Content-Type. JSON has no charset (RFC
# 8259, section 11), and here it is ASCII.
CONTENT_TYPES = {
    'text': PLAIN,
    'json': 'application/json',
    'health': 'application/health+json',
    'collapsed': PLAIN,
    'speedscope': 'application/json',
    'firefox': 'application/json',
    'pprof': 'application/octet-stream',
    'svg': 'image/svg+xml',
    'html': 'text/html; charset=utf-8',
    'prometheus': 'text/plain; version=0.0.4; charset=utf-8',
    'openmetrics':
        'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

# The key of an environ for the values of its parameters, once they are read.
VALUES = 'zserverviews.parameters'

# Nothing may be stored, and no browser may take a text for a page.
HEADERS = [('Cache-Control', 'no-store'),
           ('X-Content-Type-Options', 'nosniff')]

# A picture with scripts is opened in a page of its own, which may do nothing
# in the name of the site's.
SVG_HEADERS = [('Content-Security-Policy', "sandbox allow-scripts "
                 "allow-modals; default-src 'none'; script-src 'unsafe-inline'; "
                 "style-src 'unsafe-inline'")]


class Found(object):
    """What a view has collected for one request: an attribute for each
    argument. Each view has a class of its own, which says what they are.

    No named tuple: some views fill it step by step.
    """

    def __init__(self, **values):
        self.__dict__.update(values)


# What a site has only while a view that needs it is mounted.
PARTS = ('recorder', 'process', 'metrics', 'databases', 'history', 'log_levels',
         'profiler', 'memory')
TAKEN_OUT = u'This view has just been taken out of the configuration.\n'


class Asked(object):
    """One request for a view of the suite.

    ``environ``
        As PEP 3333 has it.
    ``site``, ``server``
        What the view may read: the Site, and the IServerState, which is None
        where a server does not tell.
    ``method``
        GET for HEAD too.
    ``values``
        {name: value} of the view's parameters.
    ``format``
        The name of the format.
    ``pid``, ``worker``
        The number of this process, and the one that the server gives it among
        its workers, or None.
    ``tag``
        The ETag of what was collected; None where a view has none.
    """

    tag = None

    def __init__(self, environ):
        self.environ = environ
        self.site = environ.get('zserverviews.site')
        self.server = environ.get('zserverviews.server')
        self.method = environ['REQUEST_METHOD']
        if self.method == 'HEAD':
            self.method = 'GET'
        self.values = {}
        self.format = 'text'
        self.pid = os.getpid()
        self.worker = None if self.server is None else self.server.worker


@implementer(IView)
class MonitorView(object):
    """A view of the suite.

    Attributes that a subclass sets:

    ``name``
        Below the path of the suite.
    ``summary``
        One line for the index.
    ``tier``
        Who may see it, see `access`.
    ``needs_recorder``
        Whether requests for the site must be recorded for it.
    ``needs_process``
        Whether the versions of this process must be looked up for it.
    ``needs_metrics``
        Whether more must be counted and measured for it, see
        `monitor.metrics`.
    ``needs_trail``
        Whether it shows the last ten minutes of these, see `monitor.trail`.
    ``needs_databases``
        Whether the databases must be watched for it.
    ``needs_history``
        Whether the past must be recorded for it, see `history`. It needs the
        four above too.
    ``needs_log_levels``
        Whether it changes levels of loggers, or shows what that brings.
    ``needs_profiler``
        Whether it starts profiles, see `profiling`. It needs the recorder too.
    ``needs_memory``
        Whether it tells of the memory, see `monitor.memory`. It needs the
        recorder too.
    ``asks_server``
        Whether it asks ``asked.server``. If the view is offloaded, that is a
        `runtime.seen_server.SeenServer`.
    ``methods``
        The methods that it answers.
    ``formats``
        Names of formats, the favourite first.
    ``parameters``
        Those that it knows beside ``format``: see `parameters`.
    ``varies_by``
        Names of request headers that its answers depend on, beside Accept.
    ``ignores_others``
        Whether it answers 400 to no parameter for not knowing it.
    """

    name = None
    summary = u''
    tier = 'operator'
    needs_recorder = False
    needs_process = False
    needs_metrics = False
    needs_trail = False
    needs_databases = False
    needs_history = False
    needs_log_levels = False
    needs_profiler = False
    needs_memory = False
    asks_server = False
    methods = ('GET', 'HEAD')
    formats = ('text', 'json')
    parameters = ()
    varies_by = ()
    ignores_others = False

    def collect(self, asked):
        """What the view knows, for one request: whatever the methods below
        take. May raise ViewError; its message is a text."""
        raise NotImplementedError

    def status(self, found):
        """The status line for what was collected."""
        return '200 OK'

    def headers(self, asked):
        """Further (name, value) pairs for what was collected."""
        return []

    def as_text(self, found):
        """For people: lines of at most 80 columns."""
        raise NotImplementedError

    def document(self, found):
        """For programs: a value that JSON can hold."""
        raise NotImplementedError

    def as_json(self, found):
        return to_json(self.document(found))

    def known_parameters(self):
        """All parameters, ``format`` first."""
        return (Choice('format', self.formats),) + tuple(self.parameters)

    def __call__(self, environ, start_response):
        asked = Asked(environ)
        try:
            self._understand(asked)
            found = self.collect(asked)
        except ViewError as error:
            return self._refuse(asked, error, start_response)
        except Exception:
            if not self._is_taken_out(asked.site):
                raise
            return self._refuse(asked, ViewError('404 Not Found', TAKEN_OUT),
                                start_response)
        if has_tag(environ.get('HTTP_IF_NONE_MATCH'), asked.tag):
            return self._not_modified(asked, start_response)
        body = getattr(self, 'as_' + asked.format)(found)
        return self._answered(self.status(found), asked.format,
                              self.headers(asked) + _tagged(asked.tag), body,
                              start_response)

    def _is_taken_out(self, site):
        """Whether a later configuration has taken this view away meanwhile, and
        with it what it needs."""
        return any(getattr(self, 'needs_' + part)
                   and getattr(site, part, self) is None for part in PARTS)

    def values(self, environ):
        """{name: value} of the parameters in an environ; raises ViewError.

        Read once for each request: what decides whether the view is offloaded
        leaves them in the environ.
        """
        found = environ.get(VALUES)
        if found is None:
            found = environ[VALUES] = read(
                environ.get('QUERY_STRING', ''), self.known_parameters(),
                self.ignores_others)
        return dict(found)

    def _understand(self, asked):
        # By Accept first: a mistake in the query is told in some format too.
        asked.format = self._accepted(asked.environ)
        if asked.environ['REQUEST_METHOD'] not in self.methods:
            raise ViewError('405 Method Not Allowed',
                            u'This view answers %s.\n'
                            % u', '.join(self.methods),
                            [('Allow', ', '.join(self.methods))])
        asked.values = self.values(asked.environ)
        asked.format = asked.values.pop('format') or asked.format

    def _accepted(self, environ):
        types = [CONTENT_TYPES[name].partition(';')[0]
                 for name in self.formats]
        return self.formats[preferred(environ.get('HTTP_ACCEPT'), types)]

    def _refuse(self, asked, error, start_response):
        if 'json' not in CONTENT_TYPES[asked.format]:
            return self._answered(error.status, 'text', error.headers,
                                  text(error.message), start_response)
        return self._answered(
            error.status, 'json', error.headers,
            to_json({'error': text(error.message).rstrip(u'\n')}),
            start_response)

    def _answered(self, status, format_name, headers, body, start_response):
        data = body if isinstance(body, bytes) else body.encode('utf-8')
        start_response(status, [
            ('Content-Type', CONTENT_TYPES[format_name]),
            ('Content-Length', str(len(data))),
            self._vary()] + HEADERS + list(headers))
        return [data]

    def _not_modified(self, asked, start_response):
        start_response('304 Not Modified',
                       [self._vary()] + HEADERS + _tagged(asked.tag))
        return [b'']

    def _vary(self):
        return 'Vary', ', '.join(('Accept',) + self.varies_by)


def _tagged(tag):
    return [] if tag is None else [('ETag', tag)]


def facts(pairs):
    """Lines of names and values, the values aligned behind the names."""
    pairs = [(text(name), text(value)) for name, value in pairs]
    width = max(len(name) for name, _value in pairs)
    return u''.join(u'%s  %s\n' % (name.ljust(width), value)
                    for name, value in pairs)
