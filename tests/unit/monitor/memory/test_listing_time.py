"""monitor.memory.listing_time: what would take too long is refused."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.monitor.memory import listing_time
from Products.ZServerViews.monitor.memory.listing_time import (
    BLOCKS,
    BYTES,
    EACH,
    FEW,
    HELD,
    MOST_PARTS,
    ListingTime,
    crowding,
)
from Products.ZServerViews.monitor.memory.object_counts import Look

# As many as may be listed before anything has been measured.
MOST = int(HELD / EACH)


def judged(number, last=None, hold=HELD, crowd=1.0):
    """By so many blocks."""
    return ListingTime(lambda: number, None, lambda: crowd).judged(last, hold)


def look(total, size, held_seconds):
    made = Look(0, 0, size)
    made.total, made.held_seconds = total, held_seconds
    return made


def test_as_many_as_there_seem_to_be():
    assert judged(BLOCKS * MOST) == (BLOCKS * MOST, None)
    size, refusal = judged(BLOCKS * (MOST + 1000))
    assert size == BLOCKS * (MOST + 1000)
    assert '2.7 million objects' in refusal
    assert 'about 41 ms, and 40 ms are allowed' in refusal


def test_who_allows_what_is_said_has_it():
    refusal = judged(BLOCKS * MOST * 3)[1]
    allowed = int(refusal.rpartition('hold=')[2].split()[0])
    assert judged(BLOCKS * MOST * 3, hold=allowed / 1000)[1] is None


def test_what_was_measured_counts():
    last = look(2 * FEW, 1000, 0.030)
    assert judged(1000, last) == (1000, None)
    refusal = judged(1500, last)[1]
    assert '1.5 million objects' in refusal and 'about 45 ms' in refusal
    assert judged(1500, look(2 * FEW, 1000, 0.020))[1] is None


def test_few_are_never_refused():
    # The processor did something else for a second.
    assert judged(1000, look(FEW, 1000, 1.0))[1] is None
    assert judged(BLOCKS * FEW, crowd=MOST_PARTS)[1] is None


def test_what_a_few_have_measured_counts_for_nothing():
    assert judged(10000, look(FEW - 1, 1000, 9.0), hold=1.0)[1] is None


def test_by_the_memory_where_no_blocks_are_known():
    for blocks in None, lambda: 0:
        made = ListingTime(blocks, lambda: BYTES * (MOST + 1000), lambda: 1.0)
        assert 'million objects' in made.judged(None, HELD)[1]
        made = ListingTime(blocks, lambda: None, lambda: 1.0)
        assert made.judged(None, HELD) == (0, None)


def test_on_a_crowded_machine_it_takes_longer():
    assert 'about 100 ms' in judged(BLOCKS * MOST, crowd=2.5)[1]


def test_how_crowded_a_machine_is():
    assert crowding(lambda: (5.0, 1, 1), 2) == 2.5
    assert crowding(lambda: (1.0, 9, 9), 2) == 1.0
    assert crowding(lambda: (1000.0, 1, 1), 2) == MOST_PARTS
    assert 1.0 <= crowding() <= MOST_PARTS

    def untold():
        raise OSError('not told')

    for load in untold, None:
        assert listing_time.crowding(load) == 1.0
