"""Each request for the site as the recorder's `Request`, on ZServer.

ZServer hands a request to a worker as a tuple: the name of a publisher, Zope's
request, its response. Whatever the worker answers goes through one object of
the class ChannelPipe, also when Zope tries a request again. So this pipe
carries the record:

- the publisher's first event, in the worker, shows that a worker has begun;
- what is written to the pipe is sent;
- its ``close()`` is the end.

Without a recorder nothing of this is done. A request of the FTP server has no
such pipe and no record.
"""
from __future__ import absolute_import, division, print_function

from functools import partial

from Products.ZServerViews.http.target import shown_path
from Products.ZServerViews.monitor.requests import SENDING
from Products.ZServerViews.servers.clients import zope_client
from Products.ZServerViews.servers.zserver.log import FORWARDED, wanted

# Where a pipe has its record, and the site's recorder with it.
_RECORD = '_views_record'
# What a pipe has to which `Records.note_waiting` has come.
_SEEN = '_views_seen'


class Records(object):
    """Finds and makes records; ``prepare`` must have been called before."""

    def __init__(self, site):
        self._site = site
        self._pool = None
        self._plain = ()  # no class
        self._classes = {}

    def prepare(self):
        """Look at ZServer, in a thread that may import."""
        from ZServer import PubCore
        from ZServer.HTTPResponse import ChannelPipe
        self._pool = PubCore
        self._plain = ChannelPipe

    def waiting(self):
        """What waits for a worker, of all servers."""
        return list(self._waiting())

    def _waiting(self):
        handle = self._pool._handle
        if handle is None:  # no request so far
            return ()
        _busy, waiting, _ready = handle.__self__._lists
        return waiting

    def note_waiting(self):
        """Note what waits for a worker and came by no channel of ours: from a
        clock-server, or on a connection that is older than the hook.

        In each turn of the loop.
        """
        waiting = self._waiting()
        # Workers may take some out meanwhile.
        for entry in waiting[-1:]:
            pipe = self._pipe(entry)
            if pipe is None or _SEEN not in pipe.__dict__:
                self._see(list(waiting))

    def _see(self, waiting):
        # That one has a record says nothing of those before it, which may be of
        # others than channels.
        for entry in reversed(waiting):
            pipe = self._pipe(entry)
            if pipe is not None:
                if _SEEN in pipe.__dict__:
                    return  # and so have all before it
                pipe.__dict__[_SEEN] = True
                self._record(pipe)

    def note(self, queue):
        """Note, for each request in a channel's queue, that it waits.

        In the loop. Those behind the first one wait too, for their turn.
        """
        for entry in reversed(queue):
            pipe = self._pipe(entry)
            if pipe is not None:
                if _RECORD in pipe.__dict__:
                    return  # and so have all before it
                self._record(pipe)

    # Each request of the site pays for what follows, so it calls little.

    def of_entry(self, entry):
        """The record of what is in a queue, or None; in the loop."""
        pipe = self._pipe(entry)
        return None if pipe is None else self._record(pipe)

    def of_publication(self, zope_request):
        """The record of what a worker begins to publish, or None.

        In the worker; ``zope_request`` is a request of the publisher's.
        """
        try:
            # Nearly always.
            return zope_request.response.stdout._views_record
        except AttributeError:
            pass
        pipe = zope_request.environ.get('wsgi.output')
        if pipe is None:
            pipe = getattr(zope_request.response, 'stdout', None)
        return self._record(pipe) if isinstance(pipe, self._plain) else None

    def _pipe(self, entry):
        if not isinstance(entry, tuple):
            return None  # nothing of ZServer's
        _publisher, request, response = entry
        pipe = getattr(response, 'stdout', None)
        if pipe is None and isinstance(request, dict):
            pipe = request.get('wsgi.output')
        return pipe if isinstance(pipe, self._plain) else None

    def _record(self, pipe):
        found = pipe.__dict__.get(_RECORD)
        recorder = self._site.recorder
        request, channel = pipe._request, pipe._channel
        if (found is not None or recorder is None
                or request is None or channel is None):
            return found
        path = request.uri or ''
        if path[:1] != '/':
            path = shown_path(path)
        peer = channel.addr[0]
        made = recorder.received((request.command or '').upper(), path, peer,
                                 partial(client_of, request.header, peer))
        # The loop and a worker may come here at once: both get the same.
        found = pipe.__dict__.setdefault(_RECORD, made)
        plain = pipe.__class__
        pipe.__class__ = self._classes.get(plain) or self._recorded(plain)
        return found

    def _recorded(self, plain):
        made = recorded(plain, self._site)
        # One that is recorded already stays what it is.
        self._classes[made] = made
        return self._classes.setdefault(plain, made)


def client_of(lines, peer):
    """Who the client is; ``lines`` are the headers of a request of medusa's."""
    return zope_client(peer, wanted(lines).get(FORWARDED, ''))


def recorded(plain, site):
    """A ChannelPipe for a request that is recorded, made from the class given.

    Used by the worker that answers. No mixin: ZServer's class is of the old
    style in Zope 2.13 and of the new style in Zope 4; Python caches no
    attribute of a class that has both among its bases.
    """

    class Recorded(plain):

        def write(self, text, l=None):  # noqa: E741
            plain.write(self, text, l)
            record = self._views_record
            # As record.sends() does.
            if record.status is None:
                # Behind HTTP/1.1; before a file stands the head.
                record.status = text[9:12] if isinstance(text, bytes) else b''
            record.phase = SENDING
            record.sent_bytes += len(text) if l is None else l

        def close(self):
            # Before the client has the last of it: then it is over.
            record, channel = self._views_record, self._channel
            # A channel older than the hook has no such attribute, and asyncore
            # would ask the socket for it.
            if channel.__dict__.get('given') is record:
                # Until the loop has been told, there is no other.
                channel.given = None
            recorder = site.recorder
            if recorder is not None:
                recorder.ends(record)
            plain.close(self)

    return Recorded
