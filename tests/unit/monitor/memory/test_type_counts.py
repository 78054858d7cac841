"""monitor.memory.type_counts: no code of a type's runs."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.monitor.memory import type_counts
from Products.ZServerViews.monitor.memory.type_counts import (
    LONGEST,
    UNKNOWN,
    TypeCounts,
    kinds_of,
    name_of,
)

CALLED = []


def called(self, *args):
    CALLED.append(self)
    raise RuntimeError('code of a class has run')


class Hostile(type):
    """Of classes that raise whatever is asked of them."""

    __hash__ = called
    __eq__ = __ne__ = __getattribute__ = __instancecheck__ = called
    __subclasscheck__ = __repr__ = __call__ = called
    __name__ = property(called)
    __module__ = property(called)


class Lying(str):
    """A text that raises."""

    __str__ = __len__ = __getitem__ = __hash__ = __eq__ = called


class OldStyle:
    """On Python 2.7 its instances have no type of their own."""


def hostile(name):
    return type.__new__(Hostile, name, (object,), {'__module__': __name__})


def test_counts():
    counts = TypeCounts()
    counts.add(kinds_of([1, 2, 'a', OldStyle(), OldStyle()]))
    counts.add([int])
    assert counts.by_name() == {('int', True): 3, ('str', True): 1,
                                (__name__ + '.OldStyle', False): 2}


def test_classes_whose_metaclass_raises():
    del CALLED[:]
    first, second = hostile('First'), hostile('Second')
    counts = TypeCounts()
    counts.add(kinds_of([object.__new__(first), object.__new__(second),
                         object.__new__(first)]))
    counts.add([first])
    assert counts.by_name() == {(__name__ + '.First', False): 3,
                                (__name__ + '.Second', False): 1}
    assert CALLED == []


def test_names():
    assert name_of(dict) == ('dict', True)
    assert name_of(TypeCounts) == (
        'Products.ZServerViews.monitor.memory.type_counts.TypeCounts', False)


def test_names_that_are_none():
    made = type('Made', (object,), {'__module__': 'shop'})
    assert name_of(made) == ('shop.Made', False)
    for module in 5, None, Lying('shop'), property(called):
        made.__module__ = module
        assert name_of(made) == (UNKNOWN + '.Made', False)
    del CALLED[:]
    made.__module__ = Lying('shop')
    assert name_of(made) == (UNKNOWN + '.Made', False)
    assert CALLED == []


def test_names_that_are_long_or_move_a_cursor():
    made = type(str('Made'), (object,), {'__module__': 'shop\x1b[2J\n' * 1000000})
    name, _own = name_of(made)
    assert name.startswith('shop?[2J?shop') and len(name) <= LONGEST
    made = type(str('A\nB') + 'b' * 1000000, (object,), {'__module__': 'shop'})
    name, _own = name_of(made)
    assert name.startswith('shop.A?Bbbb') and len(name) <= LONGEST


def test_a_class_without_a_module(monkeypatch):
    def fails(kind):
        raise AttributeError('__module__')  # C code can make such ones

    monkeypatch.setattr(type_counts, '_MODULE', fails)
    assert name_of(TypeCounts) == (UNKNOWN, False)
