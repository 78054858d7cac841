"""Plain lines, a block each interval: for logs, pipes and simple terminals."""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.cli.top.desk import Desk
from Products.ZServerViews.cli.top.drawing import block
from Products.ZServerViews.cli.top.judging import FIT
from Products.ZServerViews.cli.top.picture import Picture

WIDTH = 80
# Beyond the time-out of a look: for a name that is being resolved.
MORE_SECONDS = 0.3


def blocks(watchers, interval, write, once=False, sleep=time.sleep,
           clock=monotonic, wall_clock=time.time):
    """Write a block each interval, for ever or once; whether all are fit.

    ``write(text)``
        Called for each block.
    """
    desk, due = Desk(), clock()
    _wait_for_all(watchers, sleep, clock)
    while True:
        picture = Picture(watchers, clock(), wall_clock())
        write(u''.join(line + u'\n' for line in block(picture, desk, WIDTH)))
        if once:
            return all(row.state in FIT for row in picture.rows)
        write(u'\n')
        due = max(due + interval, clock())
        sleep(due - clock())


def _wait_for_all(watchers, sleep, clock):
    end = clock() + max(watcher.timeout for watcher in watchers) + MORE_SECONDS
    while clock() < end and [watcher for watcher in watchers
                             if watcher.seen is None]:
        sleep(0.01)
