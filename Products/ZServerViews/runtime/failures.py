"""What is logged of an exception, and what is not kept of it."""
from __future__ import absolute_import, division, print_function

import logging

try:
    _GROUPS = BaseExceptionGroup
except NameError:  # before Python 3.11
    _GROUPS = ()

HIDDEN = "The view failed; the event log of the site has the reason."


class Failures(object):
    """Has the failures of views logged: the view, the method, the path and the
    traceback, never headers or the query, which may hold secrets.

    ``site``
        Whose log queue is used: nothing here waits.
    """

    def __init__(self, site):
        self._site = site

    def failed(self, response, exc_info):
        """The view of a `wsgi.response.Response` has raised, or has said what
        cannot be sent."""
        forget_locals(exc_info)
        mount = response.mount
        mount.usage.counts.here().count('failures')
        self._site.log_queue.log(
            logging.ERROR, 'The view %s failed in %s %s', mount.name,
            response.encoder.method, mount.path, exc_info=exc_info)

    def undecided(self, mount, exc_info):
        """The view of a mount cannot say whether it is to be offloaded.

        Logged once for each view: it may come with each request.
        """
        if not mount.usage.has_failed_to_decide:
            mount.usage.has_failed_to_decide = True
            forget_locals(exc_info)
            self._site.log_queue.log(
                logging.ERROR, 'runs_aside_for of the view %s at %s failed: '
                'the view is offloaded for each request for which it fails',
                mount.name, mount.path, exc_info=exc_info)

    def misbehaved(self, response, text):
        """It has done what can be mended; the text says what."""
        mount = response.mount
        self._site.log_queue.log(logging.WARNING, 'The view %s at %s %s',
                                 mount.name, mount.path, text)

    def explain(self, exc_info, expose_tracebacks):
        """What a client is told, behind the first line of a 500."""
        return explain(exc_info) if expose_tracebacks else HIDDEN


def explain(exc_info):
    """A traceback without source lines: reading those would touch files."""
    error_type, error, tb = exc_info
    lines = ['Traceback (most recent call last):']
    while tb is not None:
        code = tb.tb_frame.f_code
        lines.append('  File "%s", line %d, in %s'
                     % (code.co_filename, tb.tb_lineno, code.co_name))
        tb = tb.tb_next
    # Not by the traceback module: for an error with a cause it reads files.
    lines.append('%s: %s' % (error_type.__name__, _words_of(error)))
    return '\n'.join(lines)


def _words_of(error):
    try:
        return str(error)
    except BaseException:
        return '(without words)'


def forget_locals(exc_info):
    """Drop what the frames of a failed view hold, and those of all exceptions
    behind its own: causes, contexts and members of groups.

    The record may wait long for its log handler: with the locals, thousands
    of records would keep all that the views had made, and what their locals
    do when they go would be done in the log queue's thread.
    """
    _clear(exc_info[2])
    seen, left = set(), [exc_info[1]]
    while left:
        error = left.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        # PY2: an exception has none of these, and no frame can be cleared.
        _clear(getattr(error, '__traceback__', None))
        left += [getattr(error, '__cause__', None),
                 getattr(error, '__context__', None)]
        if isinstance(error, _GROUPS):
            left += error.exceptions


def _clear(tb):
    while tb is not None:
        try:
            tb.tb_frame.clear()
        except (AttributeError, RuntimeError):
            pass  # PY2: there is no clear(); or the frame runs still
        tb = tb.tb_next
