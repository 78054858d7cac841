"""A program on a terminal of its own, and what that shows: a small part of VT100.

It reads what curses writes for TERM=xterm, and keeps the characters on the screen.
"""
from __future__ import absolute_import, division, print_function

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

from tests.waiting import awaited

_SEQUENCE = re.compile(r'\x1b(?:\[([?>]?)([0-9;]*)([@-~])|[()][0-9A-B]|[=>78M])')
# The beginning of one whose end has not come yet.
_BEGINNING = re.compile(r'\x1b(?:\[[?>]?[0-9;]*|[()])?\Z')
ENTERED, LEFT = ('1049', 'h'), ('1049', 'l')


class Cells(object):
    """The characters of a screen, as the sequences change them.

    ``alternate``
        Whether the program shows its own screen, not that of the shell.
    ``colours``
        Whether any has been asked for.
    ``unknown``
        Sequences that are not understood here.
    """

    def __init__(self, width, height):
        self.resize(width, height)
        self.alternate = self.colours = False
        self.unknown = []
        self._rest = u''

    def resize(self, width, height):
        self.width, self.height = width, height
        self._clear()

    def _clear(self):
        self.rows = [[u' '] * self.width for _row in range(self.height)]
        self.row = self.column = 0
        self._region = 0, self.height

    def text(self):
        return u'\n'.join(u''.join(row).rstrip() for row in self.rows)

    def feed(self, text):
        text = self._rest + text
        beginning = _BEGINNING.search(text)
        self._rest = beginning.group() if beginning else u''
        at, end = 0, len(text) - len(self._rest)
        while at < end:
            found = _SEQUENCE.match(text, at)
            if found:
                self._sequence(found)
                at = found.end()
            else:
                self._character(text[at])
                at += 1

    def _character(self, character):
        if character == u'\r':
            self.column = 0
        elif character == u'\n':
            if self.row == self._region[1] - 1:
                self._scroll(self._region[0], 1)
            else:
                self.row = min(self.row + 1, self.height - 1)
        elif character == u'\b':
            self.column = max(0, self.column - 1)
        elif character < u' ':
            self.unknown.append(character)
        else:
            if self.column < self.width:
                self.rows[self.row][self.column] = character
                self._last = character
            self.column += 1

    def _sequence(self, found):
        private, given, kind = found.groups()
        if kind is None:
            if found.group() == u'\x1bM':
                if self.row == self._region[0]:
                    self._scroll(self.row, -1)
                else:
                    self.row = max(0, self.row - 1)
            return
        numbers = [int(number or 0) for number in (given or u'').split(u';')]
        first = numbers[0] or 1
        if private:
            if given == u'1049':
                self.alternate = kind == u'h'
        elif kind == u'm':
            self.colours |= bool({31, 33} & set(numbers))
        elif kind in u'Hf':
            self.row = min(first, self.height) - 1
            self.column = (numbers[1] or 1) - 1 if len(numbers) > 1 else 0
        elif kind in u'ABCDGd':
            self._move(kind, first)
        elif kind in u'ST':
            self._scroll(self._region[0], first if kind == u'S' else -first)
        elif kind in u'LM':
            self._scroll(self.row, first if kind == u'M' else -first)
        elif kind == u'r':
            self._region = first - 1, (
                numbers[1] if len(numbers) > 1 else self.height)
            self.row = self.column = 0
        elif kind in u'JKXPb':
            self._erase(kind, numbers[0], first)
        elif kind not in u'lht':
            self.unknown.append(found.group())

    def _scroll(self, first, by):
        """Move the rows from this one to the end of the region up, or down."""
        end = self._region[1]
        rows = self.rows[first:end]
        blank = [[u' '] * self.width for _row in range(min(abs(by), len(rows)))]
        self.rows[first:end] = (rows[by:] + blank if by > 0
                                else blank + rows[:len(rows) + by])

    def _move(self, kind, by):
        if kind in u'AB':
            self.row += by if kind == u'B' else -by
        elif kind in u'CD':
            self.column += by if kind == u'C' else -by
        elif kind == u'G':
            self.column = by - 1
        else:
            self.row = by - 1
        self.row = max(0, min(self.row, self.height - 1))

    def _erase(self, kind, which, number):
        row = self.rows[self.row]
        if kind == u'b':
            for _time in range(number):
                self._character(self._last)
        elif kind == u'X':
            row[self.column:self.column + number] = [u' '] * number
        elif kind == u'P':
            del row[self.column:self.column + number]
            row += [u' '] * (self.width - len(row))
        elif kind == u'K' and which == 1:
            row[:self.column + 1] = [u' '] * (self.column + 1)
        else:
            if which != 2:
                row[self.column:] = [u' '] * (self.width - self.column)
            if kind == u'J':
                first = 0 if which == 2 else self.row + 1
                for below in range(first, self.height):
                    self.rows[below] = [u' '] * self.width


class Terminal(object):
    """A program that runs on a terminal, as a context.

    ``cells``
        What is on the screen, as of the last `look`.
    """

    def __init__(self, command, width=80, height=24, environ=(),
                 at_hang_up=signal.SIG_DFL):
        self._at_hang_up = at_hang_up
        self.cells = Cells(width, height)
        self._own, its = pty.openpty()
        self._set_size(its)
        self.before = termios.tcgetattr(its)
        self._its = its
        self.written = b''
        self._process = subprocess.Popen(
            command, stdin=its, stdout=its, stderr=its, preexec_fn=self._take,
            close_fds=True,  # PY2: else it would keep its own terminal
            env=dict(dict(os.environ, TERM='xterm', LC_ALL='C.UTF-8'),
                     **dict(environ)))

    def _take(self):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, self._at_hang_up)

    def _set_size(self, descriptor):
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack(
            'HHHH', self.cells.height, self.cells.width, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._own)
        os.close(self._its)

    def resize(self, width, height):
        self.cells.resize(width, height)
        self._set_size(self._its)
        self.signal(signal.SIGWINCH)

    def signal(self, number):
        self._process.send_signal(number)

    def press(self, keys):
        os.write(self._own, keys.encode('ascii'))

    def look(self):
        """The text that is on the screen now."""
        while select.select([self._own], [], [], 0)[0]:
            data = os.read(self._own, 65536)
            self.written += data
            self.cells.feed(data.decode('utf-8', 'replace'))
        return self.cells.text()

    def shows(self, *words):
        """The text of the screen, once it has all of these."""
        try:
            return awaited(lambda: self._with(words))
        except AssertionError:
            raise AssertionError('%r are not all on\n%s' % (words, self.look()))

    def _with(self, words):
        text = self.look()
        return text if all(word in text for word in words) else None

    def end(self):
        """The exit code, once it has ended; what it wrote has been looked at."""
        awaited(lambda: self.look() and self._process.poll() is not None)
        self.look()
        return self._process.returncode

    def hang_up(self):
        """The terminal goes; the exit code of the program, which then ends."""
        # As below nohup.
        for descriptor in self._own, self._its:
            os.close(descriptor)
        self._own, self._its = pty.openpty()
        return awaited(lambda: self._process.poll() is not None) and (
            self._process.returncode)

    def is_as_before(self):
        """Whether its settings are those from before the program."""
        return termios.tcgetattr(self._its) == self.before
