"""history.log_notes: what is kept of a record of Python's logging."""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews.history.log_notes import LONGEST_FORMAT, LogNotes


class Texts(object):
    """All are taken for constants."""

    def __init__(self):
        self.asked = []

    def has(self, text, path, function):
        self.asked.append(text)
        return True


def taken(said, line=3):
    texts = Texts()
    notes = LogNotes(lambda: 1.0, 'own', texts)
    notes.note(logging.LogRecord('site', logging.WARNING, '/a.py', line, said, (),
                                 None, 'f'))
    record, = notes.take(lambda moment: moment)
    return record, texts.asked


def test_a_long_text_is_neither_looked_up_nor_remembered():
    record, asked = taken('x' * LONGEST_FORMAT)
    assert asked and record['text'].startswith('xxx')
    record, asked = taken('x' * (LONGEST_FORMAT + 1))
    assert asked == []
    assert record['text'] == '(a text made while running)'


def test_a_line_that_is_no_number():
    record, _asked = taken('said', line='7')
    assert record['place'] == ['/a.py', 0]


def test_lines_of_the_access_log_are_none_of_these():
    notes = LogNotes(lambda: 1.0, 'own', Texts())
    for name in 'access', 'accessory':
        notes.note(logging.LogRecord(name, logging.WARNING, '/a.py', 3, 'said', (),
                                     None, 'f'))
    record, = notes.take(lambda moment: moment)
    assert record['logger'] == 'accessory'
