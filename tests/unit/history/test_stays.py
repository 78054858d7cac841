from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.format.profiles import collapsed
from Products.ZServerViews.history import interval_profile
from Products.ZServerViews.history.interval_profile import NO_STACK, profile_of
from Products.ZServerViews.history.model import History
from Products.ZServerViews.history.stays import Stays


def look(time, *rows, **more):
    return dict({'kind': 'look', 'time': float(time), 'late': 0.0,
                 'workers': list(rows)}, **more)


def row(stack, age, worker='waitress-0', number='1-1', path='/a'):
    return [worker, number, path, 'running', stack, float(age)]


def times(found, first=0, last=1000, **only):
    stays = Stays(first, last, **only)
    made = [stay for look in found for stay in stays.add(look)]
    return [(stay.stack, round(stay.start, 3), round(stay.seconds, 3))
            for stay in sorted(made + stays.rest(),
                               key=lambda stay: (stay.start, stay.worker))]


def test_the_time_between_two_looks_belongs_half_to_each():
    found = [look(102, row(1, 2)), look(103, row(1, 3)), look(104, row(2, 4))]
    assert times(found) == [(1, 100, 2.5), (1, 102.5, 1), (2, 103.5, 1)]


def test_what_a_look_was_late_belongs_to_what_it_has_seen():
    found = [look(101, row(1, 1)), look(105, row(2, 5), late=3.0)]
    assert times(found) == [(1, 100, 1.5), (2, 101.5, 4.0)]


def test_where_there_was_no_look_nothing_is_known():
    found = [look(101, row(1, 1)), look(110, row(2, 10))]
    assert times(found) == [(1, 100, 1.5), (2, 109.5, 1.0)]


def test_an_interval_cuts():
    found = [look(102, row(1, 50)), look(103, row(1, 51))]
    assert times(found, 100, 103) == [(1, 100, 2.5), (1, 102.5, 0.5)]


def test_only_a_path_or_a_worker():
    found = [look(102, row(1, 1), row(2, 1, 'waitress-1', '1-2', '/b'))]
    assert len(times(found)) == 2
    assert [one[0] for one in times(found, path='/b')] == [2]
    assert [one[0] for one in times(found, worker='waitress-0')] == [1]
    assert times(found, path='/b', worker='waitress-0') == []


def test_two_requests_of_one_worker():
    found = [look(102, row(1, 1)), look(103, row(2, 0.25, number='1-2'))]
    assert times(found) == [(1, 101, 1.5), (2, 102.75, 0.75)]


@pytest.fixture
def history():
    made = History()
    stack = made.table.intern([('main', '/a', 1), ('work', '/a', 2)])
    other = made.table.intern([('main', '/a', 1), ('rest', '/a', 3)])
    for time in range(100, 110):
        made.add(look(time, row(stack, time - 99), late=0.01 * (time - 100)))
    for time in range(110, 115):
        made.add(look(time, row(other, time - 99)))
    made.add(look(115, row(999, 16), row(None, 1, 'waitress-1', '1-2')))
    made.add({'kind': 'gap', 'time': 116.0, 'seconds': 3.5})
    return made


def test_a_profile(history):
    profile = profile_of(history, 90.0, 200.0, title='a day')
    assert profile.frames[:3] == [('main', '/a', 1), ('work', '/a', 2),
                                  ('rest', '/a', 3)]
    assert profile.stacks[:2] == [(0, 1), (0, 2)]
    seconds = {}
    for stack, taken, worker, state, path, start in profile.samples:
        assert (path, state) == ('/a', 'running') and 90 < start < 116
        seconds[stack] = seconds.get(stack, 0.0) + taken
    assert abs(seconds[0] - 10.5) < 0.1 and abs(seconds[1] - 5) < 0.1
    # Of a stack that is not known the time is shown all the same.
    assert [profile.frames[frame] for frame in profile.stacks[2]] == [NO_STACK]
    about = profile.about
    assert (about['taken'], about['longest_gap']) == (16, 3.5)
    assert about['title'] == 'a day'
    assert about['late_p99'] == 0.08


def test_a_state_that_is_not_known_is_told_from_computing(history):
    stack = history.table.intern([('main', '/a', 1), ('work', '/a', 2)])
    for state in '-', 'running':
        history.add(look(120, [u'waitress-0', '1-3', '/a', state, stack, 1.0]))
        found = collapsed.to_collapsed(profile_of(history, 119.0, 121.0))
        assert (b';[not known] ' in found) is (state == '-')
        history = History(history.table)


def test_a_profile_of_nothing():
    profile = profile_of(History(), 0.0, 10.0)
    assert profile.samples == profile.stacks == []
    assert profile.about['taken'] == 0


def test_of_very_many_samples_equal_ones_are_added_up(history, monkeypatch):
    before = profile_of(history, 90.0, 200.0)
    monkeypatch.setattr(interval_profile, 'MOST', 3)
    after = profile_of(history, 90.0, 200.0)
    assert len(after.samples) < len(before.samples)
    assert after.stacks == before.stacks
    assert abs(after.seconds() - before.seconds()) < 0.001
    assert all(sample[5] is None for sample in after.samples)
