"""Lines for the answers of views in the access log that the site has.

Zope on waitress writes it with a WSGI filter, Paste's TransLogger, which
stands around the application and thus never sees a view. Its own method
writes our lines, so that they have the site's format, whatever that is.
"""
from __future__ import absolute_import, division, print_function

import time
from functools import partial

from Products.ZServerViews._compat import quote
from Products.ZServerViews.journal import attempt

# Where WSGI filters usually keep what they wrap.
_INNER = 'application', 'app', 'wrapped', 'wsgi_app', 'next_app', '_app'
_MOST_FILTERS = 100

# Stands for the filter of an application that has not been looked at.
_UNKNOWN = None, True


def find_translogger(application):
    """The filter that writes the access log of a WSGI pipeline, or None.

    Known by what it has (``write_log`` and ``logger``), so that a subclass
    or a replacement serves too.
    """
    waiting, seen = [application], set()
    while waiting and len(seen) < _MOST_FILTERS:
        candidate = waiting.pop(0)
        if id(candidate) in seen:
            continue
        seen.add(id(candidate))
        if (callable(getattr(candidate, 'write_log', None))
                and hasattr(candidate, 'logger')):
            return candidate
        waiting += _wrapped_by(candidate)
    return None


def _wrapped_by(candidate):
    inner = [getattr(candidate, name, None) for name in _INNER]
    # Filters written as functions hold the next one in a closure or partial.
    if isinstance(candidate, partial):
        inner += [candidate.func] + list(candidate.args)
        inner += list((candidate.keywords or {}).values())
    inner += [_content(cell)
              for cell in getattr(candidate, '__closure__', None) or ()]
    owner = getattr(candidate, '__self__', None)  # a method's
    return [found for found in inner if callable(found)] + [owner]


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:  # a name of an outer function that has no value yet
        return None


class AccessLog(object):
    """Writes one line for each answer, in the journal's thread."""

    def __init__(self, journal):
        self._journal = journal
        self._transloggers = {}

    def put(self, application, environ, started, status, body_bytes):
        """Leave one line to be written; never waits.

        ``environ`` is the view's; ``started`` is in seconds since the epoch.
        """
        _application, translogger = self._transloggers.get(
            id(application), _UNKNOWN)
        if translogger is not None:
            self._journal.put_to(self, (
                application, environ, started, status, body_bytes))

    def __call__(self, lines):
        """Write them, by the journal. One that cannot be made costs no other.
        """
        for line in lines:
            attempt(self._write, *line)

    def _write(self, application, environ, started, status, body_bytes):
        translogger = self._translogger(application)
        if translogger is not None:
            translogger.write_log(
                environ, environ['REQUEST_METHOD'], _request_uri(environ),
                time.localtime(started), status, str(body_bytes))

    def _translogger(self, application):
        key = id(application)
        if key not in self._transloggers:
            # The application is kept, so that its id stays its own.
            self._transloggers[key] = (application,
                                       find_translogger(application))
        return self._transloggers[key][1]


def _request_uri(environ):
    uri = quote(environ.get('SCRIPT_NAME', '') + environ.get('PATH_INFO', ''))
    query = environ.get('QUERY_STRING')
    return uri + '?' + query if query else uri
