"""Moves the blocks of a response into a socket, without ever waiting.

It also measures how long the view blocks the event loop: the time in calls of
the view alone, since each send() may let other threads run for long. Of a view
that was slow the `budget` wants to know more.

A view of the site is called while `view_calls` has the loop do so, and by no
other loop meanwhile. If another one has just now called such a view, the answer
waits, and the loop goes on with other things.

Everything here runs in the event loop, except `Sender.go_on`.
"""
from __future__ import absolute_import, division, print_function

import time
from functools import partial

from Products.ZServerViews._compat import get_ident, monotonic, stopwatch
from Products.ZServerViews.wsgi.offload import saying
from Products.ZServerViews.wsgi.response import CLOSED, ENDED, NEW

# How much one connection may send, and how many seconds its view may work,
# before the event loop looks after the others.
BLOCKS_AT_ONCE = 64
BYTES_AT_ONCE = 1 << 18
SECONDS_AT_ONCE = 0.02
# Empty parts of a view, one after the other, before it is offloaded.
MOST_EMPTY = 50

IN_USE = saying('503 Service Unavailable',
                'Views run one at a time, and another one has run in the '
                "server's event loop for more than a second.",
                [('Retry-After', '1'), ('Cache-Control', 'no-store')])


class Sender(object):
    """Pulls a response's blocks as the socket takes them.

    At most one block is in memory, however long the answer is.

    ``response``
        What is sent; another one if the view is offloaded.
    ``started``
        When it began, in seconds since the epoch.
    ``sent_bytes``
        How much the socket has taken so far, head and framing included.
    ``patience``
        After so many seconds without being called the view is not called any
        more, and the answer is 503; None for never.
    """

    def __init__(self, response, site, patience=None):
        mount = response.mount
        if site.metrics is not None:
            mount.usage.counts.here().count('calls')
        self.response = response
        self.started = time.time()
        self.sent_bytes = 0
        self._unsent = None
        self._empty_in_a_row = 0
        self._site = site
        # The suite's views are for several threads.
        self._calls = None if mount.is_ours else site.view_calls
        self._patience = patience
        self._ends = None       # when that is over, once it waits
        self._waits = self._is_left = False
        self._thread = get_ident()  # of its loop
        self._is_decided = not (mount.aside or mount.decides)

    @property
    def logged(self):
        """Whether the access log is to have a line, as things are now."""
        return (self.response.mount.access_log
                and self.response.status is not None)

    def waits(self):
        """Whether `send` can do nothing until the loop is woken."""
        if self._waits and self._ends is not None and (
                monotonic() >= self._ends and self.response.state == NEW):
            self._refuse()
        return self._waits or self.response.waiting

    def send(self, dispatcher):
        """Send what can be sent now; True once the answer is out.

        By a dispatcher of any asyncore. Errors of the socket come through.
        """
        usage = self.response.mount.usage
        if not (self._is_decided or self.decide()):
            return False
        if usage.is_offloaded:
            self._go_on_offloaded()
        response, block, calls = self.response, self._unsent, self._calls
        more, measured = response.more, None
        if usage.is_measured:
            more, measured = self._measured(more)
        enough, spent = self.sent_bytes + BYTES_AT_ONCE, 0.0  # of the view's
        try:
            for _block in range(BLOCKS_AT_ONCE):
                if block is None:
                    if calls is not None and not calls.acquire(False):
                        return self._wait()
                    block, seconds = self._call(more, calls)
                    spent += seconds
                    if not block:
                        return self._without_a_block(block)
                sent = dispatcher.send(block)
                self.sent_bytes += sent
                if sent < len(block):
                    # Also if the client has gone: then nobody asks again.
                    self._unsent = memoryview(block)[sent:]
                    return False
                self._unsent, self._empty_in_a_row, block = None, 0, None
                if response.state >= ENDED:
                    return response.state == CLOSED or self._close()
                if self.sent_bytes >= enough or spent >= SECONDS_AT_ONCE:
                    break
            return False
        finally:
            if (spent > usage.longest or self._site.metrics is not None
                    or spent > self._site.settings.view_budget):
                self._spent(response.mount, spent, measured)

    def _call(self, call, calls):
        """(what a call of the view returns, how many seconds it took); gives
        ``calls`` back, if they are not None."""
        usage = self.response.mount.usage
        usage.thread = get_ident()
        began = stopwatch()
        try:
            found = call()
            # Not less than nothing: a clock may be set back.
            return found, max(0.0, stopwatch() - began)
        finally:
            usage.thread = None
            if calls is not None:
                # As release(), which is a call more for each view.
                calls.free()
                if calls.waiting:
                    calls.tell()

    def decide(self):
        """Have the view offloaded, if it is to be for this request; whether
        that is known now."""
        calls = self._calls
        if calls is not None and not calls.acquire(False):
            return self._wait()
        response, _seconds = self._call(
            partial(self._site.offloaded_if_wanted, self.response), calls)
        self._is_decided = True
        self._use(response)
        return True

    def _use(self, response):
        self.response = response
        if response.is_offloaded and self._calls is not None:
            self._calls.forget(self)
            self._calls, self._waits = None, False

    def _go_on_offloaded(self):
        # Also if it has just been found out, in this answer or another.
        if self._site.budget.keeps_offloaded(self.response.mount):
            self._use(self._site.offloaded(self.response))

    def _measured(self, call):
        """(the same call, the Measured that it is measured by)."""
        measured = self._site.budget.measure(self.response.mount.usage)
        return measured.watching(call), measured

    def _without_a_block(self, block):
        """Whether that is the end."""
        if block is None:
            return self._close()
        self._empty_in_a_row += 1
        if self._empty_in_a_row > MOST_EMPTY:
            # Asked again and again, the loop would do nothing else. A view
            # thread can wait.
            self._use(self._site.offloaded(self.response))
        return False

    def close(self):
        """End the call: the client has everything, or has gone.

        If the view cannot be told now, it will be.
        """
        # First: another loop may give the view back just now.
        self._is_left = True
        self._close()

    def _close(self):
        """Whether the response is closed now."""
        response, calls = self.response, self._calls
        if response.state == CLOSED:
            return True
        if response.state == NEW:
            calls = None  # the view knows nothing of it
        if calls is not None and not calls.acquire(False):
            return self._wait()
        close, measured = response.close, None
        if response.mount.usage.is_measured:
            close, measured = self._measured(close)
        _nothing, spent = self._call(close, calls)
        self._spent(response.mount, spent, measured)
        return True

    def _spent(self, mount, seconds, measured):
        if self._site.metrics is not None:
            mount.usage.counts.here().count('seconds', seconds)
        self._site.budget.spent(mount, seconds, measured)

    # While another loop has a view:

    def _wait(self):
        if self._patience is not None and self._ends is None:
            self._ends = monotonic() + self._patience
        self._waits = True
        self._calls.wait(self)
        return False

    def _refuse(self):
        self._calls.forget(self)
        self._calls, self._waits, self._is_decided = None, False, True
        self.response.answer_by(IN_USE)

    def go_on(self):
        """No view is called just now; called by any thread, which waits for
        nothing here."""
        self._waits = False
        wake = self.response.wake
        if not self._is_left:
            _is_awake(wake)
        elif (self._thread == get_ident()
              # The lock of its trigger may be held here.
              or not _is_awake(wake, self.close)):
            self.close()  # this is its loop, or that has ended


def _is_awake(wake, *work):
    try:
        return wake is not None and wake(*work) is not False
    except Exception:
        return False  # its server has been closed
