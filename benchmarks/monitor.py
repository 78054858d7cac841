"""Part 6: what the monitor suite costs, those who ask and those who do not."""
from __future__ import absolute_import, division, print_function

import json

from . import passing
from .children import module, output, shown
from .figures import Spread, percentile
from .tables import fact, note, out, table, title

# (view, how many there are, the goal in milliseconds or None)
LOOKS = [('threads', 10, None), ('threads', 50, 5), ('threads', 200, None),
         ('requests', 10, None), ('requests', 1000, 10),
         ('metrics', 500, 0.5)]
FORMS = 'text', 'json'
RECORDER_GOAL = 10
LABELS = {'published': 'without the suite', 'recorded': 'with the suite'}
BOUND = 120


def forms(view):
    """The formats in which it is measured."""
    return ('prometheus', 'openmetrics') if view == 'metrics' else FORMS


class Recording(passing.Passing):
    """A request for the site, without and with the recorder."""

    sides = 'published', 'recorded'
    connections = 1,


class Monitor(object):

    def __init__(self, rounds, quick):
        self.recording = Recording(rounds, 50 if quick else 300)
        self.rounds = rounds
        self.repeats = 20 if quick else 200
        # {(view, number, form): [(median, p99) of each round]}
        self.looks = dict(((view, number, form), [])
                          for view, number, _goal in LOOKS
                          for form in forms(view))
        self.instructions = None

    def command(self, view, number, form):
        return module('looks', view, number, form,
                      '--repeats', self.repeats)

    def run(self):
        self.recording.run()
        for _round in range(self.rounds):
            for look, found in self.looks.items():
                times = json.loads(output(self.command(*look), BOUND)[0])
                found.append((percentile(times, 50), percentile(times, 99)))

    def count(self):
        """Instructions a request, without and with; needs valgrind."""
        self.instructions = [passing.instructions(name, 1)
                             for name in Recording.sides]


def report(part):
    title('6. The monitor suite')
    _report_recording(part.recording)
    if part.instructions is not None:
        without, having = part.instructions
        fact('counted', '{0:,.0f} instructions a request without, {1:,.0f} '
             'with: {2:,.0f} more'.format(without, having, having - without))
    out()
    _report_looks(part)


def _report_recording(recording):
    fact('measured', shown(recording.command('recorded', 1)))
    fact('', '... and the same with published, by turns as in part 3')
    out()
    rows = [(LABELS[name],) + Spread(recording.times[name, 1]).cells('{0:.1f}')
            + ('',) for name in recording.sides]
    rows += [None, ('the recorder',) + Spread(
        recording.differences[1]).cells('{0:.1f}') + (RECORDER_GOAL,)]
    table(('microseconds a request', 'median', 'least - most', 'goal'), rows)
    out()


def _report_looks(part):
    fact('measured', shown(part.command(*sorted(part.looks)[-1])))
    fact('', '... and so for each row: the time that the loop needs for one '
         'answer, without the socket')
    out()
    rows = []
    for view, number, goal in LOOKS:
        for form in forms(view):
            medians, tails = zip(*part.looks[view, number, form])
            rows.append(('{0} {1}, {2}'.format(number, view, form),)
                        + Spread(medians).cells('{0:.2f}')
                        + ('{0:.2f}'.format(Spread(tails).median),
                           '-' if goal is None else goal))
    table(('ms of the loop', 'p50', 'least - most', 'p99', 'goal'), rows)
    out()
    note('Each thread has a stack of its own, of 40 frames and more, so that '
         'none can be folded; each has a request. Source lines, which are '
         'read in a thread of their own, are not in it.')
