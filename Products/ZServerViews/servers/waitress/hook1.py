"""The hook for waitress 1.3 and 1.4, the last for Python 2.7.

The seams are those of `hook`, but the channel is an older one: all requests
that one read brings become ``channel.requests`` at once, followed by one call
of ``add_task``, and one worker serves all of them, with ``task_lock`` held from
the first to the last. So a view's request must be off that list before a worker
sees it. From the first such request on, the requests are kept in
``channel._held``, by one of two objects that stand in the channel's place in
the event loop's map:

- a `ViewConnection1`, if the first request is a view's: it answers;
- a `HoldingConnection`, if a view's request stands further behind: it waits
  until the worker has left.

Which thread runs what: everything here runs in the event loop. The order rests
on one rule: ``requests`` is filled only while no worker is in ``service()``,
that is while it is empty and ``task_lock`` is free. Waitress itself has no need
of that rule: a worker that is about to leave may find the next request and
serve it as well.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.servers.waitress import probe
from Products.ZServerViews.servers.waitress.admission import is_queued
from Products.ZServerViews.servers.waitress.answering import Answering
from Products.ZServerViews.servers.waitress.connection import ViewConnection
from Products.ZServerViews.servers.waitress.entries import ChannelEntry
from Products.ZServerViews.servers.waitress.hook import WaitressHook
from Products.ZServerViews.servers.waitress.record import RecordedChannel1, members
from Products.ZServerViews.servers.waitress.targets import find_mount


class OldWaitressHook(WaitressHook):
    """Puts the look-up into all servers of a waitress before 2.0."""

    server_name = 'waitress 1'

    def _probe(self, server):
        return probe.look_at_old(server)

    def _make_answering(self):
        return Answering1(self._site)

    def _trampoline(self):
        return make_add_task

    def _channel_class_for(self, original):
        return self._answering.channel_class(original)


class Answering1(Answering):
    """Answers the requests for views that these channels have."""

    def __init__(self, site):
        Answering.__init__(self, site)
        self._classes = {}

    def channel_class(self, channel_class):
        """A class of channels that keeps the rule stated above; made once."""
        if issubclass(channel_class, ViewChannel1):
            return channel_class
        if channel_class not in self._classes:
            self._classes[channel_class] = type(
                'ViewChannel', (ViewChannel1, channel_class),
                members(self.site, channel_class, self.failed))
        return self._classes[channel_class]

    def hold(self, channel, index):
        """Keep back the channel's requests from that one on."""
        connection = HoldingConnection(channel)
        connection.failed = self.failed
        connection.hold(index)

    def begin(self, channel, mount):
        if not channel.connected:
            channel.requests = []
            return
        ViewConnection1(self, channel, mount, None).hold(0)


def make_add_task(seam):
    """The add_task of a server that looks for views first."""

    def add_task_or_view(server, channel):
        # Requests that are no view's pay one look-up each, nothing else.
        filled = seam.filled
        if filled is not None:
            table, site, _clean, answering, recording, views = filled
            try:
                # A task of somebody else's has no requests.
                for request in getattr(channel, 'requests', ()):
                    site.signs.note(channel, getattr(request, 'headers', ()))
                index, mount = _first_view(table, channel,
                                           server.adj.url_prefix)
                if mount is not None and not _is_lost(channel):
                    if not index:
                        answering.begin(channel, mount)
                        return
                    answering.hold(channel, index)
                if site.recorder is not None:
                    recording.note(site.recorder, channel)
                if is_queued(server, channel):
                    return
            except Exception:
                views.failed()
                _take_back(channel)
        seam.original(server, channel)

    return add_task_or_view


def _take_back(channel):
    """Let waitress have all requests of a channel."""
    held = getattr(channel, '_held', ())
    if held:
        channel.requests = list(channel.requests) + list(held)
        channel._held = ()
        channel._map[channel._fileno] = channel


def _first_view(table, channel, prefix):
    """(index, mount) of the first request that is a view's, or two None."""
    # A task of somebody else's has no requests, a broken request no path.
    for index, request in enumerate(getattr(channel, 'requests', ())):
        path = getattr(request, 'path', None)
        if path and (prefix or path in table.by_decoded_path):
            mount = find_mount(table, request, prefix)
            if mount is not None:
                return index, mount
    return None, None


def _is_lost(channel):
    """Whether no view can answer there: waitress goes on with it alone."""
    # If it is to be closed, waitress will not answer either. If it is locked,
    # a worker may have taken the requests: not on a ViewChannel1, but the
    # channel may be older than the hook.
    return (channel.will_close or channel.close_when_flushed
            or channel.task_lock.locked())


class ViewChannel1(RecordedChannel1):
    """Mixed into waitress's HTTPChannel: keeps the rule stated above, and
    has a view answered without delay."""

    def handle_read(self):
        # Waitress calls this with requests empty, but perhaps before their
        # worker has left. Then the loop comes back at once for the data.
        if not self.task_lock.locked():
            super(ViewChannel1, self).handle_read()

    def received(self, data):
        result = super(ViewChannel1, self).received(data)
        try:
            entry = self._map.get(self._fileno)
            if isinstance(entry, ViewConnection1):
                # It would answer in the loop's next iteration.
                entry.handle_write_event()
        except Exception:
            self._failed()
            self.will_close = True
        return result


class Held(object):
    """What stands in a channel's place while it keeps requests back."""

    def hold(self, index):
        """Stand in, and keep back the requests from that one on."""
        channel = self.views_channel
        channel._held = channel.requests[index:]
        del channel.requests[index:]
        self.stand_in()

    def leave_place(self):
        """The channel is itself again."""
        channel = self.views_channel
        if not isinstance(channel, ViewChannel1):
            # It is older than the hook.
            channel = RuledConnection(channel)
        self._map[self._fileno] = channel

    def drop_held(self):
        channel = self.views_channel
        for request in channel._held:
            request.close()
        channel._held = ()


class ViewConnection1(Held, ViewConnection):
    """Answers a view. No worker sees the requests: waitress may have queued a
    channel that is older than the hook once more than there was work on it."""

    def _requests(self):
        return self.views_channel._held

    def _is_readable(self):
        return False  # waitress 1 never looks ahead

    def _drop_requests(self, channel):
        self.drop_held()

    def _next_request(self, channel):
        channel._held[0].close()
        requests, channel._held = channel._held[1:], ()
        # Waitress sends one 100 Continue on each connection, no more.
        channel.sent_continue = False
        # Before the next request starts: it may be a view's again.
        self.leave_place()
        if requests:
            channel.requests = requests
            channel.server.add_task(channel)

    def leave(self):
        ViewConnection.leave(self)
        if self.is_closed:
            self.drop_held()


class HoldingConnection(Held, ChannelEntry):
    """Waits, while a worker serves the requests before a view's."""

    def readable(self):
        try:
            self._look()
        except Exception:
            self.failed()
            _take_back(self.views_channel)
        return False

    def _look(self):
        channel = self.views_channel
        # The server's maintenance closes channels that have been idle for
        # long and have no requests, as this one between the end of its worker
        # and now.
        channel.last_activity = time.time()
        # Asked in each iteration, and the worker wakes the loop behind its
        # last step. In this order: it empties requests before it frees the
        # lock.
        if not channel.requests and not channel.task_lock.locked():
            self._go_on(channel)

    def leave(self):
        self.drop_held()

    def _go_on(self, channel):
        """The worker has left: the loop goes on, or all is over."""
        self.leave_place()
        if channel.will_close or channel.close_when_flushed:
            self.drop_held()
            return
        channel.requests, channel._held = channel._held, ()
        try:
            channel.server.add_task(channel)
        except Exception:
            # Around readable() wasyncore has no net, and the site would end.
            channel.handle_error()


class RuledConnection(ChannelEntry):
    """Stands for a channel that is older than the hook, once it has had a view:
    keeps the rule stated above."""

    def handle_read_event(self):
        if not self.views_channel.task_lock.locked():
            ChannelEntry.handle_read_event(self)
