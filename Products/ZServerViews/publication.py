"""Tells the recorder how far Zope is with a request.

By the events of Zope's publisher, which fire on all its versions and servers.
The events are handled in the worker that publishes.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import get_ident, native_types
from Products.ZServerViews.monitor.requests import TRAVERSING


class Publication(object):
    """Subscribes to the events of the publisher while there is a recorder."""

    def __init__(self, site):
        self._site = site
        self._subscribed = ()

    def subscribe(self):
        """Listen; may be called again."""
        if self._subscribed:
            return
        from zope.component import provideHandler
        from ZPublisher import interfaces
        self._subscribed = ((self._starts, interfaces.IPubStart),
                            (self._found, interfaces.IPubAfterTraversal))
        for handler, event in self._subscribed:
            provideHandler(handler, (event,))

    def unsubscribe(self):
        """Listen no more; may be called again."""
        if not self._subscribed:
            return
        from zope.component import getGlobalSiteManager
        for handler, event in self._subscribed:
            getGlobalSiteManager().unregisterHandler(handler, (event,))
        self._subscribed = ()

    # Each request of the site pays for what follows, so it calls little. A
    # moment after the last view has gone there may be no recorder.

    def _starts(self, event):
        site = self._site
        recorder = site.recorder
        if recorder is None:
            return
        # As recorder.here() does.
        here = recorder.current.get(get_ident())
        if site.record_of is not None:
            # Nothing else shows that the worker has begun.
            try:
                begun = site.record_of(event.request)
            except Exception:  # a request of somebody's own making
                begun = None
            # Not when Zope tries it again.
            if begun is not None and begun is not here:
                recorder.begins(begun)
                return
        if here is not None:
            here.phase = TRAVERSING

    def _found(self, event):
        recorder = self._site.recorder
        if recorder is None:
            return
        request = recorder.current.get(get_ident())
        if request is None:
            return
        try:
            # Where nobody has been authenticated yet, get() would look for
            # that name in the form.
            user = event.request.other.get('AUTHENTICATED_USER')
            name = (None if user is None or not user.getId()
                    else user.getUserName())
            if name is not None and not isinstance(name, native_types):
                name = None
        except Exception:  # a user, or a request, of somebody's own making
            name = None
        request.publishes(name)
