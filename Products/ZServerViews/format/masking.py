"""Hides what stands where secrets usually stand in a text.

A help and no promise: a password that nothing announces cannot be told from any
other word. So who shows such a text says that too.
"""
from __future__ import absolute_import, division, print_function

import re

MASK = u'***'


def _behind(*groups):
    # PY2: for a template such as '\\1' re imports, and so may wait for the import
    # of another thread. For a function it does not.
    return lambda found: u''.join(map(found.group, groups)) + MASK


# The lengths are bounded so that no text takes long. In quotes a backslash makes a
# quote a part of the value, unless the first quote has one too, as of JSON in JSON.
# The last quote may be missing: a long text has been cut.
_VALUE = (u'''(\\\\{1,7}"[^"]{1,500}"?|\\\\{1,7}'[^']{1,500}'?|'''
          u'''"(?:[^"\\\\]|\\\\[\\s\\S]){1,500}"?|'''
          u''''(?:[^'\\\\]|\\\\[\\s\\S]){1,500}'?|[^\\s"'&;,)}\\]]+)''')
_MASKS = [(re.compile(pattern, re.IGNORECASE), mask) for pattern, mask in [
    # Headers, whose value goes on to the end of the line.
    (u'(authorization|cookie)(["\']?[ ]{0,5}[:=][ ]{0,5})[^\\n]+',
     _behind(1, 2)),
    (u'\\b((?:bearer|basic|digest) )[\\w+/=.~:-]{6,}', _behind(1)),
    (u'(passw(?:or)?d|passphrase|passwort|pwd|secret|token|api[_-]?key|'
     u'private[_-]?key|credential|session[_-]?id|__ac)'
     u'([\\w-]{0,30}(?:\\\\{0,7}["\'])?[ ]{0,5}[:=][ ]{0,5})' + _VALUE, _behind(1, 2)),
    # The user and the password in an address.
    (u'://[^/\\s@]{1,200}@', u'://' + MASK + u'@'),
]]


def masked(value):
    """A text, with `MASK` for the values behind names such as ``password``,
    for headers that authenticate, and for users in addresses."""
    for pattern, mask in _MASKS:
        value = pattern.sub(mask, value)
    return value
