"""The servers that are compared. All send the same body of the same length.

view        waitress with the hook; the text comes from a TextView
logged      the same with an access log in a file: Paste's TransLogger stands
            around the application, as mkwsgiinstance has it
unlogged    as view, with access-log=off
mounted     as unlogged, one of 10,000 views
worker      waitress as it is; the text comes from a trivial WSGI application
            in a worker
hooked      the same application, with the hook installed and a view mounted
            elsewhere: a request that is no view's
published   as hooked, and the application fires the two events of Zope's
            publisher that the recorder listens to
recorded    the same with the monitor suite mounted: each request is recorded
zope        waitress as it is; a page that Zope publishes in a worker
zope-hooked, zope-recorded
            the same with the hook, and with the monitor suite
zope-uncounted
            the same with the suite but for the views that have requests and
            databases counted
floor       waitress's parser, and canned bytes sent from the same loop: what
            any in-loop answer on this server could reach at best
"""
from __future__ import absolute_import, division, print_function

import logging
import os
import tempfile
import threading
from email.utils import formatdate

from waitress import create_server
from waitress.channel import HTTPChannel

from Products.ZServerViews.base import TextView
from Products.ZServerViews.service import Service
from Products.ZServerViews.views import Suite, monitor

from .plain import BODY, PATH, SLEEP, TEXT, THREADS, TYPE, application

MANY = 10000
# All that have been made in this process.
services = []
BUDGET = 60.0
# 100 connections and the sleeping ones are more than waitress's default
# lets in; all targets get the same.
SETTINGS = {'listen': '127.0.0.1:0', 'threads': THREADS,
            'connection_limit': 400, 'backlog': 400}


@TextView
def text_view(environ):
    return TEXT


def publication():
    """`application`, with the events that Zope fires for each request."""
    import zope.component.event  # noqa: F401, events come to nobody before
    from zope.event import notify
    from ZPublisher.pubevents import PubAfterTraversal, PubStart

    request = ZopeRequest()

    def published(environ, start_response):
        notify(PubStart(request))
        notify(PubAfterTraversal(request))
        return application(environ, start_response)

    return published


class User(object):
    """Stands for a user of Zope's who has logged in."""

    def getId(self):
        return 'visitor'

    getUserName = getId


class ZopeRequest(object):
    """As much of Zope's request as the recorder looks at."""

    def __init__(self):
        self.other = {'AUTHENTICATED_USER': User()}


def no_text(environ, start_response):
    """Stands behind the targets that must answer from the loop: a request
    that went to a worker instead would be noticed."""
    if environ['PATH_INFO'] == SLEEP:
        threading.Event().wait()
    start_response('404 Not Found', [('Content-Length', '0')])
    return []


# The suite without what has the site's requests and databases counted.
uncounted = Suite([view for view in monitor.members
                   if not (view.needs_metrics or view.needs_databases)])


class CannedChannel(HTTPChannel):
    """Parses as waitress does, then sends bytes made long before.

    It skips what an answer really needs: the environ, the call, the head,
    order behind a worker's answer, a socket that takes only a part.
    """

    canned = b''

    def received(self, data):
        while data:
            if self.request is None:
                self.request = self.parser_class(self.adj)
            taken = self.request.received(data)
            if self.request.completed:
                request, self.request = self.request, None
                self.answer(request)
            data = data[taken:]
        return True

    def answer(self, request):
        if request.path == SLEEP:
            self.requests.append(request)
            self.server.add_task(self)
        else:
            self.send(self.canned)


def canned_answer():
    head = ('HTTP/1.1 200 OK\r\nContent-Type: {0}\r\nContent-Length: {1}\r\n'
            'Server: waitress\r\nDate: {2}\r\n\r\n')
    return head.format(TYPE, len(BODY),
                       formatdate(usegmt=True)).encode('ascii') + BODY


def mount(path, options=''):
    mount_entry('{0} benchmarks.targets.text_view {1}'.format(path, options))


def mount_entry(entry):
    return mount_entries({'text': entry})


def mount_many(number):
    """The text at PATH, among so many views."""
    text = 'benchmarks.targets.text_view access-log=off'
    entries = dict(('view-{0}'.format(index),
                    '/some/folder/view-{0} {1}'.format(index, text))
                   for index in range(number - 1))
    return mount_entries(dict(entries, text='{0} {1}'.format(PATH, text)))


def mount_entries(entries):
    service = Service()
    services.append(service)
    service.configure({'zserver-views': entries})
    # Whoever shares the machine may stop the process for as long as the
    # default allows a view, and the text would run aside from then on.
    service.site.settings.view_budget = BUDGET
    if not any(hook.installed for hook in service.hooks):
        raise RuntimeError('the hook is not installed')
    return service


def mount_suite():
    """The Service, which records all requests for the site."""
    service = mount_entry('/-/ Products.ZServerViews.views.monitor')
    if service.site.recorder is None:
        raise RuntimeError('no request is recorded')
    return service


def mount_uncounted():
    """The Service, which records all requests and counts nothing of them."""
    service = mount_entry('/-/ benchmarks.targets.uncounted')
    if service.site.metrics is not None or service.site.recorder is None:
        raise RuntimeError('requests are counted, or are not recorded')
    return service


def prepare_floor(server):
    server.channel_class = type('Canned', (CannedChannel,),
                                {'canned': canned_answer()})


def behind(name):
    """The application that the workers of a target call."""
    if name in ('published', 'recorded'):
        return publication()
    if name.startswith('zope'):
        # Zope cannot be imported without consequences.
        from . import published
        return published.application()
    if name == 'logged':
        return logged(no_text)
    return application if name in ('worker', 'hooked') else no_text


def logged(called):
    """An application, with a line for each request in a file without a name."""
    from paste.translogger import TransLogger
    number, path = tempfile.mkstemp()
    os.close(number)
    logger = logging.getLogger('benchmarks.access')
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(logging.FileHandler(path))
    os.remove(path)
    return TransLogger(called, logger=logger, setup_console_handler=False)


def make(name, **settings):
    """The waitress server of that name, bound to a free port, not running."""
    # At 100 connections waitress would write a line for each request; a site
    # that sends them to a file pays for it. Here nobody does.
    logging.getLogger('waitress.queue').setLevel(logging.ERROR)
    # Before views are mounted: Zope at its start has none to mount.
    called = behind(name)
    if name in ('view', 'logged'):
        mount(PATH)
    elif name == 'unlogged':
        mount(PATH, 'access-log=off')
    elif name == 'mounted':
        mount_many(MANY)
    elif name in ('hooked', 'published', 'zope-hooked'):
        mount(PATH + '-elsewhere')
    elif name in ('recorded', 'zope-recorded'):
        mount_suite()
    elif name == 'zope-uncounted':
        mount_uncounted()
    elif name not in ('worker', 'floor', 'zope'):
        raise ValueError('no target {0!r}'.format(name))
    server = create_server(called, map={}, **dict(SETTINGS, **settings))
    if name == 'floor':
        prepare_floor(server)
    return server
