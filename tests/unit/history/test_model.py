from __future__ import absolute_import, division, print_function

import random

from Products.ZServerViews.history.model import History

random_numbers = random.Random(7)


def look(time, stack=None, number=1):
    return {'kind': 'look', 'time': time, 'late': 0.0, 'workers': [
        ['waitress-%d' % one, '1-%d' % random_numbers.randrange(10 ** 9),
         '/a', 'running', stack, 1.0] for one in range(number)]}


def request(time, seconds, **more):
    return dict({'kind': 'request', 'time': time, 'seconds': seconds,
                 'id': '1-%s' % time, 'error': None, 'stacks': []}, **more)


def test_the_records_of_an_interval():
    history = History()
    assert history.span() is None
    for time in range(1000, 1500):
        history.add(look(float(time)))
    assert history.span() == (1000, 1499)
    found = list(history.between(1100, 1200))
    assert [record['time'] for record in found] == list(range(1100, 1201))
    assert list(history.between(0, 999)) == []
    assert list(history.between(1500, 2000)) == []
    assert len(list(history.between(0, 10 ** 6))) == 500


def test_a_clock_that_is_set_back():
    history = History()
    for time in list(range(5000, 5100)) + list(range(4000, 4100)):
        history.add(look(float(time)))
    assert history.span() == (4000, 5099)
    assert len(list(history.between(4000, 4099))) == 100
    assert len(list(history.between(5000, 5099))) == 100


def test_the_oldest_go_when_there_are_too_many():
    history = History(limit=100000)
    for time in range(20000):
        history.add(look(float(time), number=4))
        assert history.size <= 100000
    first, last = history.span()
    assert 0 < first < last == 19999


def test_many_workers_make_more_chunks_and_no_larger_ones():
    history = History()
    for time in range(50):
        history.add(look(float(time), number=200))
        assert len(history._open) <= 6
    assert len(list(history.between(0, 50))) == 50


def test_the_newest_and_the_slowest_of_each_class_are_kept():
    history = History(limit=1000)
    history.add(request(1.0, 100.0))
    for number in range(2, 5000):
        # A day of health probes pushes nothing out.
        history.add(request(float(number), 0.1 + number / 1e6))
    history.add(request(5000.0, 3.0))
    kept = history.slow()
    assert [one.record['seconds'] for one in kept][0] == 100.0
    assert kept[-1].record['seconds'] == 3.0
    assert len(kept) == 12
    history = History()
    for number in range(100):
        history.add(request(float(number), 9.0 - number / 100))
    times = [one.record['time'] for one in history.slow()]
    assert times == list(range(10)) + list(range(90, 100))


def test_requests_with_errors_are_kept_by_their_class():
    history = History()
    for number in range(100):
        history.add(request(float(number), 0.2, error='Error%d' % (
            number % 15)))
    assert len(history.slow()) > 90
    for number in range(100, 200):
        history.add(request(float(number), 0.2, error='Many%d' % number))
    assert len(history.slow()) < 60
    history.add(request(200.0, 0.2, error='New'))
    for number in range(300, 400):
        history.add(request(float(number), 0.2))
    assert 'New' in [one.record['error'] for one in history.slow()]


def test_what_is_kept_has_its_stacks_when_the_table_forgets_them():
    history = History()
    stack = history.table.intern([('f', '/a', 1)])
    history.add(request(1.0, 5.0, stacks=[[stack, 'running', 5.0]]))
    for line in range(20000):
        history.table.intern([('g', '/b', line)])
    assert history.table.definition(stack) == []
    assert history.slow()[0].frames() == {stack: [['f', '/a', 1]]}


def test_what_is_kept_of_a_request_is_bounded():
    history = History()
    stays = [[history.table.intern([('f', '/a', line)]), 'running', float(line)]
             for line in range(1, 101)]
    history.add(request(1.0, 5.0, stacks=stays))
    kept, = history.slow()
    assert kept.record['stacks'] == stays[-30:]
    assert sorted(kept.frames()) == [stay[0] for stay in stays[-30:]]


def test_what_json_cannot_hold_costs_no_other_record():
    history = History()
    for number in range(300):
        history.add(request(float(number), 0.2))
        history.add({'kind': 'log', 'time': float(number), 'text': object()})
    history.add({'kind': 'log', 'time': 900.0, 'text': object()})
    history.add(request(1800.0, 0.2))
    found = [record['time'] for record in history.between(0.0, 200.0)]
    assert found == [float(number) for number in range(201)]
    assert list(history.between(900.0, 900.0)) == []


def test_errors():
    history = History()
    for number in range(500):
        for count in range(2):
            history.add({'kind': 'error', 'time': float(number),
                         'class': 'Error', 'place': ['f', '/a', number],
                         'path': '/', 'stack': None, 'count': 3})
    found = history.errors()
    assert len(found) == 150
    name, place, count, first, last, newest = found[0]
    assert (name, place, count, first, last) == (
        'Error', ['f', '/a', 499], 6, 499, 499)
    assert len(newest) == 2


def test_a_record_of_many_errors():
    history = History()
    stacks = [history.table.intern([('f', '/a', line)]) for line in (1, 2)]
    history.add({'kind': 'error', 'time': 9.0, 'class': 'Error', 'place': None,
                 'path': '/c', 'stack': stacks[0], 'count': 500,
                 'before': [[7.0, '/a', stacks[1]], [8.0, '/b', None]]})
    _name, _place, count, first, last, newest = history.errors()[0]
    assert (count, first, last) == (500, 7.0, 9.0)
    assert [(one.record['path'], list(one.frames().values())) for one in newest] == [
        ('/a', [[['f', '/a', 2]]]), ('/b', []), ('/c', [[['f', '/a', 1]]])]


def test_the_process_and_its_end():
    history = History()
    history.add({'kind': 'start', 'time': 1.0, 'pid': 5})
    history.add({'kind': 'end', 'time': 2.0})
    assert history.process['pid'] == 5 and history.ended
    history.add({'kind': 'start', 'time': 3.0, 'pid': 6})
    assert history.process['pid'] == 6 and not history.ended


def test_the_memory_of_a_day():
    history = History()
    for minute in range(2000):
        history.add({'kind': 'minute', 'time': minute * 60.0,
                     'rss': None if minute % 2 else minute})
    found = history.resident()
    assert len(found) == 1000 and found[1] == (120.0, 2)
    for minute in range(2000, 3500):
        history.add({'kind': 'minute', 'time': minute * 60.0, 'rss': minute})
    assert len(history.resident()) == 1440
