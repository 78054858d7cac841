"""The command: from its arguments to its exit code."""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.cli.record.asked import wants_an_interval
from Products.ZServerViews.cli.record.left import processes
from Products.ZServerViews.cli.record.listing import listing
from Products.ZServerViews.cli.record.shown import shown

SHOWN, NOTHING = 0, 1


def record(given, output, tell):
    """Write what was asked for; the exit code. Raises CannotRun.

    ``output``
        Takes bytes.
    ``tell(text)``
        Called for what is damaged.
    """
    found = processes(given.path, tell)
    if not wants_an_interval(given):
        output.write(listing(found, tell).encode('utf-8'))
        return SHOWN
    made = shown(found, given, time.time(), tell)
    output.write(made)
    if not made:
        tell('nothing is recorded of that time; zserverviews record %s says what '
             'there is' % given.path)
    return SHOWN if made else NOTHING
