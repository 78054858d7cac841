"""runtime.routes: exact path -> mounted view."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.runtime.routes import NOT_FOUND, Routes, refusal_of
from tests.unit import dummies


def test_a_table_is_replaced_as_a_whole():
    views = Routes()
    assert len(views) == 0
    before = views.by_path, views.by_decoded_path
    mounts = [dummies.mount('/%C3%BC')]
    views.replace(mounts)
    assert len(views) == 1
    assert before == ({}, {})
    assert views.by_path == {'/%C3%BC': mounts[0]}
    assert views.by_decoded_path == {'/\xc3\xbc': mounts[0]}
    views.replace([])
    assert len(views) == 0
    assert views.by_decoded_path == {}


def test_where_no_view_is():
    answers = []
    body = NOT_FOUND.view(
        {}, lambda status, headers, exc_info=None: answers.append(status))
    assert b''.join(body) == b'There is no view at this path.\n'
    assert answers == ['404 Not Found']
    assert not NOT_FOUND.access_log  # as the documentation says


class Site(object):
    """Nobody may see anything, and there is no token."""

    @property
    def access(self):
        return self

    def wants_token(self, facts):
        return False


@pytest.mark.parametrize('query, expected', [
    ('', b'Access is refused.\n'),
    ('format=json', b'{"error": "Access is refused."}\n')])
def test_the_form_of_a_refusal(query, expected):
    environ = {'zserverviews.site': Site(), 'REQUEST_METHOD': 'GET',
               'QUERY_STRING': query}
    answers = []
    body = refusal_of(dummies.mount()).view(
        environ, lambda status, headers, exc_info=None: answers.append(status))
    assert b''.join(body) == expected
    assert answers == ['403 Forbidden']


def test_what_answers_in_the_place_of_a_view_is_ours():
    """It waits for nothing: the wall clock alone must not offload it."""
    assert NOT_FOUND.is_ours
    assert refusal_of(dummies.mount()).is_ours
