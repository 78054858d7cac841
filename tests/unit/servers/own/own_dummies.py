"""A hook without a server: tests call it as one would."""
from __future__ import absolute_import, division, print_function

import io
import threading

from Products.ZServerViews.config.settings import ProcessSettings
from Products.ZServerViews.runtime import site as site_module
from Products.ZServerViews.runtime.routes import Routes
from Products.ZServerViews.servers.own.hook import OwnHook
from Products.ZServerViews.servers.waitress.elsewhere import Opener
from Products.ZServerViews.servers.waitress.main_port import PortMaker
from tests.unit import dummies


class Pipeline(object):
    """As `ZPublisher.httpexceptions.HTTPExceptionHandler`."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        return self.application(environ, start_response)


class Zope(object):
    """As `zopeapp.startup`."""

    def __init__(self):
        # Of its own: a trampoline stays for ever.
        self.pipeline = type('Pipeline', (Pipeline,), {})
        self.calls = []

    def outermost(self):
        return self.pipeline

    def when_started(self, call):
        self.calls.append(call)


def application(environ, start_response):
    start_response('200 OK', [])
    return [b'the site']


class Hooked(object):
    """A site, its hook, and a pipeline to call."""

    def __init__(self, *mounts, **settings):
        pools = settings.pop('pools', ())
        self.site = site_module.Site()
        self.site.settings = ProcessSettings(settings)
        self.site.log_queue = dummies.LogQueue()
        self.site.run = lambda: None
        self.table = self.site.table = Routes()
        self.table.replace(mounts)
        self.zope = Zope()
        self.hook = OwnHook(self.table, self.site, self.zope,
                            Opener(self.table, self.site), pools,
                            PortMaker(self.table, self.site))
        self.site.when_a_loop_begins = self._loop_begins
        self.hook.install()
        self.pipeline = self.zope.pipeline(application)

    def _loop_begins(self):
        if not self.hook.serves:
            self.hook.rest()

    def ask(self, path, pipeline=None, **given):
        return Answer((pipeline or self.pipeline), environ(path, **given))

    def close(self):
        self.hook.uninstall()


class Answer(object):
    def __init__(self, pipeline, environ):
        self.status = self.headers = None
        self.result = pipeline(environ, self._start)

    def _start(self, status, headers, exc_info=None):
        self.status, self.headers = status, headers

    @property
    def body(self):
        try:
            return b''.join(self.result)
        finally:
            close = getattr(self.result, 'close', None)
            if close is not None:
                close()


def environ(path='/a', method='GET', body=b'', **given):
    made = {'REQUEST_METHOD': method, 'PATH_INFO': path, 'SCRIPT_NAME': '',
            'QUERY_STRING': '', 'SERVER_PROTOCOL': 'HTTP/1.1',
            'REQUEST_URI': path, 'HTTP_HOST': 'localhost',
            'REMOTE_ADDR': '127.0.0.1', 'wsgi.input': io.BytesIO(body)}
    if body:
        made['CONTENT_LENGTH'] = str(len(body))
    made.update(given)
    return made


def thread_of_view():
    """A view that notes in which threads it runs, and that list."""
    threads = []

    def view(environ, start_response):
        threads.append(threading.current_thread().name)
        start_response('200 OK', [('X-Here', 'yes'), ('Connection', 'close')])
        return [b'a view']

    return view, threads
