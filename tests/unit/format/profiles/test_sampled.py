"""format.profiles.sampled: equal samples added up, and what is cut."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.format.profiles import sampled
from Products.ZServerViews.format.profiles.sampled import Profile

from tests.unit.format.profiles import examples


def test_equal_samples_are_added_up_the_heaviest_first():
    made = sampled.merged(examples.profile())
    assert [(sample[0], round(sample[1], 6)) + sample[2:]
            for sample in made.samples] == [
        (0, 0.5, u'w-0', u'running', u'/a', None),
        (1, 0.3, u'w-0', u'running', u'/a', None),
        (2, 0.2, u'w-1', u'waiting for database', u'/b', None)]


def test_equal_stacks_are_one_even_if_they_are_there_twice():
    made = sampled.merged(Profile(
        [(u'f', u'/f.py', 1)], [(0,), (0,)],
        [(0, 1.0, u'w', None, None, None), (1, 2.0, u'w', None, None, None)],
        {}))
    assert made.samples == [(0, 3.0, u'w', None, None, None)]


def test_samples_in_time_are_joined_where_they_follow_each_other():
    made = sampled.in_time(examples.profile())
    assert [(sample[0], round(sample[1], 6), sample[2],
             round(sample[5] - examples.START, 6))
            for sample in made.samples] == [
        (0, 0.5, u'w-0', 0.0), (2, 0.2, u'w-1', 0.1), (1, 0.3, u'w-0', 0.5)]


def test_samples_with_a_gap_between_them_are_not_joined():
    made = sampled.in_time(Profile([(u'f', u'/f.py', 1)], [(0,)], [
        (0, 1.0, u'w', None, None, 10.0), (0, 1.0, u'w', None, None, 13.0)],
        {}))
    assert [sample[5] for sample in made.samples] == [10.0, 13.0]


def test_without_starts_there_is_no_order_of_time():
    assert sampled.in_time(examples.without_starts(examples.profile())) is None


def test_what_is_cut_is_said_and_the_sum_stays():
    whole = sampled.merged(examples.profile())
    made = sampled.kept(whole, 1)
    assert made.seconds() == pytest.approx(1.0)
    stack, seconds = made.samples[1][:2]
    assert [made.frames[number][0] for number in made.stacks[stack]] == [
        u'(2 lighter stacks are cut)']
    assert seconds == pytest.approx(0.5)
    assert sampled.notes(made.about)[-1] == (
        u'cut', u'2 lighter stacks, 0.500 s in all')
    assert 'cut_samples' not in whole.about


def test_nothing_is_cut_where_all_may_stay():
    whole = sampled.merged(examples.profile())
    assert sampled.kept(whole, 3) is whole


def test_labels_are_frames():
    made = sampled.labelled(examples.profile())
    names = [[made.frames[number][0] for number in made.stacks[sample[0]]]
             for sample in made.samples[-2:]]
    assert names == [[u'/a', u'run', u'index', u'sort'],
                     [u'/b', u'run', u'index', u'get',
                      u'[waiting for database]']]
    assert len(made.stacks) == 3


@pytest.mark.parametrize('state', [None, '-', 'running'])
def test_a_thread_that_does_not_wait_has_no_label_for_that(state):
    assert sampled.state_label(state) is None


def test_frames_that_no_sample_has_are_left_out():
    made = sampled.labelled(Profile(
        examples.FRAMES, examples.STACKS,
        [(0, 1.0, u'w', None, None, None)], {}))
    assert [frame[0] for frame in made.frames] == [u'run', u'index']


def test_notes():
    assert sampled.notes(examples.ABOUT) == [
        (u'sampler', u'in process'), (u'seconds', u'1.0'),
        (u'looks', u'66 taken of 100 planned'),
        (u'late, 99th percentile', u'20 ms'), (u'longest gap', u'400 ms'),
        (u'own processor time', u'3 ms'), (u'ended', u'its time was over')]
    assert sampled.notes({}) == []


def test_title():
    assert sampled.title_of({}) == u'profile'
    assert sampled.title_of({'title': u'page', 'sampler': u'x'}) == (
        u'page (sampler: x)')


def test_a_long_name_loses_its_middle():
    made = sampled.name_of(u'/a' + u'b' * 1000 + u'c')
    assert len(made) == sampled.LONGEST
    assert made[:2] == u'/a' and made[-1] == u'c'


def test_period():
    assert sampled.period({'seconds': 1.0, 'planned': 100}) == 0.01
    assert sampled.period({'seconds': 1.0, 'planned': 0}) is None
