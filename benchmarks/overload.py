"""Part 5: the overloads of `zserverviews check`, on the benchmark's view."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.cli.check.arguments import SWITCH_INTERVAL, Given
from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.check.figures import FAILED, LOST
from Products.ZServerViews.cli.check.instance import Instance
from Products.ZServerViews.cli.check.runner import Runner
from Products.ZServerViews.cli.commands import parser

from . import switching, targets
from .children import Failed
from .instance import Zope
from .tables import fact, note, out, table, title

BOUND = 300
LOOPS = 'python-loops'


class Overload(object):
    """All scenarios, and one of them with a shorter switch interval."""

    def __init__(self, quick):
        self.quick = ['--quick'] if quick else []
        self.runs = []
        self.switching = None

    def run(self):
        """Measure; True if every request was answered that can be."""
        with Zope(BOUND, started=False) as zope:
            ini = zope.path('etc', 'zope.ini')
            self.run_check([ini])
            self.run_check([ini, '--scenario', LOOPS, '--switch-interval'])
        self.switching = switching.measure(*((1, 100000) if self.quick
                                             else (7, 2000000)))
        return not any(runner.problems
                       or any(row.verdict in (FAILED, LOST)
                              for row in runner.rows)
                       for runner in self.runs)

    def milliseconds(self, number, percent):
        """Of the scenario whose workers compute, in one of the runs."""
        return [row.milliseconds(percent) for row in self.runs[number].rows
                if row.scenario == LOOPS][0]

    def run_check(self, arguments):
        given = Given(parser().parse_args(['check', '--view', targets.PATH]
                                          + self.quick + arguments))
        try:
            with Instance(given.etc, BOUND, given.switch_interval) as instance:
                runner = Runner(given, instance, lambda text: None)
                runner.run()
        except CannotRun as reason:
            raise Failed(str(reason))
        self.runs.append(runner)


def report(part):
    title('5. The view in every overload')
    fact('server', 'runwsgi, a copy of the Zope of part 2, with databases in '
         'memory (threads = {0})'.format(targets.THREADS))
    fact('load', 'zserverviews check --view {0} {{instance}}/etc/zope.ini'
         .format(targets.PATH))
    out()
    first, second = part.runs
    table(('new connections, one by one', 'answered', 'p50 ms', 'p99 ms',
           'goal ms', 'verdict'),
          [cells(row) for row in first.rows] + [None]
          + [cells(row, ', {0}'.format(SWITCH_INTERVAL))
             for row in second.rows])
    out()
    for name, text in first.remarks:
        fact('', '{0}: {1}'.format(name, text))
    for runner in part.runs:
        for name, text in runner.problems:
            fact('PROBLEM', '{0}: {1}'.format(name, text))
    note('c-code is not judged: nothing in the process can answer while C '
         'code keeps the interpreter\'s lock. The last line is with the '
         'setting switch-interval.')
    switching.report(part.switching)


def cells(row, more=''):
    return (row.scenario + more, '{0}/{1}'.format(row.answered, row.asked),
            number(row.milliseconds(50), '{0:.2f}'),
            number(row.milliseconds(99), '{0:.2f}'),
            number(row.goal, '{0:.0f}'), row.verdict)


def number(value, form):
    return '-' if value is None else form.format(value)
