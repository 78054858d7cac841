"""The line of code at which several stuck workers are."""
from __future__ import absolute_import, division, print_function

import re

from Products.ZServerViews.format.stacks import frame_line
from Products.ZServerViews.format.text import clean

# Frames of Python's own library tell that a worker waits, not for whom. Debian has
# packages beside it, in dist-packages.
_is_library = re.compile(r'.*/(lib|lib64)/python[23][^/]*/'
                         r'(?!site-packages/|dist-packages/)').match

# Characters for the line of code.
ROOM = 60


class SameLine(object):
    """``number`` of ``total`` stuck workers are at the line of this frame."""

    def __init__(self, frame, number, total):
        self.frame = frame
        self.number = number
        self.total = total

    def text(self):
        """For people."""
        path, number, function = self.frame[:3]
        return u'the same line in %d of %d: %s' % (
            self.number, self.total,
            frame_line(path, number, clean(function), ROOM))


def same_line(stacks):
    """The `SameLine` of two stuck workers or more, if these are at least half
    of all; else None.

    ``stacks``
        One for each stuck worker: frames, which begin with a file and a line, the
        innermost last.
    """
    frames = [telling(stack) for stack in stacks if stack]
    counts = {}
    for frame in frames:
        counts[tuple(frame[:2])] = counts.get(tuple(frame[:2]), 0) + 1
    if not counts:
        return None
    place = max(sorted(counts, key=repr), key=counts.get)
    if counts[place] < 2 or counts[place] * 2 < len(frames):
        return None
    return SameLine([frame for frame in frames if tuple(frame[:2]) == place][0],
                    counts[place], len(frames))


def telling(stack):
    """The innermost frame that is not of Python's library; else the innermost.
    """
    for frame in reversed(stack):
        if not _is_library(frame[0]):
            return frame
    return stack[-1]
