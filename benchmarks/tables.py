"""What is printed: tables and paragraphs in 80 columns."""
from __future__ import absolute_import, division, print_function

import sys
import textwrap

WIDTH = 80
# [{'head': ..., 'rows': ...}], all tables of this run: record.py keeps them.
printed = []


def out(line=''):
    print(line)
    sys.stdout.flush()


def title(text):
    out()
    out(text)
    out('-' * len(text))


def note(text):
    """A paragraph, whatever the line breaks of its source are."""
    out(textwrap.fill(' '.join(text.split()), WIDTH - 2))


def fact(name, value):
    lines = textwrap.wrap(str(value), WIDTH - 14) or ['']
    out('{0:<12} {1}'.format(name, lines[0]))
    for line in lines[1:]:
        out(' ' * 13 + line)


def table(heads, rows):
    """The first column is left-aligned, the others right; None is a line."""
    texts = [[str(cell) for cell in row] for row in rows if row is not None]
    printed.append({'head': list(heads), 'rows': texts})
    widths = [max(len(row[column]) for row in [list(heads)] + texts)
              for column in range(len(heads))]
    out(_line(heads, widths))
    rule = '-' * (sum(widths) + 2 * (len(widths) - 1))
    out(rule)
    for row in rows:
        out(rule if row is None else _line([str(cell) for cell in row],
                                           widths))


def _line(cells, widths):
    first = '{0:<{1}}'.format(cells[0], widths[0])
    rest = ['{0:>{1}}'.format(cell, width)
            for cell, width in zip(cells[1:], widths[1:])]
    return '  '.join([first] + rest).rstrip()
