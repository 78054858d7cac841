"""What the monitor suite says of a server, cut to what fits on a screen."""
from __future__ import absolute_import, division, print_function

# The views that are shown, in this order, and of each paragraph of theirs how
# many lines are kept: so many at its beginning, and so many at its end.
LOOKS = [('/-/workers', 20, 0), ('/-/requests', 20, 0), ('/-/threads', 9, 4)]
PARAGRAPHS = 3
WIDTH = 80
LEFT_OUT = '    ...'


def cut(text, first, last):
    """The first paragraphs of a text, each of them shortened in its middle.

    ``first``, ``last``
        How many lines at its beginning and at its end a paragraph keeps.
    """
    paragraphs = text.rstrip('\n').split('\n\n')
    kept = [line[:WIDTH] for paragraph in paragraphs[:PARAGRAPHS]
            for line in [''] + shortened(paragraph.split('\n'), first, last)]
    left = sum(paragraph.count('\n') + 1
               for paragraph in paragraphs[PARAGRAPHS:])
    if left:
        kept += ['', '({0} more lines)'.format(left)]
    return '\n'.join(kept[1:])


def shortened(lines, first, last):
    if len(lines) <= first + last + 1:
        return lines
    return lines[:first] + [LEFT_OUT] + lines[len(lines) - last:]
