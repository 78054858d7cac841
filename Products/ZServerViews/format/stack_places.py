"""Where a stack stands, in a line or a few: the frames that tell it.

A stack is a list of [function, file, line], the outermost first.
"""
from __future__ import absolute_import, division, print_function

import re

from Products.ZServerViews.format.stacks import package, short
from Products.ZServerViews.format.text import clean, cut

# What is shown of a stack.
MOST_FRAMES = 8

# Code of Python's own tells less than who calls it.
_LIBRARY = re.compile(r'(/python[23][^/]*/(?!.*(site|dist)-packages/)|\A<)')


def telling(stack):
    """The innermost frames without those that are the same in each request."""
    own = [frame for frame in stack[:-1] if package(frame[1]) is None]
    return own[1 - MOST_FRAMES:] + stack[-1:]


def frame_line(frame, width):
    """Of a stack, with the end of the path of its file."""
    function, path, line = frame
    behind = cut(u':%d %s' % (line, clean(function)), width - 20)
    return cut(short(path), width - len(behind), end=False) + behind


def place(stack):
    """``catalog.py:312 search under view.py:7 __call__``: the innermost frame
    that is neither Python's own nor the same in each request, and who has called
    it."""
    own = [frame for frame in stack if not _LIBRARY.search(frame[1])
           and package(frame[1]) is None]
    found = own[:-3:-1] or stack[-1:]
    if not found:
        return u'(not known)'
    return u' under '.join(short_place(frame) for frame in found)


def short_place(frame):
    """``catalog.py:312 search``"""
    function, path, line = frame
    return u'%s:%d %s' % (
        cut(short(path).rpartition(u'/')[2], 20, end=False), line,
        cut(clean(function), 20))
