"""What is told of an exception, and what is not kept of it."""
from __future__ import absolute_import, division, print_function

HIDDEN = "The view failed; the event log of the site has the reason."


def hide(exc_info):
    """What a client learns of a failure: where to look."""
    return HIDDEN


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


def forget_locals(tb):
    """Drop what the frames of a failed view hold.

    The record may wait long for its log handler: with the locals, thousands
    of records would keep all that the views had made, and what their locals
    do when they go would be done in the journal's thread.
    """
    while tb is not None:
        try:
            tb.tb_frame.clear()
        except (AttributeError, RuntimeError):
            pass  # PY2: there is no clear(); or the frame runs still
        tb = tb.tb_next
