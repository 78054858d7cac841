"""zopeapp.wrapping: methods of single objects."""
from __future__ import absolute_import, division, print_function

import gc

import pytest

from Products.ZServerViews.zopeapp.wrapping import (
    Wrapped,
    attribute,
    has,
    wrap_all,
)


class Storage(object):
    def load(self):
        return 'loaded'


class Fixed(object):
    __slots__ = ('__weakref__',)

    def load(self):
        """Nothing."""


def loudly(original):
    return lambda: original().upper()


def test_one_object_is_wrapped_and_unwrapped():
    storage = Storage()
    wrapped = Wrapped(storage, 'load', loudly)
    assert (storage.load(), Storage().load()) == ('LOADED', 'loaded')
    assert storage.load.original() == 'loaded'
    assert wrapped.is_in_place and wrapped.is_alive
    wrapped.undo()
    assert vars(storage) == {}
    assert not wrapped.is_in_place
    wrapped.undo()
    assert storage.load() == 'loaded'


def test_what_was_the_objects_own_is_put_back():
    storage = Storage()
    storage.load = own = lambda: 'own'
    wrapped = Wrapped(storage, 'load', loudly)
    assert storage.load() == 'OWN'
    wrapped.undo()
    assert storage.load is own


def test_a_wrapper_of_somebody_else_over_ours_stays():
    storage = Storage()
    wrapped = Wrapped(storage, 'load', loudly)
    below = storage.load
    storage.load = lambda: below() + '!'
    wrapped.undo()
    assert storage.load() == 'LOADED!'


def test_an_object_that_has_gone():
    storage = Storage()
    wrapped = Wrapped(storage, 'load', loudly)
    del storage
    gc.collect()
    assert not wrapped.is_alive and wrapped.is_in_place
    wrapped.undo()


def test_what_an_object_has_not_is_left_out():
    storage = Storage()
    found = wrap_all(storage, {'load': loudly, 'store': loudly})
    assert len(found) == 1
    assert storage.load() == 'LOADED'


def test_an_object_that_takes_no_attributes():
    with pytest.raises((AttributeError, TypeError)):
        Wrapped(Fixed(), 'load', loudly)


def test_a_failure_halfway_undoes_what_was_done():
    storage = Storage()
    storage.own = own = lambda: 'own'

    def fail(original):
        raise KeyError

    with pytest.raises(KeyError):
        wrap_all(storage, {'load': loudly, 'own': loudly, 'store': fail,
                           'zap': loudly, '__init__': fail})
    assert vars(storage) == {'own': own}
    storage.store = storage.load
    with pytest.raises(KeyError):
        wrap_all(storage, {'load': loudly, 'own': loudly, 'store': fail})
    assert sorted(vars(storage)) == ['own', 'store']
    assert storage.own is own


class Proxy(object):
    """Stands for another, of which it has and sets all attributes."""

    def __init__(self, inner):
        vars(self)['inner'] = inner

    def __getattr__(self, name):
        if name == 'store':
            raise RuntimeError('not connected')
        return getattr(self.inner, name)

    def __setattr__(self, name, value):
        setattr(self.inner, name, value)


def test_what_stands_for_another_leaves_that_alone():
    inner = Storage()
    proxy = Proxy(inner)
    found = wrap_all(proxy, {'load': loudly, 'store': loudly})
    assert (proxy.load(), inner.load()) == ('LOADED', 'loaded')
    for wrapped in found:
        wrapped.undo()
    assert (len(found), vars(proxy), vars(inner)) == (1, {'inner': inner}, {})


def test_an_attribute_may_raise_anything():
    proxy = Proxy(Storage())
    assert attribute(proxy, 'store', 7) == 7 and not has(proxy, 'store')
    assert has(proxy, 'load') and attribute(proxy, 'other') is None


def test_a_wrapper_that_somebody_has_taken_away_knows_its_end():
    storage = Storage()
    wrapped = Wrapped(storage, 'load', loudly)
    taken = storage.load
    storage.load = theirs = lambda: 'stale'
    wrapped.undo()
    assert storage.load is theirs and taken.is_over
