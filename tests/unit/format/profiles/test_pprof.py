"""format.profiles.pprof, read by a reader of its schema."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.format.profiles.formats import FORMATS

from tests.unit.format.profiles import examples, pprof_reader


def made_of(profile):
    return pprof_reader.read(FORMATS['pprof'][2](profile))


def test_pprof():
    run = (u'run', u'/v/site-packages/waitress/task.py', 84)
    assert pprof_reader.samples(made_of(examples.profile())) == [
        ([(u'index', u'/srv/app.py', 12), run], 500000000,
         {u'thread': u'w-0', u'state': u'running', u'path': u'/a'}),
        ([(u'sort', u'/srv/app.py', 30), (u'index', u'/srv/app.py', 15), run],
         300000000,
         {u'thread': u'w-0', u'state': u'running', u'path': u'/a'}),
        ([(u'get', u'/v/site-packages/ZODB/Connection.py', 0),
          (u'index', u'/srv/app.py', 15), run], 200000000,
         {u'thread': u'w-1', u'state': u'waiting for database',
          u'path': u'/b'})]


def test_a_function_is_one_however_many_lines_of_it_there_are():
    made = made_of(examples.profile())
    assert len(made['function']) == 4
    assert len(made['location']) == 5


def test_what_is_measured():
    made = made_of(examples.profile())
    strings = made['string_table']
    for kind in made['sample_type'] + [made['period_type']]:
        assert (strings[kind['type']], strings[kind['unit']]) == (
            u'time', u'nanoseconds')
    assert made['time_nanos'] == examples.START * 10 ** 9
    assert made['duration_nanos'] == 10 ** 9
    assert made['period'] == 10 ** 7


def test_how_it_was_taken_is_there():
    made = made_of(examples.profile())
    comments = [made['string_table'][number] for number in made['comment']]
    assert comments[:2] == [u'profile of a page', u'sampler: in process']
    assert u'looks: 66 taken of 100 planned' in comments


@pytest.mark.parametrize('profile', [examples.hostile(), examples.large()])
def test_whatever_there_is_can_be_read(profile):
    assert len(made_of(profile)['sample']) == len(profile.samples)
