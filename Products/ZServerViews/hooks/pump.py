"""Moves the blocks of an exchange into a socket, without ever waiting.

It also measures how long the view keeps the loop: the time in calls of the
view alone, since each send() may let other threads run for long.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews._compat import stopwatch

# How much one connection may send, and how many seconds its view may work,
# before the loop looks after the others.
BLOCKS_A_TURN = 64
BYTES_A_TURN = 1 << 18
SECONDS_A_TURN = 0.02


class Pump(object):
    """Pulls an exchange's blocks as the socket takes them.

    At most one block is in memory, however long the answer is.

    ``mount``, ``environ``
        What is answered, for the access log.
    ``started``
        When it began, in seconds since the epoch.
    ``sent_bytes``
        How much the socket has taken so far, head and framing included.
    """

    def __init__(self, exchange, mount, environ, site):
        self.exchange = exchange
        self.mount = mount
        self.environ = environ
        self.started = time.time()
        self.sent_bytes = 0
        self._unsent = None
        self._site = site

    @property
    def logged(self):
        """Whether the access log is to have a line, as things are now."""
        return self.mount.access_log and self.exchange.status is not None

    def turn(self, channel):
        """Send what can be sent now; True once the answer is out.

        ``channel`` is an asyncore dispatcher, of whichever library: it has
        ``send(data)``, which returns how much the socket took, and
        ``connected``, which is false once the client has gone. Errors of the
        socket come through.
        """
        if self.mount.tally.runs_aside:
            # Also if it has just been found out, in this answer or another.
            self.exchange = self._site.set_aside(self.mount, self.exchange)
        exchange, block = self.exchange, self._unsent
        enough = self.sent_bytes + BYTES_A_TURN
        spent = 0.0  # seconds that the view has had in this turn
        try:
            for _block in range(BLOCKS_A_TURN):
                if block is None:
                    began = stopwatch()
                    block = exchange.more()
                    # Not less than nothing: a clock may be set back.
                    spent += max(0.0, stopwatch() - began)
                    if not block:
                        return block is None
                sent = channel.send(block)
                self.sent_bytes += sent
                if sent < len(block):
                    # Also if the client has gone: then nobody asks again.
                    self._unsent = memoryview(block)[sent:]
                    return False
                self._unsent = block = None
                if exchange.over:
                    return True
                if self.sent_bytes >= enough or spent >= SECONDS_A_TURN:
                    break
            return False
        finally:
            self._site.budget.spent(self.mount, spent)

    def close(self):
        """End the call: the client has everything, or has gone."""
        if self.exchange.over:
            return
        began = stopwatch()
        self.exchange.close()
        self._site.budget.spent(self.mount, max(0.0, stopwatch() - began))
