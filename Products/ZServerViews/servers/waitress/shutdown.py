"""The orderly end of waitress's loop, after SIGTERM or Ctrl-C.

`runtime.draining.Drain` says when; here the server stops accepting, and its
loop ends. Everything here runs in it.
"""
from __future__ import absolute_import, division, print_function

import logging
from functools import partial

from Products.ZServerViews._compat import take_place
from Products.ZServerViews.servers.admission import HEADROOM
from Products.ZServerViews.servers.waitress.entries import in_flight, requests_of

# Seconds that workers get behind the time in which they should have finished:
# waitress waits five for each end.
FOR_WORKERS = 1


def end_behind(channel):
    """Have the connection closed behind the requests that it has now."""
    # Behind the first of several, the others would be lost.
    for request in requests_of(channel)[-1:]:
        request.headers['CONNECTION'] = 'close'


class Shutdown(object):
    """Of one server."""

    def __init__(self, server, site):
        self._server = server
        self._site = site

    def drain(self):
        """One iteration of the loop, while the process is to end: raises
        SystemExit once no request is left, or no time."""
        server, drain = self._server, self._site.drain
        if server.accepting:
            self._stop_listening()
        left = in_flight(server) + self._site.in_flight_on_listener()
        if drain.over(left):
            self._site.log_queue.log(
                logging.WARNING if left else logging.INFO,
                'The server ends after SIGTERM; unfinished requests: %d', left)
            if left:
                _wait_less(server.task_dispatcher)
            self.end(SystemExit)

    def end(self, how):
        """Leave the loop by raising this, between two views."""
        self._site.exit_guard.loop_ended()
        views_loop = self._site.views_loop
        if views_loop is not None:
            views_loop.end()
        raise how

    def _stop_listening(self):
        """Let nobody else connect; who has connected already is accepted."""
        server = self._server
        if self._site.drain.is_news():
            self._site.log_queue.log(
                logging.INFO, 'SIGTERM: no new connections are accepted; '
                'requests have %g s to finish (drain-timeout)',
                self._site.settings.drain_timeout)
        for _connection in range(HEADROOM):
            before = len(server._map)
            server.handle_accept()
            if len(server._map) <= before:
                break
        server.accepting = False
        # Not shutdown(): where the process has been forked, others may accept
        # from the same socket. Not close(): the loop, and the server's own
        # close(), would have a descriptor that is another file's by then. So
        # it becomes that of a file which is there anyway, in one step.
        take_place(server.trigger._fileno, server.socket.fileno())


def _wait_less(dispatcher):
    """Have waitress wait a moment only for workers that have had their time.
    """
    if hasattr(dispatcher, 'thread_exit_cv'):  # it is waitress's own
        dispatcher.shutdown = partial(dispatcher.shutdown, timeout=FOR_WORKERS)
