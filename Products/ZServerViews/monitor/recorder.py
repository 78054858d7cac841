"""What the hooks and the publisher tell of the requests for the site.

Only there while a view is mounted that asks for it. No lock: each entry of
`Recorder.current` is written by the thread whose key it has.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import get_ident, monotonic
from Products.ZServerViews.monitor.finished import Finished
from Products.ZServerViews.monitor.requests import Request


class Recorder(object):
    """The requests in work, by worker, and how many have finished.

    ``current``
        {ident of a worker: the `Request` that it works at}
    ``finished``
        The `Finished` of all workers.
    ``now``
        The clock that all moments here are of.
    ``tally``
        The `tally.Tally` of all that have finished, if a view tells of it.
    ``profiled``
        A `collections.deque` while a profile is taken, else None: (ident,
        `Request`, when it has ended) of those that end meanwhile.
    ``ended``, ``errors``
        What is noted of slow ones, and of errors, if a view tells of the
        past: see `history.stories.Ended` and `history.error_notes.Errors`.
    ``growth``
        The `memory.page_growth.PageGrowth`, if a view tells of it.
    """

    def __init__(self, clock=monotonic):
        self.now = clock
        # Each request looks; an attribute of the class takes longer.
        self.tally = self.ended = self.errors = self.growth = None
        self.begin_anew()

    def begin_anew(self):
        """Have no request; in a forked child they are the parent's."""
        self.current = {}
        self.profiled = None
        self.finished = Finished(self.now)
        if self.tally is not None:
            self.tally.begin_anew()

    def received(self, method, path, peer, find_client=None):
        """A `Request` that has been read and waits for a worker."""
        return Request(method, path, self.now(), peer, find_client)

    # By workers:

    def begins(self, request):
        """The calling thread takes this request."""
        ident = get_ident()
        now = self.now()
        request.start(now, ident)
        self.current[ident] = request
        growth = self.growth
        if growth is not None:
            growth.begins(ident, now, len(self.current) == 1)

    def ends(self, request=None):
        """The calling thread has finished the request that it had.

        Nothing is done if another one is named.
        """
        ident = get_ident()
        current = self.current
        found = current.get(ident)
        if found is not None and (request is None or found is request):
            now = self.now()
            profiled = self.profiled
            if profiled is not None:
                profiled.append((ident, found, now))
            ended = self.ended
            if ended is not None and now - found.received >= ended.least:
                ended.note((found, now, ident))
            # Behind the notes: who reads them finds it there or here, or in both.
            # Before it counts as finished: see `servers.own.state`.
            del current[ident]
            found.worker = None
            self.finished.add(ident, now)
            tally = self.tally
            if tally is not None:
                tally.add(ident, found, now)
            growth = self.growth
            if growth is not None:
                growth.ends(ident, found)

    def here(self):
        """The request that the calling thread works at, or None."""
        return self.current.get(get_ident())
