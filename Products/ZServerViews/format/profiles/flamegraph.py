"""A flame graph: one SVG that refers to nothing outside of itself.

Each box is a function, as wide as the share of time with it on the stack; its
callers are below it. Without scripts it is complete: each box has its full name,
time and share as a title. With scripts a click makes a box as wide as the picture,
and a text can be searched.
"""
from __future__ import absolute_import, division, print_function

import zlib

from Products.ZServerViews.format.markup import escaped
from Products.ZServerViews.format.profiles.flame_script import SCRIPT
from Products.ZServerViews.format.profiles.sampled import (
    labelled,
    merged,
    name_of,
    notes,
)
from Products.ZServerViews.format.stacks import short
from Products.ZServerViews.format.text import cut

WIDTH = 1200
ROW = 17
MARGIN = 10
# Narrower boxes are left out: nobody sees them.
NARROWEST = 0.4
# Of one character of the font, which is 11 pixels high.
CHARACTER = 6.7
# How many lines of a function its title names.
MOST_LINES = 3
# A line of the head holds so many characters.
HEAD = 170

_WAIT_COLOURS = {
    u'[waiting for lock]': u'#e58a8a', u'[waiting for database]': u'#7fa8e0',
    u'[waiting for socket]': u'#b39ddb', u'[waiting for file]': u'#c4a484',
    u'[sleeping]': u'#a5c9a0', u'[waiting]': u'#9fd3d8',
    u'[idle]': u'#dddddd'}

_BEGIN = u'''<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="{width}" \
height="{height}" viewBox="0 0 {width} {height}" font-family="monospace" \
font-size="11">
<title>{title}</title>
<style>
.box rect {{ stroke: #fff; stroke-width: 0.5 }}
.box:hover rect {{ stroke: #000 }}
.box {{ cursor: pointer }}
.box text {{ pointer-events: none }}
.found rect {{ fill: #e600e6 }}
#search, #reset {{ cursor: pointer; fill: #06c; display: none }}
</style>
<rect width="100%" height="100%" fill="#fffdf8"/>
<text x="{margin}" y="20" font-size="15">{title}</text>
<text id="search" x="{right}" y="20" text-anchor="end">search</text>
<text id="reset" x="{reset}" y="20" text-anchor="end">reset</text>
'''


class _Node(object):
    """A function in the place that its callers give it."""

    __slots__ = ('seconds', 'below', 'lines')

    def __init__(self):
        self.seconds = 0.0
        self.below = {}
        self.lines = {}

    def add(self, seconds, line):
        self.seconds += seconds
        if line is not None:
            self.lines[line] = self.lines.get(line, 0.0) + seconds

    def child(self, key):
        found = self.below.get(key)
        if found is None:
            found = self.below[key] = _Node()
        return found


def to_svg(profile):
    """The picture as bytes: all threads in one."""
    profile = labelled(merged(profile))
    root = _tree(profile)
    boxes = _Boxes(root.seconds)
    left_out = boxes.place(root, u'all threads', u'', 0, 0.0)
    head = _head(profile.about, left_out)
    top = 32 + 15 * len(head)
    height = top + (boxes.depth + 1) * ROW + MARGIN
    title = name_of(profile.about.get('title') or u'profile')
    made = [_BEGIN.format(width=WIDTH, height=height, margin=MARGIN,
                          right=WIDTH - MARGIN, reset=WIDTH - MARGIN - 70,
                          title=escaped(title))]
    made += [u'<text x="%d" y="%d" fill="#555">%s</text>\n' % (
        MARGIN, 38 + 15 * number, escaped(cut(line, HEAD)))
        for number, line in enumerate(head)]
    made.append(u'<g id="boxes">\n')
    made += [box.drawn(height - MARGIN) for box in boxes.boxes]
    made.append(u'</g>\n<script><![CDATA[%s]]></script>\n</svg>\n' % SCRIPT)
    return u''.join(made).encode('utf-8')


def _tree(profile):
    root = _Node()
    for stack, seconds, _thread, _state, _path, _start in profile.samples:
        root.add(seconds, None)
        node = root
        for number in profile.stacks[stack]:
            function, path, line = profile.frames[number]
            node = node.child((function, path))
            node.add(seconds, line)
    return root


def _head(about, left_out):
    said = notes(about)
    if left_out:
        said.append((u'too narrow to show', u'%d boxes' % left_out))
    lines = [u'']
    for pair in said:
        part = u'%s: %s' % pair
        if lines[-1] and len(lines[-1]) + len(part) > HEAD - 2:
            lines.append(u'')
        lines[-1] += (u'; ' if lines[-1] else u'') + part
    return [line for line in lines if line]


class _Boxes(object):
    """``boxes``
        A `_Box` for each function that is wide enough, outer ones first.
    ``depth``
        Of the innermost of them.
    """

    def __init__(self, seconds):
        self._all = seconds or 1.0
        self.boxes = []
        self.depth = 0

    def place(self, node, function, path, depth, before):
        """Place a function and all that it calls; returns how many are too
        narrow. ``before`` is the time to the left of it."""
        width = (WIDTH - 2 * MARGIN) * node.seconds / self._all
        if width < NARROWEST and depth:
            return 1
        self.depth = max(self.depth, depth)
        self.boxes.append(_Box(
            function, path, depth, MARGIN + (WIDTH - 2 * MARGIN) * before
            / self._all, width, _title(node, function, path, self._all)))
        left_out = 0
        for key in sorted(node.below):
            left_out += self.place(node.below[key], key[0], key[1], depth + 1,
                                   before)
            before += node.below[key].seconds
        return left_out


def _title(node, function, path, seconds):
    lines = sorted(node.lines, key=lambda line: -node.lines[line])
    place = u''
    if path:
        numbers = [u'%d' % line for line in lines[:MOST_LINES]]
        if len(lines) > MOST_LINES:
            numbers.append(u'...')
        place = u' (%s)' % u':'.join(
            filter(None, [short(path), u', '.join(numbers)]))
    return u'%s%s: %.3f s, %.1f %%' % (
        function, place, node.seconds, 100.0 * node.seconds / seconds)


class _Box(object):

    def __init__(self, function, path, depth, x, width, title):
        self.function = function
        self.path = path
        self.depth = depth
        self.x = x
        self.width = width
        self.title = title

    def drawn(self, bottom):
        y = bottom - (self.depth + 1) * ROW
        room = int((self.width - 4) / CHARACTER)
        label = cut(self.function, room) if room > 2 else u''
        return (u'<g class="box"><title>%s</title><rect x="%.1f" y="%d" '
                u'width="%.1f" height="%d" fill="%s"/><text x="%.1f" y="%d">%s'
                u'</text></g>\n' % (
                    escaped(self.title), self.x, y, self.width, ROW - 1,
                    self._colour(), self.x + 2, y + 12, escaped(label)))

    def _colour(self):
        if not self.path:
            return _WAIT_COLOURS.get(self.function, u'#c8d0d8')
        # By the file, so that each module keeps its colour in every picture.
        number = zlib.crc32(self.path.encode('utf-8')) & 0xffff
        return u'#%02x%02x%02x' % (225 + number % 30, 150 + (number >> 5) % 75,
                                   80 + (number >> 10) % 40)
