"""Hides what stands where secrets usually stand in a text.

A help and no promise: a password that nothing announces cannot be told from any
other word. So who shows such a text says that too.
"""
from __future__ import absolute_import, division, print_function

import re

MASK = u'***'

# The lengths are bounded so that no text takes long.
_VALUE = u'''("[^"]{1,500}"|'[^']{1,500}'|[^\\s"'&;,)}\\]]+)'''
_MASKS = [(re.compile(pattern, re.IGNORECASE), mask) for pattern, mask in [
    # Headers, whose value goes on to the end of the line.
    (u'(authorization|cookie)(["\']?[ ]{0,5}[:=][ ]{0,5})[^\\n]+',
     u'\\1\\2' + MASK),
    (u'\\b(bearer|basic|digest) [\\w+/=.~:-]{6,}', u'\\1 ' + MASK),
    (u'(passw(?:or)?d|passphrase|passwort|pwd|secret|token|api[_-]?key|'
     u'private[_-]?key|credential|session[_-]?id|__ac)'
     u'([\\w-]{0,30}["\']?[ ]{0,5}[:=][ ]{0,5})' + _VALUE, u'\\1\\2' + MASK),
    # The user and the password in an address.
    (u'://[^/\\s@]{1,200}@', u'://' + MASK + u'@'),
]]


def masked(value):
    """A text, with `MASK` for the values behind names such as ``password``,
    for headers that authenticate, and for users in addresses."""
    for pattern, mask in _MASKS:
        value = pattern.sub(mask, value)
    return value
