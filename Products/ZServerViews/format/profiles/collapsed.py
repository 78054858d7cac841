"""Collapsed stacks: ``page;outer;inner microseconds`` in a line.

https://github.com/brendangregg/FlameGraph. Lines that begin with ``#`` are
notes, which its programs leave out.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.profiles.sampled import (
    labelled,
    merged,
    name_of,
    notes,
)
from Products.ZServerViews.format.stacks import frame_label, label


def to_collapsed(profile):
    """Stacks of all threads together, the heaviest first; returns bytes."""
    profile = labelled(merged(profile))
    labels = [_label(frame) for frame in profile.frames]
    sums, lines = {}, []
    for sample in profile.samples:
        line = u';'.join([labels[number]
                          for number in profile.stacks[sample[0]]])
        if line not in sums:
            lines.append(line)
        sums[line] = sums.get(line, 0.0) + sample[1]
    made = [u'# %s: %s.\n' % pair for pair in [
        (u'title', name_of(profile.about.get('title') or u'profile'))]
        + notes(profile.about)]
    made += [u'%s %d\n' % (line, round(sums[line] * 1e6))
             for line in lines if sums[line] >= 1e-6]
    return u''.join(made).encode('utf-8')


def _label(frame):
    function, path, line = frame
    return frame_label((path, line, function)) if path else label(function)
