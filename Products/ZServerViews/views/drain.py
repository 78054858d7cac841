"""``/-/drain``: have a load balancer send no more requests, or again.

While the process drains it is not ready, and each answer ends its connection.
Nothing else changes: it listens, and it serves what comes.
"""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews.base import ViewError
from Products.ZServerViews.views.base import Found, MonitorView, facts
from Products.ZServerViews.views.requests import all_requests


class State(Found):
    """Whether the process drains.

    ``draining``
        Whether no more requests are wanted.
    ``ending``
        Whether the process is to end, which SIGTERM asks for.
    ``in_flight``
        How many requests for the site wait or are in work.
    """


class DrainView(MonitorView):
    """GET tells the state; POST begins to drain, DELETE ends it."""

    name = 'drain'
    summary = u'the state of draining; POST begins it, DELETE ends it'
    needs_recorder = True
    methods = ('GET', 'HEAD', 'POST', 'DELETE')

    def collect(self, asked):
        site = asked.site
        if asked.method != 'GET':
            self._change(asked)
        return State(draining=site.drain.draining, ending=site.drain.active,
                     in_flight=len(all_requests(site, asked.server)))

    def _change(self, asked):
        site = asked.site
        # The view has one tier, which is for those who read.
        if not site.access.allowed('change', asked.environ):
            raise ViewError('404 Not Found',
                            u'There is no view at this path.\n')
        if asked.method == 'POST':
            if not site.drain.held:
                site.drain.hold()
                site.journal.log(logging.WARNING, 'Draining has begun: '
                                 'somebody has asked for it')
            return
        if site.drain.active:
            raise ViewError('409 Conflict', u'The process is to end: there is '
                            u'no way back.\n')
        if site.drain.held:
            site.drain.release()
            site.journal.log(logging.WARNING, 'Draining has ended: somebody '
                             'has asked for it')

    def as_text(self, found):
        return facts([(u'draining', _word(found.draining)),
                      (u'the process is to end', _word(found.ending)),
                      (u'requests in flight', found.in_flight)])

    def document(self, found):
        return vars(found)


def _word(value):
    return u'yes' if value else u'no'


drain = DrainView()
