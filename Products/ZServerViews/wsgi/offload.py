"""Responses whose view is offloaded: it runs in a thread of its own.

Each step in that thread makes the next blocks of one answer. Between two steps
no thread is held, however slowly the client reads. The response within passes
from the event loop to the thread with a step, and back with the step's result;
so it is never in two threads at once and needs no lock.

The states are those of `wsgi.response`; NEW is left when the view thread begins
with the view. Everything here runs in the event loop, but for
`OffloadedResponse._make_blocks`.
"""
from __future__ import absolute_import, division, print_function

import time
from collections import deque

from Products.ZServerViews.wsgi.response import BODY, CLOSED, ENDED, HEAD, LAST, NEW


def saying(status, text, headers=()):
    """A view that says this at once, whoever calls it."""
    body = ('%s\n\n%s\n' % (status, text)).encode('ascii')

    def view(environ, start_response):
        start_response(status, [
            ('Content-Type', 'text/plain; charset=utf-8')] + list(headers))
        return [body]

    return view


BUSY = saying('503 Service Unavailable',
               'This view has more to do than it can; try again later.',
               [('Retry-After', '1')])
TIMED_OUT = saying('504 Gateway Timeout',
                    'This view takes too long; the event log of the site may '
                    'say more.')


# Seconds between two questions to a view that has nothing yet.
PAUSE = 0.01


class OffloadedResponse(object):
    """Drives a Response in the view thread of its mount.

    ``response``
        In state NEW, or later if its view has been called already, in the loop.
    """

    is_offloaded = True

    def __init__(self, response, view_thread):
        self.mount = response.mount
        self.environ = response.environ
        self.wake = response.wake
        self.state = response.state
        self._view_thread = view_thread
        self._within = response    # is the view thread's while a step is there
        self._answers = response   # the same, or what answers in its place
        self._step = None          # what the view thread has to do
        self._blocks = deque()
        while self.state == LAST and response.has_blocks:
            # Nothing more is to be made.
            self._blocks.append(response.more())
        self._learn()

    @property
    def waiting(self):
        step = self._step
        return (step is not None and step.result is None
                and not self._view_thread.is_over(step))

    def more(self):
        if self._blocks:
            return self._hand_out()
        if self._answers is not self._within:
            return self._more_in_its_place()
        if self.state >= LAST:
            return None
        if self._step is None:
            return self._ask()
        return self._look(self._step)

    def close(self):
        if self.state == CLOSED:
            return
        if self._step is not None:
            self._give_up()
        is_called, self.state = self.state > NEW, CLOSED
        self._blocks.clear()
        if is_called and self._within.state != CLOSED:
            # Behind the step, if that runs.
            self._view_thread.put(self._within.close)

    def _ask(self):
        """Have the next blocks made."""
        is_first = self.state == NEW
        if is_first and self._view_thread.is_busy:
            return self._refuse()
        if is_first:
            self.state = HEAD
        self._step = self._view_thread.put(self._make_blocks, self.wake,
                                           is_first)
        return b''

    def _make_blocks(self):
        """(blocks, whether these are the last); in the view thread."""
        response = self._within
        blocks = [response.more()]
        while blocks == [b''] and self.state != CLOSED and not (
                self._step is not None
                and self._view_thread.is_over(self._step)):
            # The view has nothing yet.
            time.sleep(PAUSE)
            blocks = [response.more()]
        while response.has_blocks:
            blocks.append(response.more())
        if response.state == ENDED:
            response.close()
        return [block for block in blocks if block], response.state >= ENDED

    def _look(self, step):
        """What has become of the step."""
        is_over = self._view_thread.is_over(step)
        if step.result is None:
            if not is_over:
                return b''
        else:
            (blocks, are_last), = step.result
            if blocks or are_last or not is_over:
                return self._take(blocks, are_last)
        self._give_up()
        if self.state == NEW:
            return self._refuse()
        self._view_thread.timeouts += 1
        if self.status is None:
            return self._answer_with(TIMED_OUT)
        # Nothing true can follow the bytes that are out.
        self.state = ENDED
        self.close_connection = True
        return None

    def _take(self, blocks, are_last):
        """A step has made these."""
        self._step = None
        self._blocks.extend(blocks)
        self._learn()
        if self.status is not None:
            self.state = LAST if are_last else BODY
        if blocks:
            return self._hand_out()
        if are_last:
            self.state = ENDED
        return None if are_last else b''

    def _hand_out(self):
        block = self._blocks.popleft()
        if self.state == LAST and not self._blocks:
            self.state = ENDED
        return block

    def _give_up(self):
        step, self._step = self._step, None
        if self._view_thread.give_up(step) and step.first:
            self.state = NEW  # it had not begun, and never will

    def _refuse(self):
        self._view_thread.refusals += 1
        return self._answer_with(BUSY)

    def _answer_with(self, view):
        self._answers = self._within.another(view)
        return self._more_in_its_place()

    def _more_in_its_place(self):
        block = self._answers.more()
        self._learn()
        return block

    def _learn(self):
        """Know of an answer what is known while no step is there: the view
        thread may be changing it later, when the client leaves."""
        self.status = self._answers.status
        self.body_bytes = self._answers.body_bytes
        self.close_connection = self._answers.close_connection
