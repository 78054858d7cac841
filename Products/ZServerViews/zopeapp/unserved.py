"""Warns where views are configured and the process serves without them.

On a server without a hook, views are served by the outermost part of Zope's own
pipeline, or by our filter. In a pipeline with neither, each view is a 404 on the
main port. No thread waits for that: the publication of a request checks it,
once the site has been up for a while.
"""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews._compat import monotonic

# Seconds since the views were configured.
AFTER = 60

WAITRESS = 'Serve the site with waitress (egg:waitress#main in zope.ini)'
FILTER = ('Put egg:Products.ZServerViews#views into the pipeline in zope.ini, '
          'before all that is not a log, or serve the site with waitress')


class Unserved(object):
    """Subscribes to the publisher's first event until an event loop runs.

    ``own``
        The `servers.own.hook.OwnHook`; None where there can be none.
    """

    def __init__(self, site, reasons, own=None, clock=monotonic):
        self._site = site
        self._reasons = reasons
        self._own = own
        self._clock = clock
        self._since = clock()
        self._event = self._manager = None

    def subscribe(self):
        try:
            from zope.component import getGlobalSiteManager
            from ZPublisher.interfaces import IPubStart
        except ImportError:
            return  # without Zope nothing is published
        self._event = IPubStart
        # Kept: a loop unsubscribes, and imports nothing.
        self._manager = getGlobalSiteManager()
        self._manager.registerHandler(self.look, (IPubStart,))

    def unsubscribe(self):
        """Look no more; may be called again. Not by a worker: others read the
        registry meanwhile."""
        if self._event is not None:
            self._manager.unregisterHandler(self.look, (self._event,))
            self._event = None

    def look(self, event):
        """A request is published; in a worker."""
        own = self._own
        if self._since is None or self._is_served(own):
            return
        seconds = self._clock() - self._since
        if seconds >= AFTER:
            self._since = None
            self._site.log_queue.log(
                logging.WARNING, 'No view is served%s: '
                'this process has answered requests for %d s that passed '
                'neither an event loop of waitress or ZServer nor '
                'egg:Zope#httpexceptions, so each view is a 404. %s%s',
                '' if self._site.settings.listen is None
                else ' but on the listener', seconds,
                WAITRESS if own is None else FILTER,
                ''.join('; ' + reason for reason in self._reasons))
        if own is not None and not own.serves:
            own.begin()  # the listener needs no pipeline

    def _is_served(self, own):
        site = self._site
        if own is not None and own.is_reached:
            return True
        return site.loops_are_unseen or bool(site.loops.all) and not (
            own is not None and own.serves)
