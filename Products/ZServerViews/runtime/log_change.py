"""A level that a logger has for a time, what it had before, and why that ended."""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews._compat import PY2, unquote, wire
from Products.ZServerViews.format.text import text

# Why a change has ended.
TIME_OVER = u'its time was over'
ON_REQUEST = u'put back on request'
NOT_MOUNTED = u'the view is not mounted any more'
CANNOT_BE_SET = u'it could not be set'
SOMEBODY_ELSE = u'somebody else has set the level'


class Level(int):
    """A level that was set here; no other object is the same."""


class Change(object):
    """For a time, one logger has another level.

    ``id``
        Its number in this process.
    ``name``, ``level``
        Of the logger, and the number of the level.
    ``until``, ``ends``
        When it is put back: of the monotonic clock, and in seconds since the
        epoch.
    ``path``, ``user``
        If told, only for records of requests for this path, or for those below
        it where it ends with ``*``; and of requests of this user.
    ``to_memory``
        Whether what is logged for this goes to the `LogRing` and nowhere else.
    """

    def __init__(self, name, level, path=None, user=None, to_memory=False):
        self.id = self.until = self.ends = None
        self.name = text(name)  # PY2: it may have any bytes
        self.level = level
        self.path = path
        self.user = user
        self.to_memory = to_memory
        self.is_restricted = path is not None or user is not None

    @property
    def is_plain(self):
        """Whether the level of the logger does all of it."""
        return not (self.is_restricted or self.to_memory)

    def concerns(self, request):
        """Whether it is for records of this `Request`, or of none."""
        if not self.is_restricted:
            return True
        if request is None:
            return False
        if self.user is not None and self.user != request.user:
            return False
        return self.path is None or any(
            self._is_for(path) for path in (request.path, request.asked[1])
            if path is not None)

    def _is_for(self, path):
        path = decoded(path)
        if self.path.endswith(u'*'):
            return path.startswith(self.path[:-1])
        return path == self.path


class Ended(object):
    """A `Change` that is over: ``when``, in seconds since the epoch, and
    ``reason``, one of the texts of this module."""

    def __init__(self, change, when, reason):
        self.change = change
        self.when = when
        self.reason = reason


class Held(object):
    """A logger whose level is changed.

    ``before``
        Its own level, as it was found.
    ``changes``
        All changes of it, the latest one last; replaced as a whole.
    """

    def __init__(self, logger):
        self.logger = logger
        self.before = self._left = logger.level
        self.changes = ()

    @property
    def is_foreign(self):
        """Whether somebody else has set the level meanwhile."""
        return self.logger.level is not self._left and (
            isinstance(self._left, Level) or self.logger.level != self._left)

    @property
    def is_changed(self):
        return self._left is not self.before

    def level_for(self, request):
        """(level, level for memory) of the records of a request.

        The first is what was in force without the changes if there is none for
        them; the second is None if there is none.
        """
        level = memory = None
        for change in reversed(self.changes):
            if change.concerns(request):
                if change.to_memory:
                    memory = (change.level if memory is None
                              else min(memory, change.level))
                elif level is None:
                    level = change.level
        return self.before if level is None else level, memory

    def lowest(self):
        """The level that lets all records pass that are wanted for somebody."""
        levels = []
        for change in reversed(self.changes):
            levels.append(change.level)
            if change.is_plain:
                return min(levels)
        before, logger = self.before, self.logger
        if not before and logger.parent is not None:
            before = logger.parent.getEffectiveLevel()
        return min(levels + [before])

    def set(self):
        """Have the logger let all these pass, or what it did before; takes the
        lock of `logging`."""
        wanted = Level(self.lowest()) if self.changes else self.before
        if wanted is self._left or (self.changes and self.is_changed
                                    and wanted == self._left):
            return
        if self.changes:
            self.logger.setLevel(wanted)
        else:
            self._put_back()
        # Not what was asked for, if the class of the logger has made another
        # object of it.
        self._left = self.logger.level if self.changes else self.before

    def _put_back(self):
        try:
            self.logger.setLevel(self.before)
        except Exception:
            # Somebody had set the attribute to what `setLevel` takes for no level,
            # or has made a class of their own.
            self.logger.level = self.before
            # One that nobody knows; it clears what all others know of levels.
            logging.Logger('').setLevel(logging.NOTSET)

    def put_back_in_child(self):
        """In a forked child, whose only thread this is: the lock may be one of
        its parent's threads."""
        if not self.is_foreign:
            self.logger.level = self.before


def outermost_first(held):
    """Those of {Logger: Held}; a logger's level may depend on one above it."""
    return [held[logger] for logger in sorted(
        held, key=lambda logger: (logger.parent is not None,
                                  logger.name.count('.')))]


def decoded(path):
    """A path as sent -> as text, without its percent signs."""
    native = unquote(path.encode('utf-8') if PY2 else path)  # PY2
    return wire(native).decode('utf-8', 'replace')
