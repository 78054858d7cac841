"""Verdicts, and the table."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.cli.check.figures import Row, percentile
from Products.ZServerViews.cli.check.report import report


def row(asked, times, goal=50, view='/v', failed=0):
    made = Row('baseline', view, goal)
    made.asked, made.times, made.failed = asked, times, failed
    return made


@pytest.mark.parametrize('values, percent, wanted', [
    ([7], 50, 7), ([3, 1, 2], 50, 2), ([1, 2], 50, 1), ([1, 2], 99, 2),
    (range(1, 101), 99, 99), (range(1, 201), 99, 198), (range(20), 99, 19),
    ([1, 2], 0, 1),
])
def test_percentiles(values, percent, wanted):
    assert percentile(values, percent) == wanted


@pytest.mark.parametrize('made, verdict, good', [
    (row(2, [0.01, 0.05]), 'ok', True),
    (row(2, [0.01, 0.051]), 'slow', False),
    (row(2, [0.01]), 'lost', False),
    (row(2, [0.07]), 'lost', False),
    (row(0, []), 'lost', False),
    (row(2, [], failed=2), 'failed', False),
    (row(2, [0.07], failed=1), 'failed', False),
    (row(3, [0.01], failed=1), 'lost', False),
    (row(1, [], None, failed=1), '-', True),
    (row(2, [], None), '-', True),
    (row(2, [1, 2], None), '-', True),
])
def test_verdicts(made, verdict, good):
    assert (made.verdict, made.is_good) == (verdict, good)


class Runner(object):
    """One that has run."""

    class faults(object):
        faults = {}
        names = {'/v': 'my.view', '/w': ''}

    def __init__(self, rows, remarks=(), problems=(), faults=()):
        self.rows = rows
        self.remarks, self.problems = list(remarks), list(problems)
        self.faults = self.faults()
        self.faults.found = dict(faults)
        self.is_good = not (problems or faults
                            or any(not row.is_good for row in rows))


def test_all_is_well():
    assert report(Runner([row(200, [0.001, 0.0104] * 100),
                          row(1, [], None, '/longer')])) == [
        'scenario  view     verdict  answered  p50 ms  p99 ms  goal ms',
        '--------  -------  -------  --------  ------  ------  -------',
        'baseline  /v       ok        200/200     1.0    10.4       50',
        'baseline  /longer  -             0/1       -       -        -',
        '', 'All is well.']


def test_faults_and_problems():
    problem = ('baseline', '1 of 2')
    lines = report(Runner([row(1, [0.001])],
                          [('baseline', 'fine'), problem], [problem],
                          {'/w': ['b'], '/v': ['a', 'c']}))
    assert lines[3:] == [
        '', 'Remarks', '  baseline: fine', '', 'Problems',
        '  baseline: 1 of 2', '', 'Offenders', '  my.view /v', '    a',
        '    c', '  /w', '    b']


def test_only_the_table_has_it():
    assert report(Runner([row(2, [0.001])]))[3:] == [
        '', 'Some answers were lost, were failures, or were slower than their '
        'goal; see the table.']


def test_a_failure_is_an_answer():
    assert report(Runner([row(3, [], failed=3)]))[2:3] == [
        'baseline  /v    failed        3/3       -       -       50']
