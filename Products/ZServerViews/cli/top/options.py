"""The arguments of `zserverviews top`."""
from __future__ import absolute_import, division, print_function

import argparse

INTERVAL, TIMEOUT = 1.0, 1.5
DESCRIPTION = """\
Show what the workers of running instances do, also while all of them are stuck:
state and reason, requests in work and waiting, and their stacks. Without a
terminal, plain lines are printed. Exit code 0: quit, or with --once every instance
is ok or full; 1, with --once: one is not; 2: it could not run."""


def add_to(commands):
    """Add this command to the commands of the program."""
    top = commands.add_parser(
        'top', help='show what the workers of running instances do',
        description=DESCRIPTION)
    top.add_argument('places', nargs='*', metavar='URL|SOCKET',
                     help='http://127.0.0.1:8080, or the path of the unix '
                     'socket of the listener for views')
    top.add_argument('--config', action='append', default=[], metavar='ETC',
                     help='find the address in this zope.ini or zope.conf; may '
                     'be repeated')
    top.add_argument('--token-file', metavar='FILE', help='the file that has '
                     'the bearer token of the instances')
    top.add_argument('--base', metavar='/PATH/', help='where the suite is '
                     'mounted; /-/ by default')
    top.add_argument('--interval', type=_seconds, default=INTERVAL,
                     metavar='SECONDS', help='from one look to the next; %d by '
                     'default' % INTERVAL)
    top.add_argument('--timeout', type=_seconds, default=TIMEOUT,
                     metavar='SECONDS', help='how long the answers of an '
                     'instance may take; %.1f by default' % TIMEOUT)
    top.add_argument('--plain', action='store_true',
                     help='plain lines, a block each interval')
    top.add_argument('--once', action='store_true',
                     help='one block of plain lines, then exit')


def _seconds(text):
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(
            '%s is not a number of seconds from 0.1 to 3600' % text)
    return seconds
