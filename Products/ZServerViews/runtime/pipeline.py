"""Finds the filter that writes the access log in a WSGI pipeline.

Each filter keeps the next one where it likes: under any name, in a slot, a
closure, a list. So nothing is asked by its name. Python's garbage collector
knows what an object refers to, and tells without running any code of the
object's: no property, no ``__getattr__``, and no object of a database is loaded.
Weak proxies are the exception.

Only in a thread that may take its time.
"""
from __future__ import absolute_import, division, print_function

import gc
import inspect
import types
import weakref
from collections import deque
from functools import partial
from itertools import chain

from Products.ZServerViews._compat import PY2

# Objects looked at in one search.
MOST = 10000

# A container with more is no pipeline. To list them takes the interpreter.
MOST_ENTRIES = 1000

# Zope's application is a function of this module.
_ZOPE = 'ZPublisher.WSGIPublisher'

_CLASSES = (type,)
if PY2:
    _CLASSES += (types.ClassType,)  # PY2
_FRAMES = types.FrameType, types.TracebackType, types.CodeType
_CONTAINERS = dict, list, tuple, set, frozenset
_CELL = type((lambda value: lambda: value)(None).__closure__[0])

# The modules of partials, methods and the like, which have no name of their own.
_BUILT_IN = type.__module__, partial.__module__, weakref.ref.__module__

# What objects of these packages hold is a whole database, all interfaces of
# the process, or what somebody else's thread works on.
_ELSEWHERE = ('persistent.', 'ZODB.', 'BTrees.', 'logging.', 'threading.',
              'zope.interface.', 'zope.component.')


def find_translogger(application):
    """The filter that writes the access log of a WSGI pipeline, or None.

    Known by what it has (``write_log`` and ``logger``), so that a subclass or a
    replacement serves too. Another pipeline may have its own, so the
    outermost that leads to Zope is taken; the outermost of all only if Zope is
    not found.
    """
    held = list(reached(application))
    candidates = [thing for thing in held if is_translogger(thing)]
    for candidate in candidates:
        if _leads_to_zope(candidate, application):
            return candidate
    if any(_is_zope(thing) for thing in held):
        return None
    for candidate in reached(application, named=True):
        if (is_translogger(candidate)
                and _leads_to_zope(candidate, application, named=True)):
            return candidate
    return candidates[0] if candidates else None


def names(application, most=5):
    """The dotted names of the outermost filters, or what may be one."""
    found = []
    for thing in reached(application):
        kind = type(thing)
        named = thing if kind is types.FunctionType else kind
        if (len(found) < most and _class_has(thing, '__call__')
                and not issubclass(kind, _CLASSES)
                and named.__module__ not in _BUILT_IN):
            found.append('%s.%s' % (named.__module__, named.__name__))
    return found


def is_translogger(thing):
    """Whether this can write lines; runs code of its own only if it seems so."""
    return (_class_has(thing, 'write_log') and _class_has(thing, '__call__')
            and callable(getattr(thing, 'write_log', None))
            and hasattr(thing, 'logger'))


def _is_zope(thing):
    return type(thing) is types.FunctionType and thing.__module__ == _ZOPE


def _leads_to_zope(candidate, application, named=False):
    # Not by way of a parent that the candidate knows.
    past = () if candidate is application else (application,)
    return any(_is_zope(thing) for thing in reached(candidate, named, past))


def reached(start, named=False, past=()):
    """Yield an object and what hangs on it, from the outside to the inside.

    ``named``
        Follow also the names that functions look up in their modules, and what
        hangs on classes: that may be the rest of the program.
    ``past``
        Objects that are not passed.

    What can be called, or is a plain container, comes before the rest, which
    can be a lot. Zope's application is an end.
    """
    seen = dict((id(thing), thing) for thing in past)
    queues = first, second, last = deque([start]), deque(), deque()
    seen[id(start)] = start  # all are kept, so that each id stays its own

    def add(things, queue_for):
        for thing in things:
            if len(seen) < MOST and id(thing) not in seen:
                seen[id(thing)] = thing
                queue_for(thing).append(thing)

    while any(queues):
        thing = next(queue for queue in queues if queue).popleft()
        yield thing
        if not _is_zope(thing):
            add(_held_by(thing),
                lambda held: first if _may_lead_on(held) else second)
            if named:
                add(_named_by(thing), lambda named_one: last)


def _may_lead_on(thing):
    return (type(thing) is _CELL or issubclass(type(thing), _CONTAINERS)
            or _class_has(thing, '__call__'))


def _held_by(thing):
    """The objects that one refers to, without those that refer to none."""
    kind = type(thing)
    if kind is types.FunctionType:
        # Not to all of its module.
        found = [thing.__closure__, thing.__defaults__, thing.__dict__,
                 getattr(thing, '__kwdefaults__', None)]
    elif _is_an_end(kind, thing):
        found = []
    elif issubclass(kind, weakref.ref):
        found = [weakref.ref.__call__(thing)]
    elif kind is weakref.CallableProxyType:
        found = [_behind(thing)]
    else:
        found = gc.get_referents(thing)
    return [one for one in found if gc.is_tracked(one)]


def _is_an_end(kind, thing):
    if issubclass(kind, _CLASSES + _FRAMES + (types.ModuleType,)):
        return True
    for container in _CONTAINERS:
        if issubclass(kind, container):
            if container.__len__(thing) > MOST_ENTRIES:
                return True
            return container is dict and _is_namespace(thing)
    return any(('%s.' % (base.__module__,)).startswith(_ELSEWHERE)
               for base in inspect.getmro(kind))


def _is_namespace(names):
    """Whether a dictionary is that of a module."""
    return (dict.__contains__(names, '__builtins__')
            or dict.__contains__(names, '__loader__'))


def _behind(proxy):
    # Nothing else tells, and it passes each look on to what it stands for.
    try:
        return proxy.__call__.__self__
    except Exception:  # that is gone, or objects
        return None


def _named_by(thing):
    """What a function looks up in its module; what stands in a class, and in
    that of an object."""
    if type(thing) is types.FunctionType:
        found = [thing.__globals__.get(name)
                 for name in thing.__code__.co_names]
    elif issubclass(type(thing), _CLASSES):
        # Lists: others may change a class meanwhile.
        found = chain.from_iterable(
            list(vars(base).values()) for base in inspect.getmro(thing))
    elif _class_has(thing, '__call__'):
        found = [_class_of(thing)]
    else:
        found = []
    return [one for one in found if gc.is_tracked(one)]


def _class_has(thing, name):
    return any(name in vars(base)
               for base in inspect.getmro(_class_of(thing)))


def _class_of(thing):
    """Not by ``__class__``, which an object may compute."""
    if PY2 and type(thing) is types.InstanceType:  # PY2
        return thing.__class__  # PY2
    return type(thing)
