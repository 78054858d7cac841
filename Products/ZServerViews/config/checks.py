"""The readiness checks of the setting ``check``: names -> functions."""
from __future__ import absolute_import, division, print_function

import inspect
import types

from Products.ZServerViews.config import resolve

# Those that have a name of one word. This folder does not know Zope.
BUILT_IN = {
    'zodb': 'Products.ZServerViews.zopeapp.databases.check_databases'}


def read(names):
    """({name: function}, mistakes) for the values of the setting.

    Imports what is named. The function has no arguments; what it returns is
    described in `monitor.helperchecks`.
    """
    calls, mistakes = {}, []
    for name in names:
        try:
            if name in calls:
                raise ValueError('it is given twice')
            calls[name] = _function(name)
        except ValueError as error:
            mistakes.append('the setting check (%r): %s' % (name, error))
    return calls, mistakes


def _function(name):
    if name in BUILT_IN:
        return resolve.resolve(BUILT_IN[name])
    if '.' not in name:
        raise ValueError('it is neither a dotted name nor one of the words '
                         '%s' % ', '.join(sorted(BUILT_IN)))
    found = resolve.resolve(name)
    if not callable(found):
        raise ValueError('%s is %s, which cannot be called'
                         % (name, type(found).__name__))
    if isinstance(found, (types.FunctionType, types.MethodType)):
        try:
            inspect.getcallargs(found)
        except TypeError:
            raise ValueError('%s cannot be called without arguments' % name)
    return found
