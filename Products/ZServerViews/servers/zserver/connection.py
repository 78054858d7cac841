"""What stands for a channel of ZServer's while a view is answered on it.

Meanwhile what the client sends is received but not looked at: so medusa, which
answers a broken request as soon as it sees it, overtakes no view. Behind the
answer the channel gets it, as if it had just come.

Everything here runs in the event loop. Workers send through the channel, as
ever; none has a request of a channel whose view is being answered.
"""
from __future__ import absolute_import, division, print_function

import errno
import socket
import time

# Seconds without a byte taken by the client, as waitress's channel_timeout.
CLIENT_TIMEOUT = 120
# Bytes behind a view's request that are received before its answer is out.
MOST_BEHIND = 1 << 16

_NOTHING_YET = frozenset([errno.EAGAIN, errno.EWOULDBLOCK, errno.EALREADY,
                          errno.EINPROGRESS])


class ViewConnection(object):
    """Stands in the event loop's map for a channel that has a view to answer.
    """

    accepting = False  # asked by asyncore

    def __init__(self, answering, channel, asked, sender):
        self.channel = channel
        self._answering = answering
        self._asked = asked
        self._sender = sender  # of the answer, once that has begun
        self._is_due = False   # whether all that came before is answered
        self._behind = b''     # what was received since
        self._map = channel._map
        self._fileno = channel._fileno

    def stand_in(self):
        """Take the channel's place, while medusa reads its requests."""
        channel = self.channel
        # Medusa has no more to read then.
        self._behind, channel.ac_in_buffer = channel.ac_in_buffer, ''
        channel.view_connection = self
        channel.last_activity = time.time()
        self._map[self._fileno] = self
        self._look()

    # What asyncore calls:

    def readable(self):
        try:
            return self._wants_more()
        except Exception:
            return self._give_up()

    def writable(self):
        try:
            channel = self.channel
            return not channel.closed and not self._view_works() and bool(
                self._is_due or channel.writable())
        except Exception:
            return self._give_up()

    def _give_up(self):
        """A fault of ours: around these two asyncore has no net. The channel
        is itself again, and closes once what it has to send is out."""
        self._answering.failed()
        self._map[self._fileno] = self.channel
        self.channel.close_when_done()
        return False

    def _wants_more(self):
        channel, sender = self.channel, self._sender
        if not self._is_due:
            # poll() may have had the channel itself write, and end a request,
            # when it had just read the one for which this stands there.
            self._look()
        if self._view_works():
            # The client waits for us, not we for it.
            channel.last_activity = time.time()
        elif (sender is not None
                and time.time() - channel.last_activity > CLIENT_TIMEOUT):
            # Medusa's kill_zombies closes channels of its own class alone. Not
            # in writable(): the loop has asked for this descriptor's events by
            # then and must not find it closed.
            self.close()
            return False
        # Who sends requests and reads no answers must not fill the memory.
        return len(self._behind) < MOST_BEHIND

    def handle_read_event(self):
        """Keep what has come; or see that the client has gone."""
        channel = self.channel
        try:
            data = channel.recv(channel.ac_in_buffer_size)
        except socket.error as error:
            if error.args[0] not in _NOTHING_YET:
                raise
            return
        self._behind += data
        self._look()

    def handle_write_event(self):
        """Do what can be done now without waiting."""
        channel = self.channel
        if channel.producer_fifo:
            # What an earlier answer has left goes out first.
            channel.handle_write_event()
            self._look()
        if self._is_due and not channel.closed and not channel.producer_fifo:
            self._move_on(channel)

    def handle_expt_event(self):
        self.channel.handle_expt_event()
        self._look()

    def handle_error(self):
        self.channel.handle_error()
        self._look()

    def handle_close(self):
        self.channel.handle_close()
        self._look()

    def close(self):
        """The loop closes all that it has."""
        self.channel.close()
        self._look()

    def clean_shutdown_control(self, phase, seconds):
        """What ZServer asks at its end; true while there is more to do."""
        waits = self.channel.clean_shutdown_control(phase, seconds)
        self._look()
        return waits

    # The answer:

    def _look(self):
        """See whether the channel has been closed, or whether it is our turn.
        """
        channel = self.channel
        if channel.closed:
            if channel.view_connection is not None:
                channel.view_connection.leave()
        elif not (self._is_due or channel.working or channel.queue
                  or channel.no_more_requests):
            self._is_due = True
            # No worker gets a request meanwhile.
            channel.working = 1
            channel.answers_view = True

    def _move_on(self, channel):
        if self._sender is None:
            # Not the last while more waits behind it, which would be lost.
            is_last = (self._answering.site.drain.draining
                       and b'\r\n\r\n' not in self._behind)
            self._sender = self._answering.sender(channel, self._asked,
                                                  is_last)
            channel.last_activity = time.time()
        if self._sender is None:
            self._make_room(channel)
        elif self._send(channel):
            sender = self._sender
            self.leave()
            self._answering.end(channel, sender)
            if not channel.closed:
                self._make_room(channel)

    def _send(self, channel):
        """Whether the answer is out."""
        sender = self._sender
        before = sender.sent_bytes
        try:
            done = sender.send(channel)
        except socket.error:
            done = False
            channel.close()
        if sender.sent_bytes > before:
            channel.last_activity = time.time()
        if channel.closed and not done:
            self.leave()
        return done

    def _make_room(self, channel):
        """The channel is itself again, and has what came meanwhile."""
        self.leave()
        channel.working = 0
        channel.answers_view = False
        self._map[self._fileno] = channel
        behind, self._behind = self._behind, b''
        if behind:
            _receive(channel, behind, self._answering.refuse)

    def leave(self):
        """The answer is out, or nobody is there to take it."""
        self.channel.view_connection = None
        sender, self._sender = self._sender, None
        if sender is not None:
            self._answering.leave(self._asked, sender)

    def _view_works(self):
        """Whether a view that is offloaded has nothing for us yet."""
        return self._sender is not None and self._sender.waits()


def _receive(channel, data, refuse):
    """Have a channel do what it would do if it had just received this."""
    received = [data]
    channel.recv = lambda size: received.pop() if received else b''
    try:
        while True:
            try:
                channel.handle_read()
                return
            except Exception:
                # Only behind a body: medusa itself catches what a head causes,
                # and closes for what a body does. But a view has been answered
                # before, whose client may be on its way to read.
                request = channel.current_request
                if request is None or channel.closed:
                    raise
                refuse(channel, request)
    finally:
        del channel.recv
