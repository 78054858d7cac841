"""Channels in an event loop's map, where another object may stand for one."""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.servers.admission import BODY_STALLS


def channel_in(entry):
    """The channel that an entry of the map stands for; else the entry."""
    return getattr(entry, 'views_channel', entry)


def channels_of(server):
    """All connections in the server's loop, of whichever server."""
    return [channel for channel in map(channel_in, list(server._map.values()))
            if hasattr(channel, 'requests')]


def size_of(server):
    """How many entries of the server's map count for its limit: not those of
    the listener for views."""
    channels = map(channel_in, list(server._map.values()))
    return sum(1 for channel in channels
               if not getattr(getattr(channel, 'server', channel),
                              'views_only', False))


def close(channel):
    """Close a channel, and what stands for it."""
    channel._map.get(channel._fileno, channel).handle_close()


class ChannelEntry(object):
    """Stands in the event loop's map for a channel, which does everything.

    ``views_channel``
        The channel. What looks for channels in a map finds it by this name.
    ``failed``
        Called in an except clause for a fault of ours.
    """

    accepting = False  # asked by wasyncore

    failed = None

    def __init__(self, channel):
        self.views_channel = channel
        self._map = channel._map
        self._fileno = channel._fileno

    def stand_in(self):
        """Take the channel's place; whether it is still there to be taken."""
        is_there = channel_in(self._map.get(self._fileno)) is self.views_channel
        if is_there:
            self._map[self._fileno] = self
        return is_there

    def leave(self):
        """The channel has been closed: what is left to do."""

    @property
    def requests(self):
        """The channel's that a worker has, or soon will."""
        return self.views_channel.requests

    # What wasyncore calls:

    def readable(self):
        return self.views_channel.readable()

    def writable(self):
        return self.views_channel.writable()

    def handle_read_event(self):
        self._have('handle_read_event')

    def handle_write_event(self):
        self._have('handle_write_event')

    def handle_expt_event(self):
        self._have('handle_expt_event')

    def handle_error(self):
        self._have('handle_error')

    def handle_close(self):
        self._have('handle_close')

    def close(self):
        # So does the server with its channels when it stops.
        self._have('close')

    def _have(self, method):
        """Have the channel do this; it may be closed then."""
        getattr(self.views_channel, method)()
        if self.is_closed:
            try:
                self.leave()
            except Exception:
                self.failed()

    @property
    def is_closed(self):
        return self.views_channel._fileno is None


class EvictedConnection(ChannelEntry):
    """A connection that is closed in the loop's next iteration.

    It is not read before: waitress 2 would take a request that has just come
    and lose its answer.
    """

    def readable(self):
        # Here no event of its descriptor is asked for yet. Its being writable
        # is not waited for: a client that reads nothing prevents that.
        self.handle_close()
        return False

    def writable(self):
        return False

    def handle_read_event(self):
        """What has come stays with the system: the client is told by the end.
        """

    handle_write_event = handle_expt_event = handle_read_event


def requests_of(channel):
    """All that it has received and not answered, the one in work first."""
    return list(channel.requests) + list(getattr(channel, '_held', ()))


def unanswered(server):
    """How many requests on connections in the server's loop are not answered in
    full; in any thread."""
    return sum(map(_unanswered, channels_of(server)))


def in_flight(server):
    """How many requests in the server's loop are not answered in full.

    For the site and for views, of whichever server: those that wait or are in
    work, those whose answer the client has not taken yet, and those whose body
    is being received. Those too that a worker goes on with when their client
    has gone. In any thread, of a loop that may be at work.
    """
    entries = list(server._map.values())
    return (unanswered(server)
            + _abandoned(server.task_dispatcher, entries))


def is_receiving(channel):
    """Whether the body of a request has been coming in until now."""
    request = channel.request
    return (request is not None and request.headers_finished
            and time.time() - channel.last_activity < BODY_STALLS)


def _unanswered(channel):
    number = len(requests_of(channel))
    if not number and (channel.total_outbufs_len or is_receiving(channel)):
        number = 1
    return number


def _abandoned(dispatcher, entries):
    """How many tasks workers have, or will have, whose channel is closed."""
    # In this order: a worker is active before it takes one out. Somebody
    # else's dispatcher, and that of waitress 1.3, may not tell.
    tasks = (len(getattr(dispatcher, 'queue', ()))
             + getattr(dispatcher, 'active_count', 0))
    own = sum(map(_is_task, entries))
    for entry in entries:
        admission = getattr(entry, '_views_admission', None)
        if admission is not None:
            own -= len(admission.queued)  # one for all servers in the map
            break
    return max(0, tasks - own)


def _is_task(entry):
    """Whether it is a channel whose first request is the workers'."""
    channel = channel_in(entry)
    first = getattr(channel, 'requests', ())[:1]
    return (bool(first) and not getattr(entry, 'answers_view', False)
            # Else it is a view's, answered while it is received.
            and channel.request is not first[0])
