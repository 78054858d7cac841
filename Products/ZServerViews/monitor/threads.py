"""The threads of this process: names, roles, states and stacks.

`collect` runs in the loop or in the watchdog. It waits for nothing: it takes
no lock, reads no file and reads no value of a variable. Its cost is bounded by
the numbers of threads and of frames.
"""
from __future__ import absolute_import, division, print_function

import os
import sys
import threading

from Products.ZServerViews._compat import get_ident, monotonic
from Products.ZServerViews._daemons import current_frames
from Products.ZServerViews.format.text import clean, cut_middle
from Products.ZServerViews.monitor import thread_states
from Products.ZServerViews.monitor.frames import state_of
from Products.ZServerViews.monitor.thread_clocks import NoClocks, native_id_of

LOOP, WORKER, WATCHDOG, HELPER, OTHER = ROLES = (
    'loop', 'worker', 'watchdog', 'helper', 'other')

# How the names of this product's own threads begin.
OWN_NAMES = 'zserver-views-'
WATCHDOG_NAME = OWN_NAMES + 'watchdog'

# Where the code of this product lies, as code objects name it.
_PRODUCT = os.path.dirname(os.path.dirname(
    clean.__code__.co_filename))

LONGEST_NAME = 100
MAX_THREADS = 1000
MAX_FRAMES = 100


class Description(object):
    """What a hook knows of a thread: `collect` takes them by ident.

    ``role``
        One of `ROLES`.
    ``request``, ``target``
        The request in work as text for people, and its path as sent, without
        query; or None.
    ``age_seconds``
        How long the thread has worked at it, or None.
    ``name``
        In place of the thread's own, which ZServer's workers have not; or
        None.
    """

    def __init__(self, role=OTHER, request=None, age_seconds=None, name=None,
                 target=None):
        self.role = role
        self.request = request
        self.age_seconds = age_seconds
        self.name = name
        self.target = target


class Thread(object):
    """One thread at one moment.

    ``ident``, ``native_id``
        Python's number of the thread, and the system's where Python knows it
        (3.8 and newer), else None.
    ``role``, ``request``, ``request_age_seconds``
        As described by the caller.
    ``state``
        See `thread_states.state`.
    ``stack``
        A tuple of (file, line, function), the innermost last.
    ``cut``
        Whether there are more frames outside those of the stack.
    ``unmoved_seconds``
        For how long every look at this thread has found this same stack; None
        if the look before this one has not. See `Snapshot`.
    """

    def __init__(self, name, ident, native_id, role, state, request,
                 request_age_seconds, stack, cut, unmoved_seconds, target=None):
        self.name = name
        self.ident = ident
        self.native_id = native_id
        self.role = role
        self.state = state
        self.request = request
        self.request_age_seconds = request_age_seconds
        self.target = target
        self.stack = stack
        self.cut = cut
        self.unmoved_seconds = unmoved_seconds


class Dump(object):
    """Threads at one moment.

    ``threads``
        Those that are shown.
    ``omitted``
        How many others there are.
    ``known``, ``different``
        Of how many the stacks were taken, shown or not, and how many different
        ones those are. By themselves those of the threads that are shown.
    """

    def __init__(self, threads, omitted, known=None, different=None):
        self.threads = threads
        self.omitted = omitted
        self.known = len(threads) if known is None else known
        self.different = (different_stacks(threads) if different is None
                          else different)


def different_stacks(threads):
    """How many different stacks these threads have."""
    return len(set((thread.stack, thread.cut) for thread in threads))


def known_threads():
    """The Thread objects of the threading module, taken without its lock.

    threading.enumerate() waits for a lock which a starting thread holds while
    it runs Python code. Copying the dictionary is one step of the interpreter.
    """
    active = getattr(threading, '_active', None)
    if active is None:
        return threading.enumerate()
    return list(active.copy().values())


def thread_names(workers):
    """{ident: name} of the threads that have one.

    ``workers``
        A function for those of a server's threads, as `Site.workers`.
    """
    names = dict((thread.ident, thread.name) for thread in known_threads())
    known = workers()
    names.update((ident, known[ident]) for ident in known
                 if known[ident] is not None)
    return names


def collect(frames=sys._current_frames, enumerate=known_threads,
            describe=None, snapshot=None, clocks=NoClocks(), limit=None,
            max_threads=MAX_THREADS, max_frames=MAX_FRAMES):
    """A `Dump` of all threads as they are now.

    ``frames``, ``enumerate``
        The world: {ident: frame}, and the Thread objects.
    ``describe``
        {ident: `Description`}, from whoever knows the server.
    ``snapshot``
        The `Snapshot` that marks those which have not moved.
    ``clocks``
        The `thread_clocks.ThreadClocks`, or the like, that somebody has look.

    ``limit``
        How many threads are shown; all are taken nevertheless, so that those
        which have not moved are known as such in the next look.

    Workers with a request come first, that with the oldest one at the top;
    then the loop, then the others. So those beyond a limit are others.
    """
    describe = describe or {}
    named = dict((thread.ident, thread) for thread in enumerate())
    stacks, omitted = _stacks(frames, describe, max_threads, max_frames)
    threads = [_thread(ident, named.get(ident), describe.get(ident), clocks,
                       *seen) for ident, seen in stacks]
    if snapshot is not None:
        snapshot.mark(threads)
    shown = sorted(threads, key=_order)[:limit]
    return Dump(shown, omitted + len(threads) - len(shown), len(threads),
                different_stacks(threads))


def _stacks(frames, describe, max_threads, max_frames):
    # A frame that ends meanwhile leaves its variables to whoever holds it, and
    # their destructors would run here. So no frame is kept beyond this.
    current = current_frames(frames)
    idents = sorted(current, key=lambda ident: _rank(ident, describe))
    stacks = [(ident, _stack(current.pop(ident), max_frames))
              for ident in idents[:max_threads]]
    # Our own frame is in it too, which would keep it.
    current.clear()
    return stacks, max(0, len(idents) - max_threads)


def _rank(ident, describe):
    known = describe.get(ident)
    if known is None:
        return True, len(ROLES), ident
    return known.request is None, ROLES.index(known.role), ident


def _stack(frame, max_frames):
    """(stack, whether there are more frames, what the innermost one tells)"""
    told = state_of(frame)
    stack = []
    append = stack.append  # here are nine tenths of the time
    for _number in range(max_frames):
        code = frame.f_code
        append((code.co_filename, frame.f_lineno, code.co_name))
        frame = frame.f_back
        if frame is None:
            break
    stack.reverse()
    return tuple(stack), frame is not None, told


def _thread(ident, thread, known, clocks, stack, cut, told):
    name = cut_middle(clean(thread.name if thread is not None
                            else 'thread-%d' % ident), LONGEST_NAME)
    if known is None:
        known = Description(_role(name))
    native_id = native_id_of(thread)

    def otherwise():
        return told or clocks.state(native_id)

    state = (thread_states.RUNNING if ident == get_ident()
             else _state(stack, otherwise, known))
    return Thread(known.name or name, ident, native_id, known.role, state,
                  known.request, known.age_seconds, stack, cut, None,
                  known.target)


def _role(name):
    if name == WATCHDOG_NAME:
        return WATCHDOG
    return HELPER if name.startswith(OWN_NAMES) else OTHER


def _state(stack, otherwise, known):
    state = thread_states.state(stack, otherwise)
    if known.request is not None:
        # Whatever it waits for, it has not nothing to do.
        return thread_states.LOCK if state == thread_states.IDLE else state
    if (known.role in (WATCHDOG, HELPER) and thread_states.on_a_condition(stack)
            and thread_states.waits_for(stack, _PRODUCT)):
        return thread_states.IDLE  # not so a check, or an offloaded view
    return state


def _order(thread):
    return (thread.request is None, -(thread.request_age_seconds or 0),
            ROLES.index(thread.role), len(thread.name), thread.name,
            thread.ident)


class Snapshot(object):
    """What the previous look has seen, to mark threads that have not moved.

    A thread has not moved if its stack is the same, line for line. It may have
    moved and come back: a loop does. Stacks are kept as one number each, for
    at most as many threads as were collected. Of two looks that threads take at
    once one may be forgotten.
    """

    def __init__(self, clock=monotonic):
        self._clock = clock
        self._seen = {}

    def mark(self, threads):
        """Give these threads their ``unmoved_seconds``; remember them."""
        now = self._clock()
        before, seen = self._seen, {}
        for thread in threads:
            key = thread.ident, thread.native_id, hash(thread.stack)
            since = before.get(key)
            seen[key] = now if since is None else since
            if since is not None:
                thread.unmoved_seconds = _unmoved(thread, now - since)
        self._seen = seen


def _unmoved(thread, seconds):
    seconds = max(0.0, seconds)
    if thread.request_age_seconds is None:
        return seconds
    # Before its request it has done something else, and come back here.
    return min(seconds, thread.request_age_seconds)
