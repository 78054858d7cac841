"""``/-/workers``: what the workers and event loops of this process do."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.base import ViewError
from Products.ZServerViews.format.tables import Column, Table
from Products.ZServerViews.format.units import duration, seconds
from Products.ZServerViews.http.query import Choice
from Products.ZServerViews.monitor.finished import WINDOWS
from Products.ZServerViews.monitor.requests import oldest_wait
from Products.ZServerViews.runtime.siblings import ask_all
from Products.ZServerViews.views.formatted import Found, MonitorView, facts
from Products.ZServerViews.views.requests import all_requests, knows_queue


# Of the table of siblings: a line has 80 columns.
_COLUMNS = 'pid', 'worker', 'workers', 'busy', 'waiting'


class Numbers(Found):
    """The numbers at one moment; None for what the server does not provide.

    ``pid``, ``worker``
        See `formatted.Asked`.
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
    ``siblings``
        The `siblings.Sibling` objects of the other processes of the site; None
        where the setting ``listen`` has no address for each process, or nobody
        wants to know.
    """


class WorkersView(MonitorView):
    """Numbers only: no request, no client, no path.

    Where each process has a listener, the others are asked for theirs, in the
    thread of this view.
    """

    name = 'workers'
    summary = u'workers, busy and idle; the queue; how much gets done'
    needs_recorder = True
    asks_server = True
    parameters = (Choice('siblings', ('yes', 'no'), 'yes'),)

    def runs_aside_for(self, environ):
        """Whether others are to be asked; in the loop."""
        try:
            return (self.values(environ)['siblings'] == 'yes'
                    and _has_siblings(environ['zserverviews.site']))
        except ViewError:
            return False

    def collect(self, asked):
        found = self._numbers(asked)
        if asked.values['siblings'] == 'yes':
            found.siblings = self.siblings(asked.site)
        return found

    def siblings(self, site):
        """See `Numbers`; waits for them, so not for the event loop."""
        if not _has_siblings(site):
            return None
        return ask_all(site, self._path(site))

    def _path(self, site):
        # The same in all, since they have one configuration.
        paths = sorted(path for path, mount in site.table.by_path.items()
                       if mount.view is self)
        return (paths + ['/-/' + self.name])[0]

    def _numbers(self, asked):
        site, server = asked.site, asked.server
        recorder = site.recorder
        busy = set(recorder.current.copy())
        found = Numbers(
            pid=asked.pid, worker=asked.worker, total=None, busy=len(busy),
            idle=None, waiting=None, oldest_wait_seconds=None,
            finished=recorder.finished.counts(),
            finished_total=recorder.finished.total(), connections=None,
            connection_limit=None, loops=site.loops.all, siblings=None)
        if server is None:
            return found
        now = recorder.now()
        found.total = total_workers(server, busy)
        if found.total is not None:
            found.idle = found.total - len(busy)
        if knows_queue(server):
            waiting = [request for request in all_requests(site, server)
                       if request.started is None]
            found.waiting = len(waiting)
            found.oldest_wait_seconds = oldest_wait(waiting, now)
        found.connections = server.connections()
        found.connection_limit = server.connection_limit
        return found

    def as_text(self, found):
        lines = [(u'pid', found.pid)]
        if found.worker is not None:
            lines.append((u'worker', found.worker))
        lines += [(u'workers', found.total),
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
        if not found.siblings:
            return facts(lines)
        return facts(lines) + u'\n' + _table(found.siblings)

    def document(self, found):
        return {
            'pid': found.pid, 'worker': found.worker,
            'workers': found.total, 'busy': found.busy, 'idle': found.idle,
            'waiting': found.waiting,
            'oldest_wait_seconds': seconds(found.oldest_wait_seconds),
            'finished': found.finished_total,
            'finished_by_seconds': dict(
                (str(window), found.finished[window]) for window in WINDOWS),
            'connections': found.connections,
            'connection_limit': found.connection_limit,
            'loops': [{'thread_ident': loop.thread, 'turns': loop.turns,
                       'running': False if loop.has_ended else loop.running}
                      for loop in found.loops],
            'siblings': None if found.siblings is None else [
                sibling.document() for sibling in found.siblings]}


def _has_siblings(site):
    listen = site.settings.listen
    return listen is not None and listen.is_of_several


def _table(siblings):
    table = Table(*[Column(u'sibling' if key == 'pid' else key, right=True)
                    for key in _COLUMNS]
                  + ['address', Column('error', flexible=True)])
    for sibling in siblings:
        table.add(*[sibling.numbers[key] for key in _COLUMNS]
                  + [sibling.address, sibling.error or u''])
    return table.text()


def total_workers(server, busy):
    """How many there are; None where that is not known.

    ``busy``
        The idents of those that have a request.
    """
    # A thread that has a request works, whoever it is.
    idents = server.worker_idents()
    if idents is not None:
        return len(busy.union(idents))
    if server.worker_count is not None:
        return max(len(busy), server.worker_count)
    return None


workers = WorkersView()
