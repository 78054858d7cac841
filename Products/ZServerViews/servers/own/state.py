"""What is known of a server that tells nothing itself.

Who works at what, the recorder knows. How many requests wait, the kernel does:
they are connections that the server has not accepted. What they ask for nobody
has read yet, and since when they wait follows from one look to the next.
"""
from __future__ import absolute_import, division, print_function

from collections import deque

from Products.ZServerViews.monitor.requests import Request
from Products.ZServerViews.servers.own.accept_queues import listening

# Seconds between two searches for sockets, as long as there are none.
SEARCH_AGAIN = 10.0


class NotAccepted(Request):
    """A connection that the server has not accepted: nobody has read what it
    asks for, if it asks at all."""

    __slots__ = ()

    def title(self):
        return u'(not accepted yet)'

    def document(self, now):
        made = super(NotAccepted, self).document(now)
        made.update(method=None, path=None)
        return made


class State(object):
    """What all states here have: see `contracts.IServerState`.

    ``kind``
        The `kinds.Kind` of the server.
    """

    def __init__(self, site, kind):
        self._site = site
        self.worker, self.text = kind.worker, kind.text

    def in_work(self):
        """How many requests workers have, as far as the recorder knows."""
        recorder = self._site.recorder
        return 0 if recorder is None else len(recorder.current)


class KernelState(State):
    """Of a server that tells nothing; all in the thread of the loop.

    ``find(but)``
        Returns `accept_queues.Listening` objects.
    """

    connection_limit = None

    def __init__(self, site, kind, find=listening):
        super(KernelState, self).__init__(site, kind)
        self.worker_count = kind.at_once
        self._find = find
        self._sockets = []
        self._next_search = None
        self._waiting = deque()  # NotAccepted, the oldest first
        self._begun = 0          # requests that workers have begun

    @property
    def knows_queue(self):
        return bool(self._sockets)

    @property
    def not_known(self):
        waiting = ('which requests wait, but for how many' if self.knows_queue
                   else 'whether requests wait')
        return (waiting, 'how long a request has waited', 'bytes sent',
                'whether a client has gone', 'connections')

    def look(self):
        """Count those that wait; in each iteration, and for each question.

        The kernel hands them out in the order in which they came.
        """
        recorder = self._site.recorder
        if recorder is None:
            self._waiting.clear()
            return
        now = recorder.now()
        number = self._number(now)
        begun = recorder.finished.total() + len(recorder.current)
        # One that is finished just now may be in neither.
        taken, self._begun = (max(0, begun - self._begun),
                              max(begun, self._begun))
        waiting = self._waiting
        if len(waiting) - number > taken:
            # Other processes, or connections without a request: nobody knows
            # who of the rest has been there before.
            waiting.clear()
        for _number in range(min(taken, len(waiting))):
            waiting.popleft()
        while len(waiting) > number:
            waiting.popleft()
        while len(waiting) < number:
            waiting.append(NotAccepted('', '', now))

    def _number(self, now):
        if not self._sockets and (self._next_search is None
                                  or now >= self._next_search):
            self._next_search = now + SEARCH_AGAIN
            self._sockets = self._find(self._site.views_socket)
        numbers = [(sock, sock.waiting()) for sock in self._sockets]
        self._sockets = [sock for sock, number in numbers
                         if number is not None]
        return sum(number or 0 for _sock, number in numbers)

    def requests(self):
        self.look()
        return list(self._waiting)

    def in_flight(self):
        return self.in_work()

    def worker_idents(self):
        return None

    def connections(self):
        return None
