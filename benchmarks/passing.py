"""Part 3: what a request that is no view's pays for the hook.

Over sockets and threads the difference drowns in noise. So here each request
runs in a single thread, see turns.py, and two processes, one for each side,
alternate by blocks of some 20 ms. A round is a new pair of processes; its
ratio is the median of the ratios of its blocks.
With valgrind, instructions are counted instead, which repeat to a few parts in
a thousand.
"""
from __future__ import absolute_import, division, print_function

import re
import shutil
import statistics

from .children import Failed, environ, module, output, shown, start, stop
from .figures import Spread, ratios
from .tables import fact, note, out, table, title

CONNECTIONS = 1, 100
SIDES = 'worker', 'hooked'
BLOCKS = 15
SEEDS = 0, 1, 2
LABELS = {'worker': 'without hook', 'hooked': 'with hook',
          'view': 'view', 'unlogged': 'view, access-log=off',
          'floor': 'floor', 'zope': 'Zope, without product',
          'zope-hooked': 'Zope, with hook',
          'zope-recorded': 'Zope, monitor suite'}
COUNTED = 'worker', 'hooked', 'view', 'unlogged', 'floor'
# The same for a page that Zope publishes.
ZOPE = 'zope', 'zope-hooked', 'zope-recorded'


class Turns(object):
    """A child that runs a block of requests when it is told to."""

    def __init__(self, command, seed):
        # The layout of dictionaries differs from seed to seed, and so do the
        # times; both sides of a round get the same one.
        self.command = command
        self.child = start(command, 60, stdin=-1, stdout=-1,
                           universal_newlines=True,
                           env=dict(environ(), PYTHONHASHSEED=str(seed)))
        try:
            self.line()
        except BaseException:  # Ctrl-C too: nobody else knows the child yet
            stop(self.child)
            raise

    def line(self):
        line = self.child.stdout.readline()
        if not line:
            raise Failed('{0} ended'.format(shown(self.command)))
        return line

    def block(self):
        self.child.stdin.write('\n')
        self.child.stdin.flush()
        return float(self.line())

    def stop(self):
        stop(self.child)


class Passing(object):
    """Two targets by turns: one without something, and one with it."""

    sides = SIDES
    connections = CONNECTIONS

    def __init__(self, rounds, requests):
        self.rounds = rounds
        self.requests = requests
        self.times = dict(((name, connections), []) for name in self.sides
                          for connections in self.connections)
        self.ratios = dict((connections, [])
                           for connections in self.connections)
        # In microseconds; as the ratios, from blocks that are neighbours.
        self.differences = dict((connections, [])
                                for connections in self.connections)
        # {(name, connections): [instructions of one request, of each seed]}
        self.instructions = {}

    def instruction_ratios(self, above, below, connections):
        return Spread(ratios(self.instructions[above, connections],
                             self.instructions[below, connections]))

    def command(self, name, connections):
        return module('turns', name, '--connections', connections,
                      '--requests', self.requests)

    def run(self):
        for number in range(self.rounds):
            for connections in self.connections:
                self.round(connections, number)

    def round(self, connections, seed):
        """Two processes, of which one works at a time, by turns."""
        sides = []
        try:
            for name in self.sides:
                sides.append(Turns(self.command(name, connections), seed))
            blocks = [[side.block() for side in sides]
                      for _block in range(BLOCKS)]
        finally:
            for side in sides:
                side.stop()
        without, having = zip(*blocks)
        for name, times in zip(self.sides, (without, having)):
            self.times[name, connections].append(statistics.median(times))
        self.ratios[connections].append(
            statistics.median(ratios(having, without)))
        self.differences[connections].append(statistics.median(
            one - other for one, other in zip(having, without)))


def report(passing):
    title('3. What a request that is no view\'s pays')
    fact('measured', shown(passing.command('hooked', 100)))
    fact('', '... and the same with worker, and with 1 connection; a line '
         'of input runs a block, {0} blocks alternate in each round'.format(
             BLOCKS))
    out()
    rows = []
    for connections in CONNECTIONS:
        for name in SIDES:
            times = Spread(passing.times[name, connections])
            rows.append(('{0}, {1} open'.format(LABELS[name], connections),)
                        + times.cells('{0:.1f}'))
        rows.append(('ratio with / without, {0} open'.format(connections),)
                    + Spread(passing.ratios[connections]).cells('{0:.3f}'))
        rows.append(None)
    table(('microseconds a request', 'median', 'least - most'), rows[:-1])
    out()
    note('One connection is asked, the others are idle: the loop asks every '
         'open connection in every turn whether it has something to do.')


# Instructions.

# The fastest of valgrind's tools that count.
COUNTING = ['valgrind', '--tool=cachegrind', '--cache-sim=no',
            '--cachegrind-out-file=/dev/null']
COUNT = re.compile(r'I +refs: +([0-9,]+)')


def count_of(command, seconds, text=None, env=None, seed=0):
    """The instructions of a whole process, all from exec to its end."""
    if shutil.which('valgrind') is None:
        raise Failed('--instructions needs valgrind')
    complaint = output(COUNTING + command, seconds, text=text,
                       env=dict(env or environ(), PYTHONHASHSEED=str(seed),
                                BENCHMARKS_LAYOUT=str(777 * seed)))[1]
    found = COUNT.search(complaint)
    if found is None:
        raise Failed('cachegrind counted nothing:\n' + complaint[-2000:])
    return int(found.group(1).replace(',', ''))


def counted(name, connections):
    return module('turns', name, '--connections', connections,
                  '--requests', 100, '--still')


def instructions(name, connections, seed=0):
    """Of one request: what 400 more requests add, divided by 400."""
    few, many = [count_of(counted(name, connections), 600, '\n' * blocks,
                          seed=seed) for blocks in (1, 5)]
    return (many - few) / 400


def count(passing):
    """Of all that are counted, so that they stand side by side.

    With each seed the dictionaries and the objects lie otherwise, which is
    worth up to a percent; with many connections open, nothing.
    """
    for name, connections in ([(name, number) for name in COUNTED
                               for number in CONNECTIONS]
                              + [(name, 1) for name in ZOPE]):
        passing.instructions[name, connections] = [
            instructions(name, connections, seed)
            for seed in (SEEDS if connections == 1 else SEEDS[:1])]


def report_count(passing):
    title('3a. The same in instructions')
    fact('counted', shown(COUNTING + counted('hooked', 100)))
    fact('', '... with 5 lines of input, less the same with 1 line; for each '
         'of ' + ', '.join(COUNTED + ZOPE))
    fact('', '... with the seeds {0} for what lies where; the median is shown, '
         'of 100 connections the first'.format(', '.join(map(str, SEEDS))))
    out()
    rows = []
    for connections in CONNECTIONS:
        rows += _count_rows(passing, COUNTED, connections) + [None]
    rows += _count_rows(passing, ZOPE, 1)
    table(('instructions a request', 'number', '/ without', 'least - most'),
          rows)
    out()
    note('Without: the same request, and the product not installed. The '
         'client, which is the same for all, is included; the kernel is not.')


def _count_rows(passing, names, connections):
    """The first of the names is what the others are compared with."""
    return [('{0}, {1} open'.format(LABELS[name], connections),
             '{0:,.0f}'.format(statistics.median(
                 passing.instructions[name, connections])))
            + passing.instruction_ratios(name, names[0], connections).cells(
                '{0:.4f}') for name in names]
