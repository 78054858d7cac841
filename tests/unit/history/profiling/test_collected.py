"""profiling.collected: what a profile has seen, bounded."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.history.profiling import collected
from Products.ZServerViews.history.profiling.collected import Collected, size_of

F, G, H = ((u'f', u'/f.py', 1), (u'g', u'/g.py', 2), (u'h', u'/h.py', 3))
STACKS = {1: (F, G), 2: (F, H)}


@pytest.fixture
def made():
    return Collected(STACKS.get)


def test_frames_and_stacks(made):
    made.add(1, 0.1, 'w', 'running', '/a', 10.0)
    made.add(2, 0.1, 'w', None, '/b', 10.1)
    profile = made.profile({'title': u't'})
    assert profile.frames == [F, G, H]
    assert profile.stacks == [(0, 1), (0, 2)]
    assert profile.samples == [(0, 0.1, 'w', 'running', '/a', 10.0),
                               (1, 0.1, 'w', None, '/b', 10.1)]
    assert profile.about == {'title': u't'}


def test_equal_samples_in_a_row_are_one(made):
    for start in 10.0, 10.1, 10.2, 11.0:
        made.add(1, 0.1, 'w-0', None, '/a', start)
        made.add(2, 0.1, 'w-1', None, '/b', start)
    samples = made.profile({}).samples
    assert [(sample[0], round(sample[1], 6), sample[2], sample[5])
            for sample in samples] == [
        (0, 0.3, 'w-0', 10.0), (1, 0.3, 'w-1', 10.0),
        (0, 0.1, 'w-0', 11.0), (1, 0.1, 'w-1', 11.0)]


def test_beyond_a_number_the_order_is_forgotten(made, monkeypatch):
    monkeypatch.setattr(collected, 'MOST_IN_TIME', 3)
    for number in range(10):
        made.add(1 + number % 2, 0.1, 'w', None, '/a', 10 + number)
    samples = made.profile({}).samples
    assert sorted((sample[0], round(sample[1], 6)) + sample[2:]
                  for sample in samples) == [
        (0, 0.5, 'w', None, '/a', None), (1, 0.5, 'w', None, '/a', None)]


def test_beyond_a_number_of_different_ones_the_page_is(made, monkeypatch):
    monkeypatch.setattr(collected, 'MOST_IN_TIME', 0)
    monkeypatch.setattr(collected, 'MOST_DIFFERENT', 2)
    for number in range(10):
        made.add(1, 0.1, 'w', None, '/%d' % number, 10 + number)
    profile = made.profile({})
    assert len(profile.samples) == 3
    assert profile.seconds() == pytest.approx(1.0)
    beyond, = [sample for sample in profile.samples if sample[4] is None]
    assert [profile.frames[number] for number in profile.stacks[beyond[0]]
            ] == list(collected.BEYOND)


def test_beyond_a_number_of_stacks_they_are_not_told_apart(monkeypatch):
    monkeypatch.setattr(collected, 'MOST_STACKS', 3)
    made = Collected(lambda number: ((u'f%d' % number, u'/f.py', 1),))
    for number in range(10):
        made.add(number, 0.1, 'w', None, None, 10 + number)
    profile = made.profile({})
    assert len(profile.stacks) == 4
    assert profile.seconds() == pytest.approx(1.0)


def test_size(made):
    empty = size_of(made.profile({}))
    made.add(1, 0.1, 'w', None, None, 10.0)
    assert empty == 0 < size_of(made.profile({}))
