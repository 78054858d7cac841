"""Tells the recorder how far Zope is with a request.

By the events of Zope's publisher, which fire on all its versions and servers.
The events are handled in the worker that publishes.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import native_types


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

    def _starts(self, event):
        self._begin(event.request)
        request = self._request()
        if request is not None:
            request.traverses()

    def _begin(self, zope_request):
        """Where nothing else shows that a worker has begun, this does."""
        recorder, record_of = self._site.recorder, self._site.record_of
        if recorder is None or record_of is None:
            return
        try:
            begun = record_of(zope_request)
        except Exception:  # a request of somebody's own making
            return
        # Not when Zope tries it again.
        if begun is not None and begun is not recorder.here():
            recorder.begins(begun)

    def _found(self, event):
        request = self._request()
        if request is not None:
            request.publishes(_user_name(event.request))

    def _request(self):
        recorder = self._site.recorder
        return None if recorder is None else recorder.here()


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
