"""Which request each worker had at a moment that is over."""
from __future__ import absolute_import, division, print_function

from collections import deque

# Requests that end between two calls of `read`; those of one worker that are kept.
MOST = 20000
MOST_OF_ONE = 1000


class Whose(object):
    """For the thread that takes a profile, until `close`.

    ``recorder``
        The `monitor.recorder.Recorder`, which notes for us what ends.
    """

    def __init__(self, recorder):
        self._recorder = recorder
        self._ended = recorder.profiled = deque(maxlen=MOST)
        self._current = {}
        self._past = {}  # {ident: (request, when it has ended), ...}

    def read(self):
        """Learn of all moments until now."""
        self._current = self._recorder.current.copy()
        # Behind the copy: what ends meanwhile is in both, see `Recorder.ends`.
        while self._ended:
            ident, request, end = self._ended.popleft()
            past = self._past.get(ident)
            if past is None:
                past = self._past[ident] = deque(maxlen=MOST_OF_ONE)
            past.append((request, end))

    def at(self, moment):
        """{ident: its `monitor.requests.Request`}"""
        found = dict((ident, request) for ident, request
                     in self._current.items() if _since(request) <= moment)
        for ident, past in self._past.items():
            for request, end in reversed(past):
                if end <= moment:
                    break
                if _since(request) <= moment:
                    found[ident] = request
                    break
        return found

    def forget(self, moment):
        """Forget what has ended before; nobody asks for such moments again."""
        for ident, past in list(self._past.items()):
            while past and past[0][1] < moment:
                past.popleft()
            if not past:
                del self._past[ident]

    def close(self):
        """Have nothing noted any more."""
        if self._recorder.profiled is self._ended:
            self._recorder.profiled = None


def _since(request):
    return request.started or 0.0
