"""What views do that they should not, found by asking them and their process.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.check import client
from Products.ZServerViews.check.figures import LOST

# After so many turns over the budget a view runs aside; one may be chance.
OFFENCES = 2
CALLS = 3
# Records are written by another thread, which gathers them for a while.
WRITTEN = 0.3
MOST_NAMES = 5
SLEEPS = 'sleeps'


class Conduct(object):
    """The faults of all views.

    ``names``
        path -> the dotted name of the view, where it is known.
    ``faults``
        path -> what it does, as texts, in the order in which it was found.
    """

    def __init__(self, names):
        self.names = names
        self.faults = {}
        self._failing = set()
        self._seen = {}
        self._offences = {}

    def blame(self, path, text):
        found = self.faults.setdefault(path, [])
        if text not in found:
            found.append(text)

    def examine(self, ground, path):
        """Ask one view with nothing else going on."""
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
        """Whom the product itself has found too slow since the last look.

        What happens in a scenario that is not fair is forgotten.
        """
        for path, _name, offences, longest in ground.control('views'):
            new = offences - self._seen.get(path, 0)
            self._seen[path] = offences
            if fair and new > 0:
                self._offences[path] = self._offences.get(path, 0) + new
                if self._offences[path] >= OFFENCES and path in self.names:
                    self._sleeps(path, longest)

    def forget_budget(self):
        """The process is a new one, and counts from the beginning."""
        self._seen = {}

    def _sleeps(self, path, longest):
        if not any(text.startswith(SLEEPS)
                   for text in self.faults.get(path, ())):
            self.blame(path, "%s: it kept the server's thread for up to "
                       '%.3f s, and over its budget more than once'
                       % (SLEEPS, longest))

    def look_at_rows(self, scenario, rows):
        """Who is lost in a scenario, and is not without it."""
        for row in rows:
            if (row.verdict == LOST and scenario.fault is not None
                    and row.view not in self._failing):
                self.blame(row.view, scenario.fault)


def _some(names):
    shown = ', '.join(names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    return shown + (' and %d more' % more if more > 0 else '')
