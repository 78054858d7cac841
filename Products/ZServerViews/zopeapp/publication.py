"""Tells the recorder how far Zope is with a request, and what fails.

By the events of Zope's publisher, which fire on all its versions and servers.
The events are handled in the worker that publishes.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import get_ident, native_types
from Products.ZServerViews.monitor.requests import TRAVERSING


class Publication(object):
    """Subscribes to the events of the publisher, once there is a recorder.

    It stays subscribed when the recorder goes: workers read the registry all
    the time, and zope.interface 5 crashes the interpreter of Python 2.7 where
    another thread changes it again and again.
    """

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
                            (self._found, interfaces.IPubAfterTraversal),
                            (self._aborts, interfaces.IPubBeforeAbort))
        for handler, event in self._subscribed:
            provideHandler(handler, (event,))

    def unsubscribe(self):
        """Listen no more; may be called again. Not while workers serve."""
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
                here = begun
        if here is not None:
            here.phase = TRAVERSING
            here.in_transaction = True

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

    def _aborts(self, event):
        recorder = self._site.recorder
        tally = None if recorder is None else recorder.tally
        if tally is not None:
            try:
                tally.failed(recorder.here(), event.exc_info[0],
                             bool(event.retry))
                if recorder.errors is not None and not event.retry:
                    recorder.errors.failed(recorder.here(), event.exc_info,
                                           recorder.now())
            except Exception:
                pass  # an event of somebody else's making
