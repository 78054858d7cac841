"""Part 8: one of 10,000 views, and the only view of all.

Throughput as in part 1, the look-up by itself, and instructions.
"""
from __future__ import absolute_import, division, print_function

import json

from . import passing, targets, throughput
from .children import module, output, shown
from .figures import Spread, ratios
from .tables import fact, note, out, table, title

ONE, MANY = 'one view', '{0:,} views'.format(targets.MANY)
TARGETS = {ONE: 'unlogged', MANY: 'mounted'}
NUMBERS = {ONE: 1, MANY: targets.MANY}
FOUND = 'hit', 'miss'
BOUND = 60


class Mounted(object):

    names = ONE, MANY

    def __init__(self, generator, rounds, seconds):
        self.comparison = throughput.Comparison(
            generator, rounds, seconds,
            [throughput.Candidate(name, TARGETS[name]) for name in self.names])
        self.rounds = rounds
        # {name: [what lookup.py says, of each round]}
        self.lookups = dict((name, []) for name in self.names)
        self.instructions = {}

    def run(self, count):
        self.comparison.load_all()
        for _round in range(self.rounds):
            for name in self.names:
                said = output(lookup(name), BOUND)[0]
                self.lookups[name].append(json.loads(said))
        if count:
            for name in self.names:
                self.instructions[name] = passing.instructions(
                    TARGETS[name], 1)

    def rates(self, connections):
        """The ratio of requests/s, of many to one."""
        one, many = self.comparison.candidates
        return self.comparison.ratio(connections, many, one)

    def nanoseconds(self, name, found):
        return [said[found] for said in self.lookups[name]]

    def lookup_ratio(self, found):
        return Spread(ratios(self.nanoseconds(MANY, found),
                             self.nanoseconds(ONE, found)))

    def instruction_ratio(self):
        return self.instructions[MANY] / self.instructions[ONE]


def lookup(name):
    return module('lookup', NUMBERS[name])


def report(part):
    title('8. One of {0}'.format(MANY))
    for name in Mounted.names:
        fact(name, shown(module('serve', TARGETS[name])))
    fact('look-up', shown(lookup(MANY)))
    out()
    report_rates(part)
    out()
    report_lookups(part)
    if part.instructions:
        out()
        fact('counted', '{0:,.0f} instructions a request with one view, '
             '{1:,.0f} with many: {2:.4f} times'.format(
                 part.instructions[ONE], part.instructions[MANY],
                 part.instruction_ratio()))
    out()
    note('Requests wait in no dictionary longer because it is longer; what '
         'may differ is how much of it the processor has at hand.')


def report_rates(part):
    rows = []
    for connections in throughput.CONNECTIONS:
        for candidate in part.comparison.candidates:
            rows.append(('{0}, {1} conn.'.format(candidate.label, connections),)
                        + Spread(candidate.values(connections, 'rate'))
                        .cells('{0:,.0f}'))
        rows.append(('ratio, {0} conn.'.format(connections),)
                    + part.rates(connections).cells('{0:.3f}'))
        rows.append(None)
    table(('requests/s', 'median', 'least - most'), rows[:-1])


def report_lookups(part):
    rows = []
    for found in FOUND:
        for name in Mounted.names:
            rows.append(('{0}, {1}'.format(name, found),) + Spread(
                part.nanoseconds(name, found)).cells('{0:.0f}'))
        rows.append(('ratio, ' + found,)
                    + part.lookup_ratio(found).cells('{0:.3f}'))
        rows.append(None)
    table(('ns of one look-up', 'median', 'least - most'), rows[:-1])
