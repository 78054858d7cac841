"""Log records that are made in one thread and handled in another.

As `logging.handlers.QueueHandler` prepares them: they say what was so when they
were made. A traceback stays one, for to format it reads source files: that is
done where the record is handled.
"""
from __future__ import absolute_import, division, print_function

import logging
import sys

from Products.ZServerViews._compat import PY2, in_this_context, text_type

if PY2:
    def _factory():  # PY2
        return logging.LogRecord  # PY2
else:
    _factory = logging.getLogRecordFactory

LOGGER_NAME = 'Products.ZServerViews'

# Types of arguments that say the same at any time.
_LASTING = frozenset([bool, bytes, float, int, str, text_type, type(None)])


def make(level, message, args=(), exc_info=None, name=LOGGER_NAME):
    """A prepared LogRecord at the place of the caller's caller.

    Made by the site's factory (`logging.setLogRecordFactory`) where there is
    one. Takes no lock: a Logger's methods may.
    """
    caller = sys._getframe(2)
    given = (name, level, caller.f_code.co_filename, caller.f_lineno, message,
             args, exc_info, caller.f_code.co_name)
    try:
        record = _factory()(*given)
    except Exception:  # the site's: without its fields is better than not
        record = logging.LogRecord(*given)
    return prepared(record)


def prepared(record):
    """The record, with its message made if its arguments may change.

    Otherwise they stay: some handlers put records together that differ in
    nothing else. What cannot be formatted is left to the handlers, which tell
    of it in their way.
    """
    args = record.args
    if type(record.msg) in _LASTING and (not args or (
            type(args) is tuple and _LASTING.issuperset(map(type, args)))):
        return record
    try:
        record.msg, record.args = record.getMessage(), ()
    except Exception:
        pass
    return record


def handling(handle, logger, record):
    """A function that has the record handled, for another thread to call.

    Filters and handlers find the context variables of this moment.
    """
    return in_this_context(handle, logger, prepared(record))
