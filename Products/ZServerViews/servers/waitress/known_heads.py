"""Heads of requests that have come before, byte for byte, for a view.

Who asks again and again, as health checks and scrapers do, sends the same bytes
each time. If one read on a connection at rest brings nothing but a head that is
known, waitress's parser is not asked: the request, its mount and nearly all of
the environ are there. Everything else is parsed, and remembered at its second
sight if it was for a view: a client that counts in its query fills nothing.

A head is all that a request has, so only GET and HEAD are known, without a body.
Nothing is kept of heads with credentials. What the peer decides is decided each
time: its address, its access.

Runs in the loop. The memory belongs to one server and to the routes of the
moment: what was parsed with other settings, or mounted before, is not in it.
"""
from __future__ import absolute_import, division, print_function

import copy
import sys

from Products.ZServerViews.runtime.patching import is_own
from Products.ZServerViews.servers.waitress import environ as environs

# How many heads of a server are known; 0 for none. And how long one may be.
LIMIT = 256
MOST_BYTES = 1024

# Parts of the names of headers, and of queries, that may have a secret; and names
# of headers that have the server do something besides.
_SECRET = ('AUTH', 'COOKIE', 'TOKEN', 'SECRET', 'PASSW', 'KEY', 'SESSION',
           'CREDENTIAL', 'SIGNATURE')
_OTHERS = frozenset(['CONTENT_LENGTH', 'TRANSFER_ENCODING', 'EXPECT',
                     'UPGRADE'])


class KnownHead(object):
    """What is known of a request by its head.

    ``answering``
        The `answering.Answering` of its server.
    ``mount``
        What it is for; access is judged each time.
    ``request``
        The parsed one, which nobody changes: one for all that are the same.
    ``maker``, ``environ``
        See `environ.known`.
    """

    __slots__ = ('answering', 'mount', 'request', 'maker', 'environ')

    def __init__(self, answering, mount, request, maker, environ):
        self.answering = answering
        self.mount = mount
        self.request = request
        self.maker = maker
        self.environ = environ


class KnownHeads(object):
    """Those of one server.

    ``routes``
        The `runtime.routes.Routes.by_path` that they are for.
    ``heads``
        {bytes: KnownHead}
    ``read``
        What a connection at rest has received last; else None.
    """

    def __init__(self, routes):
        self.routes = routes
        self.heads = {}
        self.read = None
        self._seen = set()

    def note(self, answering, channel, request, mount):
        """That request has been answered by the view of that mount.

        Called while waitress parses what was read.
        """
        data, self.read = self.read, None
        seen = hash(data)
        if seen not in self._seen:
            if len(self._seen) >= LIMIT:
                self._seen.clear()
            self._seen.add(seen)
            return
        parsed = _parsed(channel, data)
        if parsed is None or not _is_plain(answering.site, parsed, request):
            return
        found = environs.known(answering.site, channel, parsed, mount)
        if found is not None:
            if len(self.heads) >= LIMIT:
                self.heads.clear()
            self.heads[data] = KnownHead(answering, mount, parsed, *found)


def own(request):
    """A copy of a known request, which one channel may change."""
    made = copy.copy(request)
    made.headers = dict(request.headers)
    return made


def _parsed(channel, data):
    """What waitress's parser makes of this; None where it does not take it for
    one request without a body, or is another's."""
    parser = channel.parser_class
    if not (is_own(parser.received, parser)
            and is_own(parser.parse_header, parser)):
        return None
    request = parser(channel.adj)
    taken = request.received(data)
    if (taken != len(data) or not request.completed or request.empty
            or request.error is not None or request.body_rcv is not None):
        return None
    return request


def _is_plain(site, parsed, request):
    """Whether a request is the one that was answered, and may be known."""
    headers = parsed.headers
    return (parsed.first_line == request.first_line
            and headers == request.headers
            and parsed.command in ('GET', 'HEAD')
            and not _OTHERS.intersection(headers)
            # No sign of a proxy, which would be one of the connection.
            and tuple(headers) in site.signs.clean
            and not any(part in name for part in _SECRET
                        for name in list(headers) + [parsed.query.upper()]))


class Knowing(object):
    """Has channels of a server know heads, of one hook.

    Only those that have had a view's request, until they have one for the site, or
    one with another query: requests of other connections pay nothing for that.

    ``part``
        The `runtime.patching.Part` that the views are.
    """

    def __init__(self, table, part):
        self._table = table
        self._part = part
        self._classes = {}

    def answered(self, answering, channel, request, mount):
        """A view has answered that request while it was received.

        The caller holds the channel's lock.
        """
        if not LIMIT:
            return
        if _counts(channel, request.first_line):
            return  # `leave` sees that nobody has taken what was read
        if isinstance(channel, KnowingChannel):
            heads = self.of(channel.server)
            if heads.read is not None:
                heads.note(answering, channel, request, mount)
        else:
            found = self._class_for(channel.__class__)
            if found is not None:
                self.of(channel.server)
                channel.__class__ = found

    def failed(self):
        """A fault of ours, in an except clause."""
        self._part.failed()

    def of(self, server):
        """The KnownHeads of a server, for the routes of the moment."""
        found = getattr(server, '_views_heads', None)
        if found is None or found.routes is not self._table.by_path:
            found = server._views_heads = KnownHeads(self._table.by_path)
        return found

    def is_answered(self, channel, data):
        """Whether these bytes are a head that is known, and were answered."""
        # As `of` does it, without a call: each request of theirs passes here.
        heads = channel.server._views_heads
        if heads is None or heads.routes is not self._table.by_path:
            heads = self.of(channel.server)
        heads.read = None
        if (not self._part.in_force or channel.request is not None
                or channel.requests or len(data) > MOST_BYTES):
            return False
        head = heads.heads.get(data)
        if head is None:
            heads.read = data
            return False
        return head.answering.again(channel, head)

    def leave(self, channel):
        """Waitress has parsed what was read; if it was no head to be noted, the
        connection is one of the site's, or of who asks otherwise each time."""
        plain = vars(channel.__class__).get('_plain_class')
        if plain is not None and self.of(channel.server).read is not None:
            # A worker that changes the class has the lock.
            with channel.requests_lock:
                if vars(channel.__class__).get('_plain_class') is plain:
                    channel.__class__ = plain

    def _class_for(self, channel_class):
        if channel_class not in self._classes:
            self._classes[channel_class] = _knowing(self, channel_class)
        return self._classes[channel_class]


def _counts(channel, line):
    """Whether a request line has another query than the one before it on this
    connection: who counts there has other bytes each time."""
    before = getattr(channel, '_views_line', None)
    channel._views_line = line
    return (before is not None and line != before and b'?' in line
            and line.partition(b'?')[0] == before.partition(b'?')[0])


def _knowing(knowing, channel_class):
    """The class that does the same and knows heads; None if somebody else has
    a part in what the other one receives."""
    base = sys.modules['waitress.channel'].HTTPChannel
    received = getattr(channel_class, '_received', channel_class.received)
    if received is not base.received or not is_own(received, base):
        return None
    return type('KnowingChannel', (KnowingChannel, channel_class), {
        '_knowing': knowing, '_plain_class': channel_class,
        '_receive': channel_class.received})


class KnowingChannel(object):
    """Mixed into a channel: looks for what it receives among known heads."""

    _knowing = _plain_class = _receive = None

    def received(self, data):
        knowing = self._knowing
        try:
            if knowing.is_answered(self, data):
                return True
        except Exception:
            knowing.failed()
            if self.will_close:
                return True  # a part of the answer is out
        result = self._receive(data)
        try:
            knowing.leave(self)
        except Exception:
            knowing.failed()
        return result
