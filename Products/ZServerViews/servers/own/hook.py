"""Views on servers without a hook of their own: gunicorn, uWSGI and others.

Requests pass us in a worker, in the outermost part of Zope's own pipeline or in
the filter of `views_filter`. One for a view goes to the loop's thread, and the
worker waits for it; so on the main port a view is there while a worker is. The
listener is the loop's own.

Where the event loop of a server with a hook turns, nothing of this is in force:
there no view's request comes to the pipeline.
"""
from __future__ import absolute_import, division, print_function

import os
import sys
import threading
import weakref
from functools import partial

from Products.ZServerViews.monitor.requests import RequestSeenByWorker
from Products.ZServerViews.runtime.patching import Part, seam
from Products.ZServerViews.servers.own import beginnings
from Products.ZServerViews.servers.own.early import Early
from Products.ZServerViews.servers.own.kinds import kind_of
from Products.ZServerViews.servers.own.request import (
    TOO_LARGE,
    Handover,
    TooLarge,
    answer,
    whole_body,
)
from Products.ZServerViews.servers.own.state import KernelState
from Products.ZServerViews.servers.own.targets import (
    Connections,
    connection,
    facts_of,
    find_mount,
    is_logged,
    peer_of,
    sign_of_filter,
    target,
)
from Products.ZServerViews.servers.views_loop import ViewsLoop

# Said of a request that has passed us, so that it is looked at once.
_PASSED = 'zserverviews.passed'

# Those that are installed, for the filter.
installed = weakref.WeakSet()


def make_call(seam):
    # Not `calling`: on waitress too each request of the site passes.

    def call(pipeline, environ, start_response):
        filled = seam.filled
        if filled is None:
            return seam.original(pipeline, environ, start_response)
        return filled(seam.original, pipeline, environ, start_response)

    return call


class OwnHook(object):
    """Puts the look-up into the pipeline, and has the loop begin.

    ``zope``
        Its ``outermost()`` is the class whose ``__call__`` is the outermost
        part of Zope's pipeline, or None; ``when_started(call)`` calls that.
    ``open_listener(loop, part, hook)``
        For `views_loop.ViewsLoop`.
    ``pools``, ``make_port``
        For `early.Early`.
    ``is_reached``
        Whether a request has passed.
    """

    server_name = 'another server'

    def __init__(self, table, site, zope, open_listener, pools=(),
                 make_port=None):
        self._table = table
        self._site = site
        self._zope = zope
        self._open_listener = open_listener
        self._part = Part('The views on servers without a hook', site,
                          self._leave)
        self._connections = Connections(site.signs)
        self._early = Early(table, site, self, pools, make_port)
        self._beginning = threading.Lock()
        self._pid = None      # of the process that serves, once it does
        self._served_by = None  # what the server has told of itself
        self._loop = None
        self._filter = None   # the sign of one that stands around us
        self._contents = ()   # of seams
        self.server = ''
        self.kind = None      # a Kind, once it serves
        self.is_reached = False

    @property
    def installed(self):
        return self in installed

    @property
    def serves(self):
        """Whether its loop runs in this process."""
        return self._loop is not None

    def unusable(self):
        try:
            import waitress.wasyncore
        except ImportError as error:
            return str(error)
        return None if waitress.wasyncore else 'waitress has no wasyncore'

    def install(self):
        if self.installed:
            return
        installed.add(self)
        outermost = self._zope.outermost()
        self._contents = beginnings.seams(self.begin)
        if outermost is not None:
            self._contents.append((seam(outermost, '__call__', make_call),
                                   self._call))
        if not self._others_serve():
            self._part.fill(self._contents)
            if beginnings.is_worker_of_uwsgi():
                self._zope.when_started(partial(self.begin, 'uWSGI'))

    def uninstall(self):
        installed.discard(self)
        self._part.empty()
        self._leave()

    def rest(self):
        """The event loop of a server with a hook turns in this process."""
        if self._loop is None:
            self._part.empty()

    def begin_anew(self):
        """In a forked child: it serves nothing, as far as is known."""
        self._beginning = threading.Lock()
        self._pid = self._served_by = None
        self.is_reached = False
        self._early.leave()
        self._connections = Connections(self._site.signs)
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.forget()
        if self.installed and not self._part.in_force:
            self._part.fill(self._contents)

    def begin(self, server='', served_by=None):
        """This process serves: have the loop run; in any thread.

        The arguments are those of `kinds.kind_of`. Never raises: the server, or
        a request, would end with it.
        """
        if self._pid != os.getpid():
            self._part.attempt(self._begin, server, served_by)

    def _begin(self, server, served_by):
        self._site.forks.look()
        with self._beginning:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
            if served_by is not None:
                # Some say it once, and views may go and come.
                self._served_by = served_by
            if not self._others_serve() and self._part.in_force:
                self.server = server
                self.kind = kind_of(server, self._served_by)
                self._loop = ViewsLoop(self._site, self._part,
                                       self._listener,
                                       KernelState(self._site, self.kind))
                self._early.begin(self._served_by, self._loop, self.kind)
                self._loop.start()

    def _others_serve(self):
        site = self._site
        # Without our own, which may be about to end when views come again.
        return self._loop is None and (site.loops_are_unseen or any(
            not loop.thread_has_ended for loop in site.loops.of_servers))

    def _listener(self, loop):
        return self._open_listener(loop, self._part, self)

    def _leave(self):
        self._early.leave()
        loop, self._loop = self._loop, None
        self._pid = None
        self.is_reached = False
        if loop is not None:
            loop.stop()

    def sign_on(self, sock):
        """The sign of a proxy on a connection that workers have served."""
        return self._connections.sign_on(sock) or self._filter

    # By workers:

    def _call(self, original, handler, environ, start_response):
        def application(environ, start_response):
            return original(handler, environ, start_response)

        return self.serve(application, handler, environ, start_response)

    def serve(self, application, pipeline, environ, start_response):
        """Answer a request, or have the application do it.

        ``pipeline``
            Leads to the filter that writes the access log.
        """
        if not self._part.in_force or _PASSED in environ:
            return application(environ, start_response)
        asked = recorder = None
        try:
            environ[_PASSED] = True
            asked = self._asked(pipeline, environ, start_response)
            recorder = self._site.recorder
        except Exception:
            self._part.failed()
        if asked is not None:
            return self._answer(asked, environ, start_response)
        if recorder is None:
            return application(environ, start_response)
        return self._recorded(recorder, application, environ, start_response)

    def _asked(self, pipeline, environ, start_response):
        """(loop, mount, facts) if the request is for a view; else None."""
        self.begin(environ.get('SERVER_SOFTWARE', ''))
        loop = self._loop
        if not self.is_reached and loop is not None:
            self._filter = sign_of_filter(sys._getframe())
            self.is_reached = True
            # One that stands around us writes a line anyway.
            loop.log_by(None if is_logged(start_response) else pipeline)
        sock = connection(environ) or self._early.connection(environ)
        sign = None if sock is None else self._connections.note(sock, environ)
        mount = find_mount(self._table, environ)
        if mount is None or loop is None:
            return None
        if sign is None and sock is not None and mount.tier is not None:
            sign = sign_of_filter(sys._getframe())
        return loop, mount, facts_of(environ, sock, sign)

    def _answer(self, asked, environ, start_response):
        loop, mount, facts = asked
        try:
            # No net: what the server raises for a client's fault is for itself.
            body = whole_body(environ)
        except TooLarge:
            start_response(*TOO_LARGE[:2])
            return [TOO_LARGE[2]]
        environ = self._for_view(mount, environ, body, facts)
        environ['zserverviews.server'] = loop.state
        handover = Handover(mount, environ, facts, self._site, loop)
        loop.hand_over(handover)
        return answer(handover, start_response)

    def _for_view(self, mount, environ, body, facts):
        environ = dict(environ)
        environ['wsgi.input'] = body
        environ['SCRIPT_NAME'] = (environ.get('SCRIPT_NAME') or ''
                                  ) + mount.script_name
        environ['PATH_INFO'] = ''
        environ.setdefault('REQUEST_URI', facts.target)
        environ.setdefault('SERVER_SOFTWARE', self.server)
        environ['zserverviews.site'] = self._site
        environ['zserverviews.reserved'] = False
        environ['zserverviews.peer'] = facts.peer
        environ['zserverviews.facts'] = facts
        return environ

    def _recorded(self, recorder, application, environ, start_response):
        """The same as the application, and the recorder told of it.

        What is sent behind the return is the server's business, of which
        nothing shows here.
        """
        sock = connection(environ) or self._early.connection(environ)
        client = environ.get('REMOTE_ADDR') or None
        called = (environ['REQUEST_METHOD'],
                  target(environ) or environ.get('PATH_INFO', ''))
        record = self._early.taken(sock)
        if record is None:
            record = RequestSeenByWorker(
                called[0], called[1], recorder.now(),
                client if sock is None else peer_of(sock), lambda: client)
        else:
            record.is_called(called, lambda: client)
        recorder.begins(record)

        def start(status, *args, **kw):
            record.status = status[:3]
            return start_response(status, *args, **kw)

        try:
            return application(environ, start)
        finally:
            recorder.ends(record)
