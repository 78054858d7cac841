"""The command: from its arguments to its exit code."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.cli.record.left import processes
from Products.ZServerViews.cli.record.listing import listing


def record(given, output, tell):
    """Write what was asked for; the exit code.

    ``output``
        Takes bytes.
    ``tell(text)``
        Called for what is damaged.
    """
    found = processes(given.path, tell)
    output.write(listing(found, tell).encode('utf-8'))
    return 0
