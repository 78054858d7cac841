"""``/-/requests``: each request for the site that is waiting or in work.

The data come from the server and the recorder; no object of Zope is touched.
They contain neither queries nor headers.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.tables import Column, Table
from Products.ZServerViews.format.text import WIDTH, clean, cut_middle
from Products.ZServerViews.format.units import duration, seconds, size
from Products.ZServerViews.http.query import Number
from Products.ZServerViews.monitor.requests import oldest_first, oldest_wait
from Products.ZServerViews.monitor.threads import thread_names
from Products.ZServerViews.views.formatted import Found, MonitorView

MOST = 1000


class Requests(Found):
    """All requests at one moment.

    ``requests``, ``omitted``
        The oldest ones, that one first, and the number of the others.
    ``in_work``, ``waiting``, ``oldest_wait_seconds``
        How many are in work and how many wait; the longest wait of those that
        do. The last two are None where the server does not tell.
    ``names``
        {ident: name} of the threads.
    ``now``
        The moment.
    """


def all_requests(site, server):
    """The `monitor.requests.Request` of each one, in no order.

    They are copies, as of one moment: workers go on meanwhile, and none has
    two requests. One may have a request still of which the server knows no
    more, since its client has gone.
    """
    recorder = site.recorder
    current = {} if recorder is None else recorder.current.copy()
    workers = dict((id(request), ident)
                   for ident, request in current.items())
    found = [] if server is None else list(server.requests())
    known = set(map(id, found))
    found += [request for request in current.values()
              if id(request) not in known]
    copies = [request.as_seen(workers.get(id(request))) for request in found]
    return [copy for copy in copies if copy is not None]


def knows_queue(server):
    """Whether the server tells which requests wait."""
    return server is not None and server.knows_queue


def in_flight(site, server):
    """How many requests are not answered in full, but for the one that asks.

    That is what a process waits for that is to end; the server knows it. Of a
    server that tells nothing, those for the site that are known.
    """
    return len(all_requests(site, None)) if server is None else (
        server.in_flight())


class RequestsView(MonitorView):
    """The oldest requests, at most ``limit`` of them."""

    name = 'requests'
    summary = u'each request in work or waiting, the oldest first'
    tier = 'sensitive'
    needs_recorder = True
    asks_server = True
    parameters = (Number('limit', 1, MOST, MOST),)

    def collect(self, asked):
        site, server = asked.site, asked.server
        # The moment first: what comes later has not an age below nought.
        now = site.recorder.now()
        requests = oldest_first(all_requests(site, server))
        waiting = [request for request in requests if request.started is None]
        limit = asked.values['limit']
        return Requests(
            requests=requests[:limit], omitted=max(0, len(requests) - limit),
            in_work=len(requests) - len(waiting),
            waiting=len(waiting) if knows_queue(server) else None,
            oldest_wait_seconds=oldest_wait(waiting, now),
            names=thread_names(site.workers), now=now)

    def as_text(self, found):
        lines = _heading(found)
        rows = _table(found).lines()
        lines.append(rows[0])
        for request, row in zip(found.requests, rows[1:]):
            gone = u'  (the client has gone)' if request.gone else u''
            lines.append(row)
            lines.append(u'    ' + cut_middle(clean(request.title()),
                                              WIDTH - 4 - len(gone)) + gone)
        return u'\n'.join(lines if found.requests else lines[:-2]) + u'\n'

    def document(self, found):
        return {
            'requests': [_document(request, found)
                         for request in found.requests],
            'omitted_requests': found.omitted,
            'in_work': found.in_work,
            'waiting': found.waiting,
            'oldest_wait_seconds': seconds(found.oldest_wait_seconds)}


def _document(request, found):
    document = request.document(found.now)
    document['worker_name'] = _worker(request, found)
    return document


def _worker(request, found):
    """The name of the thread, where it has one; None while it waits."""
    worker = request.worker
    if worker is None:
        return None
    return clean(found.names.get(worker, u'thread-%d' % worker))


def _heading(found):
    waiting = (u'how many wait is not known' if found.waiting is None
               else u'%d waiting' % found.waiting)
    if found.oldest_wait_seconds is not None:
        waiting += (u', one of them for %s'
                    % duration(found.oldest_wait_seconds))
    lines = [u'%d in work, %s' % (found.in_work, waiting)]
    if found.omitted:
        lines.append(u'%d younger requests are not shown' % found.omitted)
    return lines + [u'']


def _table(found):
    table = Table(Column('AGE', right=True), Column('WAITED', right=True),
                  Column('WORKED', right=True), 'PHASE',
                  Column('WORKER', cut_end=False, flexible=True),
                  Column('SENT', right=True),
                  Column('CLIENT', flexible=True),
                  Column('USER', flexible=True))
    for request in found.requests:
        age, waited, worked = map(duration, request.times(found.now))
        table.add(age, waited, worked, request.phase,
                  _worker(request, found), size(request.sent_bytes),
                  request.client, request.user)
    return table


requests = RequestsView()
