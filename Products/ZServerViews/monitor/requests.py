"""Requests as this process sees them, and how many it has finished.

`Request` is written by one thread at a time: by the loop until a worker takes
it, then by that worker. The others read. Single attributes are replaced, so
that a reader sees a request as it is or as it was a moment ago.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import get_ident, monotonic
from Products.ZServerViews.monitor.formats import seconds, text

WAITING, TRAVERSING, PUBLISHING, SENDING = PHASES = (
    'waiting', 'traversing', 'publishing', 'sending')

# How much is kept of a text that comes from outside, in characters.
LONGEST = 500

WINDOWS = (10, 60, 300)


class Request(object):
    """One request, from its reception to the last byte of its answer.

    ``method``, ``path``
        As sent, without the query.
    ``received``, ``started``
        Moments of the monotonic clock; ``started`` is None while it waits.
    ``phase``
        One of `PHASES`.
    ``worker``
        The ident of the thread that works at it; None before and afterwards.
    ``client``, ``user``
        The peer's address and the name of the user, as text, if known.
    ``sent_bytes``
        How many bytes of the answer the worker has handed over.
    ``gone``
        Whether the client has closed its connection meanwhile.
    ``behind``
        Whether it waits for an earlier one of its own connection, and not for
        a worker.
    """

    __slots__ = ('_method', '_target', 'received', 'started', 'phase',
                 'worker', 'client', 'user', 'sent_bytes', 'gone', 'behind')

    def __init__(self, method, path, received, client=None):
        # Each request of the site pays for this: what can wait for a reader
        # does.
        self._method = method
        self._target = path
        self.received = received
        self.client = client
        self.started = self.worker = self.user = None
        self.phase = WAITING
        self.sent_bytes = 0
        self.gone = self.behind = False

    @property
    def method(self):
        return self._method[:LONGEST]

    @property
    def path(self):
        return without_query(self._target)

    def as_seen(self, worker):
        """A copy, as of the moment at which somebody has looked who works at
        what; None if it had been finished by then.

        ``worker`` had it at that moment; None if nobody had. Then it waited,
        even if it has begun since.
        """
        if worker is None and self.started is not None and self.worker is None:
            return None
        made = Request(self._method, self._target, self.received, self.client)
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
        """Method and path."""
        return u'%s %s' % (text(self.method), text(self.path))

    def document(self, now):
        """For JSON: numbers, text and None."""
        age, waited, worked = self.times(now)
        client, user = self.client, self.user
        return {
            'method': text(self.method), 'path': text(self.path),
            'phase': self.phase,
            'age_seconds': seconds(age), 'waited_seconds': seconds(waited),
            'worked_seconds': None if worked is None else seconds(worked),
            'worker_ident': self.worker,
            'client_address': None if client is None else text(client),
            'user': None if user is None else text(user),
            'sent_bytes': self.sent_bytes, 'client_gone': self.gone}


def without_query(path):
    """A request target without query and fragment, and not too long."""
    if len(path) > LONGEST:
        path = path[:LONGEST]
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


class Finished(object):
    """Counts finished requests, in all and in the last seconds.

    Without a lock and without a loss: each thread has a `_Ring` of its own,
    which it alone writes, and a reader adds them up. So `add` costs one look
    in a dictionary and some steps in lists. There are as many rings as there
    were threads that finish requests. Above ``most`` of them, which servers
    with a pool of workers do not reach, a reader takes out those of threads
    that have finished nothing in the longest window; what they had counted is
    kept. One thread at a time reads.
    """

    def __init__(self, clock=monotonic, most=200):
        self._clock = clock
        self._most = most
        self._rings = {}
        self._total = 0
        self._latest = None

    def add(self, ident=None):
        """The calling thread, which is the one of ``ident``, has finished a
        request."""
        if ident is None:
            ident = get_ident()
        ring = self._rings.get(ident)
        if ring is None:
            ring = self._rings.setdefault(ident, _Ring())
        now = self._clock()
        if now >= ring.end:
            ring.begin_second(int(now))
        ring.counts[ring.place] += 1
        ring.total += 1
        ring.latest = now

    def counts(self, windows=WINDOWS):
        """{seconds: how many in them}; this second is one of them.

        No window may be longer than the last of `WINDOWS`.
        """
        now = int(self._clock())
        rings = self._read()
        return dict((window, sum(ring.count(now - window) for ring in rings))
                    for window in windows)

    def total(self):
        """How many since the process has started."""
        return sum(ring.total for ring in self._read()) + self._total

    def idle_seconds(self):
        """Seconds since the latest one; None if there has been none."""
        moments = [ring.latest for ring in self._read()
                   if ring.latest is not None]
        if self._latest is not None:
            moments.append(self._latest)
        return max(0.0, self._clock() - max(moments)) if moments else None

    def _read(self):
        # Copied in one step of the interpreter: a worker may add a ring.
        rings = self._rings.copy()
        if len(rings) > self._most:
            old = self._clock() - _Ring.SIZE
            for ident, ring in rings.items():
                if ring.latest is not None and ring.latest < old:
                    self._retire(self._rings.pop(ident))
        return list(self._rings.copy().values())

    def _retire(self, ring):
        self._total += ring.total
        self._latest = ring.latest if self._latest is None else max(
            ring.latest, self._latest)


class _Ring(object):
    """Buckets of one second each; one thread writes, any thread reads."""

    # A little longer than the longest window.
    SIZE = max(WINDOWS) + 5

    def __init__(self):
        self.total = 0
        self.latest = None
        self.counts = [0] * self.SIZE
        self._seconds = [-1] * self.SIZE
        # The bucket of this second, and when the second is over.
        self.place = self.end = 0

    def begin_second(self, second):
        self.place = place = second % self.SIZE
        # In this order: a reader sees no old count under a new second.
        self.counts[place] = 0
        self._seconds[place] = second
        self.end = second + 1

    def count(self, after):
        """How many in the seconds after this one."""
        return sum(self.counts[place]
                   for place, second in enumerate(self._seconds)
                   if second > after)
