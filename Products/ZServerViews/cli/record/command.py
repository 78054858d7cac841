"""The command: from its arguments to its exit code."""
from __future__ import absolute_import, division, print_function

import errno
import time

from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.record.asked import wants_an_interval
from Products.ZServerViews.cli.record.left import processes
from Products.ZServerViews.cli.record.listing import listing
from Products.ZServerViews.cli.record.shown import shown

SHOWN, NOTHING = 0, 1


def record(given, output, tell):
    """Write what was asked for; the exit code. Raises CannotRun.

    ``output``
        Takes bytes, perhaps only some of them at once.
    ``tell(text)``
        Called for what is damaged.
    """
    try:
        return _shown(given, output, tell)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # What the checksums say is whole.
        raise CannotRun(
            'there are records that this version does not understand (%s: %s); read '
            'their file by zserverviews of the version that has written it, or give '
            'the path of another file' % (type(error).__name__, error))


def _shown(given, output, tell):
    found = processes(given.path, tell)
    if not wants_an_interval(given):
        _write(output, listing(found, tell).encode('utf-8'))
        return SHOWN
    made = shown(found, given, time.time(), tell)
    _write(output, made)
    if not made:
        tell('nothing is recorded of that %s; zserverviews record %s says what '
             'there is' % ('time' if _has_time(given) or (given.pid, given.process)
                            == (None, None) else 'process', given.path))
    return SHOWN if made else NOTHING


def _has_time(given):
    return any(value is not None for value in (given.at, given.first, given.last))


def _write(output, data):
    rest = memoryview(data)
    try:
        while len(rest):
            rest = rest[output.write(rest):]
    except EnvironmentError as error:
        if error.errno != errno.EPIPE:  # as with `| head`: who reads has enough
            raise CannotRun('the output cannot be written: %s' % error.strerror)
