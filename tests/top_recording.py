"""Draws docs/top.svg, 20 seconds of `zserverviews top`::

    python -m tests.top_recording docs/top.svg

The screens are those of the program; the instances are made up, and so is the clock.
Nothing runs, so the picture is the same each time.
"""
from __future__ import absolute_import, division, print_function

import io
import os
import sys
import time

from Products.ZServerViews.cli.top import asking, drawing
from Products.ZServerViews.cli.top.desk import Desk
from Products.ZServerViews.cli.top.picture import Picture
from Products.ZServerViews.cli.top.places import place
from Products.ZServerViews.cli.top.watching import Watcher
from tests.unit.cli.top import top_dummies as dummies

SECONDS, WIDTH, HEIGHT = 20, 88, 22
# When the page begins that gets all workers stuck; when that instance's neighbour
# dies; which keys are pressed.
HANGS, DIES = 2, 7
KEYS = {13: ['down'], 14: ['down'], 15: ['enter'], 19: ['escape']}
# The screen that a viewer without animation shows.
POSTER = 12
# 22:04:31 UTC.
CLOCK = 1795989871
CELL, LINE, MARGIN = 8.4, 18, 12
STYLE = """
svg { background: #16191d; }
text { font: 14px/1 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
fill: #d7dae0; white-space: pre; }
.bad { fill: #ff7b72; font-weight: bold; }
.warning { fill: #e3b341; }
.title, .selected { fill: #16191d; }
rect { fill: #b7bdc8; }
"""
FRAMES = [(u'/srv/zope/lib/python3.13/site-packages/waitress/task.py', 84, u'handler'),
          (u'/srv/zope/lib/python3.13/site-packages/ZPublisher/WSGIPublisher.py', 391,
           u'publish_module'),
          (u'/srv/zope/src/mysite/accounts.py', 15, u'__call__'),
          (u'/srv/zope/src/mysite/ledger.py', 188, u'balance'),
          (u'/usr/lib/python3.13/socket.py', 719, u'readinto')]
QUICK = [u'/front-page', u'/news', u'/news/2026/september', u'/@@search', u'/contact']


def documents_of_stuck(second):
    """Of an instance whose workers are taken by one page, one a second."""
    taken = min(4, max(0, second - HANGS + 1))
    requests = [dummies.request(u'/@@report', second - HANGS - each + 0.4,
                                second - HANGS - each + 0.4, each)
                for each in range(taken)]
    free = 4 - taken
    if free:
        requests.append(dummies.request(QUICK[second % 5], 0.1, 0.1, 3))
    waiting = max(0, second - HANGS - 4)
    requests += [dummies.request(QUICK[each % 5], age=waiting - each + 0.2)
                 for each in range(waiting)]
    oldest = waiting + 0.2 if waiting else None
    reasons = [] if waiting < 5 else [
        u'the oldest request has waited %.1f s, at most 5.0 s' % oldest]
    return dict(
        workers=dummies.workers(taken + (free > 0), 4, waiting,
                                max(0, 80 - 16 * max(0, second - HANGS)), oldest),
        ready=dummies.health(*reasons), requests=dummies.requests(*requests),
        threads=dummies.threads(*[dummies.thread(
            each, *FRAMES, state=u'waiting for a socket',
            request_age_seconds=second - HANGS - each + 0.4,
            unmoved_seconds=second - HANGS - each - 0.6) for each in range(taken)]))


def documents_of_busy(second):
    return dict(workers=dummies.workers(1 + second % 2, 4, 0, 64 + second % 3),
                requests=dummies.requests(dummies.request(
                    QUICK[second % 4], 0.2, 0.2, second % 4)))


def metrics_of(second):
    return dummies.metrics(90 * second, 99 * second, 100 * second, 100 * second)


class Story(object):
    """Three instances; `look` makes the screens of one second after the other."""

    def __init__(self):
        self._clock = dummies.Clock()
        self._suites = [dummies.Suite() for _instance in range(3)]
        self._watchers = [
            Watcher(place('http://zope%d:8080' % number), 1.0, 1.5, suite.ask,
                    self._clock)
            for number, suite in enumerate(self._suites, 1)]
        self._desk = Desk()

    def look(self, second):
        """[(text, style)] of the screen."""
        self._clock.now = 100.0 + second
        self._suites[0].documents.update(documents_of_stuck(second))
        self._suites[1].documents.update(documents_of_busy(second))
        self._suites[2].documents.update(
            documents_of_busy(second + 1) if second < DIES else
            {'workers': asking.Trouble(asking.DEAD, u'nobody listens there; start '
                                       u'the instance, or give the address that its '
                                       u'log tells')})
        for suite, watcher in zip(self._suites, self._watchers):
            suite.documents['metrics'] = metrics_of(second)
            watcher.look()
        picture = Picture(self._watchers, self._clock.now, CLOCK + second)
        for key in KEYS.get(second, ()):
            self._desk.shown(picture)
            self._desk.press(key, picture)
        return drawing.screen(picture, self._desk, WIDTH, HEIGHT)


def intervals(screens):
    """{(row, text, style): [seconds]} of all lines that are not empty."""
    found = {}
    for second, screen in enumerate(screens):
        for row, (text, style) in enumerate(screen):
            if text.strip():
                found.setdefault((row, text.rstrip(), style), []).append(second)
    return found


def shown(seconds):
    """When a line is to be seen: an element for SVG; '' if always."""
    if len(seconds) == SECONDS:
        return ''
    values, times = [], []
    for second in range(SECONDS):
        is_seen = 'visible' if second in seconds else 'hidden'
        if not values or values[-1] != is_seen:
            values.append(is_seen)
            times.append('%g' % (second / SECONDS))
    return ('<animate attributeName="visibility" dur="%ds" calcMode="discrete" '
            'repeatCount="indefinite" values="%s" keyTimes="%s"/>'
            % (SECONDS, ';'.join(values), ';'.join(times)))


def escaped(text):
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


def drawn(row, text, style, seconds):
    when = shown(seconds)
    hidden = '' if POSTER in seconds else ' visibility="hidden"'
    top = MARGIN + row * LINE
    bar = ''
    if style in (drawing.TITLE, drawing.SELECTED):
        bar = '<rect x="%g" y="%d" width="%g" height="%d"/>' % (
            MARGIN, top, WIDTH * CELL, LINE)
    return '<g%s>%s%s<text class="%s" x="%g" y="%d" textLength="%g">%s</text></g>' % (
        hidden, when, bar, style, MARGIN, top + 14, len(text) * CELL, escaped(text))


def recording():
    """The text of the file."""
    # Its screens have the time of day.
    os.environ['TZ'] = 'UTC'
    time.tzset()
    story = Story()
    lines = intervals([story.look(second) for second in range(SECONDS)])
    width, height = WIDTH * CELL + 2 * MARGIN, HEIGHT * LINE + 2 * MARGIN
    return u'\n'.join([
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" role="img">'
        % (width, height), '<title>zserverviews top: 20 seconds</title>',
        '<style>%s</style>' % STYLE,
        '<rect width="%g" height="%g" style="fill: #16191d"/>' % (width, height)] + [
            drawn(row, text, style, seconds)
            for (row, text, style), seconds in sorted(lines.items())] + ['</svg>', ''])


if __name__ == '__main__':
    with io.open(sys.argv[1], 'w', encoding='utf-8') as picture:
        picture.write(recording())
