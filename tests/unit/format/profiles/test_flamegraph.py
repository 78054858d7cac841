"""format.profiles.flamegraph: the SVG as a program reads it."""
from __future__ import absolute_import, division, print_function

import re
import xml.etree.ElementTree

import pytest

from Products.ZServerViews.format.profiles import flamegraph
from Products.ZServerViews.format.profiles.formats import FORMATS
from Products.ZServerViews.format.profiles.sampled import Profile

from tests.unit.format.profiles import examples

SVG = '{http://www.w3.org/2000/svg}'


def parsed(profile):
    return xml.etree.ElementTree.fromstring(FORMATS['svg'][2](profile))


def boxes(root):
    """{title: (x, y, width) of the rectangle}"""
    found = {}
    for group in root.iter(SVG + 'g'):
        if group.get('class') == 'box':
            rect = group.find(SVG + 'rect')
            found[group.find(SVG + 'title').text] = tuple(
                float(rect.get(name)) for name in ('x', 'y', 'width'))
    return found


def test_boxes_are_as_wide_as_their_share():
    found = boxes(parsed(examples.profile()))
    whole = flamegraph.WIDTH - 2 * flamegraph.MARGIN
    assert dict((title, round(box[2] / whole, 3))
                for title, box in found.items()) == {
        u'all threads: 1.000 s, 100.0 %': 1.0,
        u'/a: 0.800 s, 80.0 %': 0.8,
        u'/b: 0.200 s, 20.0 %': 0.2,
        u'run (waitress/task.py:84): 0.800 s, 80.0 %': 0.8,
        u'index (/srv/app.py:12, 15): 0.800 s, 80.0 %': 0.8,
        u'sort (/srv/app.py:30): 0.300 s, 30.0 %': 0.3,
        u'run (waitress/task.py:84): 0.200 s, 20.0 %': 0.2,
        u'index (/srv/app.py:15): 0.200 s, 20.0 %': 0.2,
        u'get (ZODB/Connection.py): 0.200 s, 20.0 %': 0.2,
        u'[waiting for database]: 0.200 s, 20.0 %': 0.2}


def test_a_box_stands_on_that_of_its_caller():
    found = boxes(parsed(examples.profile()))
    x, y, width = found[u'sort (/srv/app.py:30): 0.300 s, 30.0 %']
    below = found[u'index (/srv/app.py:12, 15): 0.800 s, 80.0 %']
    assert y == below[1] - flamegraph.ROW
    assert below[0] <= x and x + width <= below[0] + below[2] + 0.1


def test_all_boxes_are_in_the_picture():
    root = parsed(examples.large())
    assert all(x >= 0 and y >= 32 and x + width <= flamegraph.WIDTH
               and y < float(root.get('height'))
               for x, y, width in boxes(root).values())


def test_how_it_was_taken_is_there():
    texts = [text.text for text in parsed(examples.profile()).iter(SVG + 'text')]
    assert texts[0] == u'profile of a page'
    assert u'looks: 66 taken of 100 planned' in texts[3]


def test_what_is_too_narrow_is_counted():
    made = Profile(
        [(u'f%d' % number, u'/f.py', 1) for number in range(3)],
        [(0,), (1,), (2,)],
        [(0, 9999.0, u'w', None, None, None), (1, 0.1, u'w', None, None, None),
         (2, 0.1, u'w', None, None, None)], {})
    root = parsed(made)
    assert len(boxes(root)) == 2
    assert any(u'too narrow to show: 2 boxes' in (text.text or u'')
               for text in root.iter(SVG + 'text'))


def test_it_refers_to_nothing_outside():
    text = FORMATS['svg'][2](examples.profile()).decode('utf-8')
    addresses = re.findall(u'[a-z]+://[^"\'<> ]*', text)
    assert set(addresses) == {u'http://www.w3.org/2000/svg'}
    assert not re.search(u'href|src=|url\\(|@import|&(?!amp;|lt;|gt;|quot;)|'
                         u'<!DOCTYPE', text.partition(u'<script>')[0])


def test_no_text_of_others_is_markup():
    text = FORMATS['svg'][2](examples.hostile())
    root = xml.etree.ElementTree.fromstring(text)
    assert len(list(root.iter(SVG + 'script'))) == 1
    assert b'alert(1)</script>' not in text
    assert all(ord(character) >= 32 or character == u'\n'
               for character in text.decode('utf-8'))


@pytest.mark.parametrize('state, colour', sorted(
    flamegraph._WAIT_COLOURS.items()))
def test_each_kind_of_wait_has_its_colour(state, colour):
    made = Profile([(u'f', u'/f.py', 1)], [(0,)],
                   [(0, 1.0, u'w', state.strip(u'[]'), None, None)], {})
    rects = [rect.get('fill') for rect in parsed(made).iter(SVG + 'rect')]
    assert rects[-1] == colour
