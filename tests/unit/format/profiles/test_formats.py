"""format.profiles.formats: what all formats have in common."""
from __future__ import absolute_import, division, print_function

import json

import pytest

from Products.ZServerViews.format.profiles import formats
from Products.ZServerViews.format.profiles.formats import FORMATS
from Products.ZServerViews.format.profiles.sampled import Profile

from tests.unit.format.profiles import examples


def render(name, profile, *most):
    return FORMATS[name][2](profile, *most)


def test_which_formats_there_are():
    assert sorted(FORMATS) == ['collapsed', 'firefox', 'pprof', 'speedscope',
                               'svg']
    assert len(set(suffix for _kind, suffix, _render in FORMATS.values())) == 5


@pytest.mark.parametrize('name', sorted(FORMATS))
def test_no_file_is_larger_than_it_may_be(name):
    whole = render(name, examples.large())
    # Boxes too narrow to be seen are in no picture.
    most = len(whole) // 4
    made = render(name, examples.large(), most)
    assert most // 3 < len(made) <= most


@pytest.mark.parametrize('name', sorted(FORMATS))
def test_an_empty_profile_has_a_file_too(name):
    assert isinstance(render(name, Profile([], [], [], {})), bytes)


@pytest.mark.parametrize('name', sorted(FORMATS))
def test_the_same_profile_gives_the_same_file(name):
    assert render(name, examples.profile()) == render(name, examples.profile())


@pytest.mark.parametrize('name', ['speedscope', 'firefox'])
def test_the_order_of_time_is_given_up_for_what_is_too_long(name, monkeypatch):
    def threads():
        made = json.loads(render(name, examples.profile()).decode('utf-8'))
        return [thread['name'] for thread in made.get('threads',
                                                      made['profiles']
                                                      if 'profiles' in made
                                                      else None)]

    by_time = render(name, examples.profile())
    monkeypatch.setattr(formats, 'MOST_IN_TIME', 1)
    assert render(name, examples.profile()) == render(
        name, examples.without_starts(examples.profile()))
    assert render(name, examples.profile()) != by_time
    assert threads() == ['w-0', 'w-1']
