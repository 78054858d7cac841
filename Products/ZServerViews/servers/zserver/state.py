"""What ZServer knows of the site's requests, for views that tell it."""
from __future__ import absolute_import, division, print_function

import sys

from Products.ZServerViews.servers.zserver.entries import (
    channel_in,
    channels_of,
    is_receiving,
)
from Products.ZServerViews.servers.zserver.server import ServedChannel


class MedusaState(object):
    """Asked in the loop; reads what workers write, without a lock.

    ``prepare`` must have been called before.

    ``answering``
        The `Answering` of the hook.
    """

    answering = None

    knows_queue = True
    worker = worker_count = text = None
    not_known = ()

    def __init__(self, site, seams, records):
        self._site = site
        self._seams = seams
        self._records = records
        self._worker_code = self._chat = self._http = None
        self._names = {}

    def prepare(self):
        """Look at ZServer, in a thread that may import."""
        import asynchat

        from ZServer.HTTPServer import zhttp_channel
        from ZServer.PubCore.ZServerPublisher import ZServerPublisher
        # A worker is in this method as long as it lives.
        self._worker_code = ZServerPublisher.__init__.__func__.__code__
        self._chat = asynchat.async_chat
        self._http = zhttp_channel

    @property
    def connection_limit(self):
        return self._seams.admission.limit

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
        channels = channels_of(self._seams.admission.map)
        for channel in channels:
            yield channel.given, False
        # Of other servers, and of clients that have gone:
        for entry in self._records.waiting():
            yield self._records.of_entry(entry), False
        for channel in channels:
            for number, entry in enumerate(channel.queue):
                yield (self._records.of_entry(entry),
                       bool(channel.working or number))

    def in_flight(self):
        """How many others are not answered in full, for a view that asks.

        As `servers.waitress.entries.in_flight`.
        """
        channels = [channel for channel in map(
            channel_in, list(self._seams.admission.map.values()))
            if isinstance(channel, self._http)]
        own = 0 if self.answering.at_once else 1
        return max(0, sum(map(_unanswered, channels))
                   + self._abandoned(channels) - own)

    def _abandoned(self, channels):
        """What workers have, or will have, of no connection that is open."""
        recorder = self._site.recorder
        if recorder is None:
            return 0
        records = list(recorder.current.copy().values())
        records += map(self._records.of_entry, self._records.waiting())
        given = [channel.given for channel in channels
                 if isinstance(channel, ServedChannel)]
        return len(set(map(id, records)) - set(map(id, given + [None])))

    def worker_idents(self):
        return [ident for ident, frame in sys._current_frames().items()
                if _outermost(frame) is self._worker_code]

    def workers(self):
        """See `runtime.site.Site.workers`: the threads have no names."""
        idents = self.worker_idents()
        for ident in sorted(idents):
            self._names.setdefault(ident, 'worker-%d' % len(self._names))
        return dict((ident, self._names[ident]) for ident in idents)

    def connections(self):
        return sum(1 for entry in list(self._seams.admission.map.values())
                   if isinstance(channel_in(entry), self._chat))


def _unanswered(channel):
    view = channel.__dict__.get('view_connection') is not None
    # What a connection older than the hook has in work is known by its record.
    in_work = (isinstance(channel, ServedChannel) and channel.working
               and not channel.answers_view)
    number = len(channel.queue) + bool(in_work) + view
    if not number and (channel.producer_fifo or is_receiving(channel)):
        number = 1
    return number


def _outermost(frame):
    """The code that a thread has begun with."""
    while frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code
