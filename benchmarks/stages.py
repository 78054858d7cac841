"""Part 10: in which stage of a request its time is spent."""
from __future__ import absolute_import, division, print_function

import json

from .children import module, output, shown
from .figures import Spread
from .staging import STAGES
from .tables import fact, note, out, table, title

# The client is the same for all, and no stage of the server's.
SHOWN = [stage for stage in STAGES if stage != 'client']
NAMES = 'view', 'unlogged', 'floor'
LABELS = {'view': 'view', 'unlogged': 'no access log', 'floor': 'floor'}
BOUND = 60


class Stages(object):

    def __init__(self, rounds, requests):
        self.rounds = rounds
        self.requests = requests
        # {name: [{stage: microseconds} of each round]}
        self.found = dict((name, []) for name in NAMES)

    def command(self, name):
        return module('staging', name, '--requests', self.requests)

    def run(self):
        for _round in range(self.rounds):
            for name in NAMES:
                said = output(self.command(name), BOUND)[0]
                self.found[name].append(json.loads(said))

    def microseconds(self, name, stage):
        return Spread(said[stage] for said in self.found[name])

    def share(self, name, stage):
        return Spread(said[stage] / sum(said[each] for each in SHOWN)
                      for said in self.found[name])

    def rows(self):
        """The cells of the table: microseconds and shares of all targets."""
        rows = []
        for stage in SHOWN:
            row = [stage]
            for name in NAMES:
                row += ['{0:.1f}'.format(
                    self.microseconds(name, stage).median),
                    '{0:.0%}'.format(self.share(name, stage).median)]
            rows.append(row)
        return rows


    def shares(self):
        """The shares alone: the columns were not measured at one moment."""
        return [[stage] + ['{0:.0%}'.format(self.share(name, stage).median)
                           for name in NAMES] for stage in SHOWN]


def heads():
    return [head for name in NAMES for head in (LABELS[name], '%')]


def report(part):
    title('10. Where the time of a request goes')
    fact('profiled', shown(part.command('view')))
    fact('', '... and the same with ' + ' and '.join(NAMES[1:]))
    out()
    table(['microseconds, profiled'] + heads(), part.rows())
    out()
    note('cProfile makes everything slower, calls of small functions most of '
         'all: the shares tell where to look, not how long a request takes. '
         'The client and its system calls are left out. What the floor does '
         'in its own code stands under the call.')
