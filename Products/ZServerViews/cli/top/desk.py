"""What the one at the keys has chosen, and what each key does."""
from __future__ import absolute_import, division, print_function

SORTS = ('age', 'worked', 'phase', 'instance', 'path')
_KEYS = {
    'age': lambda request: -request.age,
    'worked': lambda request: -(request.worked or 0),
    'phase': lambda request: request.phase,
    'instance': lambda request: (request.number, -request.age),
    'path': lambda request: request.path}
# What Page Up and Page Down move by.
PAGE = 10


class Desk(object):
    """State of the screen that no instance has.

    ``sort``, ``reverse``
        The order of requests.
    ``opened``
        The `told.Request` whose stack is open, as it was last seen; or None.
    ``back``
        By how many lines its stack is scrolled towards its beginning.
    ``frozen``
        The Picture that is looked at; None while it goes on.
    ``helps``
        Whether the keys are explained.
    """

    def __init__(self):
        self.sort = SORTS[0]
        self.reverse = self.helps = False
        self.opened = self.frozen = None
        self.back = self._at = 0
        self._key = None
        self._shown = []

    def shown(self, picture):
        """The requests of a picture in the order that was chosen; the one that is
        selected stays so, wherever it moves."""
        self._shown = sorted(picture.requests, key=_KEYS[self.sort],
                             reverse=self.reverse)
        keys = [request.key for request in self._shown]
        if self._key in keys:
            # Of equal ones, such as those that wait, the nearest.
            self._at = min((at for at, key in enumerate(keys)
                            if key == self._key),
                           key=lambda at: abs(at - self._at))
        self._select(self._at)
        if self.opened is not None:
            for request in self._shown:
                if request.key == self.opened.key:
                    self.opened = request
        return self._shown

    @property
    def order(self):
        """In words."""
        return u'by %s%s' % (self.sort, u', reversed' if self.reverse else u'')

    @property
    def at(self):
        """The place of the selected request among those shown."""
        return self._at

    def _select(self, at):
        self._at = max(0, min(at, len(self._shown) - 1))
        self._key = self._shown[self._at].key if self._shown else None

    def press(self, key, picture):
        """Do what a key is for; False for the end.

        ``picture``
            The one that is on the screen.
        """
        if key == 'q':
            return False
        if self.helps:
            self.helps = False
        elif key in ('h', '?'):
            self.helps = True
        elif key in ('f', ' '):
            self.frozen = picture if self.frozen is None else None
        elif key in ('escape', 'left', 'backspace'):
            self.opened = None
        elif key in ('enter', 'right') and self._shown:
            self.opened, self.back = self._shown[self._at], 0
        elif key in _MOVES:
            self._move(_MOVES[key])
        elif key in ('s', 'r'):
            self._order(key)
        return True

    def _move(self, by):
        if self.opened is not None:
            self.back = max(0, self.back - by)
        else:
            self._select(self._at + by)

    def _order(self, key):
        if key == 'r':
            self.reverse = not self.reverse
        else:
            self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]


_MOVES = {'up': -1, 'k': -1, 'down': 1, 'j': 1, 'page up': -PAGE,
          'page down': PAGE, 'home': -10 ** 6, 'end': 10 ** 6}
