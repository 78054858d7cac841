"""What stands for a channel of waitress while a view is answered on it.

Only where the answer cannot be made and sent at once: the loop asks every
channel in every iteration whether it is readable and writable, and connections
that have nothing to do with a view must not pay for that.

Everything here runs in the event loop. No worker touches a channel that has a
ViewConnection.
"""
from __future__ import absolute_import, division, print_function

import socket
import time

from Products.ZServerViews.servers.waitress.entries import ChannelEntry


class ViewConnection(ChannelEntry):
    """Stands in the event loop's map for a channel that has a view to answer.

    Around readable() and writable() wasyncore has no net: there the site would
    end by a fault of ours.
    """

    requests = ()  # no worker sees them
    answers_view = True

    def __init__(self, answering, channel, mount, sender):
        ChannelEntry.__init__(self, channel)
        self.failed = answering.failed
        self._answering = answering
        self._mount = mount    # of the first request
        self._sender = sender  # of its answer, once that has begun

    def _requests(self):
        """The channel's, the one that is answered first."""
        return self.views_channel.requests

    def stand_in(self):
        # Its time begins now, however long the request before it took.
        self.views_channel.last_activity = time.time()
        is_there = ChannelEntry.stand_in(self)
        if not is_there:
            self.leave()
        return is_there

    # What wasyncore calls:

    def readable(self):
        try:
            return self._stays() and self._is_readable()
        except Exception:
            return self._give_up()

    def writable(self):
        try:
            return self.views_channel.connected and not self._view_works()
        except Exception:
            return self._give_up()

    def handle_write_event(self):
        try:
            self._write()
        except Exception:
            self._give_up()

    def _give_up(self):
        """A fault of ours: the event loop closes the channel."""
        self.failed()
        self.views_channel.will_close = True
        self._map[self._fileno] = self.views_channel
        try:
            self.leave()
        except Exception:
            self.failed()
        return False

    def _stays(self):
        """Whether the connection is not closed for its idleness now."""
        channel = self.views_channel
        if self._view_works():
            # The client waits for us, not we for it.
            channel.last_activity = time.time()
        if time.time() - channel.last_activity > channel.adj.channel_timeout:
            # Waitress closes only channels without requests that are idle for
            # so long; a client that does not read is idle too. Not in
            # writable(): the loop has asked for this descriptor's events by
            # then and must not find it closed.
            self.handle_close()
            return False
        return True

    def _is_readable(self):
        return self.views_channel.readable()

    def _write(self):
        """Do what can be done now without waiting."""
        channel = self.views_channel
        try:
            self._move_on(channel)
        except socket.error as error:
            self._answering.lose(channel, error)
        if channel.will_close and channel.connected:
            channel.handle_close()
        if self.is_closed:
            self.leave()

    def _move_on(self, channel):
        if channel.total_outbufs_len:
            # What an earlier answer of the site has left goes out first.
            channel._flush_some()
        if (channel.total_outbufs_len or channel.will_close
                or not channel.connected):
            return
        if self._sender is None:
            self._sender = self._begin(channel)
        sender = self._sender
        before = sender.sent_bytes
        done = sender.send(channel)
        if sender.sent_bytes > before:
            channel.last_activity = time.time()
        if done:
            self._finish(channel)

    def _begin(self, channel):
        answering, requests = self._answering, self._requests()
        # Not before the last: those behind it would be lost.
        is_last = answering.site.drain.draining and len(requests) == 1
        mount, facts = self._mount, None
        if mount.tier is not None:
            # Not sooner: a worker may have found the request.
            facts = answering.facts(channel, requests[0])
            mount = answering.site.visible(mount, facts)
        return answering.sender(channel, requests[0], mount, is_last, facts)

    def _finish(self, channel):
        """The answer is out: make room for the next request."""
        close_connection = self._sender.response.close_connection
        # Before its request goes: what the view has returned may read the body
        # in its close().
        self.leave()
        if close_connection:
            self._drop_requests(channel)
            channel.handle_close()
        else:
            self._next_request(channel)

    def leave(self):
        sender, self._sender = self._sender, None
        if sender is not None:
            self._answering.leave(self.views_channel, sender)

    def _drop_requests(self, channel):
        with channel.requests_lock:
            for request in channel.requests:
                request.close()
            channel.requests = []

    def _next_request(self, channel):
        """What waitress's service() does behind an answer that it has sent."""
        with channel.requests_lock:
            channel.requests.pop(0).close()
            # Before the next request starts: it may be a view's again.
            self._map[self._fileno] = channel
            if channel.requests:
                channel.server.add_task(channel)
            elif channel.request is not None and _waits_to_continue(channel):
                channel.send_continue()

    def _view_works(self):
        """Whether a view has nothing for us yet: it is offloaded, or another
        loop has a view now."""
        return self._sender is not None and self._sender.waits()


def _waits_to_continue(channel):
    request = channel.request
    return (request.expect_continue and request.headers_finished
            and not channel.sent_continue)
