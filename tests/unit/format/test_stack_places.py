from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.format.stack_places import (
    MOST_FRAMES,
    frame_line,
    place,
    telling,
)

SERVER = [u'run', u'/usr/lib/python3.11/threading.py', 975]
ZOPE = [u'publish', u'/env/lib/python3.11/site-packages/ZPublisher/WSGIPublisher.py',
        285]
PAGE = [u'__call__', u'/srv/site/src/site/pages.py', 37]
QUERY = [u'search', u'/srv/site/src/site/catalog.py', 312]
WAIT = [u'wait', u'/usr/lib/python3.11/threading.py', 331]


@pytest.mark.parametrize('stack, expected', [
    ([], u'(not known)'),
    ([WAIT], u'threading.py:331 wait'),
    ([SERVER, ZOPE, PAGE, WAIT], u'pages.py:37 __call__'),
    ([SERVER, ZOPE, PAGE, QUERY, WAIT],
     u'catalog.py:312 search under pages.py:37 __call__')])
def test_the_place_is_the_code_of_the_site(stack, expected):
    assert place(stack) == expected


def test_what_each_request_has_is_left_out_and_the_innermost_frame_is_not():
    assert telling([SERVER, ZOPE, PAGE, QUERY, WAIT])[-3:] == [PAGE, QUERY, WAIT]
    assert ZOPE not in telling([SERVER, ZOPE, PAGE, QUERY, WAIT])
    assert len(telling([PAGE] * 50)) == MOST_FRAMES


def test_the_line_of_a_frame_keeps_the_end_of_its_file():
    assert frame_line(PAGE, 80) == u'/srv/site/src/site/pages.py:37 __call__'
    line = frame_line([u'f' * 50, u'/srv/' + u'x' * 90 + u'/pages.py', 37], 60)
    assert len(line) <= 60 and u'pages.py:37 fff' in line
