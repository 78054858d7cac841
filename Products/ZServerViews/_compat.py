"""What differs between Python 2.7 and 3, in one place; imports nothing of ours.

Lines for 2.7 alone carry the mark ``PY2``: one search finds what goes with it.
"""
from __future__ import absolute_import, division, print_function

import operator
import os
import re
import sys
import time

PY2 = sys.version_info[0] == 2

if PY2:
    from functools import partial as in_this_context  # PY2
    from urllib import quote, unquote  # PY2

    from thread import get_ident  # PY2
    import thread as system_threads  # PY2
    text_type = unicode  # noqa: F821  PY2

    def wire(native):  # PY2
        """Native string -> the bytes of a head."""  # PY2
        if isinstance(native, text_type):  # PY2
            return native.encode('latin-1')  # PY2
        return native  # PY2

    native_types = (str, text_type)  # PY2
    take_place = os.dup2  # PY2

    def monotonic():  # PY2
        """Seconds since some moment; no clock change moves them."""  # PY2
        return os.times()[4]  # PY2: in steps of 10 ms

    stopwatch = time.time  # PY2: whose steps are short; clock changes move it
else:
    import _thread as system_threads
    from contextvars import copy_context
    from functools import partial
    from threading import get_ident
    from urllib.parse import quote, unquote_to_bytes

    text_type = str
    monotonic = stopwatch = time.monotonic

    def unquote(path):
        """A percent-encoded path -> the native string WSGI wants for it."""
        return unquote_to_bytes(path).decode('latin-1')

    def in_this_context(call, *arguments):
        """call(*arguments), for later, with today's context variables."""
        return partial(copy_context().run, call, *arguments)

    def take_place(descriptor, other):
        """Have the other become this one too; no program inherits it."""
        os.dup2(descriptor, other, inheritable=False)

    wire = operator.methodcaller('encode', 'latin-1')  # the same as above
    native_types = (str,)

# Whether a text is printable ASCII throughout: true or false.
is_plain = re.compile(u'[ -~]*\\Z').match

__all__ = ['PY2', 'get_ident', 'in_this_context', 'is_plain', 'monotonic',
           'native_types', 'quote', 'stopwatch', 'system_threads', 'take_place',
           'text_type', 'unquote', 'wire']
