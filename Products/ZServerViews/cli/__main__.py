"""The console script: ``zserverviews check ETC``, ``zserverviews record DIR``.

Also ``python -m Products.ZServerViews.cli check ETC``.
"""
from __future__ import absolute_import, division, print_function

import resource
import signal
import sys

from Products.ZServerViews.cli.check.arguments import Given
from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.check.instance import Instance
from Products.ZServerViews.cli.check.report import report
from Products.ZServerViews.cli.check.runner import Runner
from Products.ZServerViews.cli.commands import parser
from Products.ZServerViews.cli.record.command import record

GOOD, BAD, CANNOT_RUN, INTERRUPTED = 0, 1, 2, 130
# The child process ends by itself after so many seconds.
LONGEST = 3600


def _tell(text):
    sys.stderr.write(text + '\n')
    sys.stderr.flush()


def _raise_limit():
    """Be able to have as many connections as the scenarios need."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def check(given):
    """Run a check; the Runner."""
    if given.address is not None:
        runner = Runner(given, None, _tell)
        runner.run()
        return runner
    _tell('starting an instance like that of %s' % given.etc)
    with Instance(given.etc, LONGEST, given.switch_interval,
                  given.uwsgi) as instance:
        runner = Runner(given, instance, _tell)
        runner.run()
    return runner


def main(arguments=None):
    """The exit code: 0 all is well, 1 it is not, 2 it could not run."""
    given = parser().parse_args(arguments)
    try:
        return _COMMANDS[given.command](given)
    except CannotRun as reason:
        _tell('zserverviews %s cannot run: %s' % (given.command, reason))
        return CANNOT_RUN
    except KeyboardInterrupt:
        return INTERRUPTED


def _check(given):
    # The child must go with us: SIGTERM unwinds as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    _raise_limit()
    runner = check(Given(given))
    print('\n'.join(report(runner)))
    return GOOD if runner.is_good else BAD


def _record(given):
    # Python 2 writes bytes to it as it is.
    return record(given, getattr(sys.stdout, 'buffer', sys.stdout), _tell)


_COMMANDS = {'check': _check, 'record': _record}


if __name__ == '__main__':
    sys.exit(main())
