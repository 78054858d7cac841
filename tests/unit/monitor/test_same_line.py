"""The line at which several workers are."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.monitor.same_line import same_line, telling
from tests.unit.cli.top.top_dummies import FRAMES


def test_the_innermost_line_that_tells_something():
    assert telling(FRAMES) == FRAMES[1]
    assert telling(FRAMES[2:]) == FRAMES[2]
    assert telling(FRAMES[:1]) == FRAMES[0]


def test_packages_of_debian_are_no_library_of_python():
    for path in ('/usr/lib/python3/dist-packages/mysite/views.py',
                 '/usr/local/lib/python3.11/dist-packages/mysite/views.py'):
        site = (path, 12, u'__call__')
        assert telling([FRAMES[0], site, FRAMES[2]]) == site


def test_the_same_line():
    many = [FRAMES] * 3
    found = same_line(many)
    assert (found.number, found.total, found.frame) == (3, 3, FRAMES[1])
    assert found.text() == (
        u'the same line in 3 of 3: /srv/mysite/accounts.py:15 __call__')
    others = [[(u'/a.py', line, u'f')] for line in range(3)]
    assert same_line(many + others).number == 3
    assert same_line(many[:2] + others) is None
    assert same_line(many[:1]) is None
    assert same_line([]) is None
    assert same_line([[], None]) is None
