"""The line of code at which several stuck workers are."""
from __future__ import absolute_import, division, print_function

import re

# Frames of Python's own library tell that a worker waits, not for whom.
_is_library = re.compile(r'.*/(lib|lib64)/python[23][^/]*/(?!site-packages/)'
                         ).match


class SameLine(object):
    """``number`` of ``total`` stuck workers are at the line of this frame."""

    def __init__(self, frame, number, total):
        self.frame = frame
        self.number = number
        self.total = total


def same_line(threads, since):
    """The `SameLine` of two stuck workers or more, if these are at least half
    of all; else None.

    ``threads``
        As ``/-/threads`` has them.
    ``since``
        For so many seconds a worker has its request, if it counts as stuck.
    """
    frames = [telling(thread['stack']) for thread in threads
              if thread['role'] == 'worker' and thread['stack']
              and (thread['request_age_seconds'] or 0) >= since]
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
