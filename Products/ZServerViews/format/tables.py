"""Rows of values in aligned columns, for people."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.text import WIDTH, clean_all, cut, text

GAP = u'  '
# What a flexible column keeps at least, in characters.
LEAST = 8


class Column(object):
    """A column of a `Table`.

    ``right``
        Aligned at the right, as numbers are.
    ``cut_end``
        Whether a value that is too long loses its end, else its beginning.
    ``flexible``
        Whether this column gives way when the line is too long.
    """

    def __init__(self, title, right=False, cut_end=True, flexible=False):
        self.title = text(title)
        self.right = right
        self.cut_end = cut_end
        self.flexible = flexible


class Table(object):
    """Rows of values in aligned columns."""

    def __init__(self, *columns):
        self.columns = [column if isinstance(column, Column)
                        else Column(column) for column in columns]
        self.rows = []

    def add(self, *values):
        """Another row of values, as many as columns; `lines` cleans them."""
        if len(values) != len(self.columns):
            raise ValueError('%d values for %d columns'
                             % (len(values), len(self.columns)))
        self.rows.append(values)

    def lines(self, width=WIDTH):
        """The lines, the one of the titles first, none longer than width."""
        rows = [[column.title for column in self.columns]] + self.rows
        columns = [clean_all(cells) for cells in zip(*rows)]
        widths = self._widths(columns, width)
        # A thousand rows are made in the loop: whatever can be is done once
        # for all of them.
        cells = [self._fitted(*each)
                 for each in zip(columns, widths, self.columns)]
        form = GAP.join(u'%%%s%ds' % (u'' if column.right else u'-', room)
                        for column, room in zip(self.columns, widths))
        return [cut((form % row).rstrip(), width) for row in zip(*cells)]

    def text(self, width=WIDTH):
        """The lines as one text, each with its end."""
        return u''.join(line + u'\n' for line in self.lines(width))

    def _widths(self, columns, width):
        widths = [max(map(len, cells)) for cells in columns]
        for number, column in enumerate(self.columns):
            over = sum(widths) + len(GAP) * (len(widths) - 1) - width
            if column.flexible and over > 0:
                widths[number] = min(widths[number],
                                     max(LEAST, widths[number] - over))
        return widths

    @staticmethod
    def _fitted(cells, width, column):
        if max(map(len, cells)) <= width:
            return cells
        return [cut(cell, width, column.cut_end) for cell in cells]
