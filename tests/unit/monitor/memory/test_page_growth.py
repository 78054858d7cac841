"""monitor.memory.page_growth: which page makes the memory grow."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.monitor.memory import page_growth
from Products.ZServerViews.monitor.memory.page_growth import PAUSE, PageGrowth
from Products.ZServerViews.monitor.recorder import Recorder
from tests.unit import dummies


class Worlds(object):
    """Threads begin and end requests, and the memory grows."""

    def __init__(self):
        self.bytes = 1000
        self.reads = 0
        self.clock = dummies.ManualClock()
        self.growth = PageGrowth(self.resident)

    def resident(self):
        self.reads += 1
        return self.bytes

    def begin(self, ident, is_alone=True):
        self.clock.now += PAUSE
        self.growth.begins(ident, self.clock.now, is_alone)

    def end(self, ident, path, grown=0):
        if grown:
            self.bytes += grown
        self.growth.ends(ident, Recorder(self.clock).received('GET', path, None))

    def told(self):
        return [(path, page.alone, page.alone_bytes, page.shared,
                 page.shared_bytes) for path, page in self.growth.pages()]


@pytest.fixture
def world():
    return Worlds()


def test_alone(world):
    for grown in 500, -100:
        world.begin(1)
        world.end(1, '/a?secret=s3cret', grown)
    world.begin(1)
    world.end(1, '/b', 1000)
    assert world.told() == [('/b', 1, 1000, 0, 0), ('/a', 2, 400, 0, 0)]
    assert world.growth.requests == 3


def test_others_were_there_or_came(world):
    world.begin(1)
    world.begin(2, False)
    world.end(2, '/b', 7)
    world.end(1, '/a', 5)
    assert sorted(world.told()) == [('/a', 0, 0, 1, 12), ('/b', 0, 0, 1, 7)]


def test_ten_times_a_second(world):
    world.begin(1)
    world.growth.begins(2, world.clock.now + PAUSE / 2, False)
    world.end(2, '/b')
    world.end(1, '/a')
    assert (world.reads, world.told()) == (2, [('/a', 0, 0, 1, 0)])
    assert world.growth.requests == 2


def test_where_the_system_does_not_tell(world):
    world.begin(1)
    world.bytes = None
    world.end(1, '/a')
    world.begin(1)
    world.end(1, '/a')
    assert world.told() == []


def test_the_smallest_growth_goes(world, monkeypatch):
    """Of the older half."""
    monkeypatch.setattr(page_growth, 'MOST_PAGES', 4)
    for path, grown in (('/a', 5), ('/b', 3), ('/c', 2), ('/d', 1), ('/e', 4),
                        ('/f', 0), ('/a', 1)):
        world.begin(1)
        world.end(1, path, grown)
    assert [row[0] for row in world.told()] == ['/a', '/e', '/d', '/f']


def test_a_slow_leak_is_found_among_many_pages(world):
    """That all have taken more at their first time, as a cache does."""
    for number in range(page_growth.MOST_PAGES):
        world.begin(1)
        world.end(1, '/page%d' % number, 100)
    for number in range(600):
        for path, grown in ('/leak', 20), ('/bot/%d' % number, 0), (
                '/new/%d' % number, 24):
            world.begin(1)
            world.end(1, path, grown)
    assert world.told()[0] == ('/leak', 600, 12000, 0, 0)
    assert len(world.told()) == page_growth.MOST_PAGES


def test_anew_in_a_forked_child(world):
    world.begin(1)
    world.end(1, '/a', 5)
    world.begin(1)
    world.growth.begin_anew()
    world.end(1, '/b')
    assert world.told() == [] and world.growth.requests == 0


def test_the_recorder_tells():
    recorder, told = Recorder(), []
    recorder.growth = PageGrowth(lambda: 5)
    recorder.growth.begins = lambda ident, now, alone: told.append(alone)
    recorder.current[0] = None
    recorder.begins(recorder.received('GET', '/a', None))
    recorder.ends()
    del recorder.current[0]
    recorder.growth = PageGrowth(lambda: 5)
    recorder.begins(recorder.received('GET', '/a', None))
    recorder.ends()
    (path, page), = recorder.growth.pages()
    assert (path, page.alone, told) == ('/a', 1, [False])


def test_a_request_whose_end_nobody_told_is_none_of_the_next(world):
    world.begin(1)
    world.bytes += 1000
    world.growth.begins(1, world.clock.now, True)
    world.end(1, '/innocent')
    assert world.told() == []
