"""What keeps the workers of the throw-away instance busy.

A subscriber to the event with which Zope begins each request does the work of
``/-check-/work/KIND``, in the worker's thread, until the gate opens. Zope then
says that there is no such page: that is the answer. The event is the same on
every Zope and every server, and needs no page, no ZCML and no database.
"""
from __future__ import absolute_import, division, print_function

import importlib
import logging
import sys
import threading

PREFIX = '/-check-/'
WORK = PREFIX + 'work/'
SLOW = 'Products.ZServerViews.cli.check.slow'
# No worker is kept longer, whatever becomes of the check.
LONGEST = 900
C_SECONDS = 2

_kinds = {}


class Gate(object):
    """Where workers wait; open when the process starts.

    ``waiting``
        How many workers are at work now.
    """

    def __init__(self):
        self._event = threading.Event()
        self._event.set()
        self._lock = threading.Lock()
        self.waiting = 0

    def close(self):
        self._event = threading.Event()

    def open(self):
        self._event.set()

    @property
    def is_open(self):
        return self._event.is_set()

    def wait(self):
        self._event.wait(LONGEST)

    def __enter__(self):
        with self._lock:
            self.waiting += 1

    def __exit__(self, *exc_info):
        with self._lock:
            self.waiting -= 1


gate = Gate()


def kind(function):
    _kinds[function.__name__] = function
    return function


@kind
def sleep():
    gate.wait()


@kind
def loop():
    """Python code that never waits."""
    number = 0
    while not gate.is_open:
        for _step in range(1000):
            number += 1


@kind
def logs():
    """Hold the lock of every handler there is."""
    handlers = [reference() for reference in list(logging._handlerList)]
    handlers = [handler for handler in handlers
                if handler is not None and handler.lock is not None]
    for handler in handlers:
        handler.acquire()
    try:
        gate.wait()
    finally:
        for handler in handlers:
            handler.release()


@kind
def imports():
    """Be inside an import; on Python 2 that holds the one import lock."""
    sys.modules.pop(SLOW, None)
    importlib.import_module(SLOW)


@kind
def c_code():
    """Call C code that keeps the interpreter's lock."""
    _c_library.usleep(C_SECONDS * 1000000)


_c_library = None


def on_start(event):
    """The subscriber."""
    path = event.request.environ.get('PATH_INFO', '')
    if path.startswith(WORK):
        with gate:
            _kinds[path[len(WORK):]]()


def subscribe():
    """Have Zope call `on_start`; may be called again."""
    global _c_library
    if _c_library is not None:
        return
    import ctypes

    from zope.component import provideHandler
    from ZPublisher.interfaces import IPubStart
    # Not CDLL, which gives the lock back for the time of a call.
    _c_library = ctypes.PyDLL(None)
    provideHandler(on_start, [IPubStart])
