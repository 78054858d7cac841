"""_tallies: counted by many threads, read by one."""
from __future__ import absolute_import, division, print_function

import itertools
import threading

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews._tallies import (
    LEAVES,
    Counts,
    Longest,
    PerThread,
    Rows,
    Timings,
)
from tests.unit.dummies import ManualClock


def in_threads(number, work):
    threads = [threading.Thread(target=work) for _number in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_nothing_is_lost_while_threads_come_and_go():
    counts = PerThread(Counts, most=3)
    seen = [0]

    def work():
        for _number in range(1000):
            counts.here().count('a')

    for _round in range(5):
        in_threads(8, work)
        now = counts.total()['a']
        assert now >= seen[-1]
        seen.append(now)
    assert seen[1:] == [8000, 16000, 24000, 32000, 40000]


class Fractions(object):
    """Threads, of which each has counted fractions, and some have ended."""

    def __init__(self, make, count):
        self.running, self.clock = {}, ManualClock()
        self.counts = PerThread(make, self.clock, most=1,
                                running=lambda: self.running)
        # Added up in this order they are less than in the other.
        for ident, number in enumerate([0.1, 0.2, 0.3]):
            self.running[ident] = None
            count(self.counts.cells.setdefault(ident, make()), number)

    def end(self, ident):
        """This thread ends; what all have counted then, and a minute later.
        """
        del self.running[ident]
        now = self.counts.total()
        self.clock.now += LEAVES + 1
        return now, self.counts.total()


def test_a_sum_of_fractions_does_not_go_back_when_threads_end():
    def observed(cell, number):
        cell['a'] = [1, number]

    def measured(cell, number):
        cell.row[-1] += number

    for make, count, value in (
            (Counts, lambda cell, number: cell.count('a', number),
             lambda cell: cell['a']),
            (Rows, observed, lambda cell: cell['a'][-1]),
            (lambda: Timings((1,)), measured, lambda cell: cell.row[-1])):
        for order in itertools.permutations(range(3)):
            threads, told = Fractions(make, count), []
            told.append(value(threads.counts.total()))
            for ident in order:
                told += map(value, threads.end(ident))
            assert told == sorted(told)


def test_counters_never_go_back_while_others_count():
    counts = PerThread(Counts, most=1)
    done = []

    def work():
        for _number in range(20000):
            counts.here().count('a', 2)
        done.append(True)

    threads = [threading.Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    last = 0
    while len(done) < 4:
        now = counts.total().get('a', 0)
        assert now >= last
        last = now
    for thread in threads:
        thread.join()
    assert counts.total() == {'a': 160000}


def test_cells_of_threads_that_have_ended_leave():
    clock, running = ManualClock(), {get_ident(): None}
    counts = PerThread(Counts, clock, most=2, running=lambda: running)
    counts.here().count('a')
    for ident in -1, -2:
        counts.cells[ident] = Counts(a=10)
    assert counts.total() == {'a': 21}
    assert set(counts.cells) == {get_ident()}
    # One that was just about to be counted in is not lost.
    (_when, cell), _other = counts._leaving
    cell.count('a')
    assert counts.total() == {'a': 22}
    clock.now += LEAVES + 1
    for ident in -3, -4:
        counts.cells[ident] = Counts(b=1)
    assert counts.total() == {'a': 22, 'b': 2}
    assert len(counts._leaving) == 2
    assert counts.total() == {'a': 22, 'b': 2}
    counts.begin_anew()
    assert counts.total() == {} and counts.cells == {}


def test_no_reader_waits_for_one_that_takes_cells_out():
    counts = PerThread(Counts, most=0, running=dict)
    counts.here().count('a')
    assert counts.total() == {'a': 1}
    met = []

    def running():
        # Cells are being taken out: another reader comes now.
        met.append(counts.total())
        return {}

    counts._running = running
    for number in range(1, 4):
        counts.here().count('a')
        assert counts.total() == {'a': number + 1}
        assert met[-1] == {'a': number}
    assert len(met) == 3


def test_rows():
    rows = PerThread(Rows)
    rows.here()['a'] = [1, 2]
    rows.cells[-1] = Rows(a=[10, 20], b=[5])
    assert rows.total() == {'a': [11, 22], 'b': [5]}


def test_the_longest_of_the_last_minutes():
    clock = ManualClock()
    longest = Longest(clock)
    assert longest.within(60) == 0.0
    longest.note(2.0)
    longest.note(1.0)
    clock.now += 90
    longest.note(0.5)
    assert (longest.within(60), longest.within(300)) == (0.5, 2.0)
    for _step in range(100):
        clock.now += 10
        longest.note(0.1)
    assert longest.within(10000) == 0.1
    assert len(longest.by_step) <= 31


def test_timings_of_several_threads():
    clock = ManualClock()
    lags = PerThread(lambda: Timings((1, 2), clock))
    lags.here().observe(1)
    other = lags.cells[-1] = Timings((1, 2), clock)
    other.observe(1.5)
    other.observe(7)
    total = lags.total()
    assert total.row == [1, 1, 1, 9.5]
    assert total.longest.within(60) == 7
