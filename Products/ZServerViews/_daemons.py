"""Threads that have a name, keep no process alive, and know their process.

A fork leaves its child the object of a thread without the thread. Python notes
that, unless it is code in C that forks, as uWSGI's does: then `is_alive` says
the wrong thing.

gevent may have put greenlets in the place of threads. One of them that computes
stops all others of its thread, and a request would stop the loop. So these are
threads of the system there too.
"""
from __future__ import absolute_import, division, print_function

import gc
import os
import sys
import threading
from atexit import register as at_exit
from functools import partial

from Products.ZServerViews._compat import system_threads

# On Python 3.11 sys._current_frames makes objects while it holds a lock of the
# interpreter's; a garbage collection in it deadlocks (CPython issue 106883;
# 3.11.9 holds it off by itself). Older ones make no such objects there, and
# newer ones collect at safe points only.
COLLECTION_IS_UNSAFE = sys.version_info[:2] == (3, 11)

# Not empty once the process ends, if there has been a thread.
_ending = []
_registered = []


def until_end(run, ending=_ending):
    """Call it, and say nothing of its failure once the process ends.

    Python 2.7 empties the modules then, while the thread may still run.
    """
    try:
        run()
    except BaseException:
        if not ending:
            raise


def original(name):
    """A function of the module of threads, as it was before gevent."""
    monkey = sys.modules.get('gevent.monkey')
    if monkey is None:
        return getattr(system_threads, name)
    return monkey.get_original(system_threads.__name__, name)


def has_greenlets():
    """Whether gevent has put greenlets in the place of threads."""
    monkey = sys.modules.get('gevent.monkey')
    return monkey is not None and monkey.is_module_patched('threading')


def make_lock():
    """One between threads of the system."""
    return original('allocate_lock')()


def make_rlock():
    """The same, which a thread may take that has it already."""
    return original('RLock')() if has_greenlets() else threading.RLock()


def make_event():
    """One between threads of the system, for which a single thread waits."""
    return SystemEvent() if has_greenlets() else threading.Event()


class _Taking(object):
    """Lets one thread at a time take frames with the collector off, and turn that
    on again."""

    lock = make_lock()


def begin_anew():
    """In a forked child: another thread of the parent may have been at it."""
    _Taking.lock = make_lock()


def current_frames(frames=sys._current_frames):
    """{ident: frame} of all threads, taken in one step of the interpreter.

    Keep none of them, nor the dictionary: a frame that ends meanwhile leaves its
    variables to whoever holds it.
    """
    if not COLLECTION_IS_UNSAFE:
        return frames()
    with _Taking.lock:
        if not gc.isenabled():
            return frames()
        gc.disable()
        try:
            return frames()
        finally:
            gc.enable()


def start_thread(call, arguments):
    """Call it in a new thread, without waiting for its start."""
    original('start_new_thread')(call, arguments)


def make_thread(run, name):
    """A thread, which is to be started, that keeps no process alive."""
    if has_greenlets():
        return SystemThread(run, name)
    thread = threading.Thread(target=run, name=name)
    thread.daemon = True
    return thread


def leave_hub():
    """At the end of a thread: close what gevent has opened for it.

    Each thread in which something of gevent's has waited has a hub, whose
    descriptors would stay open for ever.
    """
    try:
        hub = sys.modules['gevent._hub_local'].get_hub_if_exists()
        if hub is not None:
            hub.destroy()
    except Exception:
        pass  # of another version: some descriptors stay


class SystemThread(object):
    """As much of a `threading.Thread` as is needed of one, where gevent has made
    greenlets of these."""

    def __init__(self, run, name):
        self.name = name
        self.ident = None
        self._target = run
        self._runs = make_lock()  # held while it does

    @property
    def is_current(self):
        return self.ident == original('get_ident')()

    def start(self):
        self._runs.acquire()
        try:
            start_thread(self._run, ())
        except BaseException:
            self._runs.release()
            raise

    def _run(self):
        self.ident = original('get_ident')()
        # In the list of threads it would be a dummy.
        dummy = threading.current_thread()
        dummy.name = self.name
        try:
            self._target()
        finally:
            # Of a thread that is not its own, the list knows no end.
            threading._active.pop(dummy.ident, None)
            leave_hub()
            self._runs.release()

    def is_alive(self):
        return self._runs.locked()

    def join(self, timeout):
        """Wait until it has ended, for so many seconds."""
        if self._runs.acquire(True, timeout):
            self._runs.release()


class SystemEvent(object):
    """As much of a `threading.Event`, for the same."""

    def __init__(self):
        self._is_set = False
        self._bell = make_lock()
        self._bell.acquire()

    def is_set(self):
        return self._is_set

    def set(self):
        self._is_set = True
        try:
            self._bell.release()
        except RuntimeError:
            pass  # it has rung already

    def clear(self):
        self._is_set = False
        self._bell.acquire(False)

    def wait(self, timeout=None):
        if not self._is_set:
            self._bell.acquire(True, -1 if timeout is None else timeout)
        return self._is_set


class Daemon(object):
    """At most one thread at a time; who starts it sees to that.

    ``thread``
        The Thread that was started last; None before, and once it is
        dismissed. In a forked child it may be the parent's.
    """

    def __init__(self, name):
        self.name = name
        self.thread = None
        self._pid = None

    @property
    def runs(self):
        """Whether it has been started in this process and has not ended."""
        thread = self.thread
        return (thread is not None and self._pid == os.getpid()
                and thread.is_alive())

    @property
    def is_current(self):
        """Whether the calling thread is this one, and not dismissed."""
        thread = self.thread
        return thread is not None and (
            thread.is_current if isinstance(thread, SystemThread)
            else thread is threading.current_thread())

    def start(self, run):
        """Start a thread that calls run(); raises where there can be none."""
        thread = make_thread(partial(until_end, run), self.name)
        if not _registered:
            _registered.append(True)
            at_exit(_ending.append, True)
        self.thread, self._pid = thread, os.getpid()
        try:
            thread.start()
        except BaseException:
            self.thread = None
            raise

    def dismiss(self):
        """Have none; one that runs ends if it looks at `is_current`."""
        self.thread = None
