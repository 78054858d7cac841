"""How many objects of each type there are, and by how much that grows from one
look to the next.

`gc.get_objects` is one call of C, which holds the interpreter for some 10 to 20 ms
for each million of objects. What it returns is counted by a thread of its own, in
slices and with pauses in which others run.

Whoever refers to a tuple that is being made makes ``tuple(generator)`` fail, before
Python 3.14. Such a tuple is young: so the young generations are counted within a
single call, and of the old one the youngest objects are let go first. For one that
has been filled for long, a look awaits a moment in which no thread is in a generator.
"""
from __future__ import absolute_import, division, print_function

import gc
import sys
import time
from itertools import chain, starmap

from Products.ZServerViews._compat import get_ident, monotonic
from Products.ZServerViews._daemons import current_frames
from Products.ZServerViews.monitor.memory.listing_time import HELD
from Products.ZServerViews.monitor.memory.type_counts import (
    TypeCounts,
    kinds_of,
    name_of,
)
from Products.ZServerViews.monitor.one_job import OneJob

NAME = 'zserver-views-memory-objects'

SLICE = 20000
# Seconds between two slices.
PAUSE = 0.002
# A younger look than this, in seconds, is shown and not made anew.
REST = 5.0
# Types that are kept from a look.
MOST_TYPES = 10000
# How often the threads are looked at for one that is in a generator, and how many
# seconds there are in between.
TRIES = 25
NAP = 0.02

_HAS_GENERATIONS = (3, 8) <= sys.version_info < (3, 14)
_TUPLES_ARE_SEEN = sys.version_info < (3, 14)
_CO_GENERATOR = 0x20


class Look(object):
    """``when``, ``moment``
        By the wall clock and the monotonic one.
    ``counted``, ``total``
        How many objects have been counted by now, and how many there are.
    ``size``
        In blocks, or bytes, how much memory there was.
    ``held_seconds``, ``seconds``
        How long the interpreter was held to list them, and how long all took.
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


class ObjectCounts(OneJob):
    """The latest two looks.

    ``running``, ``last``, ``before``
        Each a `Look`, or None.
    ``report(exc_info)``
        Called where a look fails.
    ``persistent``
        A `zopeapp.persistent_objects.PersistentObjects`, or None.
    ``listing``
        The `listing_time.ListingTime`.
    """

    def __init__(self, report, persistent, listing, clock=monotonic,
                 now=time.time, sleep=time.sleep, frames=current_frames):
        self._persistent = persistent
        self.listing = listing
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._frames = frames
        super(ObjectCounts, self).__init__(NAME, report)

    def begin_anew(self):
        """Have looked at nothing; also in a forked child."""
        super(ObjectCounts, self).begin_anew()
        self.last = self.before = None

    def look(self, hold=HELD):
        """Begin with a look, unless one runs or the last one is fresh.

        ``hold``
            For how many seconds it may hold the interpreter.

        Returns why there can be none, or None.
        """
        if self.running is not None or self._is_fresh():
            return None
        size, refusal = self.listing.judged(self.last, hold)
        if refusal is None:
            self.begin(lambda: Look(self._now(), self._clock(), size))
        return refusal

    def _is_fresh(self):
        last = self.last
        # From its end on: who has waited for it is to see it.
        return (last is not None
                and self._clock() - last.moment - last.seconds < REST)

    # In the thread that counts:

    def work(self, look):
        """Count; called by `OneJob`."""
        counts, kept = self._counted(look)
        look.types = _largest(counts.by_name())
        if kept is not None:
            look.persistent = _largest(kept, lambda row: sum(row[:2]))
        look.seconds = self._clock() - look.moment
        if self.is_wanted(look):
            self.before, self.last = self.last, look

    def _counted(self, look):
        """(`TypeCounts`, {name: numbers of persistent ones})"""
        counts = TypeCounts()
        kept = None if self._persistent is None else Kept(self._persistent)
        self._await_full_tuples()
        if _young_are_few():
            # Within one call of C: no other thread runs meanwhile.
            counts.add(list(map(type, chain.from_iterable(starmap(
                gc.get_objects, [(0,), (1,)])))))
            objects = self._listed(look, 2)
        else:
            objects = self._listed(look)
            # Here the youngest stand first.
            self._count(objects[:SLICE], counts, kept)
            del objects[:SLICE]
        look.counted = look.total - len(objects)
        while objects:
            self._count(objects[-SLICE:], counts, kept)
            del objects[-SLICE:]
            look.counted = look.total - len(objects)
            self._sleep(PAUSE)
        return counts, None if kept is None else kept.by_name

    def _await_full_tuples(self):
        """Wait until no thread is in a generator, but not for ever."""
        for _try in range(TRIES if _TUPLES_ARE_SEEN else 0):
            if not any_generator(self._frames()):
                break
            self._sleep(NAP)

    def _listed(self, look, *generation):
        began = self._clock()
        objects = gc.get_objects(*generation)
        look.held_seconds = self._clock() - began
        look.total = len(objects)
        return objects

    @staticmethod
    def _count(part, counts, kept):
        counts.add(kinds_of(part))
        if kept is not None:
            kept.add(part)


class Kept(object):
    """Counts the objects that connections of ZODB have."""

    def __init__(self, persistent):
        self._persistent = persistent
        # {id of a type: (it, which lives on by that; its name, or None for others)}
        self._names = {}
        self.by_name = {}

    def add(self, part):
        names, read = self._names, self._persistent.read
        for one in part:
            kind = type(one)
            number = id(kind)
            if number not in names:
                names[number] = kind, (name_of(kind)[0] if
                                       self._persistent.has(kind) else None)
            name = names[number][1]
            found = None if name is None else read(one)
            if found is not None:
                is_ghost, size = found
                row = self.by_name.setdefault(name, [0, 0, 0])
                row[is_ghost] += 1
                row[2] += size


def any_generator(frames):
    """Whether a thread, but this one, is in a generator: it may be filling a tuple.

    ``frames``
        {ident: frame}
    """
    frames.pop(get_ident(), None)
    for frame in frames.values():
        while frame is not None:
            if frame.f_code.co_flags & _CO_GENERATOR:
                return True
            frame = frame.f_back
    return False


def _young_are_few():
    """Whether the young generations can be counted within one call."""
    if not _HAS_GENERATIONS:
        return False
    young, middle, _old = gc.get_count()
    return young + middle * gc.get_threshold()[0] <= SLICE


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
