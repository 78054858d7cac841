"""What a check prints: one table, then remarks, problems and offenders."""
from __future__ import absolute_import, division, print_function

HEADS = ('scenario', 'view', 'verdict', 'answered', 'p50 ms', 'p99 ms',
         'goal ms')
WELL = 'All is well.'
BAD_ROWS = ('Some answers were lost, were failures, or were slower than their goal; '
            'see the table.')


def table(rows):
    """Lines of a table; the first three columns are texts."""
    texts = [HEADS] + [_cells(row) for row in rows]
    widths = [max(len(cells[column]) for cells in texts)
              for column in range(len(HEADS))]
    lines = [_line(cells, widths) for cells in texts]
    return [lines[0], '  '.join('-' * width for width in widths)] + lines[1:]


def _cells(row):
    return (row.scenario, row.view, row.verdict,
            '%d/%d' % (row.answered, row.asked),
            _number(row.milliseconds(50), '%.1f'),
            _number(row.milliseconds(99), '%.1f'), _number(row.goal, '%.0f'))


def _number(value, form):
    return '-' if value is None else form % value


def _line(cells, widths):
    return '  '.join(cell.ljust(width) if column < 3 else cell.rjust(width)
                     for column, (cell, width)
                     in enumerate(zip(cells, widths))).rstrip()


def report(runner):
    """All lines about a Runner that has finished."""
    lines = table(runner.rows)
    lines += _section('Remarks', ['%s: %s' % remark
                                  for remark in runner.remarks
                                  if remark not in runner.problems])
    lines += _section('Problems', ['%s: %s' % problem
                                   for problem in runner.problems])
    lines += _section('Offenders', _offenders(runner.faults))
    if runner.is_good:
        return lines + ['', WELL]
    if any(not row.is_good for row in runner.rows):
        lines += ['', BAD_ROWS]
    return lines


def _section(title, lines):
    return ['', title] + ['  ' + line for line in lines] if lines else []


def _offenders(faults):
    lines = []
    for path in sorted(faults.found):
        lines.append(' '.join(filter(None, (faults.names[path], path))))
        lines += ['  ' + text for text in faults.found[path]]
    return lines
