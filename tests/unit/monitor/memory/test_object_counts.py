"""monitor.memory.object_counts: what there is of each type, and what grows."""
from __future__ import absolute_import, division, print_function

import gc
import sys
import threading

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews._daemons import current_frames
from Products.ZServerViews.monitor.memory import object_counts
from Products.ZServerViews.monitor.memory.listing_time import FEW, ListingTime
from Products.ZServerViews.monitor.memory.object_counts import (
    REST,
    Look,
    ObjectCounts,
    any_generator,
    rows,
)
from Products.ZServerViews.monitor.memory.type_counts import name_of
from tests.unit import dummies
from tests.waiting import awaited


class Planted(object):
    """What is counted here."""


class OldStyle:
    """On Python 2.7 its instances have no type of their own."""


class Persistent(object):
    """Says of `Planted` ones that they are in a database; every second one is a
    ghost."""

    def has(self, kind):
        return kind is Planted

    def read(self, one):
        return one.read


class Unhashable(type):
    """Of classes that cannot be keys."""

    __hash__ = None


@pytest.fixture
def clock():
    return dummies.ManualClock()


def counts_of(clock, **given):
    made = dict({'report': None, 'persistent': None, 'clock': clock,
                 'listing': ListingTime(lambda: 5, None), 'frames': dict}, **given)
    return ObjectCounts(**made)


def look(counts, clock):
    clock.now += REST
    assert counts.look() is None
    awaited(lambda: counts.running is None)
    return counts.last


def number_of(found, name='Planted'):
    return sum(number for (known, _own), number in found.types.items()
               if known.endswith('test_object_counts.' + name))


def planted(number):
    return [Planted() for _number in range(number)]


def test_what_grows(clock):
    counts = counts_of(clock)
    kept = planted(10)
    gc.collect()  # what is in between may be counted twice
    first = look(counts, clock)
    assert number_of(first) == 10
    kept += planted(50000)
    gc.collect()
    second = look(counts, clock)
    assert (counts.before, counts.last) == (first, second)
    assert second.persistent is None
    name, number, growth = rows(second, first, False)[0]
    assert name == name_of(Planted)[0]
    assert (number, growth) == (50010, 50000)
    assert second.counted >= second.total > 50000
    assert [row[0] for row in rows(second, first, True)
            if row[0] in ('dict', 'tuple', 'list')]
    del kept


@pytest.mark.skipif(PY2, reason='Python 2.7 lists all generations at once')
def test_what_is_young(clock, monkeypatch):
    counts = counts_of(clock)
    for few in True, False:
        monkeypatch.setattr(object_counts, '_young_are_few', lambda: few)
        gc.collect()
        kept = planted(10)
        assert number_of(look(counts, clock)) in (10, 20)
        del kept


def test_where_there_are_many_young_ones(monkeypatch):
    monkeypatch.setattr(object_counts, '_HAS_GENERATIONS', True)
    for count, few in ((700, 10, 10), True), ((700, 30, 10), False), (
            (30000, 0, 0), False):
        monkeypatch.setattr(object_counts, 'gc', type('gc', (), {
            'get_count': staticmethod(lambda: count),
            'get_threshold': staticmethod(lambda: (700, 10, 10))}))
        assert object_counts._young_are_few() is few
    monkeypatch.setattr(object_counts, '_HAS_GENERATIONS', False)
    assert object_counts._young_are_few() is False


def test_instances_of_old_classes(clock):
    kept = [OldStyle() for _number in range(10)]
    gc.collect()
    assert number_of(look(counts_of(clock), clock), 'OldStyle') == 10
    del kept


def test_objects_of_the_database(clock):
    kept = planted(8)
    for number, one in enumerate(kept):
        one.read = [None, (True, 0), (False, 64), (False, 100)][number % 4]
    gc.collect()
    counts = counts_of(clock, persistent=Persistent())
    assert look(counts, clock).persistent == {name_of(Planted)[0]: [4, 2, 328]}
    del kept


def test_others_run_between_the_slices(clock):
    naps = []
    counts = counts_of(clock, sleep=naps.append)
    total = look(counts, clock).total
    least = (total - object_counts.SLICE) // object_counts.SLICE
    assert len(naps) >= max(1, least)
    assert set(naps) == {object_counts.PAUSE}


def test_one_that_is_fresh_is_not_made_anew(clock):
    counts = counts_of(clock)
    first = look(counts, clock)
    clock.now += REST - 0.1
    assert counts.look() is None
    assert counts.running is None and counts.last is first


def test_one_that_took_long_is_fresh_when_it_has_ended(clock):
    counts = counts_of(clock)
    first = look(counts, clock)
    first.seconds = 7.0
    clock.now += 7.0 + REST - 0.1
    assert counts.look() is None
    assert counts.running is None and counts.last is first


def test_one_at_a_time(clock):
    counts = counts_of(clock)
    counts.running = running = Look(0, 0)
    assert counts.look() is None
    assert counts.running is running


def test_refused_where_it_would_take_too_long(clock):
    found = [5]
    counts = counts_of(clock, listing=ListingTime(lambda: found[0], None))
    last = look(counts, clock)
    assert last.size == 5
    last.total, last.held_seconds = 2 * FEW, 0.030
    found[0] = 10
    clock.now += REST + last.seconds
    assert 'about 60 ms' in counts.look()
    assert counts.running is None and counts.last is last
    assert counts.look(0.061) is None
    awaited(lambda: counts.running is None)
    assert counts.last.size == 10


def test_classes_that_are_no_keys(clock):
    made = Unhashable('Made', (object,), {'__module__': __name__})
    kept = [made() for _number in range(10)]
    gc.collect()
    counts = counts_of(clock, persistent=Persistent())
    assert number_of(look(counts, clock), 'Made') == 10
    del kept


# Frames of generators.

class Filling(object):
    """A thread that fills a tuple, an item of which is waited for."""

    def __init__(self):
        self.goes_on = threading.Event()
        self.waits = threading.Event()
        self.found, self.failed = None, None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            self.found = tuple(self.wait(number) for number in range(100))
        except SystemError as error:
            self.failed = error

    def wait(self, number):
        if number == 15:
            self.waits.set()
            assert self.goes_on.wait(60)
        return [number]


@pytest.fixture
def filling():
    made = Filling()
    made.thread.start()
    assert made.waits.wait(60)
    # Into the old generation.
    gc.collect()
    yield made
    made.goes_on.set()
    made.thread.join(60)


@pytest.mark.skipif(not object_counts._TUPLES_ARE_SEEN,
                    reason='Python 3.14 shows no tuple before it is complete')
def test_a_tuple_that_is_being_filled_is_waited_for(clock, filling):
    assert any_generator(current_frames())
    naps = []

    def sleep(seconds):
        naps.append(seconds)
        if len(naps) == 3:
            filling.goes_on.set()
            filling.thread.join(60)

    def frames():
        # Of what else runs in this process, only the one thread counts.
        found = current_frames()
        return dict((ident, found[ident]) for ident in [filling.thread.ident]
                    if ident in found)

    found = look(counts_of(clock, sleep=sleep, frames=frames), clock)
    assert found.total > 0
    assert naps[:3] == [object_counts.NAP] * 3
    assert object_counts.NAP not in naps[3:]
    assert filling.failed is None
    assert filling.found == tuple([number] for number in range(100))


def test_not_for_ever(clock, filling, monkeypatch):
    monkeypatch.setattr(object_counts, '_TUPLES_ARE_SEEN', True)
    naps = []
    counts = counts_of(clock, sleep=naps.append, frames=current_frames)
    assert look(counts, clock).total > 0
    assert naps.count(object_counts.NAP) == object_counts.TRIES


def test_where_tuples_are_not_seen(clock, filling, monkeypatch):
    monkeypatch.setattr(object_counts, '_TUPLES_ARE_SEEN', False)
    naps = []
    counts = counts_of(clock, sleep=naps.append, frames=current_frames)
    assert look(counts, clock).total > 0
    assert object_counts.NAP not in naps


def test_the_own_thread_is_in_no_generator():
    own = threading.current_thread().ident
    assert not any_generator(dict.fromkeys([own], sys._getframe()))
    assert [any_generator({own: frame, -1: frame}) for frame
            in (sys._getframe() for _once in range(1))] == [True]


def test_what_fails_is_reported(clock):
    reported = []
    persistent = Persistent()
    persistent.has = None
    counts = counts_of(clock, persistent=persistent, report=reported.append)
    assert look(counts, clock) is None
    assert reported[0][0] is TypeError


def test_without_a_thread(clock, monkeypatch):
    counts = counts_of(clock)

    def start(run):
        raise RuntimeError('no thread')

    monkeypatch.setattr(counts._daemon, 'start', start)
    with pytest.raises(RuntimeError):
        counts.look()
    assert counts.running is None


def test_nothing_is_left_in_a_forked_child(clock):
    counts = counts_of(clock)
    look(counts, clock)
    counts.running = counts.before = counts.last
    counts.begin_anew()
    assert counts.running is counts.before is counts.last is None
    assert look(counts, clock) is not None


def test_what_begins_anew_does_not_get_a_look_from_before(clock):
    goes_on = threading.Event()
    counts = counts_of(clock, sleep=lambda seconds: goes_on.wait(30))
    assert counts.look() is None
    thread = counts._daemon.thread
    awaited(lambda: counts.running is None or counts.running.counted)
    counts.begin_anew()
    newer = counts.running = Look(0, 0)
    goes_on.set()
    thread.join(30)
    assert not thread.is_alive()
    assert counts.last is None and counts.running is newer


def test_types_that_have_gone_have_shrunk():
    last, before = Look(0, 0), Look(0, 0)
    last.types = {('a', False): 3, ('b', False): 9, ('dict', True): 5}
    before.types = {('a', False): 1, ('b', False): 9, ('c', False): 4}
    assert rows(last, before, False) == [
        ('a', 3, 2), ('b', 9, 0), ('c', 0, -4)]
    assert rows(last, before, True) == [('dict', 5, 5)]
    assert rows(last, None, False) == [('b', 9, None), ('a', 3, None)]


def test_so_many_types_are_kept(monkeypatch):
    monkeypatch.setattr(object_counts, 'MOST_TYPES', 2)
    assert object_counts._largest({'a': 1, 'b': 3, 'c': 2}) == {'b': 3, 'c': 2}
