"""The latest log records of a kind, as text and in memory alone.

Filled by the threads that log, in the event loop too: so nothing is read from a
file, and no lock is taken.
"""
from __future__ import absolute_import, division, print_function

import sys
from collections import deque

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.format.masking import masked
from Products.ZServerViews.format.text import cut, text

MOST = 1000
# Characters of a message, of the text of an exception, and of each name.
LONGEST_MESSAGE, LONGEST_ERROR, LONGEST_NAME = 1000, 500, 200
MOST_FRAMES = 20
# Seconds.
KEPT = 3600


class Entry(object):
    """One record.

    ``when``, ``created``
        When it was added, of the monotonic clock, and when it was made, in
        seconds since the epoch.
    ``level``, ``logger``, ``thread``
        Names.
    ``request``
        Method and path of the request of its thread; or None.
    ``message``
        As the log would have it; what looks like a secret is masked.
    ``error``
        Of the exception, in the same way; or None.
    ``frames``
        The latest (file, line, function) of its traceback.
    """

    __slots__ = ('when', 'created', 'level', 'logger', 'thread', 'request',
                 'message', 'error', 'frames')


class LogRing(object):
    """At most so many entries; further ones push out the oldest."""

    def __init__(self, clock=monotonic, most=MOST):
        self._clock = clock
        self._most = most
        self.clear()

    def clear(self):
        """Have none; also in a forked child."""
        self._entries = deque(maxlen=self._most)

    def __len__(self):
        return len(self._entries)

    def add(self, record, request=None):
        """Keep a LogRecord, and the `Request` of its thread; in any thread.

        Its arguments become text now, as a handler does it.
        """
        entry = Entry()
        entry.when, entry.created = self._clock(), record.created
        entry.level, entry.logger, entry.thread = (
            cut(text(name), LONGEST_NAME) for name in (
                record.levelname, record.name, record.threadName))
        entry.request = None if request is None else request.title()
        entry.message = _safe(_message(record), LONGEST_MESSAGE)
        entry.error, entry.frames = _exception(record.exc_info)
        self._entries.append(entry)

    def entries(self, limit, name=None):
        """The latest ones, the oldest of them first, and how many there are;
        if a name is told, of that logger and of those below it."""
        found = [entry for entry in copied(lambda: list(self._entries))
                 if name is None or is_below(entry.logger, name)]
        return found[-limit:], len(found)

    def expire(self):
        """Forget what is too old; in one thread at a time."""
        before = self._clock() - KEPT
        entries = self._entries
        # A thread that adds one may push out the oldest meanwhile: then a
        # younger one goes, once.
        while entries and entries[0].when <= before:
            entries.popleft()


def is_below(logger, name):
    """Whether a logger's name is this one, or of one below it."""
    return name == u'root' or (logger + u'.').startswith(name + u'.')


def copied(copy):
    """copy(), though others may change what it copies."""
    for _attempt in range(100):
        try:
            return copy()
        except RuntimeError:  # it has grown meanwhile
            pass
    return copy()


def _message(record):
    try:
        return text(record.getMessage())
    except Exception:  # arguments that do not fit: handlers tell of it
        return text(record.msg)


def _exception(exc_info):
    if exc_info is True:
        exc_info = sys.exc_info()
    if not exc_info or exc_info[0] is None:
        return None, ()
    kind, error, traceback = exc_info
    try:
        said = text(error)
    except Exception:
        said = u'?'
    frames = deque(maxlen=MOST_FRAMES)
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append((text(code.co_filename), traceback.tb_lineno,
                       text(code.co_name)))
        traceback = traceback.tb_next
    return _safe(u'%s: %s' % (text(kind.__name__), said),
                 LONGEST_ERROR), tuple(frames)


def _safe(said, most):
    # Cut twice: masks take time by the length, and make texts longer.
    return cut(masked(cut(said, most)), most)
