"""Whether a text stands in the code of a function: then no client has sent it.

Reads the code objects of the modules that are loaded, and no source file.
"""
from __future__ import absolute_import, division, print_function

import sys
import types

from Products.ZServerViews._compat import PY2

_CLASSES = (type, types.ClassType) if PY2 else (type,)  # PY2

# Results that are remembered.
MOST = 1000


class CodeTexts(object):
    """For one thread.

    ``modules``
        A function for a list of all modules.
    """

    def __init__(self, modules=lambda: list(sys.modules.values())):
        self._modules = modules
        self._known = {}

    def has(self, text, path, function):
        """Whether it is a constant in a function of that name of that file."""
        key = text, path, function
        if key not in self._known:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = any(
                _is_in(text, code) for module in self._modules()
                for code in _codes_of(module, path)
                if code.co_name == function)
        return self._known[key]


def _is_in(text, code):
    # Not by ==, of types that are no text.
    return any(type(one) is type(text) and one == text
               for one in code.co_consts)


def _codes_of(module, path):
    """All code objects of a module, if its code comes from that file."""
    if (type(module) is not types.ModuleType
            or not _is_of(vars(module).get('__file__'), path)):
        return []
    # Others may change it meanwhile; there are thousands, so not of each.
    mine = vars(module).copy()
    found = []
    for one in mine.values():
        # Not by isinstance(), which asks a proxy what it stands for.
        if issubclass(type(one), _CLASSES):
            if vars(one).get('__module__') == mine.get('__name__'):
                for member in vars(one).copy().values():
                    _add(member, path, found)
        else:
            _add(one, path, found)
    return found


def _is_of(file_name, path):
    # That of a compiled file ends in one letter more on Python 2.
    return (isinstance(file_name, str)
            and file_name.rpartition('.')[0] == path.rpartition('.')[0])


def _add(member, path, found):
    if type(member) in (classmethod, staticmethod):
        member = member.__func__
    elif type(member) is property:
        member = member.fget
    if type(member) is types.FunctionType:
        _add_code(member.__code__, path, found)
        _add(vars(member).get('__wrapped__'), path, found)


def _add_code(code, path, found):
    if code.co_filename == path:
        found.append(code)
        for inner in code.co_consts:
            if isinstance(inner, types.CodeType):
                _add_code(inner, path, found)
