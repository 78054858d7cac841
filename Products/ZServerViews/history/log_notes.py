"""What was logged at WARNING and above, without what was filled into it.

A record keeps the text of the format, as it stands in the code. Its arguments
are not looked at. Where the text was put together before it was logged, nobody
knows which part of it comes from a client: then only its place is kept.
"""
from __future__ import absolute_import, division, print_function

import logging
from collections import deque

from Products.ZServerViews._compat import text_type
from Products.ZServerViews.format.text import clean, cut_middle, text
from Products.ZServerViews.history import records
from Products.ZServerViews.history.code_texts import CodeTexts
from Products.ZServerViews.history.quotas import Quotas

MOST_NOTES = 2000
MOST_KEYS = 300
LONGEST = 200
# A longer text is taken for one that was made: it would be remembered too.
LONGEST_FORMAT = 1000

# Stands for a text that is no constant of the code.
MADE = u'(a text made while running)'

# Of this product: its texts are constants, and some records are made by hand.
OURS = 'Products.ZServerViews'
# ZServer's access log has a line for each request, at WARNING.
ACCESS = 'access'


class LogNotes(object):
    """Notes records, in the threads that make them: it neither waits nor
    writes.

    ``own``
        The name of a thread whose records tell nothing new.
    """

    def __init__(self, clock, own, texts=None):
        self._clock = clock
        self._own = own
        self._texts = texts or CodeTexts()
        self._notes = deque(maxlen=MOST_NOTES)
        self._quotas = Quotas(MOST_KEYS)

    def note(self, record):
        """A LogRecord that handlers get."""
        if (record.levelno < logging.WARNING or record.threadName == self._own
                or record.name == ACCESS):
            return
        # Not the record: its arguments would end in another thread.
        said = record.msg
        self._notes.append((
            self._clock(), (record.name, record.levelname, record.pathname,
                            record.lineno), record.funcName,
            said if isinstance(said, (str, text_type))
            and len(said) <= LONGEST_FORMAT else None))

    def take(self, wall):
        """The records that are due, of all notes; in the recorder's thread."""
        self._sort()
        return self._records(self._quotas.due(self._clock()), wall)

    def rest(self, wall):
        """The records of all that had none, at the end."""
        self._sort()
        return self._records(self._quotas.rest(), wall)

    def _sort(self):
        while self._notes:
            note = self._notes.popleft()
            self._quotas.note(note[1], note)

    def _records(self, due, wall):
        made = []
        for count, notes in due:
            moment, key, function, said = notes[-1]
            made.append(self._record(key, function, said, wall(moment), count))
        return made

    def _record(self, key, function, said, time, count):
        name, level, path, line = key
        if said is None or not (name == OURS or self._texts.has(
                said, path, function)):
            said = MADE
        return {'kind': records.LOG, 'time': time, 'count': count,
                'logger': cut_middle(clean(name), LONGEST),
                'level': clean(level, LONGEST),
                'text': clean(text(said).partition(u'\n')[0], LONGEST),
                'place': [text(path), line if isinstance(line, int) else 0]}
