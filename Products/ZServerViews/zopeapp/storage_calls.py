"""What runs in a storage at this moment, by thread, and how often it did.

Each connection has a storage of its own, or on ZODB3 all of a database have one
together. The methods of these objects are wrapped: a call notes its beginning
in an object that one thread at a time writes, and its end. No lock is taken,
and a reader sees a call while it lasts, however long that is.

A load is wrapped by a function of its own, since there are many of them: see
``benchmarks/storage.py`` for what it costs.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import get_ident

POLL = 'poll_invalidations'

# Methods of a storage that may wait, beside `load`. Not each storage has all.
CALLS = ('checkCurrentSerialInTransaction', 'loadBefore', 'loadBlob',
         'loadSerial', 'new_oid', 'openCommittedBlobFile',
         POLL, 'store', 'storeBlob', 'sync', 'tpc_abort',
         'tpc_begin', 'tpc_finish', 'tpc_vote')

# What is counted: {name: the calls of it}.
COUNTED = {'loads': ('load', 'loadBefore', 'loadSerial'),
           'stores': ('store', 'storeBlob'),
           'commits': ('tpc_finish',),
           'aborts': ('tpc_abort',),
           # Loads that a client of ZEO does not find in its cache.
           'server_loads': ('load_before',)}

_COUNTED = frozenset(name for names in COUNTED.values() for name in names)

# The call of a client of ZEO to its server. It is a part of a load, which tells
# what it raises.
SERVER_LOAD = 'load_before'
# {a call: the one of the same kind that makes it}: a storage of blobs that all
# connections share stores their records by its own `store`.
_PART_OF = {'store': 'storeBlob'}

# Names of exceptions that are kept for each connection.
MOST_ERRORS = 20
OTHERS = 'others'


class Calls(object):
    """The calls of one thread at a time; that thread writes, others read.

    ``thread``
        The ident of that thread, as far as it is known.
    ``since``
        When the load began that runs; 0 while none does.
    ``call``
        (name, moment at which it began) of another call that runs, or None.
    ``loads``, ``counts``
        How many have begun, of `load` and {name: of another that counts}.
    ``errors``, ``conflicts``
        {name of an exception: how often it was raised}, and how many of them
        were conflicts.
    """

    __slots__ = ('thread', 'since', 'call', 'loads', 'counts', 'errors',
                 'conflicts')

    def __init__(self, thread=None):
        self.thread = thread
        self.since = 0
        self.call = None
        self.loads = self.conflicts = 0
        self.counts = {}
        self.errors = {}

    def running(self):
        """(name, since) of the innermost call that runs; or None."""
        since, call = self.since, self.call
        if since and (call is None or since >= call[1]):
            return 'load', since
        return call

    def failed(self, error, is_conflict):
        """A call has raised; by the thread that writes."""
        name = type(error).__name__
        if name not in self.errors and len(self.errors) >= MOST_ERRORS:
            name = OTHERS
        self.errors[name] = self.errors.get(name, 0) + 1
        if is_conflict:
            self.conflicts += 1


def timed_load(original, calls, conflict, clock):
    """A `load` that notes its time in ``calls``; for one thread at a time.

    ``conflict``
        The class of exceptions that are conflicts.
    """

    def load(oid):
        calls.since = clock()
        calls.loads += 1
        try:
            return original(oid)
        except Exception as error:
            if calls.call is None:
                calls.failed(error, isinstance(error, conflict))
            raise
        finally:
            calls.since = 0

    def load_any(*args, **kw):
        # As it was called: a patch of somebody else's may be in that place.
        calls.since = clock()
        calls.loads += 1
        try:
            return original(*args, **kw)
        except Exception as error:
            if calls.call is None:
                calls.failed(error, isinstance(error, conflict))
            raise
        finally:
            calls.since = 0

    return as_stale(load if takes_only(original, 1) else load_any, original)


def takes_only(method, number):
    """Whether a method takes so many arguments, and can take no other."""
    code = getattr(getattr(method, '__func__', None), '__code__', None)
    # 12: its arguments may be any, see inspect.CO_VARARGS and CO_VARKEYWORDS.
    return (code is not None and code.co_argcount == number + 1
            and not code.co_flags & 12
            and not getattr(code, 'co_kwonlyargcount', 0))  # PY2


def timed_call(name, original, find, conflict, clock):
    """Another method that notes its time, in what ``find()`` returns.

    What one call does by others is counted once, and so is what they raise.
    """
    counts, whole = name in _COUNTED, _PART_OF.get(name)
    tells = name != SERVER_LOAD

    def call(*args, **kw):
        calls = find()
        before = calls.call
        calls.call = name, clock()
        if counts and (before is None or before[0] != whole):
            calls.counts[name] = calls.counts.get(name, 0) + 1
        try:
            return original(*args, **kw)
        except Exception as error:
            if tells and before is None and not calls.since:
                calls.failed(error, isinstance(error, conflict))
            raise
        finally:
            calls.call = before

    return as_stale(call, original)


def timed_poll(original, calls, conflict, clock):
    """A `poll_invalidations` that does the same in few steps: each request
    polls several times, and pays for it. It takes no argument."""

    def poll():
        calls.thread = get_ident()
        before = calls.call
        calls.call = POLL, clock()
        try:
            return original()
        except Exception as error:
            if before is None and not calls.since:
                calls.failed(error, isinstance(error, conflict))
            raise
        finally:
            calls.call = before

    return as_stale(poll, original)


class Stale(object):
    """What RelStorage has in the place of a method while its view of the
    database is too old, and its way back to ours."""

    def __init__(self, inner, wrapper):
        self._inner = inner
        self._wrapper = wrapper

    def __call__(self, *args, **kw):
        return self._inner(*args, **kw)

    def stale(self, error):
        return self

    def no_longer_stale(self):
        return self._wrapper.no_longer_stale()


def as_stale(wrapper, original):
    """The wrapper, which RelStorage may replace as it would the original."""
    if callable(getattr(original, 'stale', None)):
        wrapper.stale = lambda error: Stale(original.stale(error), wrapper)
        # Afterwards nothing of ours is to come back.
        wrapper.no_longer_stale = lambda: (
            original if getattr(wrapper, 'is_over', False) else wrapper)
    return wrapper


class OfOneConnection(object):
    """Finds the `Calls` of a connection's own storage."""

    def __init__(self, calls):
        self.calls = calls

        def here():
            # A load has the thread that has opened the connection; these are
            # few, and some run before it is known.
            calls.thread = get_ident()
            return calls

        self.here = here  # which is called faster than a method

    def load(self, original, conflict, clock):
        return timed_load(original, self.calls, conflict, clock)

    def poll(self, original, conflict, clock):
        if takes_only(original, 0):
            return timed_poll(original, self.calls, conflict, clock)
        return timed_call(POLL, original, self.here, conflict, clock)


class OfEachThread(object):
    """Finds the `Calls` of the calling thread, where connections share a
    storage: there are as many as there were threads at once."""

    def __init__(self, made):
        self._by_thread = {}
        self._made = made

    def here(self):
        ident = get_ident()
        calls = self._by_thread.get(ident)
        if calls is None:
            calls = self._by_thread[ident] = Calls(ident)
            self._made(calls)
        return calls

    def load(self, original, conflict, clock):
        return timed_call('load', original, self.here, conflict, clock)

    def poll(self, original, conflict, clock):
        return timed_call(POLL, original, self.here, conflict, clock)


def makers(find, conflict, clock):
    """{name: make} for `wrapping.wrap_all`."""

    def maker(name):
        return lambda original: timed_call(name, original, find.here, conflict,
                                           clock)

    found = dict((name, maker(name)) for name in CALLS)
    found['load'] = lambda original: find.load(original, conflict, clock)
    found[POLL] = lambda original: find.poll(original, conflict, clock)
    return found


def totals(all_calls):
    """{name of `COUNTED`: how many}, of all these together."""
    counts = [calls.counts.copy() for calls in all_calls]
    found = dict((name, sum(each.get(call, 0) for each in counts
                            for call in COUNTED[name])) for name in COUNTED)
    found['loads'] += sum(calls.loads for calls in all_calls)
    found['conflicts'] = sum(calls.conflicts for calls in all_calls)
    return found


def errors(all_calls):
    """{name of an exception: how often}, of all these together."""
    found = {}
    for calls in all_calls:
        for name, number in calls.errors.copy().items():
            found[name] = found.get(name, 0) + number
    return found
