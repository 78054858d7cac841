"""cheroot's threads.

The thread that accepts, and waits for the next request on connections that are
kept alive, queues each of them by ``process_conn``. Our trampoline there looks
at the request first. A connection on which nothing has come yet goes to
cheroot's own selector, from which it comes back; cheroot itself would have a
thread wait.
"""
from __future__ import absolute_import, division, print_function

import threading

from Products.ZServerViews.runtime.patching import calling, seam

MODULE = 'cheroot.server'


def pool_of(served_by, early):
    """The `CherootPool` of a server of cheroot's; else None.

    ``early``
        The `servers.own.early.Early` that is asked for each connection.
    """
    for cls in type(served_by).__mro__:
        if cls.__module__ == MODULE and 'process_conn' in vars(cls):
            return CherootPool(cls, served_by, early)
    return None


class CherootPool(object):
    """Keeps `contracts.IPool`."""

    name = 'cheroot'
    connection_limit = None  # there is one for those that are idle

    def __init__(self, cls, server, early):
        self._class = cls
        self._server = server
        self._early = early
        # Those whose threads have called Zope. Others serve something else.
        self._of_zope = ()

    def lacks(self):
        server = self._server
        return ([name for name in ('put_conn', 'ssl_adapter', 'ready')
                 if not hasattr(server, name)]
                + [name for name in ('_threads', '_queue')
                   if not hasattr(getattr(server, 'requests', None), name)]
                + ([] if hasattr(getattr(server, '_connections', None),
                                 '_selector') else ['_selector']))

    def seams(self):
        return [(seam(self._class, 'process_conn', calling), self._process)]

    def connection(self, environ):
        thread = threading.current_thread()
        server = getattr(thread, 'server', None)
        if server is None or not isinstance(server, self._class):
            return None
        if server not in self._of_zope:
            self._of_zope += (server,)
            self._server = self._of_zope[0]
        return getattr(thread.conn, 'socket', None)

    def queued(self):
        # Its qsize() waits for a lock.
        return len(self._server.requests._queue.queue)

    def _threads(self):
        return list(self._server.requests._threads)

    def idents(self):
        return [thread.ident for thread in self._threads()]

    def connections(self):
        selector = self._server._connections._selector._selector
        # One is the socket that listens.
        idle = max(0, len(selector.get_map() or ()) - 1)
        return idle + self.queued() + sum(
            1 for thread in self._threads() if thread.conn is not None)

    # In the thread that accepts, and by a worker for what has come behind:

    def _process(self, original, server, conn):
        try:
            if server in self._of_zope and self._keeps(server, conn):
                return
        except Exception:
            self._early.part.failed()
        original(server, conn)

    def _keeps(self, server, conn):
        """Whether no thread is to have a connection now."""
        early, first = self._early, None
        if server.ssl_adapter is None and not conn.rfile.has_data():
            first = early.look(conn.socket)
            if first is early.NOTHING:
                if server.ready:
                    server.put_conn(conn)
                    return True
                first = None
            elif server.ready and early.take(first, conn, conn.socket,
                                             server.wsgi_app):
                return True
        early.queue(first, conn, conn.socket, conn.remote_addr or None)
        return False
