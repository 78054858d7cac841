"""Has waitress tell the site's recorder of requests.

While there is a recorder, channels are of a class that overrides some methods
to tell it; without one, they are waitress's own. A request carries its record
from its reception on; one that waited already when the recorder came has none.
"""
from __future__ import absolute_import, division, print_function

from functools import partial

from Products.ZServerViews.http.target import shown_path
from Products.ZServerViews.monitor.requests import SENDING
from Products.ZServerViews.servers.waitress.entries import requests_of
from Products.ZServerViews.servers.waitress.forwarded import client_of
from Products.ZServerViews.servers.waitress.targets import find_mount, has_target, target

# The attribute of a request that has its record.
RECORD = '_views_record'


def members(site, channel_class, failed):
    """What a class made of a RecordedChannel and that one has of its own.

    ``failed``
        Called in an except clause for a fault of ours.
    """
    # super() would look for these in each call, and each request of the site
    # pays for them.
    return {'_site': site, '_failed': staticmethod(failed),
            '_received': channel_class.received,
            '_service': channel_class.service,
            '_write_soon': channel_class.write_soon}


class Recording(object):
    """Has channels tell the site's recorder of their requests."""

    def __init__(self, site, failed):
        self._site = site
        self._failed = failed
        self._classes = {}

    def class_for(self, channel_class):
        """The one that does the same and tells."""
        if issubclass(channel_class, RecordedChannel):
            return channel_class
        if channel_class not in self._classes:
            self._classes[channel_class] = type(
                'RecordedChannel', (RecordedChannel, channel_class),
                members(self._site, channel_class, self._failed))
        return self._classes[channel_class]

    def note(self, recorder, channel):
        """Note that a channel's first request, which is Zope's, waits.

        Those behind it wait too, for their turn.
        """
        requests = getattr(channel, 'requests', None)
        if not requests:
            return  # a task of somebody else's
        if not isinstance(channel, RecordedChannel):
            # Older than the recorder. It is about to get a worker: none that
            # it had before looks at its class any more.
            channel.__class__ = self.class_for(channel.__class__)
        request = requests[0]
        if getattr(request, RECORD, None) is None:
            _make_record(recorder, request, channel)
        if len(requests) > 1 or channel._held:
            record_others(self._site, recorder, channel)


class ChannelClass(object):
    """The trampoline of a server's ``channel_class``, which is no function.

    The slot has a function of the class that was there.
    """

    def __init__(self, seam):
        self._seam = seam

    def __get__(self, server, owner=None):
        filled = self._seam.filled
        original = self._seam.original
        return original if filled is None else filled(original)


def record_others(site, recorder, channel):
    """The same for those behind the first one that are Zope's."""
    for request in requests_of(channel)[1:]:
        if (getattr(request, RECORD, None) is None
                and not _is_for_view(site, request, channel)):
            _make_record(recorder, request, channel)


def _make_record(recorder, request, channel):
    method = getattr(request, 'command', None) or ''
    if request.error is None and getattr(request, 'path', None):
        path = target(request)
        # It may have a query, which a record does not show. Before the path
        # may stand a password.
        if not path.startswith('/'):
            path = shown_path(path)
    else:
        method, path = _without_a_path(request, method)
    address, headers = channel.addr, getattr(request, 'headers', ())
    find_client = None
    if 'X_FORWARDED_FOR' in headers or 'FORWARDED' in headers:
        find_client = partial(client_of, channel.server, headers, address[0])
    request._views_record = recorder.received(
        method, path,
        # On a unix socket waitress says that this is ('localhost', None).
        None if address[1] is None else address[0], find_client)


def _without_a_path(request, method):
    """(method, path) of a request that is refused, or has nothing but a host.
    """
    error = request.error
    if error is not None:
        # Waitress may have put another line in the place of the one sent.
        return '', '(refused: %s %s)' % (error.code, error.reason)
    return method, shown_path(target(request) if has_target(request) else '')


def _is_for_view(site, request, channel):
    prefix = channel.adj.url_prefix
    path = getattr(request, 'path', None)
    if not path or not prefix and path not in site.table.by_decoded_path:
        return False
    return find_mount(site.table, request, prefix) is not None


class RecordedChannel(object):
    """Mixed into a channel: tells the site's recorder, if it has one.

    See `members` for what such a class must have besides.
    """

    _site = None
    _held = ()      # requests that the hook for waitress 1 keeps back
    _record = None  # of the request that has been in work last

    # Each does first what waitress needs, or last, and once; a fault of ours
    # ends the views and no request of the site.

    # By the loop:

    def received(self, data):
        result = self._received(data)
        try:
            if len(self.requests) + len(self._held) > 1:
                recorder = self._site.recorder
                if recorder is not None:
                    record_others(self._site, recorder, self)
        except Exception:
            self._failed()
        return result

    def handle_close(self):
        # A worker goes on with its request, of which no channel tells then.
        try:
            for request in list(self.requests):
                record = getattr(request, RECORD, None)
                if record is not None:
                    record.gone = True
        except Exception:
            self._failed()
        super(RecordedChannel, self).handle_close()

    # By workers:

    def service(self):
        try:
            recorder, requests = self._site.recorder, self.requests
            record = getattr(requests[0], RECORD, None) if requests else None
            if recorder is not None and record is not None:
                # It is not taken away at the end: the next worker may have put
                # its own there before this one has left.
                self._record = record
                recorder.begins(record)
            else:
                recorder = None
        except Exception:
            self._failed()
            recorder = None
        if recorder is None:
            self._service()
            return
        try:
            self._service()
        finally:
            recorder.ends()

    def write_soon(self, data):
        number = self._write_soon(data)
        record = self._record
        if record is not None:
            # As record.sends() does, which is a call more.
            if record.status is None:
                # Behind HTTP/1.1; before a file stands the head.
                record.status = (data[9:12] if isinstance(data, bytes)
                                 else b'')
            record.phase = SENDING
            record.sent_bytes += number
        return number


class RecordedChannel1(RecordedChannel):
    """The same for a channel that serves several requests in one call.

    It makes a task for each; no other moment shows that one begins.
    """

    def task_class(self, channel, request):
        self._begins(request)
        return super(RecordedChannel1, self).task_class(channel, request)

    def error_task_class(self, channel, request):
        self._begins(request)
        return super(RecordedChannel1, self).error_task_class(channel,
                                                              request)

    def _begins(self, request):
        try:
            self._begins_unguarded(request)
        except Exception:
            self._failed()

    def _begins_unguarded(self, request):
        recorder, now = self._site.recorder, getattr(request, RECORD, None)
        if recorder is None or now is None:
            return
        before = recorder.here()
        # In the loop, which makes a task for the environ, there is none
        # before.
        if before is not None and before is not now:
            recorder.ends()
            recorder.begins(now)
            self._record = now
