"""The screen of a terminal, by the standard library's curses."""
from __future__ import absolute_import, division, print_function

import curses
import locale
import os
import time

from Products.ZServerViews._compat import PY2, monotonic
from Products.ZServerViews.cli.top import drawing
from Products.ZServerViews.cli.top.desk import Desk
from Products.ZServerViews.cli.top.picture import Picture

# Milliseconds to wait for a key; and while an instance was never heard of.
TICK, FIRST_TICK = 100, 15
# To tell the Escape key from the beginning of another one's bytes.
ESCAPE_MILLISECONDS = '25'
_NAMES = {
    curses.KEY_UP: 'up', curses.KEY_DOWN: 'down', curses.KEY_LEFT: 'left',
    curses.KEY_RIGHT: 'right', curses.KEY_PPAGE: 'page up',
    curses.KEY_NPAGE: 'page down', curses.KEY_HOME: 'home',
    curses.KEY_END: 'end', curses.KEY_ENTER: 'enter', 10: 'enter', 13: 'enter',
    27: 'escape', curses.KEY_BACKSPACE: 'backspace', 8: 'backspace',
    127: 'backspace'}
# For those who can use no colour, bold and reverse tell the same.
_COLOURS = {drawing.BAD: curses.COLOR_RED, drawing.WARNING: curses.COLOR_YELLOW}


def run(watchers):
    """Start them, and show them until a key ends it. Whatever ends it, the terminal is as before.
    """
    try:
        locale.setlocale(locale.LC_ALL, '')
    except locale.Error:
        pass  # this machine has none of that name: then it is that of C
    os.environ.setdefault('ESCDELAY', ESCAPE_MILLISECONDS)
    try:
        curses.wrapper(lambda window: Screen(window, watchers).run())
    except curses.error:
        # One that has gone cannot be restored.
        if _is_there():
            raise


def is_known_terminal():
    """Whether the machine knows how to write on it."""
    try:
        curses.setupterm()
    except curses.error:
        return False
    return True


def _is_there():
    """Whether the terminal is. If not, curses tells of no key, without a pause."""
    return os.isatty(0)


class Screen(object):
    """A window of curses, or what is like one."""

    def __init__(self, window, watchers, clock=monotonic, is_there=_is_there):
        self._window = window
        self._watchers = watchers
        self._clock = clock
        self._is_there = is_there
        self._desk = Desk()
        self._styles = _styles()
        self._encoding = locale.getpreferredencoding(False) or 'ascii'
        self._drawn = None

    def run(self):
        _hide_cursor()
        self._window.keypad(True)
        # The first screen does not wait until many threads have begun.
        self.draw(self._picture())
        for watcher in self._watchers:
            watcher.start()
        while True:
            picture = self._desk.frozen or self._picture()
            self.draw(picture)
            if not self._act(picture):
                return

    def _picture(self):
        return Picture(self._watchers, self._clock(), time.time())

    def _act(self, picture):
        """Wait for a key, and do what it is for; False for the end."""
        is_new = [watcher for watcher in self._watchers if watcher.seen is None]
        self._window.timeout(FIRST_TICK if is_new else TICK)
        code = self._window.getch()
        if code < 0 and not self._is_there():
            return False
        if code == curses.KEY_RESIZE:
            self._drawn = None
        elif code >= 0:
            key = _NAMES.get(code) or (chr(code) if code < 128 else '')
            if not self._desk.press(key, picture):
                return False
            self._want_stacks()
        return True

    def _want_stacks(self):
        """Have the stack of the opened request asked for, and no other's."""
        opened = self._desk.opened
        for number, watcher in enumerate(self._watchers, 1):
            wanted = opened is not None and opened.number == number
            if wanted and not watcher.wants_stacks:
                watcher.wants_stacks = True
                watcher.hurry()
            watcher.wants_stacks = wanted

    def draw(self, picture):
        """Put a picture on the window, if that shows anything new."""
        height, width = self._window.getmaxyx()
        # The last cell cannot be written without moving the cursor on.
        lines = drawing.screen(picture, self._desk, width - 1, height)
        if (lines, width) == self._drawn:
            return
        self._window.erase()
        for number, (line, style) in enumerate(lines):
            if style in (drawing.TITLE, drawing.SELECTED):
                line = line.ljust(width - 1)
            try:
                self._window.addstr(number, 0, self._text(line),
                                    self._styles[style])
            except curses.error:
                pass  # the terminal has become smaller since
        self._window.refresh()
        self._drawn = lines, width

    def _text(self, line):
        """What this terminal can show of it."""
        encoded = line.encode(self._encoding, 'replace')
        return encoded if PY2 else encoded.decode(self._encoding)


def _hide_cursor():
    try:
        curses.curs_set(0)
    except curses.error:
        pass  # this terminal always has one


def _styles():
    """{style: attributes of curses}"""
    styles = {drawing.PLAIN: curses.A_NORMAL, drawing.TITLE: curses.A_REVERSE,
              drawing.SELECTED: curses.A_REVERSE, drawing.BAD: curses.A_BOLD,
              drawing.WARNING: curses.A_NORMAL, drawing.OLD: curses.A_DIM}
    # https://no-color.org
    if not os.environ.get('NO_COLOR') and curses.has_colors():
        curses.use_default_colors()
        for number, style in enumerate(sorted(_COLOURS), 1):
            curses.init_pair(number, _COLOURS[style], -1)
            styles[style] |= curses.color_pair(number)
    return styles
