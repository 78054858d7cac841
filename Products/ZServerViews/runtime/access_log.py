"""Lines for the answers of views in the access log that the site has.

Zope on waitress writes it with a WSGI filter, Paste's TransLogger, which
stands around the application and thus never sees a view. Its own method
writes our lines, so that they have the site's format, whatever that is.

Where nothing but Paste's own code has a part in a line, the loop makes its
text, which takes it less than to wait for the interpreter while another thread
does, and many are written at once. An environ that waited for its line, with
all it consists of, would count for Python's garbage collector.
"""
from __future__ import absolute_import, division, print_function

import copy
import logging
import select
import sys
import threading
import time

from Products.ZServerViews._compat import monotonic, quote, text_type
from Products.ZServerViews.runtime.log_queue import attempt
from Products.ZServerViews.runtime.pipeline import find_translogger, names

# So many bytes stay together in a pipe to which other processes write too
# (POSIX, write()).
WHOLE = getattr(select, 'PIPE_BUF', 512)

# What Paste reads of an environ for a line, and `_request_uri` does.
_READ = ('HTTP_X_FORWARDED_FOR', 'REMOTE_ADDR', 'REMOTE_USER', 'REQUEST_METHOD',
         'SCRIPT_NAME', 'PATH_INFO', 'QUERY_STRING', 'SERVER_PROTOCOL',
         'HTTP_REFERER', 'HTTP_USER_AGENT')
_READ_BY_PASTE = frozenset(_READ + ('REQUEST_URI', 'HTTP_VERSION'))
# Types whose equal values are written alike.
_PLAIN = frozenset([str, int, type(None)])
# So many lines of one second are remembered.
MOST_LINES = 100

# Seconds until a filter that was not found is looked for again: some pipelines
# are made with the first request for the site.
LOOK_AGAIN = 60

HIDDEN = (
    'Views have no lines in the access log: the process has a TransLogger, but '
    'none was found between the server and Zope. What was found there: %s. Put '
    'translogger first in the pipeline of zope.ini, or set access-log=off for '
    'the views')


class _Known(object):
    """What is known of an application: its filter, and the Texts for it."""

    def __init__(self, application=None, translogger=None, texts=None,
                 until=0):
        # Kept, so that its id stays its own.
        self.application = application
        self.translogger = translogger
        self.texts = texts
        self.until = until  # the time when a missing filter is looked for


_UNKNOWN = _Known()


class AccessLog(object):
    """Writes one line for each answer, in the log queue's thread."""

    def __init__(self, log_queue, clock=monotonic):
        self._log_queue = log_queue
        self._clock = clock
        self._known = {}  # {id of an application: a _Known}
        self._warned = False

    def put(self, application, environ, started, status, body_bytes):
        """Leave one line to be written; never waits.

        ``environ`` is the view's; ``started`` is in seconds since the epoch.
        """
        known = self._known.get(id(application), _UNKNOWN)
        if known.translogger is None and self._clock() < known.until:
            return
        if known.texts is not None:
            try:
                known.texts.put(environ, started, status, body_bytes)
                return
            except Exception:
                pass  # it fails there once more, and is told of
        self._log_queue.put_to(self, (
            application, environ, started, status, body_bytes))

    def __call__(self, lines):
        """Write them, by the log queue. One that cannot be made costs no other.
        """
        for line in lines:
            attempt(self._write, *line)

    def _write(self, application, *line):
        known = self._known.get(id(application), _UNKNOWN)
        if known.translogger is None and self._clock() >= known.until:
            known = self._look(application)
        if known.translogger is not None:
            write_line(known.translogger, *line)

    def _look(self, application):
        # Nothing is kept before: `put` drops lines of one that has none.
        known, translogger = _Known(
            application, until=self._clock() + LOOK_AGAIN), None
        try:
            translogger = find_translogger(application)
            if translogger is not None:
                known = _Known(
                    application, translogger, Texts(translogger, self._log_queue)
                    if is_plain(translogger) else None)
        finally:
            self._known[id(application)] = known
        if translogger is not None:
            return known
        if 'paste.translogger' in sys.modules and not self._warned:
            # Without that module the site has no access log.
            self._warned = True
            self._log_queue.log(logging.WARNING, HIDDEN,
                                ', '.join(names(application)))
        return known


def write_line(translogger, environ, started, status, body_bytes):
    """Have a filter write the line for one answer of a view."""
    translogger.write_log(
        environ, environ['REQUEST_METHOD'], _request_uri(environ),
        time.localtime(started), status, str(body_bytes))


def is_plain(translogger):
    """Whether nothing but Paste and logging make a line of this filter's."""
    function = getattr(getattr(translogger, 'write_log', None), '__func__',
                       None)
    return (getattr(function, '__module__', None) == 'paste.translogger'
            and _READ_BY_PASTE.issuperset(
                name for name in function.__code__.co_consts
                if isinstance(name, str) and name.isupper())
            and type(translogger.logger) is logging.Logger)


class Texts(object):
    """Makes the lines of a filter, and leaves them to the log queue.

    All that Paste has in a line are a few values of the environ and the second: who
    asks for the same again within a second gets the same line, which is not made
    anew. Several loops may call at once.

    ``translogger``
        A copy of the filter that has this for its logger.
    """

    def __init__(self, translogger, log_queue):
        self._logger = translogger.logger
        self._level = translogger.logging_level
        self._code = translogger.write_log.__func__.__code__
        self._log_queue = log_queue
        self._made = threading.local()
        self._latest = None, {}  # a second, and {what a line is made of: it}
        self.translogger = copy.copy(translogger)
        self.translogger.logger = self

    def put(self, environ, started, status, body_bytes):
        """Leave the line of an answer to be written."""
        given = tuple(map(environ.get, _READ)) + (status, body_bytes)
        # What is equal may be written differently.
        types = tuple(map(type, given))
        second, (its_second, lines) = int(started), self._latest
        if second != its_second:
            lines = {}
            self._latest = second, lines
        text = lines.get((given, types))
        if text is None:
            write_line(self.translogger, environ, started, status, body_bytes)
            text = self._made.text
            if len(lines) < MOST_LINES and _PLAIN.issuperset(types):
                lines[given, types] = text
        self._log_queue.put_to(self, text)

    def log(self, level, text):
        """Called by the filter, in the loop."""
        self._made.text = text

    def __call__(self, texts):
        """Write them, by the log queue; as many at once as it gives."""
        if not write_together(self._logger, self._level, texts):
            for text in texts:
                attempt(self._write, text)

    def _write(self, text):
        if self._logger.isEnabledFor(self._level):
            self._logger.handle(self._logger.makeRecord(
                self._logger.name, self._level, self._code.co_filename,
                self._code.co_firstlineno, text, (), None,
                self._code.co_name))


# Many lines at once, on any server.

def write_together(logger, level, lines):
    """Have a logger write lines as few records, where the bytes are the same;
    returns whether they are. By the log queue."""
    if len(lines) < 2 or logger.filters:
        return False
    try:
        record = _record(logger, level, lines)
    except UnicodeError:  # PY2: some are bytes
        return False  # PY2
    if not (logger.isEnabledFor(level)
            and all(_writes_what_it_gets(handler, record)
                    for handler in _handlers(logger))):
        return False
    for portion in _portions(lines):
        attempt(logger.handle, _record(logger, level, portion))
    return True


def _record(logger, level, lines):
    return logger.makeRecord(logger.name, level, __file__, 0,
                             '\n'.join(lines), (), None)


def _portions(lines):
    """Lists of lines, each of which one write() takes whole."""
    portion, size = [], 0
    for line in lines:
        size += len(line) + 1
        if portion and size > WHOLE:
            yield portion
            portion, size = [], len(line) + 1
        portion.append(line)
    yield portion


def _handlers(logger):
    """All that a record of this logger's is given to."""
    found = []
    while logger is not None:
        found += logger.handlers
        logger = logger.parent if logger.propagate else None
    return found


def _writes_what_it_gets(handler, record):
    """Whether one record of several lines makes the same as several do."""
    emit = getattr(handler.emit, '__func__', None)
    if (emit not in (_EMIT, _EMIT_LATE) or handler.filters
            or getattr(handler, 'terminator', '\n') != '\n'):
        return False
    try:
        # One that cannot be encoded would cost all others.
        if isinstance(record.msg, text_type):
            record.msg.encode('ascii')
        return handler.format(record) == record.msg
    except Exception:  # it reads the line, and can read only one
        return False


def _function(method):
    return getattr(method, '__func__', method)


_EMIT = _function(logging.StreamHandler.emit)
_EMIT_LATE = _function(logging.FileHandler.emit)


def _request_uri(environ):
    uri = quote(environ.get('SCRIPT_NAME', '') + environ.get('PATH_INFO', ''))
    query = environ.get('QUERY_STRING')
    return uri + '?' + query if query else uri
