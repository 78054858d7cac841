"""What all views of the monitor suite share: their HTTP.

A view of the suite is one object of a subclass of `MonitorView`. It says what
it knows in `MonitorView.collect`, and how that looks in one method for each
format. The rest is here: methods, parameters, the choice of the format, the
headers.

Everything runs in the loop, unless the view runs aside.
"""
from __future__ import absolute_import, division, print_function

from zope.interface import implementer

from Products.ZServerViews.base import ViewError
from Products.ZServerViews.interfaces import IView
from Products.ZServerViews.monitor.formats import text, to_json
from Products.ZServerViews.views.accept import preferred
from Products.ZServerViews.views.parameters import Choice, read

PLAIN = 'text/plain; charset=utf-8'

# The formats that there are, and their Content-Type. JSON has no charset (RFC
# 8259, section 11), and here it is ASCII.
CONTENT_TYPES = {
    'text': PLAIN,
    'json': 'application/json',
    'health': 'application/health+json',
    'collapsed': PLAIN,
    'speedscope': 'application/json',
}

# Nothing may be stored, and no browser may take a text for a page.
HEADERS = [('Cache-Control', 'no-store'),
           ('X-Content-Type-Options', 'nosniff')]


class Found(object):
    """What a view has collected for one request: an attribute for each
    argument. Each view has a class of its own, which says what they are.

    No named tuple: to make one for each view takes a millisecond of the start.
    """

    def __init__(self, **values):
        self.__dict__.update(values)


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
    """

    def __init__(self, environ):
        self.environ = environ
        self.site = environ.get('zserverviews.site')
        self.server = environ.get('zserverviews.server')
        self.method = environ['REQUEST_METHOD']
        if self.method == 'HEAD':
            self.method = 'GET'
        self.values = {}
        self.format = 'text'


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
    ``methods``
        The methods that it answers.
    ``formats``
        Names of formats, the favourite first.
    ``parameters``
        Those that it knows beside ``format``: see `parameters`.
    """

    name = None
    summary = u''
    tier = 'operator'
    needs_recorder = False
    needs_process = False
    methods = ('GET', 'HEAD')
    formats = ('text', 'json')
    parameters = ()

    def collect(self, asked):
        """What the view knows, for one request: whatever the methods below
        take. May raise ViewError; its message is a text."""
        raise NotImplementedError

    def status(self, found):
        """The status line for what was collected."""
        return '200 OK'

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
        body = getattr(self, 'as_' + asked.format)(found)
        return _answer(self.status(found), asked.format, (), body,
                       start_response)

    def values(self, environ):
        """{name: value} of the parameters in an environ; raises ViewError."""
        return read(environ.get('QUERY_STRING', ''), self.known_parameters())

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
        if CONTENT_TYPES[asked.format] == PLAIN:
            return _answer(error.status, 'text', error.headers,
                           text(error.message), start_response)
        return _answer(error.status, 'json', error.headers,
                       to_json({'error': text(error.message)}),
                       start_response)


def _answer(status, format_name, headers, body, start_response):
    data = body.encode('utf-8')
    start_response(status, [
        ('Content-Type', CONTENT_TYPES[format_name]),
        ('Content-Length', str(len(data)))] + HEADERS + list(headers))
    return [data]


def facts(pairs):
    """Lines of names and values, the values aligned behind the names."""
    pairs = [(text(name), text(value)) for name, value in pairs]
    width = max(len(name) for name, _value in pairs)
    return u''.join(u'%s  %s\n' % (name.ljust(width), value)
                    for name, value in pairs)
