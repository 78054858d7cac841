"""What is counted of the requests for the site, once each has finished.

Workers count, each in a cell of its own, and without a lock: every request of
the site pays for that.
"""
from __future__ import absolute_import, division, print_function

from bisect import bisect_left

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews._tallies import (
    Counts,
    PerThread,
    Rows,
    added,
    highest,
    new_row,
)

# In seconds; those of OpenTelemetry's http.server.request.duration. All are
# floats: to compare one with an integer takes ten times as long.
DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5,
             5.0, 7.5, 10.0)
# A minute in the queue is more than any proxy waits.
WAITS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
         30.0, 60.0)

# Longer than this, in seconds, a request waits that is queued. Without it, one
# would count that comes while the worker still tidies up behind its answer.
QUEUED = WAITS[0]

# The methods of RFC 9110 and RFC 5789; OpenTelemetry has one name for all
# others, which clients can choose.
METHODS = frozenset(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH',
                     'POST', 'PUT', 'TRACE'])
OTHER = '_OTHER'

# The place of the sum in a row; of both. From the other end, Python would not
# find it as fast.
_SUM = len(DURATIONS) + 1
assert len(WAITS) == len(DURATIONS)

# What is counted besides, see `_Cell`.
_COUNTS = 'waited', 'gone', 'sent_bytes', 'committed'

# Classes of errors that are counted by their names.
MOST_CLASSES = 100


class _Cell(Rows):
    """{(method, status, whether nobody was logged in): row of durations} of
    what one thread has finished.

    ``waits``
        The row of how long they had waited for it.
    ``waited``, ``gone``, ``sent_bytes``, ``committed``
        How many had to wait until a worker was done with another one, and had
        a client that had gone; the bytes of all answers; how many were in a
        transaction until their end.
    ``latest``
        When the thread has finished its last one.
    """

    __slots__ = ('waits', 'latest') + _COUNTS

    def __init__(self):
        Rows.__init__(self)
        self.waits = new_row(WAITS)
        self.waited = self.gone = self.sent_bytes = self.committed = 0
        self.latest = 0.0

    def add_to(self, other):
        Rows.add_to(self, other)
        other.waits = added(other.waits, list(self.waits))
        for name in _COUNTS:
            setattr(other, name, getattr(other, name) + getattr(self, name))

    def not_below(self, earlier):
        Rows.not_below(self, earlier)
        # The counts are whole numbers, which have the same sum in any order.
        self.waits = highest(self.waits, earlier.waits)

    def row(self, method, status, is_nobody):
        """The row for a request, which may be new."""
        known = method if method in METHODS else OTHER
        digits = status is not None and len(status) == 3 and status.isdigit()
        key = known, status if digits else b'', is_nobody
        row = self.get(key)
        if row is None:
            row = self[key] = new_row(DURATIONS)
        return row


def grouped(total, by):
    """{by(key): row}, the rows of a `Tally.total` added up."""
    found = {}
    for key, row in total.items():
        group = by(key)
        found[group] = added(found.get(group), row)
    return found


def named(errors, kind):
    """{name: how often}, of the errors of a kind in `Tally.errors.total()`."""
    found = {}
    for what, number in errors.items():
        # Of a conflict, more is told behind its name.
        if what[0] == kind:
            found[what[1]] = found.get(what[1], 0) + number
    return found


class Tally(object):
    """Of all threads.

    ``errors``
        A PerThread of Counts: {(kind, name): how often}, see `failed`.
    """

    def __init__(self, clock=monotonic):
        self._requests = PerThread(_Cell, clock)
        self.errors = PerThread(Counts, clock)

    def begin_anew(self):
        """Have counted nothing; also in a forked child."""
        self._requests.begin_anew()
        self.errors.begin_anew()

    def total(self):
        """A `_Cell` with the sum of all."""
        return self._requests.total()

    # By workers:

    def add(self, ident, request, now):
        """The calling thread, which is the one of ``ident``, has finished a
        `monitor.requests.Request`."""
        cell = self._requests.cells.get(ident)
        if cell is None:
            cell = self._requests.here()
        row = cell.get((request._method, request.status,
                        request.user is None))
        if row is None:
            row = cell.row(request._method, request.status,
                           request.user is None)
        received = request.received
        if request.in_transaction:
            cell.committed += 1
        sent = request.sent_bytes
        if sent is not None:
            cell.sent_bytes += sent
            if request.gone:
                cell.gone += 1
        if sent is not None or request.knows_wait:
            seconds = request.started - received
            waits = cell.waits
            waits[_SUM] += seconds
            if seconds <= QUEUED:  # nearly always
                waits[0] += 1
            else:
                waits[bisect_left(WAITS, seconds)] += 1
                if received < cell.latest:
                    cell.waited += 1  # the thread had another one
        cell.latest = now
        # What counts requests comes last: who reads that one has finished
        # reads the rest of it too.
        seconds = now - received
        row[_SUM] += seconds
        row[bisect_left(DURATIONS, seconds)] += 1

    def failed(self, request, error_type, retried):
        """The publisher aborts a transaction for an error of this class.

        ``request``
            The `Request` of the calling thread; or None.
        """
        if request is not None:
            request.in_transaction = False
        counts = self.errors.here()
        counts.count(('aborted', ''))
        # On Python 2.7 an old class has no order of its bases.
        names = [each.__name__ for each in getattr(
            error_type, '__mro__', (error_type,))]
        conflict = 'ConflictError' in names
        if conflict:
            # All that is told of it in one count: of two, a scrape could come
            # between them.
            counts.count(('conflict', 'read' if 'ReadConflictError' in names
                          else 'write', bool(retried)))
        if retried:
            counts.count(('retry', 'conflict' if conflict else 'other'))
        else:
            key = 'error', names[0]
            if key not in counts and len(counts) >= MOST_CLASSES:
                key = 'error', OTHER
            counts.count(key)
