"""The loggers of this process; never by a lock.

`logging` has one lock for all its loggers, which a thread may hold that is
stuck. Reading attributes needs none.
"""
from __future__ import absolute_import, division, print_function

import logging
import os

from Products.ZServerViews.format.text import text
from Products.ZServerViews.monitor.log_ring import copied

ROOT = 'root'
# As ZConfig has them, and a second name.
_LEVELS = {'TRACE': 5, 'DEBUG': 10, 'BLATHER': 15, 'INFO': 20, 'WARNING': 30,
           'WARN': 30, 'ERROR': 40, 'CRITICAL': 50}


def all_loggers():
    """{name: Logger}; the root's is `ROOT`."""
    found = dict(
        (name, logger) for name, logger in copied(_registered).items()
        if isinstance(logger, logging.Logger))
    found[ROOT] = logging.root
    return found


def known_names():
    """{name as text: name that `get` accepts}"""
    return dict((text(name), name)
                for name in list(copied(_registered)) + [ROOT])


def get(name):
    """The logger of a known name; takes the lock of `logging`.

    Some names have none so far, since only those below it were asked for.
    """
    return logging.root if name == ROOT else logging.getLogger(name)


def _registered():
    return logging.root.manager.loggerDict.copy()


def level_number(word):
    """The number of a level; raises ValueError."""
    found = _LEVELS.get(word.upper())
    if found is None:
        found = int(word)
        if not 1 <= found <= _LEVELS['CRITICAL']:
            raise ValueError()
    return found


def level_name(level):
    """The name of a level; None for that of a logger which has none."""
    return str(logging.getLevelName(int(level))) if level else None


def handlers_of(logger):
    """The handlers that its records go to."""
    found = []
    while logger is not None:
        found += list(logger.handlers)
        logger = logger.parent if logger.propagate else None
    return found


def handlers_level(logger):
    """The lowest level that one of its handlers takes; None without one."""
    return min([handler.level for handler in handlers_of(logger)] or [None])


def obstacle(logger, level, to_memory):
    """Why records of this level do not appear, or not everywhere, though the
    logger lets them pass; None if nothing stands in their way."""
    if logger.disabled:
        return u'the logger is disabled'
    if logging.root.manager.disable >= level:
        return u'logging.disable(%d) is in force' % logging.root.manager.disable
    if to_memory:
        return None
    handlers = handlers_of(logger)
    deaf = [handler for handler in handlers if handler.level > level]
    if len(deaf) == len(handlers):
        return u'no handler takes this level; to=memory would show it'
    return u'not in ' + u', '.join(map(_told, deaf)) if deaf else None


def _told(handler):
    path = getattr(handler, 'baseFilename', None)
    name = (type(handler).__name__ if path is None
            else os.path.basename(path))
    return u'%s (from %s)' % (text(name), level_name(handler.level))
