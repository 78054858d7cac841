"""The console script: ``zserverviews check ETC``, ``zserverviews record DIR``,
``zserverviews top URL``.

Also ``python -m Products.ZServerViews.cli check ETC``.
"""
from __future__ import absolute_import, division, print_function

import io
import sys

from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.commands import parser

GOOD, BAD, CANNOT_RUN, INTERRUPTED = 0, 1, 2, 130


def _tell(text):
    sys.stderr.write(text + '\n')
    sys.stderr.flush()


def main(arguments=None):
    """The exit code: 0 all is well, 1 it is not, 2 it could not run."""
    arguments = sys.argv[1:] if arguments is None else arguments
    given = parser(*arguments[:1]).parse_args(arguments)
    try:
        return _COMMANDS[given.command](given)
    except CannotRun as reason:
        _tell('zserverviews %s cannot run: %s' % (given.command, reason))
        return CANNOT_RUN
    except KeyboardInterrupt:
        return INTERRUPTED


# Each imports its own modules, and no other's: see `commands.parser`.

def _check(given):
    from Products.ZServerViews.cli.check.checking import check
    return GOOD if check(given, _tell) else BAD


def _record(given):
    from Products.ZServerViews.cli.record.command import record
    # What has a buffer fails a second time when the interpreter ends.
    with io.open(sys.stdout.fileno(), 'wb', buffering=0, closefd=False) as output:
        return record(given, output, _tell)


def _top(given):
    from Products.ZServerViews.cli.top.watch_all import top
    return GOOD if top(given, _tell) else BAD


_COMMANDS = {'check': _check, 'record': _record, 'top': _top}


if __name__ == '__main__':
    sys.exit(main())
