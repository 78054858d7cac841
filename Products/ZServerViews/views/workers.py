"""``/-/workers``: what the workers and the loops of this process do."""
from __future__ import absolute_import, division, print_function

from collections import namedtuple

from Products.ZServerViews.monitor.formats import duration, seconds
from Products.ZServerViews.monitor.requests import WINDOWS, oldest_wait
from Products.ZServerViews.views.base import MonitorView, facts
from Products.ZServerViews.views.requests import all_requests


class Found(namedtuple('Found', 'total busy idle waiting oldest_wait_seconds '
                                'finished finished_total connections '
                                'connection_limit loops')):
    """The numbers at one moment; None for what the server does not tell.

    ``finished``
        {seconds: how many requests have finished in them}
    ``loops``
        The `loops.Loop` objects.
    """

    __slots__ = ()


class WorkersView(MonitorView):
    """Numbers only: no request, no client, no path."""

    name = 'workers'
    summary = u'workers, busy and idle; the queue; how much gets done'
    needs_recorder = True

    def collect(self, asked):
        site, server = asked.site, asked.server
        recorder = site.recorder
        busy = set(recorder.current.copy())
        finished = recorder.finished.counts(), recorder.finished.total()
        if server is None:
            return Found(None, len(busy), None, None, None, finished[0],
                         finished[1], None, None, site.loops.all)
        now = recorder.now()
        # A thread that has a request works, whoever it is.
        workers = busy.union(server.worker_idents())
        waiting = [request for request in all_requests(site, server)
                   if request.started is None]
        return Found(len(workers), len(busy), len(workers) - len(busy),
                     len(waiting), oldest_wait(waiting, now), finished[0],
                     finished[1], server.connections(),
                     server.connection_limit, site.loops.all)

    def as_text(self, found):
        lines = [(u'workers', found.total),
                 (u'  busy', found.busy),
                 (u'  idle', found.idle),
                 (u'waiting requests', found.waiting),
                 (u'  the oldest for', duration(found.oldest_wait_seconds)),
                 (u'finished requests', found.finished_total)]
        lines += [(u'  in the last %d s' % window, found.finished[window])
                  for window in WINDOWS]
        lines += [(u'connections', found.connections),
                  (u'  limit', found.connection_limit)]
        for number, loop in enumerate(found.loops, 1):
            lines.append((u'turns of loop %d' % number, loop.turns))
        return facts(lines)

    def document(self, found):
        return {
            'workers': found.total, 'busy': found.busy, 'idle': found.idle,
            'waiting': found.waiting,
            'oldest_wait_seconds': seconds(found.oldest_wait_seconds),
            'finished': found.finished_total,
            'finished_by_seconds': dict(
                (str(window), found.finished[window]) for window in WINDOWS),
            'connections': found.connections,
            'connection_limit': found.connection_limit,
            'loops': [{'thread_ident': loop.thread, 'turns': loop.turns,
                       'running': loop.running} for loop in found.loops]}


workers = WorkersView()
