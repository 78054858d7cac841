"""Servers of waitress, with views and an application that tell all they get."""
from __future__ import absolute_import, division, print_function

import io
import logging
import os
import re
import sys
import threading

from paste.translogger import TransLogger
from waitress.server import create_server

from Products.ZServerViews.base import TextView
from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.service import Service
from tests.functional.heads.scripts import TOKEN
from tests.unit.config.test_sections import load

MODULE = 'tests.functional.heads.site.'
PROXY = {'trusted_proxy': '127.0.0.1', 'trusted_proxy_count': 1,
         'trusted_proxy_headers': 'x-forwarded-for x-forwarded-proto '
                                  'x-forwarded-host x-forwarded-port',
         'clear_untrusted_proxy_headers': True}
# {name: (settings, whether it is reached by a unix socket)}. The second one has
# the same settings as the first, in one loop with it.
KINDS = {'plain': ({'listen': '127.0.0.1:0 127.0.0.1:0'}, False),
         'unix': ({}, True),
         'prefix': ({'url_prefix': '/p'}, True),
         'proxied': (dict(PROXY, listen='127.0.0.1:0'), False),
         'open': ({'trusted_proxy': '*', 'url_scheme': 'https', 'ident': None,
                   'trusted_proxy_headers': 'forwarded',
                   'clear_untrusted_proxy_headers': False,
                   'expose_tracebacks': True}, True),
         'bare': ({'ident': 'other', 'server_name': 'named', 'url_prefix': '/w x',
                   'clear_untrusted_proxy_headers': False}, True)}
_TIME = re.compile(r'\[\d+/\w+/\d+[^]]*\]')


def told(environ):
    """All of an environ, as bytes that are the same in another process."""
    body = environ['wsgi.input'].read()
    return repr(sorted((key, _shown(key, value, environ))
                       for key, value in environ.items())
                ).encode('utf-8') + body


def _shown(key, value, environ):
    if key == 'zserverviews.facts':
        return [_shown(name, getattr(value, name), environ)
                for name in value.__slots__]
    if key == 'connection':
        return value.family
    if key == 'waitress.client_disconnected':
        return value()
    if key == 'wsgi.errors':
        return value is sys.stderr
    if key == 'zserverviews.server':
        # Two servers have two; what it tells goes with the server's address.
        return type(value).__name__
    if key == 'wsgi.input':
        return value.read(), type(value).__name__
    if isinstance(value, (str, int, bool, tuple, type(None))):
        return value
    if isinstance(value, dict):
        return sorted(value.items())
    return type(value).__name__, getattr(value, '__name__', None)


def answer(environ, start_response, name, *headers):
    data = name + told(environ)
    start_response('200 OK', [('Content-Length', str(len(data)))] + list(headers))
    return [data]


def application(environ, start_response):
    return answer(environ, start_response, b'application')


def all_it_gets(environ, start_response):
    return answer(environ, start_response, b'view')


def only_operators(environ, start_response):
    return answer(environ, start_response, b'operator')


only_operators.tier = 'operator'


@TextView
def text(environ):
    return u'gr\xfc\xdfe'


def closes(environ, start_response):
    return answer(environ, start_response, b'closes', ('Connection', 'close'))


def late(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    yield b'one'
    yield b''
    yield told(environ)


@TextView
def one(environ):
    return u'one'


@TextView
def two(environ):
    return u'two'


SECTION = u'''
%%import Products.ZServerViews
<zserver-views heads>
    token-file %s
    signals off
    %s
</zserver-views>
'''
VIEW = u'<view %s>\n name %s%s\n access-log %s\n</view>\n'
# (path, name, whether its answers are in the access log)
VIEWS = (('/e', 'all_it_gets', 'off'), ('/t', 'text', 'on'),
         ('/op', 'only_operators', 'on'), ('/c', 'closes', 'off'),
         ('/late', 'late', 'on'), ('/w%20x', 'all_it_gets', 'on'))
SWAPPED = ('/swap', 'one', 'off'), ('/swap', 'two', 'on'), None


class Dispatcher(object):
    """Stands for the workers: `run` does what they have to do."""

    def __init__(self):
        self.queue = []

    def add_task(self, task):
        self.queue.append(task)

    def run(self):
        while self.queue:
            self.queue.pop(0).service()

    def shutdown(self, *args, **kw):
        """Nothing runs."""


class Lines(object):
    """A file for the access log: keeps the lines of views, which another thread
    writes, apart from those of the application."""

    def __init__(self):
        self.of_views, self.of_application = [], []
        self._here = threading.current_thread()

    def write(self, text):
        (self.of_application if threading.current_thread() is self._here
         else self.of_views).extend(_TIME.sub('[]', text).splitlines())

    def flush(self):
        """It is in no buffer."""


class Site(object):
    """The servers, each kind in a map of its own, and the service of views.

    ``loops``
        {the name of a server: (its map, its address)}
    """

    def __init__(self, folder):
        self._token = os.path.join(folder, 'token')
        with io.open(self._token, 'wb') as token:
            token.write(TOKEN)
        os.chmod(self._token, 0o600)
        self.service = Service()
        self.remount(0)
        self.dispatcher, self.lines = Dispatcher(), Lines()
        logger = logging.getLogger('heads.access')
        logger.addHandler(logging.StreamHandler(self.lines))
        logger.setLevel(logging.INFO)
        logger.propagate = False
        self._application = TransLogger(application, logger=logger)
        self.loops = {}
        for name, (settings, is_unix) in sorted(KINDS.items()):
            if is_unix:
                # Views are told of this name: it is the same everywhere.
                settings = dict(settings, unix_socket=name)
            self._serve(name, settings)

    def _serve(self, name, settings):
        loop = {}
        create_server(self._application, map=loop, _dispatcher=self.dispatcher,
                      log_socket_errors=False, **settings)
        addresses = [server.socket.getsockname() for _fd, server
                     in sorted(loop.items()) if hasattr(server, 'adj')]
        for key, address in zip((name, 'second'), addresses):
            self.loops[key] = loop, address

    def remount(self, number):
        """Mount all views, and at /swap another one, or none."""
        views = [VIEW % (path, MODULE, name, log) for path, name, log in
                 VIEWS + tuple(filter(None, SWAPPED[number:number + 1]))]
        recorder = self.service.site.recorder
        self.service.configure(load(SECTION % (self._token, u''.join(views))))
        self.service.site.recorder = recorder

    def record(self):
        """Have requests recorded from now on, as for the suite of monitors."""
        self.service.site.recorder = Recorder()

    def counts(self):
        """What has been counted of each view."""
        return sorted((mount.path, sorted(
            (what, number) for what, number in mount.usage.counts.total().items()
            if what != 'seconds')) for mount in
            self.service.table.by_path.values())
