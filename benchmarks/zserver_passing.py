"""What a request that is no view's pays on ZServer, in instructions.

    python -m benchmarks.zserver_passing [DIR]

counts those of Zope's front page without a view, with one, and with the monitor
suite, and those of the view itself; DIR is an environment of Python 2.7 with
ZServer and this product, else that of part 4 is taken. Needs valgrind.
"""
from __future__ import absolute_import, division, print_function

import argparse
import os
import re
import shutil
import sys

from tools.clean_environ import clean_environ

from . import children
from .tables import fact, note, out, table, title
from .zserver import FRONT_PAGE
from .zserver_environment import environments
from .zserver_instance import (
    ENTRY,
    NOT_ROOT,
    UNLOGGED,
    UNLOGGED_ENTRY,
    VIEW,
    ZServerZope,
)

SUITE_ENTRY = '    monitor /-/ Products.ZServerViews.views.monitor\n'
# (label, the entries of the configuration, what is asked for)
SIDES = [('no view mounted', '', FRONT_PAGE),
         ('one view', ENTRY, FRONT_PAGE),
         ('view and monitor suite', ENTRY + SUITE_ENTRY, FRONT_PAGE),
         ('the view', ENTRY, VIEW),
         ('the view, access-log=off', UNLOGGED_ENTRY, UNLOGGED)]
# How many are open, and how many of the sides are counted then.
CONNECTIONS = [(1, 5), (100, 3)]
TURNS = 'zserver_turns.py'
REQUESTS = 100  # in a block
BLOCKS = 1, 5
BOUND = 300
# From the start of the first block on: that of Zope is left out.
COUNTING = ['valgrind', '--tool=callgrind', '--instr-atstart=no',
            '--callgrind-out-file=/dev/null']
COUNT = re.compile(r'Collected : ([0-9]+)')


def command(zope, path, connections):
    return (NOT_ROOT if os.getuid() == 0 else []) + COUNTING + [
        zope.script('python'), zope.path(TURNS), zope.path('etc', 'zope.conf'),
        path, '--connections', str(connections), '--requests', str(REQUESTS),
        '--counted']


def count(zope, path, connections, blocks):
    complaint = children.output(
        command(zope, path, connections), BOUND, text='\n' * blocks,
        cwd=zope.folder, env=clean_environ(PYTHONPATH=zope.folder))[1]
    found = COUNT.search(complaint)
    if found is None:
        raise children.Failed('callgrind counted nothing:\n' + complaint)
    return int(found.group(1))


def instructions(environment, entries, path, connections):
    """Of one request: what more blocks add, divided by their requests."""
    zope = ZServerZope(environment, BOUND, entries)
    zope.started = False
    with zope:
        shutil.copy(os.path.join(os.path.dirname(__file__), TURNS),
                    zope.path(TURNS))
        few, many = [count(zope, path, connections, blocks)
                     for blocks in BLOCKS]
    return (many - few) / (REQUESTS * (BLOCKS[1] - BLOCKS[0]))


def report(environment):
    """Prints the table; returns {(label, connections): instructions}."""
    if shutil.which('valgrind') is None:
        raise children.Failed('valgrind is not installed')
    title('4a. What a request that is no view\'s pays on ZServer')
    fact('counted', 'instructions of {0}, in a single thread; those of {1} '
         'blocks of {2} requests, less those of {3}'.format(
             FRONT_PAGE, BLOCKS[1], REQUESTS, BLOCKS[0]))
    out()
    rows, found = [], {}
    for connections, sides in CONNECTIONS:
        base = None
        for label, entries, path in SIDES[:sides]:
            counted = instructions(environment, entries, path, connections)
            base = base or counted
            found[label, connections] = counted
            rows.append(('{0}, {1} open'.format(label, connections),
                         '{0:,.0f}'.format(counted),
                         '{0:.3f}'.format(counted / base)))
        rows.append(None)
    table(('instructions a request', 'number', 'ratio'), rows[:-1])
    out()
    note('Without a view the product changes nothing in ZServer. The client, '
         'which is the same for all, is included, and the thread that writes '
         'the access log; the kernel is not.')
    return found


def main():
    parser = argparse.ArgumentParser(
        prog='python -m benchmarks.zserver_passing')
    parser.add_argument('environment', nargs='?', metavar='DIR')
    given = parser.parse_args()
    report(environments(given.environment, given.environment)[0])
    return 0


if __name__ == '__main__':
    sys.exit(main())
