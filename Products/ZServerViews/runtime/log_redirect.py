"""Keeps the event loop away from logging handlers, for records of any code.

A handler has a lock; the thread that holds it may be stuck, on a full disk or
a log server that does not answer. The server logs in its loop too, and so may
a view. While this is installed, records that are made in a loop are handled
in the log queue's thread, by the same logger, handlers and filters.
"""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews._compat import in_this_context
from Products.ZServerViews.runtime.log_records import handling, make
from Products.ZServerViews.runtime.patching import seam


class LogRedirect(object):
    """Stands before `logging.Logger.handle`, where each enabled record passes,
    and before that of each derived class with one of its own. Also before
    `callHandlers`, for classes and methods that have come later.

    Other threads pay one look into their locals for each record.

    ``loops``, ``log_queue``
        The Loops and the LogQueue.
    ``listeners``
        What `listen` was given.
    ``gate``
        If there is one, a record goes on only if gate(logger, record) is true;
        asked in the thread that logs, more than once for each.
    """

    gate = None

    def __init__(self, loops, log_queue):
        self.loops = loops
        self.log_queue = log_queue
        self.listeners = []
        self._seams = set()

    def listen(self, note):
        """Have note(record) called for each record that handlers get, from now
        on; in the thread that has made it, or a loop. It must not wait.

        In any thread; may be called again.
        """
        if note not in self.listeners:
            self.listeners.append(note)

    def listen_no_more(self, note):
        """Have it called no more; may be called again."""
        if note in self.listeners:
            self.listeners.remove(note)

    def install(self):
        """Redirect records from now on; in any thread.

        May be called again, for classes that have come since.
        """
        seams = [seam(kind, 'handle', _make_handle)
                 for kind in _with_handle(logging.Logger)]
        seams.append(seam(logging.Logger, 'callHandlers',
                          _make_call_handlers))
        for its_seam in seams:
            its_seam.fill(self)
            self._seams.add(its_seam)

    def uninstall(self):
        """Records are handled as ever; repeatable, in any thread."""
        for its_seam in self._seams.copy():
            its_seam.empty(self)


def _make_handle(seam):

    def handle(logger, record):
        redirect = seam.filled
        if redirect is not None:
            gate, log_queue = redirect.gate, redirect.log_queue
            if gate is not None and not gate(logger, record):
                return
            if redirect.loops.here() is not None and log_queue.has_thread():
                log_queue.put(handling(seam.original, logger, record))
                return
        seam.original(logger, record)

    return handle


def _make_call_handlers(seam):
    # Here each record passes once: those of a loop in the log queue's thread.
    handle = _make_handle(seam)

    def call_handlers(logger, record):
        redirect = seam.filled
        if redirect is not None:
            gate = redirect.gate
            if gate is not None and not gate(logger, record):
                return
            for note in list(redirect.listeners):
                try:
                    note(record)
                except Exception:
                    pass  # a record of somebody else's making
        handle(logger, record)

    return call_handlers


def _with_handle(kind):
    """The class, and all that are derived from it, that have a method `handle`
    of their own."""
    own = kind.__dict__.get('handle')
    found = [kind] if callable(own) else []
    for derived in kind.__subclasses__():
        found += _with_handle(derived)
    return found


class QueuedLogger(object):
    """The trampoline for a logger: its warnings are written in the log queue's
    thread, while the seam's slot has a log queue.

    For a logger that is called with a lock held which the loop wants too:
    then no thread may wait for a handler there.
    """

    def __init__(self, seam):
        self._seam = seam

    def __getattr__(self, name):
        return getattr(self._seam.original, name)

    def warning(self, message, *args, **kw):
        logger, log_queue = self._seam.original, self._seam.filled
        if log_queue is None or kw or not log_queue.has_thread():
            logger.warning(message, *args, **kw)
            return
        # Made here: it carries this moment, this thread and this place.
        record = make(logging.WARNING, message, args, name=logger.name)
        log_queue.put(in_this_context(_emit, logger, record))


def _emit(logger, record):
    if logger.isEnabledFor(record.levelno):
        logger.handle(record)
