"""Answers whose view runs aside: in a thread of its own, see `lanes`.

Each step in that thread makes the next blocks of one answer. Between two steps
no thread is held, however slowly the client reads. The exchange within passes
from the loop to the thread with a step, and back with the step's result; so it
is never in two threads at once and needs no lock.

Everything here runs in the loop, but for `AsideExchange._step`.
"""
from __future__ import absolute_import, division, print_function

from collections import deque


def _saying(status, text, headers=()):
    """A view that says this at once."""
    body = ('%s\n\n%s\n' % (status, text)).encode('ascii')

    def view(environ, start_response):
        start_response(status, [
            ('Content-Type', 'text/plain; charset=utf-8')] + list(headers))
        return [body]

    return view


BUSY = _saying('503 Service Unavailable',
               'This view has more to do than it can; try again later.',
               [('Retry-After', '1')])
TIMED_OUT = _saying('504 Gateway Timeout',
                    'This view takes too long; the event log of the site may '
                    'say more.')


class AsideExchange(object):
    """Drives an Exchange in the lane of its mount.

    ``begun``
        Whether the view has been called already, in the loop.
    """

    over = False

    def __init__(self, exchange, lane, begun=False):
        self.wake = exchange.wake
        self._exchange = exchange
        self._lane = lane
        self._begun = begun
        self._waits_for = None  # a Step
        self._blocks = deque()
        self._ended = False     # nothing will be added to the blocks
        self._closed = False    # the exchange within, by the lane
        self._instead = None    # an Exchange that answers in its place
        self._copy(exchange)

    @property
    def waiting(self):
        step = self._waits_for
        return (step is not None and step.result is None
                and not self._lane.is_over(step))

    def more(self):
        if self._blocks:
            return self._blocks.popleft()
        if self._instead is not None:
            block = self._instead.more()
            self._copy(self._instead)
            return block
        if self._ended:
            return None
        if self._waits_for is None:
            return self._ask()
        return self._look(self._waits_for)

    def close(self):
        step, self._waits_for = self._waits_for, None
        if step is not None:
            self._give_up(step)
        self._blocks.clear()
        self._ended = True
        if self._begun and not self._closed:
            self._closed = True
            # Behind the step, if that runs.
            self._lane.put(self._exchange.close)

    def _ask(self):
        """Have the next blocks made."""
        first = not self._begun
        if first and self._lane.is_busy:
            return self._refuse()
        self._begun = True
        self._waits_for = self._lane.put(self._step, self.wake, first)
        return b''

    def _step(self):
        """(blocks, whether that is all); in the thread of the lane."""
        exchange = self._exchange
        blocks = [exchange.more()]
        while exchange.made:
            blocks.append(exchange.more())
        if exchange.ended:
            exchange.close()
        return [block for block in blocks if block], exchange.ended

    def _look(self, step):
        """What has become of the step."""
        if step.result is not None:
            self._waits_for = None
            (blocks, self._ended), = step.result
            self._closed = self._ended
            self._blocks.extend(blocks)
            self._copy(self._exchange)
            if self._blocks:
                return self._blocks.popleft()
            return None if self._ended else b''
        if not self._lane.is_over(step):
            return b''
        self._waits_for = None
        self._give_up(step)
        if not self._begun:
            return self._refuse()
        self._lane.timeouts += 1
        if self.status is None:
            return self._answer_with(TIMED_OUT)
        # Nothing true can follow the bytes that are out.
        self._ended = self.close_connection = True
        return None

    def _give_up(self, step):
        if self._lane.give_up(step) and step.first:
            self._begun = False

    def _refuse(self):
        self._lane.refusals += 1
        return self._answer_with(BUSY)

    def _answer_with(self, view):
        self._instead = self._exchange.another(view)
        return self.more()

    def _copy(self, exchange):
        """Know of an answer what is known while it rests."""
        self.status = exchange.status
        self.body_bytes = exchange.body_bytes
        self.close_connection = exchange.close_connection
