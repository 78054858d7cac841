"""What an object of ZODB says of itself without being loaded."""
from __future__ import absolute_import, division, print_function


def of_zodb():
    """The `PersistentObjects` of this process; None without ZODB. Imports."""
    try:
        from persistent import Persistent
    except ImportError:
        return None
    return PersistentObjects(Persistent)


class PersistentObjects(object):
    """Reads by the attributes of the base class: a class of the site may have
    its own, which would run its code."""

    def __init__(self, base):
        self._base = base
        self._jar = base._p_jar.__get__
        self._changed = base._p_changed.__get__
        self._size = base._p_estimated_size.__get__

    def has(self, kind):
        """Whether instances of this type may be in a database."""
        try:
            return issubclass(kind, self._base)
        except TypeError:
            return False

    def read(self, one):
        """(whether it is a ghost, estimated bytes); None if no connection has
        it."""
        if self._jar(one) is None:
            return None
        if self._changed(one) is None:
            return True, 0
        return False, self._size(one)
