"""One look at the workers that are busy: where each is, and what it waits for.

All stacks are taken in one step of the interpreter, and no frame is kept. On
builds of Python without the lock of the interpreter no stack is taken: there
frames cannot be read safely while their threads run.
"""
from __future__ import absolute_import, division, print_function

import sys

from Products.ZServerViews.monitor import thread_states
from Products.ZServerViews.monitor.thread_clocks import native_id_of
from Products.ZServerViews.monitor.threads import (
    current_frames,
    known_threads,
    state_of,
)

# So many of the innermost frames tell what a thread waits for.
NEAR = 16

# Workers in one look.
MOST = 200


def frames_are_safe(sys=sys):
    """Whether frames of running threads may be read."""
    has_lock = getattr(sys, '_is_gil_enabled', None)
    return has_lock is None or bool(has_lock())


class Seen(object):
    """A worker at the moment of a look.

    ``request``
        The `monitor.requests.Request` that it has.
    ``stack``
        Its number in the table, or None.
    """

    __slots__ = 'ident', 'name', 'request', 'stack', 'state'

    def __init__(self, ident, name, request, stack, state):
        self.ident = ident
        self.name = name
        self.request = request
        self.stack = stack
        self.state = state


class Looker(object):
    """Looks at workers; in the recorder's thread.

    ``clocks``
        The `monitor.thread_clocks.ThreadClocks` that the watchdog keeps.
    """

    def __init__(self, table, clocks, frames=sys._current_frames,
                 threads=known_threads, safe=None):
        self._table = table
        self._clocks = clocks
        self._frames = frames
        self._threads = threads
        self._safe = frames_are_safe() if safe is None else safe

    def look(self, working, names, in_storage):
        """A list of `Seen`, those first that have worked longest.

        ``working``
            {ident: its request}
        ``names``
            {ident: name} of workers whose threads have none of their own.
        ``in_storage``
            The idents of threads that are in a call of a storage.
        """
        idents = sorted(working, key=lambda ident: working[ident].started
                        or 0)[:MOST]
        threads = dict((thread.ident, thread) for thread in self._threads())
        stacks = self._stacks(idents)
        found = []
        for ident in idents:
            thread = threads.get(ident)
            number, told = stacks.get(ident, (None, None))
            name = names.get(ident) or (
                'thread-%d' % ident if thread is None else thread.name)
            state = (thread_states.DATABASE if ident in in_storage
                     else self._state(number, told, thread))
            found.append(Seen(ident, name, working[ident], number, state))
        return found

    def _stacks(self, idents):
        """{ident: (number of its stack, what its innermost frame tells)}"""
        if not self._safe:
            return {}
        current, found = current_frames(self._frames), {}
        try:
            for ident in idents:
                frame = current.pop(ident, None)
                if frame is not None:
                    found[ident] = self._table.of_frame(frame), state_of(frame)
                # One that ends meanwhile leaves its variables to who holds it.
                del frame
        finally:
            current.clear()
        return found

    def _state(self, number, told, thread):
        stack = tuple((path, line, function) for function, path, line
                      in self._table.frames(number)[-NEAR:])
        state = thread_states.state(
            stack, lambda: told or self._clocks.state(native_id_of(thread))
        ) if stack else (self._clocks.state(native_id_of(thread))
                         or thread_states.UNKNOWN)
        # Whatever it waits for, it has something to do.
        return (thread_states.LOCK if state == thread_states.IDLE else state)
