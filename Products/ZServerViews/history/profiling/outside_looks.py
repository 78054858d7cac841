"""What a look from outside has seen: workers by name, with their requests."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.history.looks import NEAR, Seen
from Products.ZServerViews.history.profiling.sampling_child import COMPUTES, WAITS
from Products.ZServerViews.monitor import thread_states
from Products.ZServerViews.monitor.thread_clocks import native_id_of
from Products.ZServerViews.monitor.threads import known_threads


class OutsideLooks(object):
    """In the thread that takes the profile.

    ``child``
        The `outside.Outside`.
    ``whose``
        A `whose.Whose`.
    ``clocks``
        The watchdog's `ThreadClocks`.
    ``names``
        Returns {ident: name} of workers whose threads have none of their own.
    """

    def __init__(self, child, whose, clocks, names, threads=known_threads):
        self._child = child
        self._whose = whose
        self._clocks = clocks
        self._names = names
        self._threads = threads

    def new(self):
        """[(moment, list of `Seen`)] since the last call; raises `Lost`."""
        looks = self._child.looks()
        if not looks:
            return []
        # Behind the looks, so that each of their moments is known.
        self._whose.read()
        names, known = self._names(), {}
        for thread in self._threads():
            known[native_id_of(thread)] = (
                thread.ident, names.get(thread.ident) or thread.name)
        found = [(look.moment, list(self._seen(look, known)))
                 for look in looks]
        self._whose.forget(looks[-1].moment)
        return found

    def _seen(self, look, known):
        working = self._whose.at(look.moment)
        for number, state, stack in look.threads:
            ident, name = known.get(number, (None, None))
            if ident in working:
                yield Seen(ident, name, working[ident], stack,
                           self._state(number, state, stack))

    def _state(self, number, state, stack):
        if state == COMPUTES:
            return thread_states.RUNNING
        if state != WAITS:
            return thread_states.UNKNOWN  # for the interpreter, or once more

        def told():
            word = self._clocks.state(number)
            return None if word == thread_states.RUNNING else word

        near = tuple((path, line, function) for function, path, line
                     in self._child.frames_of(stack)[-NEAR:])
        found = thread_states.state(near, told)
        # Whatever it waits for, it has something to do.
        return thread_states.LOCK if found == thread_states.IDLE else found
