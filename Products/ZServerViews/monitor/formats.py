"""Text for people and JSON for programs, for all views of the monitor.

All functions return text, never bytes. Values that come from outside, such as
a path, can neither break a line nor move the cursor of a terminal.
"""
from __future__ import absolute_import, division, print_function

import json
import unicodedata

from Products.ZServerViews._compat import PY2, is_plain, text_type

# The width of a terminal that nobody has widened.
WIDTH = 80

ELLIPSIS = u'...'
GAP = u'  '
# What a column that gives way keeps at least.
LEAST = 8

_TEXT_ALONE = frozenset([text_type])


def text(value):
    """Any value as text; bytes are taken for UTF-8. None is a dash."""
    if type(value) is text_type:
        return value
    if value is None:
        return u'-'
    if isinstance(value, bytes):
        return value.decode('utf-8', 'replace')
    return text_type(value)


def clean(value, most=None):
    """One line of printable text, cut to ``most`` characters.

    Control characters, marks that turn the direction of writing, line ends
    and halves of surrogate pairs become question marks.
    """
    cleaned = text(value)
    if not is_plain(cleaned):
        cleaned = u''.join(map(_printable, cleaned))
    return cleaned if most is None else cut(cleaned, most)


def _clean_all(values):
    """`clean` for many values, most of which are so."""
    if set(map(type, values)) != _TEXT_ALONE:
        values = [text(value) for value in values]
    if is_plain(u''.join(values)):
        return values
    return [clean(value) for value in values]


def _printable(character):
    kind = unicodedata.category(character)
    return u'?' if kind[0] == 'C' or kind in ('Zl', 'Zp') else character


def cut(line, most, end=True):
    """At most ``most`` characters of a line; what is cut is its end, or its
    beginning, and becomes an ellipsis."""
    if len(line) <= most:
        return line
    keep = max(0, most - len(ELLIPSIS))
    if end:
        return (line[:keep] + ELLIPSIS)[:most]
    return (ELLIPSIS + line[len(line) - keep:])[:most]


def duration(seconds):
    """A time for people: ``350 ms``, ``3.2 s``, ``4 min 10 s``."""
    if seconds is None:
        return u'-'
    seconds = max(0.0, seconds)
    if seconds < 0.9995:
        return u'%.0f ms' % (seconds * 1000)
    if seconds < 59.95:
        return u'%.1f s' % seconds
    for unit, next_unit, below, size in _UNITS:
        number, rest = divmod(int(round(seconds / size)), below)
        if number < _TURNS[unit]:
            return u'%d %s %d %s' % (number, unit, rest, next_unit)
    return u'%d d' % (seconds // 86400)


# Two neighbours, how many of the smaller make one of the larger, and the
# length of the smaller in seconds.
_UNITS = [(u'min', u's', 60, 1), (u'h', u'min', 60, 60),
          (u'd', u'h', 24, 3600)]
_TURNS = {u'min': 60, u'h': 24, u'd': 100}


def size(number):
    """A number of bytes for people: ``17 B``, ``4.2 KiB``."""
    if number is None:
        return u'-'
    if number < 1000:
        return u'%d B' % number
    for unit in (u'KiB', u'MiB', u'GiB'):
        number /= 1024
        if number < 999.95:
            break
    return u'%.1f %s' % (number, unit)


def to_json(document):
    """The text of a JSON document in one line, with its end.

    Keys are sorted, but on Python 2.7. Not indented: sorting there, and
    indenting anywhere, is left to an encoder written in Python, which takes
    several times as long. NaN and infinities, which JSON has not, raise
    ValueError.
    """
    return text_type(json.dumps(document, sort_keys=not PY2, allow_nan=False)
                     + '\n')


def seconds(value):
    """A number of seconds for JSON: to the millisecond, None stays.

    No time is below nought.
    """
    if value is None:
        return None
    # As round(value, 3), which takes four times as long.
    return int(value * 1000 + 0.5) / 1000 if value > 0 else 0.0


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
        columns = [_clean_all(cells) for cells in zip(*rows)]
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
