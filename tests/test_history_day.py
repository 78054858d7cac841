"""A day of a site, by a clock that is moved: 10^6 requests, and an incident."""
from __future__ import absolute_import, division, print_function

import gc
import random
import sys
import types

from Products.ZServerViews.history import answers
from tests.unit.history.world import EPOCH, World

DAY = 86400
REQUESTS = 10 ** 6
MOST_BYTES = 16 << 20
WORKERS = range(1, 9)

# What an object refers to and is not its own.
OTHERS = (type, types.ModuleType, types.FunctionType, types.CodeType,
          types.BuiltinFunctionType, types.FrameType)


def size_of(root, but):
    """The bytes of an object and of all that it leads to."""
    seen, left, total = set(map(id, but)), [root], 0
    while left:
        one = left.pop()
        if id(one) not in seen and not isinstance(one, OTHERS):
            seen.add(id(one))
            total += sys.getsizeof(one)
            left += gc.get_referents(one)
    return total


class Day(object):
    """One in which 500 pages are asked for at 2,000 places of the code."""

    def __init__(self):
        self.world = World()
        self.numbers = random.Random(3)
        self.notes = self.world.site.recorder

    def second(self, requests):
        """So many requests begin and end in it."""
        world, numbers = self.world, self.numbers
        for _number in range(requests):
            world.begin(1, '/page/%d' % numbers.randrange(500),
                        waited=numbers.expovariate(20))
            world.end(1)
        world.turn()

    def bad_second(self):
        """All workers are busy; each moves to another place now and then."""
        world, numbers = self.world, self.numbers
        for ident in WORKERS:
            if numbers.random() < 0.1 or ident not in world.places:
                place = numbers.randrange(2000)
                world.at(ident, 'function%d' % (place % 50),
                         '/site/module%d.py' % (place % 20), 2 + place)
            if numbers.random() < 0.05:
                if ident in world.site.recorder.current:
                    world.end(ident)
                world.begin(ident, '/page/%d' % numbers.randrange(500))
        world.turn()


def test_a_day_is_bounded_and_its_minutes_are_there():
    day = Day()
    world = day.world
    for second in range(DAY):
        if 3 * 3600 <= second < 5 * 3600:
            day.bad_second()
        else:
            for ident in WORKERS if world.site.recorder.current else ():
                world.end(ident)
            day.second(REQUESTS // DAY + 1)
    del world.records[:]
    gc.collect()
    size = size_of(world.flight, (world.site, world.clock, world.records))
    assert size <= MOST_BYTES, size
    assert world.site.recorder.finished.total() >= REQUESTS * 0.9
    begin = EPOCH + 1000
    quiet = answers.interval(world.model, begin + 7200, begin + 7260)
    assert (quiet['looks'], quiet['held']) == (0, [])
    assert 600 <= quiet['summary']['requests']['2xx'] <= 800
    bad = answers.interval(world.model, begin + 4 * 3600,
                           begin + 4 * 3600 + 60)
    assert bad['looks'] >= 60
    assert len(set(held['worker'] for held in bad['held'])) == len(WORKERS)
    assert all(one['stack'] for held in bad['held'] for one in held['stacks'])
    assert sum(held['seconds'] for held in bad['held']) > 8 * 50
    # Nothing of the day has pushed out what was slowest.
    assert max(story['seconds'] for story in quiet['slow']) > 60
