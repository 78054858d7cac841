"""What the watchdog knows of one event loop; everything in its thread."""
from __future__ import absolute_import, division, print_function

# After so many seconds the fallback responder answers. Two ticks of the watchdog,
# less the inaccuracy of clocks: so a request gets its 503 within a second after the
# event loop was blocked.
STANDS = 0.45


class Watch(object):
    """What the watchdog knows of one event loop.

    ``still``
        For how many seconds it has been blocked, as far as that is known.
    """

    def __init__(self, loop):
        self.loop = loop
        self.begin()

    def begin(self):
        """It has run just now."""
        self.turns = self.loop.turns
        self.still = 0.0
        self.asked = self.reported = self.dumped = False

    @property
    def name(self):
        """What is to stand behind the words "the event loop"."""
        return (' of the views (zserver-views-loop)'
                if self.loop.is_for_views else '')

    @property
    def has_moved(self):
        return self.loop.turns != self.turns or self.loop.has_ended

    def ask(self):
        """Wake the event loop, but only once: if it does not read, further
        calls fill a pipe, and then block."""
        if not self.asked:
            self.asked = True
            try:
                is_closed = self.loop.wake() is False
            except Exception:
                is_closed = True
            if is_closed:
                # Its server has been. It will not turn, and need not.
                self.begin()


def longest(watches):
    """For how many seconds one of these loops has been blocked, or None."""
    still = [watch.still for watch in watches if watch.still >= STANDS]
    return max(still) if still else None
