"""What views do that they should not, found by asking them and their process.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.cli.check import client
from Products.ZServerViews.cli.check.figures import FAILED, LOST

# After so many overruns a view is offloaded; a single one may be chance.
OVERRUNS = 2
CALLS = 3
# Records are written by another thread, which gathers them for a while.
WRITTEN = 0.3
MOST_NAMES = 5
SLEEPS = 'sleeps'


class Faults(object):
    """The faults of all views.

    ``names``
        path -> the dotted name of the view, where it is known.
    ``faults``
        path -> what it does, as texts, in the order in which it was found.
    """

    def __init__(self, names):
        self.names = names
        self.found = {}
        self._failing = set()
        self._seen = {}
        self._overruns = {}

    def blame(self, path, text):
        found = self.found.setdefault(path, [])
        if text not in found:
            found.append(text)

    def examine(self, ground, path):
        """Request one view while there is no other load."""
        inside = ground.instance is not None
        if inside:
            ground.control('modules')
            ground.control('loggers')
        for _number in range(CALLS):
            if not self._ask(ground, path):
                break
        if inside:
            self._look_at_imports(ground, path)
            self._look_at_logs(ground, path)

    def _ask(self, ground, path):
        """Whether there was an answer."""
        try:
            answer = client.ask(ground.address, path)
        except client.Lost as lost:
            self._failing.add(path)
            self.blame(path, 'does not answer: %s' % lost)
            return False
        if answer.too_much:
            self.blame(path, 'answers too much: more than 1 MiB')
        if not answer.is_good:
            self._failing.add(path)
            self.blame(path, 'fails: it is answered with %d' % answer.status)
        return True

    def _look_at_imports(self, ground, path):
        new = ground.control('modules')
        if new:
            self.blame(path, 'imports when it is called: ' + _some(new))

    def _look_at_logs(self, ground, path):
        time.sleep(WRITTEN)
        found = ground.control('loggers')
        if found:
            self.blame(path, 'logs when it is called, to ' + _some(found))

    def look_at_budget(self, ground, fair=True):
        """Views with overruns since the last look, as the product counts them.

        Overruns in a scenario that is not fair do not count.
        """
        for path, _name, overruns, longest in ground.control('views'):
            new = overruns - self._seen.get(path, 0)
            self._seen[path] = overruns
            if fair and new > 0:
                self._overruns[path] = self._overruns.get(path, 0) + new
                if self._overruns[path] >= OVERRUNS and path in self.names:
                    self._sleeps(path, longest)

    def forget_budget(self):
        """The process is new, and counts from 0."""
        self._seen = {}

    def _sleeps(self, path, longest):
        if not any(text.startswith(SLEEPS)
                   for text in self.found.get(path, ())):
            self.blame(path, '%s: it blocked the event loop for up to %.3f s, '
                       'and exceeded its budget more than once'
                       % (SLEEPS, longest))

    def look_at_rows(self, scenario, rows):
        """Views that are lost, or fail, in a scenario and answer without it.
        """
        for row in rows:
            if (row.verdict in (FAILED, LOST) and scenario.fault is not None
                    and row.view not in self._failing):
                self.blame(row.view, scenario.fault)


def _some(names):
    shown = ', '.join(names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    return shown + (' and %d more' % more if more > 0 else '')
