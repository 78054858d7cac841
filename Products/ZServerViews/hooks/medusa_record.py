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

from Products.ZServerViews.monitor.requests import SENDING
from Products.ZServerViews.table import sent_path

# Where a pipe has its record, and the site's recorder with it.
_RECORD = '_views_record'


class Records(object):
    """Finds and makes records; ``prepare`` must have been called before."""

    def __init__(self, site):
        self._site = site
        self._plain = ()  # no class
        self._classes = {}

    def prepare(self):
        """Look at ZServer, in a thread that may import."""
        from ZServer.HTTPResponse import ChannelPipe
        self._plain = ChannelPipe

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
            return None  # a view's, or a refusal
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
            path = sent_path(path)
        made = recorder.received((request.command or '').upper(), path,
                                 channel.addr[0])
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
