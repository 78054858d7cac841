"""What the hooks and the publisher tell of the requests for the site.

Only there while a view is mounted that asks for it. No lock: each entry of
`Recorder.current` is written by the thread whose key it has.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import get_ident, monotonic
from Products.ZServerViews.monitor.requests import Finished, Request


class Recorder(object):
    """The requests in work, by worker, and how many have finished.

    ``current``
        {ident of a worker: the `Request` that it works at}
    ``finished``
        The `Finished` of all workers.
    ``now``
        The clock that all moments here are of.
    """

    def __init__(self, clock=monotonic):
        self.now = clock
        self.current = {}
        self.finished = Finished(clock)

    def received(self, method, path, client):
        """A `Request` that has been read and waits for a worker."""
        return Request(method, path, self.now(), client)

    # By workers:

    def begins(self, request):
        """The calling thread takes this request."""
        ident = get_ident()
        request.start(self.now(), ident)
        self.current[ident] = request

    def ends(self, request=None):
        """The calling thread has finished the request that it had.

        Nothing is done if another one is named.
        """
        ident = get_ident()
        current = self.current
        found = current.get(ident)
        if found is not None and (request is None or found is request):
            del current[ident]
            found.worker = None
            self.finished.add(ident)

    def here(self):
        """The request that the calling thread works at, or None."""
        return self.current.get(get_ident())
