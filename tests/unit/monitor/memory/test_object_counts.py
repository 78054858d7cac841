"""monitor.memory.object_counts: what there is of each type, and what grows."""
from __future__ import absolute_import, division, print_function

import gc
import threading

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.monitor.memory import object_counts
from Products.ZServerViews.monitor.memory.object_counts import (
    MOST_BLOCKS,
    MOST_OBJECTS,
    REST,
    Look,
    ObjectCounts,
    name_of,
    rows,
)
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


class Nameless(type):
    """Of which no name can be had."""

    @property
    def __module__(self):
        raise RuntimeError('no module')


@pytest.fixture
def clock():
    return dummies.ManualClock()


def counts_of(clock, **given):
    made = dict({'report': None, 'persistent': None, 'blocks': lambda: 5,
                 'resident': lambda: 5, 'clock': clock}, **given)
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


def test_refused_where_there_are_too_many(clock):
    counts = counts_of(clock, blocks=lambda: MOST_BLOCKS + 1)
    assert 'more than %d objects' % MOST_OBJECTS in counts.look()
    assert counts.running is None


def test_refused_where_there_are_more_than_the_blocks_made_believe(clock):
    found = [MOST_BLOCKS // 2]
    counts = counts_of(clock, blocks=lambda: found[0])
    look(counts, clock).total = MOST_OBJECTS + 100
    clock.now += REST
    for fewer in 0, 1, 1, 1:
        found[0] -= fewer
        assert counts.look() is not None
    # As many have gone as there were too many.
    found[0] = MOST_BLOCKS // 2 - 151
    look(counts, clock).total = MOST_OBJECTS
    # By that look, of so many blocks.
    clock.now += REST
    found[0] += 3
    assert counts.look() is not None


def test_refused_by_the_memory_where_no_blocks_are_known(clock):
    found = [MOST_OBJECTS * object_counts.BYTES + object_counts.BYTES]
    counts = counts_of(clock, blocks=None, resident=lambda: found[0])
    assert counts.look() is not None
    found[0] = None
    look(counts, clock).total = MOST_OBJECTS + 1
    clock.now += REST
    assert counts.look() is not None
    counts.last.size, counts.last.total = 1000, MOST_OBJECTS
    for found[0], is_refused in (1001, True), (1000, False):
        assert (counts.look() is not None) is is_refused


def test_refused_by_the_memory_where_python_does_not_allocate(clock):
    counts = counts_of(clock, blocks=lambda: 0, resident=lambda: 1 << 40)
    assert 'more than %d objects' % MOST_OBJECTS in counts.look()


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


def test_names():
    assert name_of(dict) == ('dict', True)
    assert name_of(Planted) == (__name__ + '.Planted', False)
    assert name_of(Nameless('Any', (object,), {})) in [
        ('?', False), (__name__ + '.Any', False)]


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
