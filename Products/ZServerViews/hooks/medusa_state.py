"""What ZServer knows of the site's requests, for views that tell it."""
from __future__ import absolute_import, division, print_function

import sys

from Products.ZServerViews.hooks.medusa_gate import channels_of


class MedusaState(object):
    """Asked in the loop; reads what workers write, without a lock.

    ``prepare`` must have been called before.
    """

    def __init__(self, site, seams, records):
        self._site = site
        self._seams = seams
        self._records = records
        self._pool = self._worker_code = self._chat = None
        self._names = {}

    def prepare(self):
        """Look at ZServer, in a thread that may import."""
        import asynchat
        from ZServer import PubCore
        from ZServer.PubCore.ZServerPublisher import ZServerPublisher
        self._pool = PubCore
        # A worker is in this method as long as it lives.
        self._worker_code = ZServerPublisher.__init__.__func__.__code__
        self._chat = asynchat.async_chat

    @property
    def connection_limit(self):
        return self._seams.gate.limit

    def requests(self):
        recorder = self._site.recorder
        if recorder is None:
            return []
        found, known = [], set()
        for record, behind in self._all(recorder):
            if record is not None and id(record) not in known:
                known.add(id(record))
                record.behind = behind
                found.append(record)
        return found

    def _all(self, recorder):
        """(record or None, whether it waits behind another of its connection)

        Those in work first: many come within one step of the clock.
        """
        for record in recorder.current.copy().values():
            yield record, False
        channels = channels_of(self._seams.gate.map)
        for channel in channels:
            yield channel.given, False
        # Of other servers, and of clients that have gone:
        for entry in self._queue():
            yield self._records.of_entry(entry), False
        for channel in channels:
            for number, entry in enumerate(channel.queue):
                yield (self._records.of_entry(entry),
                       bool(channel.working or number))

    def _queue(self):
        """What waits for a worker, of all servers."""
        handle = self._pool._handle
        if handle is None:  # no request so far
            return []
        _busy, waiting, _ready = handle.__self__._lists
        return list(waiting)

    def worker_idents(self):
        return [ident for ident, frame in sys._current_frames().items()
                if _outermost(frame) is self._worker_code]

    def worker_names(self):
        """{ident: name}: the threads have none of their own."""
        for ident in sorted(self.worker_idents()):
            self._names.setdefault(ident, 'worker-%d' % len(self._names))
        return self._names

    def connections(self):
        return sum(1 for entry in list(self._seams.gate.map.values())
                   if isinstance(entry, self._chat))


def _outermost(frame):
    """The code that a thread has begun with."""
    while frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code
