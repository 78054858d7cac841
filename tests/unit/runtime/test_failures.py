"""runtime.failures: what is not kept of an exception."""
from __future__ import absolute_import, division, print_function

import gc
import sys
import weakref

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.runtime.failures import forget_locals

pytestmark = pytest.mark.skipif(PY2, reason='there no frame can be cleared')


class Large(object):
    """What a view has made."""


def fails(kept, error=None):
    """Raise it in a frame that has something large."""
    large = Large()
    kept.append(weakref.ref(large))
    raise error or KeyError('no such thing')


def by_cause(kept):
    """As ``raise ... from ...``, which Python 2 cannot read."""
    error = ValueError('no')
    try:
        fails(kept)
    except KeyError as cause:
        error.__cause__ = cause
    fails(kept, error)


def by_context(kept):
    try:
        fails(kept)
    except KeyError:
        fails(kept, ValueError('no'))


def from_none(kept):
    try:
        fails(kept)
    except KeyError:
        error = ValueError('no')
        error.__suppress_context__ = True
        fails(kept, error)


def in_a_circle(kept):
    first, second = ValueError('first'), ValueError('second')
    for error in first, second:
        try:
            fails(kept, error)
        except ValueError:
            pass
    second.__cause__, first.__cause__ = first, second
    fails(kept, first)


def deep(kept):
    error = None
    for number in range(3):
        try:
            fails(kept, ValueError(number))
        except ValueError as found:
            found.__cause__ = error
            error = found
    raise error


def several(kept):
    found = []
    for _number in range(2):
        try:
            by_cause(kept)
        except ValueError as error:
            found.append(error)
    fails(kept, ExceptionGroup('both', found))  # noqa: F821


HAS_GROUPS = sys.version_info >= (3, 11)


@pytest.mark.parametrize('fail', [
    fails, by_cause, by_context, from_none, in_a_circle, deep]
    + [several] * HAS_GROUPS)
def test_nothing_is_kept_but_the_traceback(fail):
    kept = []
    try:
        fail(kept)
    except Exception:
        exc_info = sys.exc_info()
    forget_locals(exc_info)
    gc.collect()
    assert kept and [found() for found in kept] == [None] * len(kept)
    assert exc_info[1].__traceback__ is not None
