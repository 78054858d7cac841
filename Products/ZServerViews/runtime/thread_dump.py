"""The stacks of threads as text, for the event log and for files.

Taking them waits for nothing, see `monitor.threads`. Turning them into a
string reads source files: that is for the log queue's thread.
"""
from __future__ import absolute_import, division, print_function

import linecache
import traceback

from Products.ZServerViews._compat import PY2, get_ident, monotonic
from Products.ZServerViews.format import stacks
from Products.ZServerViews.monitor.threads import (
    LOOP,
    WATCHDOG,
    WORKER,
    Description,
    collect,
)

# Longer lines than on a terminal: logs are searched as much as read.
WIDTH = 200


def describe(site, now):
    """{ident: `Description`} of the threads that the server and we know.

    Reads what other threads change, in single steps of the interpreter; may
    be called in any thread. ``now`` is a time of `monotonic`.
    """
    names = site.workers()
    known = dict((ident, Description(WORKER, name=names[ident]))
                 for ident in names)
    recorder = site.recorder
    if recorder is not None:
        for ident, request in recorder.current.copy().items():
            known[ident] = Description(WORKER, request.title(),
                                       request.worked(now), names.get(ident),
                                       request.path)
    known.update(dict.fromkeys(site.loops.threads, Description(LOOP)))
    return known


def take(site, clock=monotonic):
    """A `monitor.threads.Dump` of all threads, taken by the watchdog's.

    It has the requests in work where a view of the site has them recorded.
    """
    known = describe(site, clock())
    known[get_ident()] = Description(WATCHDOG)
    return collect(describe=known, clocks=site.thread_clocks)


def thread_of(dump, ident):
    """The `monitor.threads.Thread` with that identifier, or None."""
    for thread in dump.threads:
        if thread.ident == ident:
            return thread
    return None


class Text(object):
    """A dump as a string, made when somebody asks for it."""

    def __init__(self, dump):
        self._dump = dump

    def __str__(self):
        text = stacks.to_text(self._dump, WIDTH).rstrip()
        return text.encode('utf-8') if PY2 else text


class Stack(object):
    """The stack of one thread as a string, with its source lines."""

    def __init__(self, thread):
        self._thread = thread

    def __str__(self):
        return ''.join(traceback.format_list([
            (path, line or 0, function, linecache.getline(path, line or 0))
            for path, line, function in self._thread.stack])).rstrip()
