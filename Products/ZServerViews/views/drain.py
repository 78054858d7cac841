"""``/-/drain``: takes the process out of a load balancer, and puts it back.

While the process is draining it is not ready, and each response ends its
connection. Nothing else changes: it listens and serves all requests.
"""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews.base import ViewError
from Products.ZServerViews.views.changing import require_change
from Products.ZServerViews.views.formatted import Found, MonitorView, facts
from Products.ZServerViews.views.requests import in_flight


class State(Found):
    """Whether the process drains.

    ``draining``
        Whether no more requests are wanted.
    ``ending``
        Whether the process is to end, which SIGTERM asks for.
    ``in_flight``
        How many requests are not answered in full, but for this one.
    """


class DrainView(MonitorView):
    """GET tells the state; POST begins to drain, DELETE ends it."""

    name = 'drain'
    summary = u'the state of draining; POST begins it, DELETE ends it'
    needs_recorder = True
    asks_server = True
    methods = ('GET', 'HEAD', 'POST', 'DELETE')

    def collect(self, asked):
        site = asked.site
        if asked.method != 'GET':
            self._change(asked)
        return State(draining=site.drain.draining, ending=site.drain.active,
                     in_flight=in_flight(site, asked.server))

    def _change(self, asked):
        site = asked.site
        require_change(asked)
        if asked.method == 'POST':
            if not site.drain.held:
                site.drain.hold()
                site.log_queue.log(logging.WARNING, 'Draining has begun on '
                                   'request')
            return
        if site.drain.active:
            raise ViewError('409 Conflict', u'The process is to end: there is '
                            u'no way back.\n')
        if site.drain.held:
            site.drain.release()
            site.log_queue.log(logging.WARNING, 'Draining has ended on '
                               'request')

    def as_text(self, found):
        return facts([(u'draining', _word(found.draining)),
                      (u'the process is to end', _word(found.ending)),
                      (u'requests in flight', found.in_flight)])

    def document(self, found):
        return vars(found)


def _word(value):
    return u'yes' if value else u'no'


drain = DrainView()
