"""The command: from its arguments to what it prints."""
from __future__ import absolute_import, division, print_function

import resource
import signal
import sys

from Products.ZServerViews.cli.check.arguments import Given
from Products.ZServerViews.cli.check.instance import Instance
from Products.ZServerViews.cli.check.report import report
from Products.ZServerViews.cli.check.runner import Runner

# The child process ends by itself after so many seconds.
LONGEST = 3600


def check(given, tell):
    """Run a check and print its report; whether all is well.

    ``tell(text)``
        Called for its progress.
    """
    # The child must go with us: SIGTERM unwinds as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    _raise_limit()
    runner = _run(Given(given), tell)
    print('\n'.join(report(runner)))
    return runner.is_good


def _raise_limit():
    """Be able to have as many connections as the scenarios need."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _run(given, tell):
    """The Runner that has run it."""
    if given.address is not None:
        runner = Runner(given, None, tell)
        runner.run()
        return runner
    tell('starting an instance like that of %s' % given.etc)
    with Instance(given.etc, LONGEST, given.switch_interval,
                  given.uwsgi) as instance:
        runner = Runner(given, instance, tell)
        runner.run()
    return runner
