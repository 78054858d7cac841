"""How many objects of each type there are, and by how much that grows from one
look to the next.

`gc.get_objects` holds the interpreter for some 10 ms for each million of
objects. What it returns is counted by a thread of its own, in slices and with
pauses in which others run.

Whoever refers to a tuple that is being made makes ``tuple(generator)`` fail,
before Python 3.14. Such a tuple is young: so the young generations are counted
within a single call, and of the old one the youngest objects are let go first.
"""
from __future__ import absolute_import, division, print_function

import gc
import sys
import time
from collections import Counter
from functools import partial
from itertools import chain, starmap

from Products.ZServerViews._compat import PY2, monotonic
from Products.ZServerViews._daemons import Daemon, make_lock
from Products.ZServerViews.format.text import clean

NAME = 'zserver-views-memory-objects'

SLICE = 20000
# Seconds between two slices.
PAUSE = 0.002
# A younger look than this, in seconds, is shown and not made anew.
REST = 5.0
# More objects hold the interpreter for too long. Nobody tells their number
# before they are listed; each takes a block of memory at least, and in a site it
# is every third one.
MOST_OBJECTS = 3000000
MOST_BLOCKS = 3 * MOST_OBJECTS
# PY2 tells no blocks. So many bytes of memory there is for an object, roughly.
BYTES = 300
# Types that are kept from a look.
MOST_TYPES = 10000
LONGEST = 200

_BUILTINS = ('builtins', '__builtin__')
_HAS_GENERATIONS = (3, 8) <= sys.version_info < (3, 14)


class Look(object):
    """``when``, ``moment``
        By the wall clock and the monotonic one.
    ``counted``, ``total``
        How many objects have been counted by now, and how many there are.
    ``held_seconds``, ``seconds``
        How long the interpreter was held to list them, and how long all took.
    ``size``
        How many blocks of memory there were before it; or bytes, where the
        blocks are not known.
    ``types``
        {(name, whether it is one of Python's own): number}
    ``persistent``
        {name: [loaded, ghosts, estimated bytes of the loaded]} of objects that
        a connection of ZODB has; None without ZODB.
    """

    def __init__(self, when, moment, size=0):
        self.when = when
        self.moment = moment
        self.size = size
        self.counted = self.total = 0
        self.held_seconds = self.seconds = 0.0
        self.types, self.persistent = {}, None


class ObjectCounts(object):
    """The latest two looks.

    ``running``, ``last``, ``before``
        Each a `Look`, or None.
    ``report(exc_info)``
        Called where a look fails.
    ``persistent``
        A `zopeapp.persistent_objects.PersistentObjects`, or None.
    ``blocks``, ``resident``
        Functions: how many blocks Python has, or None; and the bytes of memory.
    """

    def __init__(self, report, persistent, blocks, resident, clock=monotonic,
                 now=time.time, sleep=time.sleep):
        self._report = report
        self._persistent = persistent
        self._blocks = blocks
        self._resident = resident
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._daemon = Daemon(NAME)
        self.begin_anew()

    def begin_anew(self):
        """Have looked at nothing; also in a forked child."""
        self._daemon.dismiss()
        self._lock = make_lock()
        self.running = self.last = self.before = None

    def look(self):
        """Begin with a look, unless one runs or the last one is fresh.

        Returns why there can be none, or None.
        """
        with self._lock:
            if self.running is not None or self._is_fresh():
                return None
            # Nought where PYTHONMALLOC names another allocator than Python's own.
            blocks = 0 if self._blocks is None else self._blocks()
            size = blocks or self._resident() or 0
            refusal = self._refusal(blocks, size)
            if refusal is not None:
                return refusal
            look = self.running = Look(self._now(), self._clock(), size)
        try:
            self._daemon.start(partial(self._run, look))
        except Exception:
            self.running = None
            raise
        return None

    def _is_fresh(self):
        last = self.last
        # From its end on: who has waited for it is to see it.
        return (last is not None
                and self._clock() - last.moment - last.seconds < REST)

    def _refusal(self, blocks, size):
        last = self.last
        if last is None:
            guess = 0 if blocks else size // BYTES
        else:
            # For as much memory as before there are as many of them.
            guess = last.total * size // last.size if last.size else last.total
        if blocks <= MOST_BLOCKS and guess <= MOST_OBJECTS:
            return None
        return (u'there seem to be more than %d objects: to list them would stop '
                u'all threads for too long' % MOST_OBJECTS)

    # In the thread that counts:

    def _run(self, look):
        try:
            tally, kept = self._counted(look)
            look.types = _largest(_by_name(tally))
            if kept is not None:
                look.persistent = _largest(kept, lambda row: sum(row[:2]))
            look.seconds = self._clock() - look.moment
            if self.running is look:
                self.before, self.last = self.last, look
        except Exception:
            self._report(sys.exc_info())
        finally:
            if self.running is look:
                self.running = None

    def _counted(self, look):
        """({type: number}, {name: numbers of persistent ones})"""
        tally = Counter()
        kept = None if self._persistent is None else Kept(self._persistent)
        if _young_are_few():
            # Within one call of C: no other thread runs meanwhile.
            tally.update(map(type, chain.from_iterable(starmap(
                gc.get_objects, [(0,), (1,)]))))
            objects = self._listed(look, 2)
        else:
            objects = self._listed(look)
            # Here the youngest stand first.
            self._count(objects[:SLICE], tally, kept)
            del objects[:SLICE]
        look.counted = look.total - len(objects)
        while objects:
            self._count(objects[-SLICE:], tally, kept)
            del objects[-SLICE:]
            look.counted = look.total - len(objects)
            self._sleep(PAUSE)
        return tally, None if kept is None else kept.by_name

    def _listed(self, look, *generation):
        began = self._clock()
        objects = gc.get_objects(*generation)
        look.held_seconds = self._clock() - began
        look.total = len(objects)
        return objects

    @staticmethod
    def _count(part, tally, kept):
        tally.update(_kinds(part) if PY2 else map(type, part))
        if kept is not None:
            kept.add(part)


class Kept(object):
    """Counts the objects that connections of ZODB have."""

    def __init__(self, persistent):
        self._persistent = persistent
        self._names = {}  # {type: its name, or None for others}
        self.by_name = {}

    def add(self, part):
        names, read = self._names, self._persistent.read
        for one in part:
            kind = type(one)
            if kind not in names:
                names[kind] = (name_of(kind)[0]
                               if self._persistent.has(kind) else None)
            name = names[kind]
            found = None if name is None else read(one)
            if found is not None:
                is_ghost, size = found
                row = self.by_name.setdefault(name, [0, 0, 0])
                row[is_ghost] += 1
                row[2] += size


def _kinds(part):  # PY2
    """The classes of instances, also of those that have no type of their own."""
    from types import InstanceType  # PY2
    return [one.__class__ if type(one) is InstanceType else type(one)  # PY2
            for one in part]  # PY2


def _young_are_few():
    """Whether the young generations can be counted within one call."""
    if not _HAS_GENERATIONS:
        return False
    young, middle, _old = gc.get_count()
    return young + middle * gc.get_threshold()[0] <= SLICE


def name_of(kind):
    """(name with its module, whether it is one of Python's own) of a type."""
    try:
        module = kind.__module__
        name = getattr(kind, '__qualname__', None) or kind.__name__  # PY2
        if module in _BUILTINS:
            return clean(name, LONGEST), True
        return clean('%s.%s' % (module, name), LONGEST), False
    except Exception:  # a metaclass of somebody's
        return u'?', False


def _by_name(tally):
    found = {}
    for kind, number in tally.items():
        key = name_of(kind)
        found[key] = found.get(key, 0) + number
    return found


def _largest(found, size=lambda number: number):
    if len(found) <= MOST_TYPES:
        return found
    return dict(sorted(found.items(), key=lambda item: -size(item[1]))
                [:MOST_TYPES])


def rows(last, before, of_python):
    """[(name, number, growth)] of a look, what has grown most first.

    ``before``
        The `Look` to compare with; without one the growth is None, and the
        most frequent come first.
    ``of_python``
        Whether Python's own types are wanted, or all others.
    """
    found = []
    for key, number in last.types.items():
        if key[1] == of_python:
            growth = (None if before is None
                      else number - before.types.get(key, 0))
            found.append((key[0], number, growth))
    if before is not None:
        found += [(key[0], 0, -number) for key, number in before.types.items()
                  if key[1] == of_python and key not in last.types]
    found.sort(key=lambda row: (-(row[2] or 0), -row[1], row[0]))
    return found
