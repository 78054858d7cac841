"""Requests as this process sees them.

`Request` is written by one thread at a time: by the loop until a worker takes
it, then by that worker. The others read. Single attributes are replaced, so
that a reader sees a request as it is or as it was a moment ago.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.text import cut_middle, text
from Products.ZServerViews.format.units import seconds
from Products.ZServerViews.http.virtual import asked_for

WAITING, TRAVERSING, PUBLISHING, SENDING = PHASES = (
    'waiting', 'traversing', 'publishing', 'sending')

# How much is kept of a text that comes from outside, in characters.
LONGEST = 500


class Request(object):
    """One request, from its reception to the last byte of its answer.

    ``method``, ``path``
        As sent, without the query.
    ``asked``
        (host, path) that the user asked for, where a proxy has rewritten the
        path for the virtual host monster; else two None.
    ``received``, ``started``
        Moments of the monotonic clock; ``started`` is None while it waits.
    ``phase``
        One of `PHASES`.
    ``worker``
        The ident of the thread that works at it; None before and afterwards.
    ``peer``
        The address of the other end of the connection, as text, or None.
    ``client``
        The same, or behind a proxy that is trusted what that says.
    ``user``
        The name of the user as text, if known.
    ``sent_bytes``
        How many bytes of the answer the worker has handed over.
    ``gone``
        Whether the client has closed its connection meanwhile.
    ``behind``
        Whether it waits for an earlier one of its own connection, and not for
        a worker.
    ``status``
        The three digits of its answer's status, as the server has made them:
        bytes, or text; None while nothing is sent.
    ``in_transaction``
        Whether the publisher has begun with it, and has aborted nothing since.
    """

    __slots__ = ('_method', '_target', 'received', 'started', 'phase',
                 'worker', 'peer', '_find_client', 'user', 'sent_bytes', 'gone',
                 'behind', 'status', 'in_transaction')

    # Whether `received` is when it came, and not when a worker had it.
    knows_wait = True

    def __init__(self, method, path, received, peer=None, find_client=None):
        # Each request of the site pays for this: what can wait for a reader
        # does.
        self._method = method
        self._target = path
        self.received = received
        self.peer = peer
        self._find_client = find_client
        self.started = self.worker = self.user = self.status = None
        self.phase = WAITING
        self.sent_bytes = 0
        self.gone = self.behind = self.in_transaction = False

    @property
    def method(self):
        return self._method[:LONGEST]

    @property
    def client(self):
        find = self._find_client
        return self.peer if find is None else find()

    @property
    def path(self):
        return without_query(self._target)

    @property
    def asked(self):
        return tuple(None if found is None else cut_middle(text(found), LONGEST)
                     for found in asked_for(_cut_off_query(self._target)))

    def as_seen(self, worker):
        """A copy, as of the moment at which somebody has looked who works at
        what; None if it had been finished by then.

        ``worker`` had it at that moment; None if nobody had. Then it waited,
        even if it has begun since.
        """
        if worker is None and self.started is not None and self.worker is None:
            return None
        made = type(self)(self._method, self._target, self.received, self.peer,
                          self._find_client)
        made.gone, made.behind = self.gone, self.behind
        if worker is not None:
            made.started, made.worker = self.started, worker
            made.phase, made.user = self.phase, self.user
            made.sent_bytes = self.sent_bytes
        return made

    def start(self, now, worker):
        """A worker has taken it."""
        self.worker = worker
        self.started = now
        self.phase = TRAVERSING

    def traverses(self):
        """Zope begins with it, perhaps anew after a conflict."""
        self.phase = TRAVERSING
        self.in_transaction = True

    def publishes(self, user=None):
        """What the path means is found; the name of the user, if known."""
        # Most names are short, and a copy costs more than the question.
        self.user = (user if user is None or len(user) <= LONGEST
                     else user[:LONGEST])
        self.phase = PUBLISHING

    def sends(self, number):
        """So many bytes more are handed over."""
        self.phase = SENDING
        self.sent_bytes += number

    def times(self, now):
        """(age, waited, worked) in seconds.

        Since it was received; before a worker took it, or until now; since a
        worker took it, None while it waits.
        """
        received, started = self.received, self.started
        age = now - received
        if age < 0:
            age = 0.0
        if started is None:
            return age, age, None
        # It may have begun a moment behind now.
        return (age, min(age, max(0.0, started - received)),
                max(0.0, now - started))

    def waited(self, now):
        """The second of `times`."""
        return self.times(now)[1]

    def worked(self, now):
        """The third of `times`."""
        return self.times(now)[2]

    def title(self):
        """Method, if it is known, and what the user asked for."""
        host, path = self.asked
        found = (host or u'') + (text(self.path) if path is None else path)
        return u'%s %s' % (text(self.method), found) if self.method else found

    def document(self, now):
        """For JSON: numbers, text and None."""
        age, waited, worked = self.times(now)
        host, path = self.asked
        client, peer, user = self.client, self.peer, self.user
        return {
            'method': text(self.method), 'path': text(self.path),
            'asked_host': host, 'asked_path': path,
            'phase': self.phase,
            'age_seconds': seconds(age), 'waited_seconds': seconds(waited),
            'worked_seconds': None if worked is None else seconds(worked),
            'worker_ident': self.worker,
            'client_address': None if client is None else text(client),
            'peer_address': None if peer is None else text(peer),
            'user': None if user is None else text(user),
            'sent_bytes': self.sent_bytes, 'client_gone': self.gone}


class PeekedRequest(Request):
    """One whose first line was looked at when it was queued.

    What is sent of its answer is not known: that is None.
    """

    __slots__ = ()

    def __init__(self, *args):
        super(PeekedRequest, self).__init__(*args)
        self.sent_bytes = None

    def is_called(self, called, find_client):
        """A worker has read it: (method, target), and who the client is."""
        self._method, self._target = called
        self._find_client = find_client


class RequestSeenByWorker(PeekedRequest):
    """One of which nobody knows more than the worker, within WSGI.

    How long it has waited is not known either.
    """

    __slots__ = ()
    knows_wait = False

    def as_seen(self, worker):
        # It never waits: one that has come since somebody looked who works at
        # what has its worker too.
        return super(RequestSeenByWorker, self).as_seen(
            self.worker if worker is None else worker)

    def times(self, now):
        age, _waited, worked = super(RequestSeenByWorker, self).times(now)
        return age, None, worked


def without_query(path):
    """A request target without query and fragment; of a long one, without its
    middle."""
    return cut_middle(text(_cut_off_query(path)), LONGEST)


def _cut_off_query(path):
    return path.partition('?')[0].partition('#')[0]


def oldest_first(requests):
    """Requests by age, the oldest first.

    Of those that came in one step of the clock, who is in work was first.
    """
    return sorted(requests, key=lambda request: (request.received,
                                                 request.started is None))


def oldest_wait(requests, now):
    """How long the oldest of those that wait has waited; None without one."""
    waits = [request.waited(now) for request in requests
             if request.started is None]
    return max(waits) if waits else None
