"""history.observer: from the facts to the records."""
from __future__ import absolute_import, division, print_function

import logging
import sys

from Products.ZServerViews.history import answers
from tests.unit.history.world import EPOCH, World

WORKER = 7


def story(world):
    found = answers.interval(world.model, EPOCH, EPOCH + 10 ** 6)
    return found['slow'][0]


def test_three_phases_of_three_seconds():
    world = World()
    world.run(2)
    world.clock.now += 0.4
    world.begin(WORKER, '/report', waited=1.5)
    for line in 10, 20, 30:
        world.at(WORKER, 'report', '/site/report.py', line)
        world.run(3)
    world.clock.now += 0.1
    world.end(WORKER)
    world.run(2)
    found = story(world)
    assert (found['path'], found['status']) == ('/report', '200')
    assert found['waited'] == found['phases']['waiting'] == 1.5
    stays = dict((stay['stack'][-1][2], stay['seconds'])
                 for stay in found['stacks'])
    assert sorted(stays) == [10, 20, 30]
    assert all(2 <= seconds <= 4 for seconds in stays.values()), stays
    assert abs(sum(stays.values()) - (found['seconds'] - 1.5)) < 0.01


def test_a_request_has_one_id_from_its_first_look_to_its_end():
    world = World()
    world.run(2)
    world.begin(WORKER, '/a')
    world.run(4)
    world.end(WORKER)
    world.run(2)
    begun, = world.of('begun')
    ended, = world.of('request')
    assert begun['id'] == ended['id']
    assert begun['began'] == ended['began']
    assert set(row[1] for look in world.of('look')
               for row in look['workers']) == set([begun['id']])


def test_a_request_that_ends_while_it_is_looked_at_keeps_its_story():
    world = World()
    world.run(2)
    world.begin(WORKER, '/a')
    world.at(WORKER, 'search', '/site/catalog.py', 312)
    world.run(4)
    ended = world.flight.observer._ended
    take = ended.take

    def taken():
        if WORKER in world.site.recorder.current:
            world.end(WORKER)
        return take()

    ended.take = taken
    world.run(3)
    [begun] = world.of('begun')
    [request] = world.of('request')
    assert request['id'] == begun['id']
    assert sum(stay[2] for stay in request['stacks']) > 3
    assert max(look['time'] for look in world.of('look')) < request['time']


def test_what_a_look_has():
    world = World()
    world.site.metrics.readings.numbers = {
        'process_resident_memory_bytes': 5 << 20}
    world.run(2)
    request = world.begin(WORKER, '/a?password=s3cret')
    world.at(WORKER, 'search', '/site/catalog.py', 312)
    world.flight.observer.waits._seen = {1: (
        world.clock.now + 1, 3, world.clock.now, ['/b'])}
    world.run(2)
    look = world.of('look')[-1]
    row, = look['workers']
    assert row[0] == 'thread-7'
    assert row[2:4] == ['/a', '-']
    assert world.model.table.definition(row[4]) == [
        ['search', '/site/catalog.py', 312]]
    assert row[5] == request.worked(world.clock.now - 1)
    assert (look['in_work'], look['waiting'], look['queue']) == (1, 3, ['/b'])
    assert look['rss'] == 5 << 20


def test_names_of_workers_are_asked_for_once_in_each_request():
    world, asked = World(), []

    def workers():
        asked.append(None)
        return {WORKER: 'worker %d' % len(asked)}

    world.flight.observer._names = workers
    world.run(2)
    for path in '/a', '/b':
        world.begin(WORKER, path)
        world.run(5)
        world.end(WORKER)
        # Another thread may have the number from now on.
        world.run(2)
    # The note of a request that has ended asks for names too.
    assert [(row[2], row[0]) for look in world.of('look')
            for row in look['workers']] == [('/a', 'worker 1')] * 4 + [
                ('/b', 'worker 3')] * 4
    assert world.flight.observer._named == {}


def test_requests_that_wait_are_a_reason_for_a_look():
    world = World()
    world.run(2)
    waits = world.flight.observer.waits
    for number in range(3):
        world.begin(WORKER)
        waits._seen = {1: (world.clock.now, 2, world.clock.now - number, [])}
        world.turn()
        world.end(WORKER)
    # The first waited for no time at all.
    assert len(world.of('look')) == 2


def test_one_that_has_waited_for_a_moment_is_none():
    world = World()
    world.run(2)
    waits = world.flight.observer.waits
    waits._seen = {1: (world.clock.now, 1, world.clock.now - 0.001, ['/b'])}
    for _number in range(2):
        world.begin(WORKER)
        world.clock.now += 0.5
        world.turn()
        world.end(WORKER)
    assert world.of('look') == []


class Databases(object):
    def idents_in_calls(self):
        return frozenset([WORKER])

    def counts(self):
        return {'main': {'loads': 5}}


def test_the_share_of_the_storage():
    world = World()
    world.run(2)
    world.site.databases = Databases()
    world.begin(WORKER, '/a')
    world.at(WORKER, 'load', '/site/storage.py', 5)
    world.run(4)
    world.site.databases = None
    world.run(4)
    world.end(WORKER)
    world.run(2)
    assert 0.3 < story(world)['storage'] < 0.7
    assert [stay['state'] for stay in story(world)['stacks']] == [
        'waiting for database', '-']


def test_of_fast_requests_a_few_are_recorded_and_of_slow_ones_more():
    world = World()
    world.run(2)
    for _number in range(50):
        world.begin(WORKER, waited=0.3)
        world.end(WORKER)
        world.begin(WORKER, waited=3.0)
        world.end(WORKER)
    world.run(2)
    seconds = [record['seconds'] for record in world.of('request')]
    assert sum(one < 2 for one in seconds) == 10
    assert sum(one > 2 for one in seconds) == 50


def fail(text):
    raise ValueError(text)


def failed(world, text='s3cret', path='/fails?password=s3cret'):
    request = world.begin(WORKER, path)
    try:
        fail(text)
    except ValueError:
        world.site.recorder.errors.failed(request, sys.exc_info(),
                                          world.clock.now)
    world.clock.now += 0.3
    world.end(WORKER, b'500')


def test_errors_by_class_and_place():
    world = World()
    world.run(2)
    for number in range(30):
        failed(world, path='/fails/%d?password=s3cret' % number)
    world.run(2)
    error, = answers.interval(world.model, 0, 1)['errors']
    assert (error['class'], error['count']) == ('ValueError', 30)
    assert error['place'][0] == 'fail'
    assert [one['path'] for one in error['newest']] == [
        '/fails/%d' % number for number in range(29, 19, -1)]
    assert [frame[0] for frame in error['newest'][-1]['stack']] == ['failed', 'fail']
    assert world.of('request')[-1]['error'] == 'ValueError'
    assert 's3cret' not in repr(world.records)


def test_during_a_burst_of_errors_the_newest_are_told_and_the_count_is_right():
    world = World()
    world.run(2)
    for number in range(200):
        failed(world, path='/fails/%d' % number)
        world.run(0.7)
        error, = answers.interval(world.model, 0, 1)['errors']
        assert 0 <= number + 1 - error['count'] <= 6
        assert int(error['newest'][0]['path'][7:]) == error['count'] - 1
    assert error['newest'][-1]['path'] == '/fails/%d' % (error['count'] - 10)
    assert error['first'] < error['newest'][-1]['time'] < error['last']
    # 200 seconds and more.
    assert len(world.of('error')) <= 45


def test_what_had_no_record_is_told_when_the_process_ends():
    world = World()
    world.site.log_redirect.install()
    try:
        world.run(2)
        for _number in range(10):
            failed(world)
            logging.getLogger('site').warning('a text')
            world.run(0.1)
        world.flight.observer.tell_rest()
    finally:
        world.site.log_redirect.uninstall()
    for kind in 'error', 'log':
        assert sum(record['count'] for record in world.of(kind)) == 10


def test_what_is_logged():
    world = World()
    logger, number = logging.getLogger('site'), 7
    world.site.log_redirect.install()
    try:
        world.run(2)
        logger.warning('The password of %s is %s', 'me', 's3cret')
        logger.error('made of s3cret and %d' % number)
        logger.info('The password is s3cret')
        world.run(2)
    finally:
        world.site.log_redirect.uninstall()
    one, other = world.of('log')
    assert one['text'] == 'The password of %s is %s'
    assert (one['logger'], one['level']) == ('site', 'WARNING')
    assert one['place'][0].startswith(__file__.rpartition('.')[0])
    assert other['text'] == '(a text made while running)'
    assert 's3cret' not in repr(world.records)


def test_with_record_log_off_nothing_of_the_log_is_there():
    world = World(**{'record-log': False})
    world.site.log_redirect.install()
    try:
        world.run(2)
        logging.getLogger('site').warning('a text')
        world.run(2)
    finally:
        world.site.log_redirect.uninstall()
    assert world.of('log') == []


def test_lines_about_requests_that_take_very_long():
    world = World(**{'slow-request-log': 5.0})
    world.run(2)
    world.begin(WORKER, '/a?password=s3cret')
    world.at(WORKER, 'search', '/site/catalog.py', 312)
    world.run(20)
    world.end(WORKER)
    world.begin(WORKER, '/b', waited=30.0)
    world.end(WORKER)
    world.run(2)
    lines = [line for _level, line, _ in world.site.log_queue.logged]
    assert len(lines) == 2
    assert 'has been in work for 5.0 s: GET /a in thread-7' in lines[0]
    assert lines[0].endswith('  File "/site/catalog.py", line 312, in search')
    assert 'has ended after 20.0 s: GET /a, status 200' in lines[1]


def test_a_minute():
    world = World()
    world.run(2)
    world.site.databases = Databases()
    for seconds in 0.003, 0.02, 3.0:
        world.begin(WORKER)
        world.clock.now += seconds
        world.end(WORKER)
    world.site.recorder.tally.failed(None, KeyError, False)
    world.run(61)
    minute, = world.of('minute')
    assert minute['requests'] == {'2xx': 3}
    assert minute['durations'][0] == 1 and sum(minute['durations']) == 3
    assert minute['errors'] == {'KeyError': 1}
    assert 60 <= minute['seconds'] < 65
    assert minute['looks'] == 0
    world.run(60)
    assert world.of('minute')[-1]['requests'] == {}


def test_a_loop_that_does_not_answer_is_an_incident_while_it_lasts():
    world = World()
    world.run(2)
    loop, = world.site.loops.all
    loop.asked = None, world.clock.now
    world.run(3)
    incident, = world.of('incident')
    assert incident['rule'] == 'loop lag over 1 s'


def test_code_that_holds_the_interpreter_is_an_incident_without_any_loop_lag():
    world = World()
    world.run(2)
    world.clock.now += 5.5
    world.turn()
    incident, = world.of('incident')
    assert incident['rule'] == 'no look for 1 s'
    assert incident['worst'] == world.of('gap')[0]['seconds'] == 5.5


def test_a_process_that_is_not_ready_is_an_incident():
    world = World()
    world.run(2)
    world.site.drain.hold()
    world.run(2)
    incident, = world.of('incident')
    assert incident['rule'] == 'ready lost'
    assert incident['said'] == '/-/ready fails: 1 of its checks (not-draining)'


def test_without_a_recorder_nothing_is_done():
    world = World()
    world.run(2)
    world.site.recorder = None
    world.run(5)
    world.flight.stop()
    assert len(world.records) == 1


def test_a_burst_of_errors_that_never_come_again_is_counted():
    world = World()
    world.run(2)
    for _number in range(10):
        failed(world)
    world.run(70)
    assert world.model.errors()[0][2] == 10
    assert sum(record['count'] for record in world.of('error')) == 10


def test_a_burst_of_log_records_that_never_come_again_is_counted():
    world = World()
    world.site.log_redirect.install()
    try:
        world.run(2)
        for _number in range(10):
            logging.getLogger('site').warning('a text')
        world.run(70)
    finally:
        world.site.log_redirect.uninstall()
    assert sum(record['count'] for record in world.of('log')) == 10
    assert set(record['text'] for record in world.of('log')) == set(['a text'])


def test_the_last_view_goes_while_it_looks():
    world = World()
    world.run(2)
    world.begin(WORKER, '/a')
    world.at(WORKER, 'search', '/site/catalog.py', 312)
    recorder, metrics = world.site.recorder, world.site.metrics
    world.site.recorder = world.site.metrics = world.site.databases = None
    # Whoever unmounts comes in the middle of these, or a loop does that begins.
    world.run(61)
    world.flight.observer.attach()
    assert (recorder.ended, metrics.in_loop) != (None, None)
    world.flight.stop()
    assert recorder.ended is recorder.errors is metrics.in_loop is None
    assert world.site.log_queue.logged == []
