# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.history import asked_path
from Products.ZServerViews.history.asked_path import AskedPath


@pytest.mark.parametrize('asked', [
    u'/caf\xe9', u'/caf%C3%A9', u'/caf%c3%a9', u'/c%61f\xe9'])
@pytest.mark.parametrize('recorded', [u'/caf\xe9', u'/caf%C3%A9', u'/caf%c3%a9'])
def test_a_path_in_any_way_it_can_be_written(asked, recorded):
    is_path = AskedPath(asked)
    for _time in range(2):
        assert is_path(recorded)
        assert not is_path(recorded + u'/')
        assert not is_path(None)


def test_a_plus_sign_that_a_query_makes_a_space():
    assert AskedPath(u'/a b')(u'/a+b') and AskedPath(u'/a b')(u'/a%20b')


@pytest.mark.parametrize('path', [u'/%E9', u'/%', u'/%zz', u'/\u20ac', u'/\ud800'])
def test_paths_that_are_no_text(path):
    assert AskedPath(path)(path) and not AskedPath(path)(u'/')


def test_without_a_path_each_is_asked_for():
    assert AskedPath(None)(u'/a') and AskedPath(None)(None)


def test_what_is_remembered_is_limited(monkeypatch):
    monkeypatch.setattr(asked_path, 'MOST', 3)
    is_path = AskedPath(u'/a%2B')
    for number in range(20):
        assert not is_path(u'/%d' % number)
        assert is_path(u'/a%2b')
    assert len(is_path._known) <= 3
