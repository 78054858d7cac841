"""Pages of a real Zope for the functional cases; registered in its ZCML."""
from __future__ import absolute_import, division, print_function

import ctypes
import logging
import sys
import threading
import time

import fixture_views
from Products.Five.browser import BrowserView
from zope.component import adapter
from zope.interface import implementer
from zope.publisher.interfaces import IPublishTraverse
from ZPublisher.interfaces import IPubStart
from ZPublisher.Iterators import IStreamIterator

from Products.ZServerViews import update_configuration


@adapter(IPubStart)
def tell_the_worker(event):
    """Each answer of Zope itself says which thread made it."""
    event.request.response.setHeader(
        'X-Thread', str(threading.current_thread().ident))


class Wait(BrowserView):
    """Keeps its worker until the gate opens."""

    def __call__(self):
        fixture_views.waiting.append(threading.current_thread().ident)
        if not fixture_views.gate.wait(120):
            raise RuntimeError('nobody opened the gate')
        return 'waited ' + self.request.form.get('name', '')


class HoldLogs(BrowserView):
    """Keeps its worker, and the lock of every log handler."""

    def __call__(self):
        handlers = [reference() for reference in logging._handlerList]
        for handler in handlers:
            handler.acquire()
        try:
            Wait(self.context, self.request)()
        finally:
            for handler in handlers:
                handler.release()
        return 'held'


class Echo(BrowserView):
    """Says what it was asked."""

    def __call__(self):
        body = self.request.get('BODY') or b''
        return 'echo %s %d' % (self.request.form.get('name', ''), len(body))


class Import(BrowserView):
    """Keeps its worker inside an import."""

    def __call__(self):
        sys.modules.pop('slow_import', None)
        import slow_import
        return 'imported ' + slow_import.__name__


class Nap(BrowserView):
    """Keeps its worker for so many seconds."""

    def __call__(self):
        time.sleep(float(self.request.form['seconds']))
        return 'awake'


class KeepLock(BrowserView):
    """Keeps the lock of the interpreter for so many seconds, in C."""

    def __call__(self):
        ctypes.PyDLL(None).sleep(int(self.request.form['name']))
        return 'kept'


class Secrets(BrowserView):
    """Keeps its worker, and what its client has sent in local variables."""

    def __call__(self):
        request = self.request
        secrets = [request._auth,
                   request.cookies, request.form, request['QUERY_STRING']]
        assert all(secrets), secrets
        for secret in secrets:
            Wait(self.context, request)()
        return 'kept'


class Deadlock(BrowserView):
    """Two requests, one with name=first, keep each other's workers."""

    def __call__(self):
        try:
            if self.request.form['name'] == 'first':
                self.first()
            else:
                self.second()
        except threading.ThreadError:
            pass  # somebody has broken the deadlock
        return 'free'

    def first(self):
        with fixture_views.locks[0]:
            self.meet()
            with fixture_views.locks[1]:  # deadlock of the first
                pass

    def second(self):
        with fixture_views.locks[1]:
            self.meet()
            with fixture_views.locks[0]:  # deadlock of the second
                pass

    def meet(self):
        fixture_views.waiting.append(threading.current_thread().ident)
        while len(fixture_views.waiting) < 2:
            time.sleep(0.01)


@implementer(IStreamIterator)
class Parts(object):
    """One part, and the other when the gate opens."""

    def __init__(self, view):
        self._view = view
        self._parts = iter([b'x' * 1000, b'y' * 24])

    def __iter__(self):
        return self

    def __next__(self):
        part = next(self._parts)
        if part.startswith(b'y'):
            self._view()
        return part

    next = __next__

    def __len__(self):
        return 1024


class Stream(BrowserView):
    """Keeps its worker when a part of the answer has been handed over."""

    def __call__(self):
        response = self.request.response
        response.setHeader('Content-Length', '1024')
        parts = Parts(Wait(self.context, self.request))
        if not hasattr(response, 'http_chunk'):
            return parts
        # ZServer would take the parts of an iterator in its loop.
        for part in parts:
            response.write(part)


@implementer(IPublishTraverse)
class Traversed(BrowserView):
    """Keeps its worker while Zope looks for what the path means."""

    def publishTraverse(self, request, name):
        Wait(self.context, self.request)()
        return self

    def __call__(self):
        return 'found'


class AddView(BrowserView):
    """Calls update_configuration in a worker, while the server runs."""

    def __call__(self):
        form = self.request.form
        update_configuration({form['key']: form['entry']})
        return 'added'
