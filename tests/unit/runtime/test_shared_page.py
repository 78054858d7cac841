"""runtime.shared_page: what the process writes its companion can read."""
from __future__ import absolute_import, division, print_function

import os
import time

import pytest

from Products.ZServerViews.runtime import shared_page
from tests.platforms import companion_can_run

pytestmark = companion_can_run


@pytest.fixture
def pages():
    """(the one that is written, the one that is read)"""
    written = shared_page.new_page()
    yield written, shared_page.Page(written.fileno)
    written.forget()


def test_a_beat(pages):
    written, read = pages
    assert read.latest_beat == 0
    before = time.monotonic()
    written.beat()
    assert before <= read.latest_beat <= time.monotonic()


def test_the_end(pages):
    written, read = pages
    assert not read.is_ending
    written.end()
    assert read.is_ending


def test_the_companion_cannot_write(pages):
    _written, read = pages
    with pytest.raises(TypeError):
        read.beat()


def test_paths(pages):
    written, read = pages
    assert read.paths() == {}
    for paths in {'/-/live': False, '/-/threads': True}, {}, {'/a': False}:
        written.publish(paths)
        assert read.paths() == paths
        assert read.paths() is read.paths()


def test_paths_that_are_just_being_written(pages):
    written, read = pages
    written.publish({'/a': False})
    assert read.paths() == {'/a': False}
    edition = shared_page._NUMBER.unpack_from(
        written._map, shared_page._EDITION)[0]
    shared_page._NUMBER.pack_into(
        written._map, shared_page._EDITION, edition + 1)
    written._map[shared_page._TEXT:shared_page._TEXT + 3] = b'+/b'
    assert read.paths() == {'/a': False}


def test_more_paths_than_there_is_room_for(pages):
    written, read = pages
    paths = dict(('/%0999d' % number, False) for number in range(1100))
    written.publish(paths)
    found = read.paths()
    assert len(found) > 1000
    assert set(found) < set(paths)


def test_who_beats_while_it_is_given_up(pages):
    written, _read = pages
    other = shared_page.new_page()
    other.forget()
    other.beat()


def test_nobody_inherits_it_by_chance(pages):
    written, _read = pages
    assert not os.get_inheritable(written.fileno)
