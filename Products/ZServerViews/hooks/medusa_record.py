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

    def of_entry(self, entry):
        """The record of what is in a queue, or None; in the loop."""
        pipe = self._pipe(entry)
        return None if pipe is None else self._record(pipe)

    def of_publication(self, zope_request):
        """The record of what a worker begins to publish, or None.

        In the worker; ``zope_request`` is a request of the publisher's.
        """
        pipe = zope_request.environ.get('wsgi.output')
        if pipe is None:
            pipe = getattr(zope_request.response, 'stdout', None)
        return self._record(pipe) if isinstance(pipe, self._plain) else None

    def _pipe(self, entry):
        if not isinstance(entry, tuple):
            return None  # a view's, or a refusal
        _publisher, request, response = entry
        pipe = (request.get('wsgi.output') if isinstance(request, dict)
                else response.stdout)
        return pipe if isinstance(pipe, self._plain) else None

    def _record(self, pipe):
        found = pipe.__dict__.get(_RECORD)
        recorder = self._site.recorder
        request, channel = pipe._request, pipe._channel
        if (found is not None or recorder is None
                or request is None or channel is None):
            return found
        made = recorder.received((request.command or '').upper(),
                                 sent_path(request.uri or ''),
                                 channel.addr[0])
        # The loop and a worker may come here at once: both get the same.
        found = pipe.__dict__.setdefault(_RECORD, made)
        pipe.__class__ = self._recorded(pipe.__class__)
        return found

    def _recorded(self, plain):
        if issubclass(plain, RecordedPipe):
            return plain
        if plain not in self._classes:
            class Recorded(RecordedPipe, plain):
                pass
            Recorded._plain = plain
            Recorded._site = self._site
            self._classes[plain] = Recorded
        return self._classes[plain]


class RecordedPipe:
    """Mixed into the ChannelPipe of a request that is recorded.

    Used by the worker that answers.
    """

    _plain = None
    _site = None

    def write(self, text, l=None):  # noqa: E741
        self._plain.write(self, text, l)
        self.__dict__[_RECORD].sends(len(text) if l is None else l)

    def close(self):
        # Before the client has the last of it: then it is over.
        record = self.__dict__[_RECORD]
        leave(self._channel, record)
        recorder = self._site.recorder
        if recorder is not None and recorder.here() is record:
            recorder.ends()
        self._plain.close(self)


# A channel knows the record of the request that it has given to Zope. It has
# no such attribute by default: asyncore would ask the socket for it.

_GIVEN = '_views_given'


def give(channel, record):
    """A channel gives this request, or None, to the workers; in the loop."""
    channel.__dict__[_GIVEN] = record


def leave(channel, record):
    """The channel's request has been answered; in the worker."""
    if channel.__dict__.get(_GIVEN) is record:
        # Until the loop has been told, there is no other.
        channel.__dict__[_GIVEN] = None


def given(channel):
    """The record of the request that a worker has, or soon will; or None."""
    return channel.__dict__.get(_GIVEN)
