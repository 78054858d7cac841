"""Methods of single objects of other packages, wrapped and unwrapped.

What is wrapped is an attribute of one object, such as of one storage: its
class, and all other objects of it, stay as they are.
"""
from __future__ import absolute_import, division, print_function

import weakref


class Wrapped(object):
    """One wrapped method; keeps neither its object nor the method."""

    def __init__(self, owner, name, make):
        """Wrap it: the function that ``make(original)`` returns stands in its
        place.

        Raises AttributeError or TypeError where there is no such method or
        nothing can be set, and what the object itself raises.
        """
        self._owner = weakref.ref(owner)
        self._name = name
        own = vars(owner)
        self._was_its_own = name in own
        original = getattr(owner, name)
        wrapper = make(original)
        wrapper.original = original
        self._wrapper = weakref.ref(wrapper)
        # Not by `setattr`: one that stands for another may pass that on.
        own[name] = wrapper

    @property
    def is_alive(self):
        """Whether its object is still there."""
        return self._owner() is not None

    @property
    def is_in_place(self):
        """Whether it is called still; true once its object has gone."""
        owner = self._owner()
        return owner is None or self._found(owner) is not None

    def undo(self):
        """Have the object do what it did, unless somebody has put something
        else there; may be called again.

        From now on the wrapper has the attribute ``is_over``: for somebody who has
        taken it away and will put it back.
        """
        owner, wrapper = self._owner(), self._wrapper()
        if wrapper is not None:
            wrapper.is_over = True
        wrapper = None if owner is None else self._found(owner)
        if wrapper is None:
            return
        if self._was_its_own:
            vars(owner)[self._name] = wrapper.original
        else:
            vars(owner).pop(self._name, None)

    def _found(self, owner):
        """The wrapper, if it is in its place."""
        found = vars(owner).get(self._name)
        return found if found is self._wrapper() else None


def wrap_all(owner, makers):
    """[Wrapped] of such of these methods as the object has.

    ``makers``
        {name: make}, as `Wrapped` wants it.

    All or none: what an object raises that takes no attributes comes through, and
    what has been wrapped by then is undone.
    """
    found = []
    try:
        for name, make in sorted(makers.items()):
            if callable(attribute(owner, name)):
                found.append(Wrapped(owner, name, make))
    except BaseException:
        for one in found:
            one.undo()
        raise
    return found


_NOTHING = object()


def has(owner, name):
    """Whether `attribute` finds something."""
    return attribute(owner, name, _NOTHING) is not _NOTHING


def attribute(owner, name, default=None):
    """An attribute of an object of somebody else's making, or the default.

    Such an object may raise anything: any attribute of what stands for a ZEO server
    of ZODB3 raises ClientDisconnected while it is not connected.
    """
    try:
        return getattr(owner, name, default)
    except Exception:
        return default
