"""Keeps the loop away from logging handlers, whoever logs in it.

A handler has a lock; the thread that holds it may be stuck, on a full disk or
a log server that does not answer. The server logs in its loop too, and so may
a view. While this is installed, records that are made in a loop are handled
in the journal's thread, by the same logger, handlers and filters.
"""
from __future__ import absolute_import, division, print_function

import logging
from functools import partial

from Products.ZServerViews._compat import get_ident


class Armour(object):
    """Stands before `logging.Logger.handle`, where each enabled record passes.

    Other threads pay one look into a set for each record.
    """

    def __init__(self, loops, journal):
        self._loops = loops
        self._journal = journal
        self._ours = self._original = None

    def install(self):
        if self._ours is None:
            self._original = logging.Logger.__dict__['handle']
            self._ours = self._make(self._original)
            logging.Logger.handle = self._ours

    def uninstall(self):
        if self._ours is None:
            return
        # Where somebody has put a patch over it, ours stays below.
        if logging.Logger.__dict__['handle'] is self._ours:
            logging.Logger.handle = self._original
            self._ours = None

    def _make(self, original):
        loops, journal = self._loops, self._journal

        def handle(logger, record):
            if get_ident() in loops.threads:
                journal.put(partial(original, logger, record))
            else:
                original(logger, record)

        return handle


class QueuedLogger(object):
    """A logger whose warnings are written in the journal's thread.

    For a logger that is called with a lock held which the loop wants too:
    then no thread may wait for a handler there.
    """

    def __init__(self, logger, journal):
        self._logger = logger
        self._journal = journal

    def __getattr__(self, name):
        return getattr(self._logger, name)

    def warning(self, message, *args):
        # Made here: it carries this moment and this thread.
        record = self._logger.makeRecord(
            self._logger.name, logging.WARNING, __file__, 0, message, args,
            None)
        self._journal.put(partial(self._emit, record))

    def _emit(self, record):
        if self._logger.isEnabledFor(record.levelno):
            self._logger.handle(record)
