"""Moves the blocks of an exchange into a socket, without ever waiting."""
from __future__ import absolute_import, division, print_function

import time

# How much one connection may send before the loop looks after the others.
BLOCKS_A_TURN = 64
BYTES_A_TURN = 1 << 18


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

    def __init__(self, exchange, mount, environ):
        self.exchange = exchange
        self.mount = mount
        self.environ = environ
        self.started = time.time()
        self.sent_bytes = 0
        self._unsent = None

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
        enough = self.sent_bytes + BYTES_A_TURN
        for _block in range(BLOCKS_A_TURN):
            block = self._unsent
            if block is None:
                block = self.exchange.more()
                if not block:
                    return block is None
            sent = channel.send(block)
            self.sent_bytes += sent
            if sent < len(block):
                # Also if the client has gone: then nobody asks again.
                self._unsent = memoryview(block)[sent:]
                return False
            self._unsent = None
            if self.sent_bytes >= enough:
                return False
        return False
