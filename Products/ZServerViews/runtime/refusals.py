"""Why requests were refused, in the event log; in event loops.

Anybody can have requests refused, as many as he likes: each reason is written
once a minute for each view, and what is remembered has a bound.
"""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews._compat import monotonic

SECONDS = 60
# Views times reasons; with more of them, only new minutes bring new lines.
MOST = 500


class Refusals(object):
    """Has the site's log queue write them."""

    def __init__(self, site, clock=monotonic):
        self._site = site
        self._clock = clock
        self.begin_anew()

    def begin_anew(self):
        """Have said nothing yet; also in a forked child."""
        self._told = {}  # {(path, reason): when}

    def tell(self, path, reason):
        """A request for the view at this path was refused.

        ``reason`` is one of `access.policy.Access.objection`, and has nothing
        that a client can choose.
        """
        now, what = self._clock(), (path, reason)
        told = self._told.get(what)
        if told is not None and now - told < SECONDS:
            return
        if told is None and len(self._told) >= MOST:
            self._forget(now - SECONDS)
            if len(self._told) >= MOST:
                return
        self._told[what] = now
        self._site.log_queue.log(logging.WARNING, '%s refused: %s', path, reason)

    def _forget(self, before):
        self._told = dict((what, told) for what, told in self._told.copy().items()
                          if told > before)
