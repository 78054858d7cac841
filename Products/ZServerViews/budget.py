"""How long views keep the server's thread, and what becomes of slow ones.

The pumps report what each turn of a view has taken. A turn over the limit, the
setting view-budget, is an offence: it is logged. After two of them within an
hour the view runs aside, until the process ends; see `aside`.

`spent` is called in the loops. Everybody else may read the Tally of a mount.
"""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews._compat import monotonic

# Offences so far apart, in seconds, are not held against a view.
FORGET = 3600


class Tally(object):
    """What is known of one view; written by the loops alone.

    ``longest``
        The longest turn so far, in seconds.
    ``offences``
        How many turns were over the limit.
    ``runs_aside``
        Whether the view runs aside for that reason.
    ``lane``
        The Lane in which it runs, once it has run aside for any reason.
    """

    def __init__(self):
        self.longest = 0.0
        self.offences = 0
        self.last_offence = None
        self.runs_aside = False
        self.lane = None


class Budget(object):
    """Measures the views of one process.

    ``tallies``
        (path, name) of a mount -> its Tally; never changed, only replaced.
    """

    def __init__(self, site, clock=monotonic):
        self._site = site
        self._clock = clock
        self.tallies = {}

    def adopt(self, mounts):
        """Give these mounts what was known of their like before.

        A change of the configuration makes all mounts anew.
        """
        for mount in mounts:
            mount.tally = self.tallies.get((mount.path, mount.name),
                                           mount.tally)
        self.tallies = dict(((mount.path, mount.name), mount.tally)
                            for mount in mounts)

    def spent(self, mount, seconds):
        """A turn of this view has taken so long in the loop."""
        tally = mount.tally
        if mount.aside or tally.runs_aside:
            return  # it took the way to another thread and back
        if seconds > tally.longest:
            tally.longest = seconds
        if seconds > self._site.settings.view_budget:
            self._offence(mount, tally, seconds)

    def _offence(self, mount, tally, seconds):
        now, before = self._clock(), tally.last_offence
        tally.offences += 1
        tally.last_offence = now
        self._site.journal.log(
            logging.WARNING, 'The view %s at %s kept the server from all else '
            'for %.3f s; %.3f s are allowed', mount.name, mount.path, seconds,
            self._site.settings.view_budget)
        if before is not None and now - before <= FORGET:
            tally.runs_aside = True
            self._site.journal.log(
                logging.WARNING, 'The view %s at %s was too slow twice and '
                'runs aside from now on, in a thread of its own', mount.name,
                mount.path)
