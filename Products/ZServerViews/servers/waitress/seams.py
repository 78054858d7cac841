"""What is changed in the servers of waitress for admission control.

These attributes get a permanent trampoline each, see `runtime.patching`:

``BaseWSGIServer.readable``
    Asked by the loop in each turn, whether it is to accept connections.
``BaseWSGIServer.accept``
    Accepts one.
``ThreadedTaskDispatcher.queue_logger``
    Called with the lock of the queue held, by the loop and by workers.
``ThreadedTaskDispatcher.logger``
    Told by a worker whose task has failed with what is no Exception.
``wasyncore.loop``
    All turns of the loop.

Those that each request passes are in `hook`. Everything here runs in the event
loop, but for what says otherwise.
"""
from __future__ import absolute_import, division, print_function

import time
from functools import partial

from Products.ZServerViews.runtime.log_redirect import QueuedLogger
from Products.ZServerViews.runtime.loops import loop_beyond_select
from Products.ZServerViews.runtime.patching import seam
from Products.ZServerViews.servers.admission import accepted
from Products.ZServerViews.servers.waitress.admission import admission_of

# All that the `readable` of waitress 2 and 3 asks for or does.
_READABLE = frozenset([
    'time', 'next_channel_cleanup', 'adj', 'cleanup_interval', 'maintenance',
    'accepting', 'in_connection_overflow', 'len', '_map', 'connection_limit',
    'logger', 'warning', 'info'])


def contents(site, part, open_admission):
    """(seam, content) for each seam named above.

    ``part``
        The `runtime.patching.Part` that they are.
    ``open_admission(server)``
        Called for each server, in its loop; returns its `Admission`.
    """
    from waitress import wasyncore
    from waitress.server import BaseWSGIServer
    from waitress.task import ThreadedTaskDispatcher
    return [
        (seam(BaseWSGIServer, 'readable', make_readable, _READABLE),
         (site.drain, open_admission, part)),
        (seam(BaseWSGIServer, 'accept', make_accept), part),
        (seam(ThreadedTaskDispatcher, 'queue_logger', QueuedLogger),
         site.log_queue),
        (seam(ThreadedTaskDispatcher, 'logger', FailedTasks), part),
        (seam(wasyncore, 'loop', make_loop), site)]


def make_readable(seam):
    # Asked in each iteration: where waitress's own would do nothing but say
    # yes, it is not asked.

    def readable(server):
        filled = seam.filled
        if filled is not None:
            drain, open_admission, part = filled
            try:
                admission = getattr(server, '_views_admission', None)
                if (admission is None
                        # Asked by its loop, and by nobody else.
                        and server._map.get(server._fileno) is server):
                    admission = open_admission(server)
                if admission is not None:
                    loop = admission.loop
                    loop.turns += 1
                    if loop.asked is not None:
                        loop.tell()
                    # As admission.special, which is two calls more.
                    if (drain.draining or admission.queued
                            or len(server._map) >= admission.limit
                            or admission.headroom.pause_ends is not None):
                        admission.quiet = False
                        return admission.readable()
                    admission.quiet = True
                    if time.time() >= server.next_channel_cleanup:
                        admission.look_around()
                    elif seam.is_plain and server.accepting:
                        # Nor is in_connection_overflow set while there is an
                        # Admission.
                        return True
            except Exception:
                part.failed()
        return seam.original(server)

    return readable


def make_accept(seam):

    def accept(server):
        part = seam.filled
        admission = None if part is None else admission_of(server)
        if admission is None:
            return seam.original(server)
        connection = accepted(partial(seam.original, server),
                              partial(part.attempt, admission.exhausted))
        if connection is not None:
            part.attempt(admission.evict_for_one_more)
        return connection

    return accept


def make_loop(seam):

    def loop(*args, **kw):
        run, site = seam.original, seam.filled
        if site is not None:
            site.forks.look()
            run = site.loops.bounded(
                loop_beyond_select(run, site.log_queue.log))
        return run(*args, **kw)

    return loop


class FailedTasks(object):
    """The trampoline for a dispatcher's logger: closes the connection of a
    request that has failed with SystemExit or the like.

    Waitress would leave it open, with a request that nobody answers.
    """

    def __init__(self, seam):
        self._seam = seam

    def __getattr__(self, name):
        return getattr(self._seam.original, name)

    def exception(self, message, *args, **kw):
        """In a worker, which has left the task."""
        part = self._seam.filled
        if part is not None:
            for task in args:
                part.attempt(end_failed, task)
        self._seam.original.exception(message, *args, **kw)


def end_failed(channel):
    """What waitress does for an Exception that no answer can tell of."""
    if not hasattr(channel, 'close_when_flushed'):
        return  # a task of somebody else's
    # Waitress 1 has one lock, which its worker holds for all requests.
    lock = getattr(channel, 'requests_lock', None) or channel.task_lock
    with lock:
        requests, channel.requests = channel.requests, []
        channel.close_when_flushed = True
    for request in requests:
        request.close()
    channel.server.pull_trigger()
