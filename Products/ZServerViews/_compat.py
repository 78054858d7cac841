"""What differs between Python 2.7 and 3, in one place; imports nothing of ours.

Lines for 2.7 alone carry the mark ``PY2``: one search finds what goes with it.
"""
from __future__ import absolute_import, division, print_function

import sys
import time

PY2 = sys.version_info[0] == 2

if PY2:
    import os  # PY2
    import re  # PY2
    from thread import get_ident  # PY2
    from urllib import quote, unquote  # PY2
    text_type = unicode  # noqa: F821  PY2

    def wire(native):  # PY2
        """Native string -> the bytes of a head."""  # PY2
        if isinstance(native, text_type):  # PY2
            return native.encode('latin-1')  # PY2
        return native  # PY2

    native_types = (str, text_type)  # PY2

    _PLAIN = re.compile(u'[ -~]*\\Z')  # PY2

    def is_plain(text):  # PY2
        """Whether a text is printable ASCII throughout."""  # PY2
        return _PLAIN.match(text) is not None  # PY2

    def monotonic():  # PY2
        """Seconds since some moment; no clock change moves them."""  # PY2
        return os.times()[4]  # PY2: in steps of 10 ms

    stopwatch = time.time  # PY2: whose steps are short; clock changes move it
else:
    from threading import get_ident
    from urllib.parse import quote, unquote_to_bytes

    text_type = str
    monotonic = stopwatch = time.monotonic

    def unquote(path):
        """A percent-encoded path -> the native string WSGI wants for it."""
        return unquote_to_bytes(path).decode('latin-1')

    def wire(native):
        """Native string -> the bytes of a head."""
        return native.encode('latin-1')

    native_types = (str,)

    def is_plain(text):
        """Whether a text is printable ASCII throughout."""
        return text.isascii() and text.isprintable()

__all__ = ['PY2', 'get_ident', 'is_plain', 'monotonic', 'native_types',
           'quote', 'stopwatch', 'text_type', 'unquote', 'wire']
