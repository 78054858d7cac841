"""One look at the workers that are busy: where each is, and what it waits for.

All stacks are taken in one step of the interpreter, and no frame is kept. On
builds of Python without the lock of the interpreter no stack is taken: there
frames cannot be read safely while their threads run.

A thread whose processor clock shows what it showed before the last look has not
run since: it is where it was, and no frame of its is asked for. So a worker that
waits costs two microseconds, however deep its stack is.
"""
from __future__ import absolute_import, division, print_function

import sys

from Products.ZServerViews._daemons import current_frames
from Products.ZServerViews.monitor import thread_states
from Products.ZServerViews.monitor.frames import state_of
from Products.ZServerViews.monitor.thread_clocks import fine_clock, native_id_of
from Products.ZServerViews.monitor.threads import known_threads

# So many of the innermost frames tell what a thread waits for.
NEAR = 16

# Workers in one look.
MOST = 200

# What is found out about a thread that has just ceased to run may be more later.
MAY_CHANGE = thread_states.RUNNING, thread_states.UNKNOWN


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
    ``native_id``
        The system's number of its thread, or None.
    """

    __slots__ = 'ident', 'name', 'request', 'stack', 'state', 'native_id'

    def __init__(self, ident, name, request, stack, state, native_id=None):
        self.ident = ident
        self.name = name
        self.request = request
        self.stack = stack
        self.state = state
        self.native_id = native_id


class Place(object):
    """Where a thread was seen: ``clock`` is what its clock had shown before, and
    ``state`` is None where that may change while it stands still."""

    __slots__ = 'clock', 'native_id', 'stack', 'state'

    def __init__(self, clock, native_id, stack, state):
        self.clock = clock
        self.native_id = native_id
        self.stack = stack
        self.state = state


class Looker(object):
    """Looks at workers; in the recorder's thread.

    ``clocks``
        The `monitor.thread_clocks.ThreadClocks` that the watchdog keeps.
    ``clock``
        The processor time of a thread, by the system's number of it; None where
        that is not told exactly.
    """

    def __init__(self, table, clocks, frames=sys._current_frames,
                 threads=known_threads, safe=None, clock=fine_clock()):
        self._table = table
        self._clocks = clocks
        self._frames = frames
        self._threads = threads
        self._safe = frames_are_safe() if safe is None else safe
        self._clock = clock
        self._places = {}  # {ident: Place}, of the last look

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
        before, self._places = self._places, self._clocks_of(idents, threads)
        moved = [ident for ident in idents
                 if not self._is_still(ident, before.get(ident))]
        stacks = self._stacks(moved) if moved else {}
        found = []
        for ident in idents:
            thread, place = threads.get(ident), self._places.get(ident)
            number, told = stacks.get(ident, (None, None))
            if place is None:
                place = Place(None, None, number, None)
            elif number is not None:
                place.stack = number
            name = names.get(ident) or (
                'thread-%d' % ident if thread is None else thread.name)
            if ident in in_storage:
                state = thread_states.DATABASE
            else:
                state = place.state or self._state(place.stack, told, thread)
                if state not in MAY_CHANGE:
                    place.state = state
            found.append(Seen(ident, name, working[ident], place.stack, state,
                              place.native_id))
        return found

    def _clocks_of(self, idents, threads):
        """{ident: a Place without stack}, where the clock can be read."""
        found = {}
        if self._clock is not None:
            for ident in idents:
                native_id = native_id_of(threads.get(ident))
                clock = None if native_id is None else self._clock(native_id)
                if clock is not None:
                    found[ident] = Place(clock, native_id, None, None)
        return found

    def _is_still(self, ident, before):
        """Whether a thread has not run since; it is then where it was."""
        place = self._places.get(ident)
        if (before is None or place is None or before.clock != place.clock
                or before.native_id != place.native_id
                or not self._table.renew(before.stack)):
            return False
        place.stack, place.state = before.stack, before.state
        return True

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
