"""zopeapp.wrapping: methods of single objects."""
from __future__ import absolute_import, division, print_function

import gc

import pytest

from Products.ZServerViews.zopeapp.wrapping import Wrapped, wrap_all


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
