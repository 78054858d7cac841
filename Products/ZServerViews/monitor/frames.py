"""The frames of all threads, taken at once.

Keep none of them: a frame that ends meanwhile leaves its variables to whoever
holds it.
"""
from __future__ import absolute_import, division, print_function

import gc
import sys

from Products.ZServerViews._compat import PY2
from Products.ZServerViews._daemons import make_lock

if PY2:
    from Products.ZServerViews.monitor.python27_calls import state_of  # PY2
else:
    def state_of(frame):
        """Nothing: no newer Python's bytecode is read."""
        return None

# On Python 3.11 sys._current_frames makes objects while it holds a lock of the
# interpreter's; a garbage collection in it deadlocks (CPython issue 106883;
# 3.11.9 holds it off by itself). Older ones make no such objects there, and
# newer ones collect at safe points only.
COLLECTION_IS_UNSAFE = sys.version_info[:2] == (3, 11)


class _Taking(object):
    """Lets one thread at a time do it with the collector off, and turn that on
    again."""

    lock = make_lock()


def begin_anew():
    """In a forked child: another thread of the parent may have been at it."""
    _Taking.lock = make_lock()


def current_frames(frames=sys._current_frames):
    """{ident: frame} of all threads, taken in one step of the interpreter.

    Keep none of them, nor the dictionary.
    """
    if not COLLECTION_IS_UNSAFE:
        return frames()
    with _Taking.lock:
        if not gc.isenabled():
            return frames()
        gc.disable()
        try:
            return frames()
        finally:
            gc.enable()
