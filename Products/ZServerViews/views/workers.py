"""``/-/workers``: what the workers and the loops of this process do."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.monitor.formats import duration, seconds
from Products.ZServerViews.monitor.requests import WINDOWS, oldest_wait
from Products.ZServerViews.views.base import Found, MonitorView, facts
from Products.ZServerViews.views.requests import all_requests


class Numbers(Found):
    """The numbers at one moment; None for what the server does not tell.

    ``total``, ``busy``, ``idle``
        How many workers there are.
    ``waiting``, ``oldest_wait_seconds``
        How many requests wait for one, and how long the oldest has waited.
    ``connections``, ``connection_limit``
        See `contracts.IServerState`.
    ``finished``
        {seconds: how many requests have finished in them}
    ``finished_total``
        How many have since the recorder was made.
    ``loops``
        The `loops.Loop` objects.
    """


class WorkersView(MonitorView):
    """Numbers only: no request, no client, no path."""

    name = 'workers'
    summary = u'workers, busy and idle; the queue; how much gets done'
    needs_recorder = True

    def collect(self, asked):
        site, server = asked.site, asked.server
        recorder = site.recorder
        busy = set(recorder.current.copy())
        found = Numbers(
            total=None, busy=len(busy), idle=None, waiting=None,
            oldest_wait_seconds=None, finished=recorder.finished.counts(),
            finished_total=recorder.finished.total(), connections=None,
            connection_limit=None, loops=site.loops.all)
        if server is None:
            return found
        now = recorder.now()
        # A thread that has a request works, whoever it is.
        workers = busy.union(server.worker_idents())
        waiting = [request for request in all_requests(site, server)
                   if request.started is None]
        found.total = len(workers)
        found.idle = len(workers) - len(busy)
        found.waiting = len(waiting)
        found.oldest_wait_seconds = oldest_wait(waiting, now)
        found.connections = server.connections()
        found.connection_limit = server.connection_limit
        return found

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
