"""format.profiles.collapsed."""
from __future__ import absolute_import, division, print_function

import re

from Products.ZServerViews.format.profiles.collapsed import to_collapsed

from tests.unit.format.profiles import examples

# As flamegraph.pl reads a line; others it leaves out.
LINE = re.compile(r'^(.*)\s+?(\d+(?:\.\d*)?)$')


def lines_of(profile):
    text = to_collapsed(profile).decode('utf-8')
    return [LINE.match(line).groups() for line in text.splitlines()
            if LINE.match(line)]


def test_collapsed():
    assert lines_of(examples.profile()) == [
        (u'/a;run (waitress/task.py:84);index (/srv/app.py:12)', u'500000'),
        (u'/a;run (waitress/task.py:84);index (/srv/app.py:15);'
         u'sort (/srv/app.py:30)', u'300000'),
        (u'/b;run (waitress/task.py:84);index (/srv/app.py:15);'
         u'get (ZODB/Connection.py:0);[waiting for database]', u'200000')]


def test_notes_are_no_stacks():
    text = to_collapsed(examples.profile()).decode('utf-8')
    assert text.startswith(u'# title: profile of a page.\n'
                           u'# sampler: in process.\n')
    assert u'# looks: 66 taken of 100 planned.\n' in text


def test_threads_are_added_up():
    made = examples.profile()
    made.samples = [sample[:2] + (u'w-%d' % number, None, None, None)
                    for number, sample in enumerate(made.samples[:5])]
    assert lines_of(made) == [
        (u'run (waitress/task.py:84);index (/srv/app.py:12)', u'500000')]


def test_no_text_of_others_makes_a_line_or_a_frame():
    (stack, number), = lines_of(examples.hostile())
    assert number == u'1000000'
    assert stack.count(u';') == 2  # path, function, state
    assert u'\x1b' not in stack and u'\u202e' not in stack
