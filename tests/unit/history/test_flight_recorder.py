"""history.flight_recorder: its thread, and when it does what."""
from __future__ import absolute_import, division, print_function

import gc
import threading
import weakref

import pytest

from Products.ZServerViews.history import flight_recorder
from Products.ZServerViews.history.observer import NAME
from tests.unit.history.world import EPOCH, World
from tests.waiting import awaited

WORKER = 7


def test_the_first_record_tells_of_the_process():
    world = World()
    world.turn()
    record, = world.records
    assert record['kind'] == 'start'
    assert record['time'] == EPOCH + world.clock.now - 1
    assert record['versions']['Zope'] == '6.3'
    assert world.model.process is record


def test_it_waits_for_the_versions_for_a_moment():
    world = World()
    versions, world.site.process.versions = world.site.process.versions, None
    world.turn()
    assert world.records == []
    world.site.process.versions = versions
    world.turn()
    assert world.records[0]['versions'] == versions
    other = World()
    other.site.process.versions = None
    other.run(5)
    assert other.records[0]['versions'] == {}


def test_a_site_that_is_well_has_no_look():
    world = World()
    world.run(2)
    for _number in range(100):
        world.begin(WORKER)
        world.clock.now += 0.05
        world.end(WORKER)
        world.turn()
    assert world.of('look') == world.of('request') == []
    assert len(world.of('minute')) == 1


def test_one_look_a_second_while_a_worker_is_busy():
    world = World()
    world.run(2)
    world.begin(WORKER)
    world.at(WORKER, 'search', '/site/catalog.py', 312)
    world.run(10)
    assert 8 <= len(world.of('look')) <= 10
    world.end(WORKER)
    world.run(10)
    assert len(world.of('look')) <= 10


def test_with_record_always_there_are_looks_at_all_requests():
    world = World(**{'record-always': True})
    world.run(2)
    for _number in range(10):
        world.begin(WORKER)
        world.turn()
        world.end(WORKER)
    assert len(world.of('look')) == 10


def test_a_late_tick_is_evidence():
    world = World()
    world.run(3)
    world.begin(WORKER)
    world.at(WORKER, 'match', '/site/match.py', 5)
    world.clock.now += 3.1
    world.turn()
    gap, = world.of('gap')
    assert gap['seconds'] == 3.1
    look, = world.of('look')
    assert look['late'] == 3.1


def test_missed_ticks_are_gone_and_the_grid_stays():
    world = World()
    begin = world.clock.now
    # An incident would move the grid.
    world.flight.observer.rules.look = lambda *seen: []
    world.run(2)
    world.clock.now += 3.25
    world.turn()
    assert (world.clock.now - begin) % 1 == 0


def test_when_an_incident_begins_it_looks_at_what_is_slow_twenty_times_a_second():
    world = World()
    world.run(2)
    world.begin(WORKER, '/slow')
    world.at(WORKER, 'search', '/site/catalog.py', 312)
    world.run(29)
    world.begin(8, '/fast')
    before = len(world.of('look'))
    world.run(4)
    incident, = world.of('incident')
    assert incident['rule'] == 'request over 30 s'
    fine = [look for look in world.of('look')[before:]
            if look['interval'] < 1]
    assert 15 <= len(fine) <= 30
    assert fine[1]['time'] - fine[0]['time'] < 0.06
    # Less and less often.
    apart = [two['time'] - one['time'] for one, two in zip(fine, fine[1:])]
    assert 0.2 < min(apart[-3:])
    assert [row[2] for look in fine[:10] for row in look['workers']] == (
        ['/slow'] * 10)
    # It ends by itself, and comes again only much later.
    world.run(20)
    before = len(world.of('look'))
    world.run(60)
    assert len(world.of('look')) - before <= 61


@pytest.mark.parametrize('after', [None, 0.3, 1.7, 3.2])
def test_no_tick_is_left_out_when_fine_looks_end(after):
    world, ticks = World(), []
    world.run(2)
    tick = world.flight.observer.tick

    def noted(now, late):
        ticks.append(now)
        return tick(now, late)

    world.flight.observer.tick = noted
    world.begin(WORKER, '/slow')
    while not world.of('incident'):
        world.turn()
    if after is not None:
        world.run(after)
        world.end(WORKER)
    world.run(10)
    apart = [two - one for one, two in zip(ticks, ticks[1:])]
    assert len(ticks) > 30 and 0.9 <= min(apart) and max(apart) <= 1.01


def test_fine_looks_end_with_the_slow_request():
    world = World()
    world.run(2)
    world.begin(WORKER)
    world.run(32)
    assert world.of('incident')
    world.end(WORKER)
    before = len(world.of('look'))
    world.run(5)
    assert len(world.of('look')) == before


def test_a_look_that_is_dear_comes_less_often():
    world = World()
    world.run(2)
    world.begin(WORKER)
    world.run(31)
    look = world.flight.observer.look_finely

    def dear(*args):
        world.clock.now += 0.01
        return look(*args)

    world.flight.observer.look_finely = dear
    before = len(world.of('look'))
    world.run(3)
    assert len(world.of('look')) - before < 12


def test_a_fault_is_told_once_and_the_next_tick_comes():
    world = World()
    world.run(2)
    tick, calls = world.flight.observer.tick, []

    def broken(*args):
        calls.append(args)
        raise ValueError('why')

    world.flight.observer.tick = broken
    for _number in range(3):
        world.flight._guarded(world.turn)
        world.clock.now = world.flight._planned
    assert len(calls) == 3
    assert len(world.reports) == 1
    world.flight.observer.tick = tick
    world.run(100)
    assert world.of('minute')


def test_a_forked_child_begins_with_nothing():
    world = World()
    world.run(3)
    world.begin(WORKER)
    world.run(3)
    assert world.model.span() is not None
    world.flight.begin_anew()
    assert world.model.span() is None
    assert world.site.recorder.ended is None


def names():
    return [thread.name for thread in threading.enumerate()]


def test_the_thread(monkeypatch):
    monkeypatch.setattr(flight_recorder, 'TICK', 0.01)
    world = World()
    flight = world.flight
    assert NAME not in names()
    flight.start()
    flight.start()
    assert names().count(NAME) == 1
    awaited(lambda: world.of('start'))
    flight.stop()
    awaited(lambda: NAME not in names())
    assert world.site.recorder.ended is world.site.metrics.in_loop is None
    flight.start()
    flight.finish(timeout=60)
    assert NAME not in names()
    assert world.records[-1]['kind'] == 'end'
    assert world.model.ended


def test_one_that_is_stopped_is_not_kept_until_the_process_ends():
    world = World()
    world.flight.start()
    thread = world.flight._daemon.thread
    world.flight.stop()
    thread.join(60)
    reference = weakref.ref(world.flight)
    world.site.history = world.flight = None
    del world, thread
    gc.collect()
    assert reference() is None


def test_nothing_listens_to_the_log_behind_the_last_tick():
    world = World()
    flight, redirect = world.flight, world.site.log_redirect
    ticks = []

    def tick():
        ticks.append(threading.current_thread())
        flight.stop()
        redirect.listen(flight.observer._note)  # as a tick does

    flight.turn = tick
    flight.start()
    assert awaited(lambda: ticks)
    ticks[0].join(60)
    assert redirect.listeners == []
