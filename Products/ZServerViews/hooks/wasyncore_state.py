"""What a waitress knows of the site's requests, for views that tell it.

While there is a recorder, channels are of a class that overrides some methods
to tell it; without one, they are waitress's own. A request carries its record
from its reception on; one that waited already when the recorder came has none.
"""
from __future__ import absolute_import, division, print_function

import errno
import socket
import threading

from Products.ZServerViews.hooks.wasyncore_requests import find_mount, target
from Products.ZServerViews.hooks.wasyncore_server import channels_of
from Products.ZServerViews.monitor.requests import SENDING
from Products.ZServerViews.table import sent_path

# The attribute of a request that has its record.
_RECORD = '_views_record'

_NOTHING_THERE = frozenset([errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR])

_WORKER = 'waitress-'


def members(site, channel_class):
    """What a class made of a RecordedChannel and that one has of its own."""
    # super() would look for these in each call, and each request of the site
    # pays for them.
    return {'_site': site, '_received': channel_class.received,
            '_service': channel_class.service,
            '_write_soon': channel_class.write_soon}


class Recording(object):
    """Has channels tell the site's recorder of their requests."""

    def __init__(self, site):
        self._site = site
        self._classes = {}

    def class_for(self, channel_class):
        """The one that does the same and tells."""
        if issubclass(channel_class, RecordedChannel):
            return channel_class
        if channel_class not in self._classes:
            self._classes[channel_class] = type(
                'RecordedChannel', (RecordedChannel, channel_class),
                members(self._site, channel_class))
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
        if getattr(request, _RECORD, None) is None:
            _make_record(recorder, request, channel)
        if len(requests) > 1 or channel._held:
            record_others(self._site, recorder, channel)


class ChannelClass(object):
    """In the place of a server's ``channel_class``: the one that was there, or
    while there is a recorder the one that tells it."""

    def __init__(self, site, recording, channel_class):
        self._site = site
        self._recording = recording
        self._channel_class = channel_class

    def __get__(self, server, owner=None):
        if self._site.recorder is None:
            return self._channel_class
        return self._recording.class_for(self._channel_class)


def record_others(site, recorder, channel):
    """The same for those behind the first one that are Zope's."""
    for request in _requests_of(channel)[1:]:
        if (getattr(request, _RECORD, None) is None
                and not _is_for_view(site, request, channel)):
            _make_record(recorder, request, channel)


def _make_record(recorder, request, channel):
    # A request that waitress refuses may have neither method nor path.
    method, path = getattr(request, 'command', None) or '', ''
    if request.error is None and getattr(request, 'path', None):
        path = target(request)
        # It may have a query, which a record does not show. Before the path
        # may stand a password.
        if not path.startswith('/'):
            path = sent_path(path)
    address = channel.addr
    request._views_record = recorder.received(
        method, path,
        # On a unix socket waitress says that this is ('localhost', None).
        None if address[1] is None else address[0])


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

    # By the loop:

    def received(self, data):
        result = self._received(data)
        if len(self.requests) > 1:
            recorder = self._site.recorder
            if recorder is not None:
                record_others(self._site, recorder, self)
        return result

    def handle_close(self):
        # A worker goes on with its request, of which no channel tells then.
        for request in list(self.requests):
            record = getattr(request, _RECORD, None)
            if record is not None:
                record.gone = True
        super(RecordedChannel, self).handle_close()

    # By workers:

    def service(self):
        recorder, requests = self._site.recorder, self.requests
        record = getattr(requests[0], _RECORD, None) if requests else None
        if recorder is None or record is None:
            self._service()
            return
        # It is not taken away at the end: the next worker may have put its own
        # there before this one has left.
        self._record = record
        recorder.begins(record)
        try:
            self._service()
        finally:
            recorder.ends()

    def write_soon(self, data):
        number = self._write_soon(data)
        record = self._record
        if record is not None:
            # As record.sends() does, which is a call more.
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
        recorder, now = self._site.recorder, getattr(request, _RECORD, None)
        if recorder is None or now is None:
            return
        before = recorder.here()
        # In the loop, which makes a task for the environ, there is none
        # before.
        if before is not None and before is not now:
            recorder.ends()
            recorder.begins(now)
            self._record = now


class WaitressState(object):
    """Asked in the loop; reads what workers write, without a lock."""

    def __init__(self, server):
        self._server = server

    @property
    def connection_limit(self):
        return self._server.adj.connection_limit

    def requests(self):
        found = []
        for channel in channels_of(self._server):
            records = [(place, getattr(request, _RECORD))
                       for place, request in enumerate(_requests_of(channel))
                       if hasattr(request, _RECORD)]
            if records:
                gone = _is_gone(channel)
                for place, one in records:
                    one.gone = gone
                    one.behind = place > 0
                    found.append(one)
        return found

    def worker_idents(self):
        return [thread.ident for thread in list(
            threading._active.copy().values())
            if _is_worker(thread.name)]

    def worker_names(self):
        return {}

    def connections(self):
        return len(channels_of(self._server))


def _is_worker(name):
    # Without a regular expression, whose making is time of the start.
    return name.startswith(_WORKER) and name[len(_WORKER):].isdigit()


def _requests_of(channel):
    return list(channel.requests) + list(getattr(channel, '_held', ()))


def _is_gone(channel):
    """Whether the client has closed; asks the system, without waiting."""
    if not channel.connected:
        return True
    try:
        return channel.socket.recv(1, socket.MSG_PEEK) == b''
    except socket.error as error:
        return error.errno not in _NOTHING_THERE
