"""Tells the recorder how far Zope is with a request.

By the events of Zope's publisher, which fire on all its versions and servers.
The events are handled in the worker that publishes.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import get_ident, native_types


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
        if site.record_of is not None:
            _begin(recorder, site.record_of, event.request)
        # As recorder.here() does.
        request = recorder.current.get(get_ident())
        if request is not None:
            request.traverses()

    def _found(self, event):
        recorder = self._site.recorder
        if recorder is not None:
            request = recorder.current.get(get_ident())
            if request is not None:
                request.publishes(_user_name(event.request))


def _begin(recorder, record_of, zope_request):
    """Where nothing else shows that a worker has begun, this does."""
    try:
        begun = record_of(zope_request)
    except Exception:  # a request of somebody's own making
        return
    # Not when Zope tries it again.
    if begun is not None and begun is not recorder.here():
        recorder.begins(begun)


def _user_name(zope_request):
    """The name that the user has logged in with, or None."""
    try:
        # Where nobody has been authenticated yet, get() would look for that
        # name in the form.
        user = zope_request.other.get('AUTHENTICATED_USER')
        name = None if user is None or not user.getId() else user.getUserName()
    except Exception:  # a user, or a request, of somebody's own making
        return None
    return name if isinstance(name, native_types) else None
