"""Dotted names: from the text in zope.conf to the object it means."""
from __future__ import absolute_import, division, print_function

import sys
import types

from Products.ZServerViews.config.hints import did_you_mean


def resolve(name):
    """The object that a dotted name such as ``package.module.view`` means.

    Modules are imported as needed; behind the module any attribute may
    follow, such as a method of an instance. Raises ValueError with what was
    missing, and with what the import said where one failed.
    """
    words = name.split('.')
    if not all(words):
        raise ValueError('%r is not a dotted name' % name)
    try:
        found = _import(words[0])
    except ValueError as error:
        raise ValueError('%s%s' % (error, did_you_mean(
            words[0], [one for one in list(sys.modules) if '.' not in one])))
    for end in range(1, len(words)):
        found = _step(found, words[:end], words[end])
    return found


def _step(parent, path, word):
    try:
        return getattr(parent, word)
    except AttributeError:
        pass
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a property, or a module's __getattr__
        raise ValueError('getting %r of %r failed with %s: %s'
                         % (word, '.'.join(path), type(error).__name__, error))
    if not isinstance(parent, types.ModuleType):
        raise ValueError('%r has no attribute %r%s' % (
            '.'.join(path), word, _hint(parent, word)))
    try:
        return _import('.'.join(path + [word]))
    except ValueError as error:
        raise ValueError('the module %r has no attribute %r, and %s%s'
                         % ('.'.join(path), word, error,
                            _hint(parent, word)))


def _hint(parent, word):
    try:
        return did_you_mean(word, dir(parent))
    except Exception:  # an object of somebody's own making
        return ''


def _import(module_name):
    try:
        __import__(module_name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may raise SystemExit, or worse
        raise ValueError('importing %r failed with %s: %s%s'
                         % (module_name, type(error).__name__, error,
                            _place(sys.exc_info()[2])))
    return sys.modules[module_name]


def _place(tb):
    """Where an import failed, if it was inside an imported module."""
    place = ''
    while tb is not None:
        name = tb.tb_frame.f_code.co_filename
        if tb.tb_frame.f_globals is not globals() and 'importlib' not in name:
            place = ' (%s, line %d)' % (name, tb.tb_lineno)
        tb = tb.tb_next
    return place
