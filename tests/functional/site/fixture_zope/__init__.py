"""Pages of a real Zope for the functional cases; registered in its ZCML."""
from __future__ import absolute_import, division, print_function

import threading

import fixture_views
from Products.Five.browser import BrowserView
from zope.component import adapter
from ZPublisher.interfaces import IPubStart

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


class Echo(BrowserView):
    """Says what it was asked."""

    def __call__(self):
        body = self.request.get('BODY') or b''
        return 'echo %s %d' % (self.request.form.get('name', ''), len(body))


class AddView(BrowserView):
    """Calls update_configuration in a worker, while the server runs."""

    def __call__(self):
        form = self.request.form
        update_configuration({form['key']: form['entry']})
        return 'added'
