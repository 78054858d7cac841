"""The figures as a picture: bars in SVG, with the range of the rounds."""
from __future__ import absolute_import, division, print_function

from xml.sax.saxutils import escape

WIDTH = 720
LEFT = 170
RIGHT = 90
BAR = 14
GAP = 8
COLOURS = {'idle': '#4c78a8', 'asleep': '#f58518'}
TEXT = ('<text x="{0:.0f}" y="{1:.0f}" text-anchor="{2}"{3}>{4}</text>')


class Picture(object):
    """Panels from top to bottom; `svg` when all are there."""

    def __init__(self):
        self.parts = []
        self.y = 24

    def text(self, x, y, text, anchor='start', more=''):
        self.parts.append(TEXT.format(x, y, anchor, more, escape(text)))

    def title(self, text):
        self.text(10, self.y, text, more=' font-weight="bold"')
        self.y += 20

    def legend(self):
        for number, state in enumerate(sorted(COLOURS, reverse=True)):
            x = LEFT + 160 * number
            self.box(x, BAR, COLOURS[state])
            self.text(x + 20, self.y + BAR - 3, 'workers ' + state)
        self.y += BAR + 2 * GAP

    def box(self, x, width, colour):
        self.parts.append(
            '<rect x="{0:.1f}" y="{1}" width="{2:.1f}" height="{3}" '
            'fill="{4}"/>'.format(x, self.y, width, BAR, colour))

    def line(self, x1, y1, x2, y2):
        self.parts.append(
            '<line x1="{0:.1f}" y1="{1}" x2="{2:.1f}" y2="{3}" '
            'stroke="#333"/>'.format(x1, y1, x2, y2))

    def bar(self, state, found, scale, form):
        """A median as a bar, with a line from least to most; or "none"."""
        baseline = self.y + BAR - 3
        if found is None:
            self.text(LEFT + 4, baseline, 'no answer',
                      more=' fill="{0}"'.format(COLOURS[state]))
        else:
            self.box(LEFT, found['median'] * scale, COLOURS[state])
            middle = self.y + BAR // 2
            self.line(LEFT + found['least'] * scale, middle,
                      LEFT + found['most'] * scale, middle)
            self.text(LEFT + found['most'] * scale + 6, baseline,
                      form.format(found['median']))
        self.y += BAR

    def panel(self, title, rows, form):
        """``rows``: (label, {state: spread or None}) from top to bottom."""
        self.title(title)
        most = max(found['most'] for _label, states in rows
                   for found in states.values() if found)
        scale = (WIDTH - LEFT - RIGHT) / most
        for label, states in rows:
            self.text(LEFT - 8, self.y + BAR * len(states) / 2 + 4, label,
                      'end')
            for state in states:
                self.bar(state, states[state], scale, form)
            self.y += GAP
        self.y += 2 * GAP

    def svg(self):
        return ('<svg xmlns="http://www.w3.org/2000/svg" width="{0}" '
                'height="{1}" font-family="sans-serif" font-size="12">\n'
                '<rect width="100%" height="100%" fill="white"/>\n{2}\n'
                '</svg>\n'.format(WIDTH, self.y, '\n'.join(self.parts)))


def servers(data, connections):
    """Rows of requests/s, those of each server in both states."""
    return [(server['label'], dict(
        (state, server['states'].get(state, {}).get(connections, {})
         .get('rate')) for state in ('idle', 'asleep')))
        for server in data['servers']['found']]


def floor(data):
    """Rows of the ratio to the floor, by the number of connections."""
    rows = {}
    for found in data['floor']:
        label = '{0} connection{1}'.format(
            found['connections'], 's' if found['connections'] > 1 else '')
        rows.setdefault(label, {})[found['state']] = found['rate']
    return list(rows.items())


def draw(data):
    """The picture of a run, as far as its parts were run; SVG as text."""
    picture = Picture()
    picture.legend()
    if 'servers' in data:
        picture.panel('Requests a second, 100 connections, the same 64 bytes '
                      'of text', servers(data, '100'), '{0:,.0f}')
    if 'floor' in data:
        picture.panel('View / floor: the share of what waitress could send '
                      'at best', floor(data), '{0:.2f}')
    return picture.svg()
