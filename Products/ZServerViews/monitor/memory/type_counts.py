"""How many objects of each type there are among some, and what types are called.

No code of a type's runs for it: a metaclass may have a ``__hash__``, an ``__eq__`` or
a ``__module__`` of its own, which raises, waits or lies.
"""
from __future__ import absolute_import, division, print_function

from collections import Counter

from Products.ZServerViews._compat import PY2, text_type
from Products.ZServerViews.format.text import clean

LONGEST = 200
UNKNOWN = u'?'

_BUILTINS = ('builtins', '__builtin__')
_TEXTS = (str, text_type)
# As the interpreter has them, whatever a metaclass says.
_MODULE = type.__dict__['__module__'].__get__
_NAME = type.__dict__.get('__qualname__', type.__dict__['__name__']).__get__  # PY2


class TypeCounts(object):
    """Adds up; a type is known by its identity."""

    def __init__(self):
        self._numbers = Counter()  # {id of a type: number}
        self._kinds = {}  # {the same: the type}, which lives on by that

    def add(self, kinds):
        """Count a list of types."""
        numbers = list(map(id, kinds))
        self._numbers.update(numbers)
        self._kinds.update(zip(numbers, kinds))

    def by_name(self):
        """{(name, whether it is one of Python's own): number}"""
        found = {}
        for kind, number in self._numbers.items():
            name = name_of(self._kinds[kind])
            found[name] = found.get(name, 0) + number
        return found


def kinds_of(objects):
    """The list of their types."""
    kinds = list(map(type, objects))
    return _classes(kinds, objects) if PY2 else kinds


def _classes(kinds, objects):  # PY2
    """With the classes of instances that have no type of their own."""
    from types import InstanceType  # PY2
    return [one.__class__ if kind is InstanceType else kind  # PY2
            for kind, one in zip(kinds, objects)]  # PY2


def name_of(kind):
    """(name with its module, whether it is one of Python's own) of a type."""
    try:
        if isinstance(kind, type):
            module, name = _MODULE(kind), _NAME(kind)
        else:
            module, name = kind.__module__, kind.__name__  # PY2
    except Exception:  # the class has no module any more
        return UNKNOWN, False
    module, name = _cut(module), _cut(name)
    if module in _BUILTINS:
        return clean(name, LONGEST), True
    return clean(u'%s.%s' % (clean(module), clean(name)), LONGEST), False


def _cut(text):
    """Not much of it, for it may be a million letters; no method of a class that
    is made of `str` runs."""
    return text[:LONGEST] if type(text) in _TEXTS else UNKNOWN
