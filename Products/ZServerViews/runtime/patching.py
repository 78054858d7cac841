"""Attributes of other packages that are replaced, each once and for ever.

A `Seam` is one attribute of a class or module. With the first use a trampoline
takes its place: a function that looks into the seam's slot and does what stands
there. An empty slot means what was there before, and that is all that is left
when the views go. The trampoline itself stays: whoever has put a patch over it
keeps a chain that works, whoever had one below it is called as before, and
however often views come and go the chain grows by one step in all.

Nothing here knows any server. Slots may be filled and emptied in any thread:
that is one assignment, and a trampoline looks once in each call. What is to be
undone in an event loop besides is the business of who fills the slot.

If somebody puts a patch over ours that does not call what it found, nothing can
be done, and nothing shows it. But if they put back what was there before ours,
the next `Seam.fill` sees that.
"""
from __future__ import absolute_import, division, print_function

import logging
import sys
from types import FunctionType

# {(owner, name): its Seam}, for the life of the process.
_seams = {}

_INHERITED = object()


def seam(owner, name, make, names=None):
    """The `Seam` of an attribute; the attribute is changed by its first fill.

    ``owner``
        A class or a module that has it, itself or by inheritance.
    ``make(seam)``
        Makes the trampoline; called for the first time that this is asked.
    ``names``
        All names that the code of the owner's own function uses, see
        `Seam.is_plain`.
    """
    if (owner, name) not in _seams:
        _seams[owner, name] = Seam(owner, name, make, names)
    return _seams[owner, name]


class Seam(object):
    """One attribute, its trampoline and its slot.

    ``filled``
        What the trampoline is to do, in whatever form it wants that; None
        while nothing is.
    ``original``
        What the attribute was before, as a function that takes the object
        first, if it is a method.
    ``is_own``
        Whether that is a function of the owner's own module, and nobody's
        patch.
    ``is_plain``
        Whether that is the owner's own function, and nobody's patch, whose
        code uses the names told and no others: then the trampoline may do
        the same itself, which is one call less.
    """

    def __init__(self, owner, name, make, names=None):
        self.filled = None
        self.original = None
        self.is_own = self.is_plain = False
        self._owner = owner
        self._name = name
        self._names = names
        self.trampoline = make(self)

    def fill(self, content):
        """Have the trampoline do this from now on; repeatable.

        Raises AttributeError where there is no such attribute.
        """
        self._take_place()
        self.filled = content

    def empty(self, content):
        """The server does what it did, unless somebody else's is in force."""
        if self.filled is content:
            self.filled = None

    def _take_place(self):
        found = vars(self._owner).get(self._name, _INHERITED)
        if found is self.trampoline or not self._is_lost(found):
            return
        getattr(self._owner, self._name)
        self.is_own = is_own(found, self._owner)
        self.is_plain = (self._names is not None
                         and is_own(found, self._owner, self._names))
        self.original = (inherited(self._owner, self._name)
                         if found is _INHERITED else found)
        setattr(self._owner, self._name, self.trampoline)

    def _is_lost(self, found):
        """Whether what is in place of the trampoline surely does not call it.
        """
        return (self.original is None or found is _INHERITED
                or found is self.original or is_own(found, self._owner))


def inherited(owner, name):
    """The method that a class inherits, whatever that is at each call."""

    def original(*args, **kw):
        return getattr(super(owner, owner), name)(*args, **kw)

    return original


def is_own(function, owner, names=None):
    """Whether a function is of the module of its owner, and nobody's patch.

    ``names``
        If told, its code uses these and no others.
    """
    module = getattr(owner, '__module__', None) or owner.__name__
    return (isinstance(function, FunctionType)
            and function.__globals__.get('__name__') == module
            and function.__closure__ is None
            and (names is None
                 or names == frozenset(function.__code__.co_names)))


def calling(seam):
    """The trampoline of an attribute that is not called often.

    The slot has a function that takes the original and its arguments.
    """

    def trampoline(*args, **kw):
        filled = seam.filled
        if filled is None:
            return seam.original(*args, **kw)
        return filled(seam.original, *args, **kw)

    return trampoline


class Part(object):
    """What of ours is in force in a server together, and fails together.

    ``name``
        For the log, such as "The views on waitress".
    ``site``
        Whose log queue is told of a failure.
    ``leave``
        Called without arguments when it has failed and its slots are empty.
    """

    def __init__(self, name, site, leave):
        self.name = name
        self._site = site
        self._leave = leave
        self._filled = ()

    @property
    def in_force(self):
        return bool(self._filled)

    def fill(self, contents):
        """Put contents into slots: (seam, content) each."""
        self._filled = tuple(contents)
        for a_seam, content in self._filled:
            a_seam.fill(content)

    def empty(self):
        """Empty these slots; returns whether there were any."""
        filled, self._filled = self._filled, ()
        for a_seam, content in filled:
            a_seam.empty(content)
        return bool(filled)

    def attempt(self, call, *args):
        """Call it, with a net below: see `failed`."""
        try:
            call(*args)
        except Exception:
            self.failed()

    def failed(self):
        """A fault of ours, in an except clause: this part is off from now on.

        In any thread; never raises. Said once, with the traceback.
        """
        if self.empty():
            self._site.log_queue.log(
                logging.ERROR, '%s failed and are disabled until '
                'the configuration is read again; the site is not '
                'affected', self.name,
                exc_info=sys.exc_info())
            self._leave()
