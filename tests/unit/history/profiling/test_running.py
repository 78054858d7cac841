"""profiling.running: looks at each tick, and when it ends."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.history.looks import Seen
from Products.ZServerViews.monitor.requests import Request
from Products.ZServerViews.history.profiling import running
from Products.ZServerViews.history.profiling.outside import Lost
from Products.ZServerViews.history.profiling.running import Running

FRAMES = {1: ((u'f', u'/f.py', 1),), 2: ((u'g', u'/g.py', 2),)}
EPOCH = 1795813000.0


class World(object):
    """A clock that moves when somebody sleeps or looks.

    ``stack``
        The number of the one that each look finds, in the worker of ``request``.
    ``looks``
        Called at each look.
    """

    def __init__(self):
        self.now = 100.0
        self.used = 0.0
        self.late = 0.0
        self.stack = 1
        self.request = Request('GET', '/a?secret', 90.0)
        self.request.start(95.0, 7)
        self.looks = lambda: None
        self.running = Running(3, 1, 10, self.clock, lambda: EPOCH)

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    def look(self):
        self.looks()
        return [Seen(7, 'w', self.request, self.stack, 'running')]

    def take(self):
        return self.running.take(self.look, FRAMES.get, lambda: self.late,
                                 self.sleep, lambda: self.used)


@pytest.fixture
def world():
    return World()


def test_a_quiet_profile(world):
    profile = world.take()
    (stack, seconds, thread, state, path, start), = profile.samples
    assert profile.stacks[stack] == (0,) and profile.frames[0] == FRAMES[1][0]
    assert (thread, state, path) == ('w', 'running', '/a')
    assert seconds == pytest.approx(1.0)
    assert start == pytest.approx(EPOCH + 0.1)
    assert dict(profile.about, late_p99=None, longest_gap=None) == {
        'title': u'profile 3', 'sampler': running.IN_PROCESS, 'start': EPOCH,
        'seconds': pytest.approx(1.0), 'planned': 10, 'taken': 10,
        'late_p99': None, 'longest_gap': None, 'own_cost': 0.0,
        'ended': running.TIME}


def test_ticks_that_were_missed_belong_to_who_is_seen_behind_them(world):
    def sleep(seconds):
        # From the third look on f holds the interpreter for half a second.
        world.now += 0.5 if 100.25 < world.now < 100.35 else seconds

    world.sleep = sleep
    world.looks = lambda: setattr(world, 'stack', 1 if 100.35 < world.now < 100.85
                                  else 2)
    profile = world.take()
    times = {}
    for stack, seconds, _thread, _state, _path, _start in profile.samples:
        name = profile.frames[profile.stacks[stack][0]][0]
        times[name] = round(times.get(name, 0) + seconds, 3)
    assert times == {u'g': 0.5, u'f': 0.5}
    assert profile.about['taken'] == 6
    assert profile.about['longest_gap'] == pytest.approx(0.5)


def test_a_request_is_credited_from_its_start_on(world):
    world.request.started = 100.55
    profile = world.take()
    assert profile.seconds() == pytest.approx(0.5)


def test_a_worker_without_a_stack_is_left_out(world):
    world.stack = None
    assert world.take().samples == []


def test_it_ends_on_request(world):
    world.looks = lambda: setattr(world.running, 'wanted_end', running.ASKED)
    about = world.take().about
    assert (about['ended'], about['taken'], about['planned']) == (
        running.ASKED, 1, 1)


def test_it_ends_on_its_budget(world):
    world.running = Running(3, 600, 10, world.clock, lambda: EPOCH)
    world.looks = lambda: setattr(world, 'used', world.used + 0.02)
    about = world.take().about
    assert about['ended'] == 'it took more than 5 % of a processor'
    # At 0.2 s of processor time in a second it passes 0.05 + 0.25 / elapsed.
    assert 1.5 <= about['seconds'] <= 3
    assert about['own_cost'] == pytest.approx(0.02 * about['taken'])


def test_it_ends_where_an_event_loop_is_late(world):
    world.looks = lambda: setattr(world, 'late', 1.5)
    assert world.take().about['ended'] == running.LAG


def test_it_does_not_end_where_it_was_as_late_before(world):
    world.late = 1.5
    world.looks = lambda: setattr(world, 'late', 2.5)
    assert world.take().about['ended'] == running.TIME


def test_progress(world):
    assert world.running.elapsed() == 0.0
    world.now += 0.35
    assert world.running.elapsed() == pytest.approx(0.35)
    world.now += 10
    assert world.running.elapsed() == 1.0


class Child(object):
    """Looks from outside ten times a second, from ``begun`` on.

    ``lost``
        Raised instead of what it has seen; None of them is none.
    """

    frames_of = staticmethod(FRAMES.get)
    failed, used, used_since = 1, 0.5, 0.0

    def __init__(self, world, begun=100.5):
        self.world = world
        self.begun = begun
        self.next = begun + 0.1
        self.lost = None

    def new(self):
        if self.lost is not None:
            raise self.lost
        found = []
        while self.next <= self.world.now:
            found.append((self.next, self.world.look()))
            self.next += 0.1
        return found

    def follow(self):
        world = self.world
        return world.running.follow(self, self.new, lambda: world.late,
                                    world.sleep, lambda: world.used)


@pytest.fixture
def child(world):
    return Child(world)


def test_what_a_child_sees_is_a_profile_from_its_begin_on(world, child):
    profile = child.follow()
    (stack, seconds, thread, state, path, start), = profile.samples
    assert profile.stacks[stack] == (0,) and profile.frames[0] == FRAMES[1][0]
    assert (thread, state, path) == ('w', 'running', '/a')
    assert seconds == pytest.approx(1.0)
    assert start == pytest.approx(EPOCH + 0.6)
    about = profile.about
    assert (about['planned'], about['taken'], about['failed']) == (10, 10, 1)
    assert about['start'] == pytest.approx(EPOCH + 0.5)
    assert about['longest_gap'] == pytest.approx(0.1)
    assert (about['own_cost'], about['ended']) == (0.5, running.TIME)


def test_looks_that_are_read_late_were_in_time(world, child):
    def sleep(seconds):
        world.now += 0.7

    world.sleep = sleep
    about = child.follow().about
    assert (about['taken'], about['ended']) == (10, running.TIME)
    assert about['longest_gap'] == pytest.approx(0.1)


def test_a_child_that_has_seen_nothing_is_lost(world, child):
    child.lost = Lost(u'could not')
    with pytest.raises(Lost):
        child.follow()


def test_of_one_that_is_lost_later_there_is_what_it_has_seen(world, child):
    world.looks = lambda: setattr(child, 'lost', Lost(u'has ended'))
    about = child.follow().about
    assert about['taken'] > 0
    assert about['ended'] == u'its child process has ended'


def test_one_that_has_gone_at_the_end_without_its_last_look(world, child):
    def looked():
        if world.now > 101.35:
            child.lost = Lost(u'has ended')

    world.looks = looked
    about = child.follow().about
    assert about['ended'] == running.TIME


def test_one_that_has_stopped_looking_ends_nonetheless(world, child):
    world.looks = lambda: setattr(child, 'next', 10000.0)
    about = child.follow().about
    assert (about['taken'], about['ended']) == (1, running.TIME)


def test_a_child_ends_on_request_even_before_it_has_begun(world, child):
    world.running.wanted_end = running.ASKED
    about = child.follow().about
    assert (about['taken'], about['ended']) == (0, running.ASKED)


def test_a_childs_processor_time_counts(world, child):
    world.running = Running(3, 600, 10, world.clock, lambda: EPOCH)
    world.looks = lambda: setattr(child, 'used_since', child.used_since + 0.02)
    assert child.follow().about['ended'] == (
        'it took more than 10 % of a processor')
