"""Text for people: what comes from outside, made safe to print.

All functions return text, never bytes. Values that come from outside, such as
a path, can neither break a line nor move the cursor of a terminal.
"""
from __future__ import absolute_import, division, print_function

import re
import unicodedata

from Products.ZServerViews._compat import is_plain, text_type

# The width of a terminal that nobody has widened.
WIDTH = 80

ELLIPSIS = u'...'

_TEXT_ALONE = frozenset([text_type])
_shell_word = re.compile(u'[A-Za-z0-9@%+=:,./_-]+\\Z').match


def text(value):
    """Any value as text; bytes are taken for UTF-8. None is a dash."""
    if type(value) is text_type:
        return value
    if value is None:
        return u'-'
    if isinstance(value, bytes):
        return value.decode('utf-8', 'replace')
    return text_type(value)


def clean(value, most=None):
    """One line of printable text, cut to ``most`` characters.

    Control characters, marks that turn the direction of writing, line ends
    and halves of surrogate pairs become question marks.
    """
    cleaned = text(value)
    if not is_plain(cleaned):
        cleaned = u''.join(map(_printable, cleaned))
    return cleaned if most is None else cut(cleaned, most)


def shell_quoted(value):
    """A value as one word of a shell's command line."""
    word = clean(value)
    if _shell_word(word):
        return word
    return u"'%s'" % word.replace(u"'", u"'\\''")


def clean_all(values):
    """`clean` for many values, most of which are so."""
    if set(map(type, values)) != _TEXT_ALONE:
        values = [text(value) for value in values]
    if is_plain(u''.join(values)):
        return values
    return [clean(value) for value in values]


def _printable(character):
    kind = unicodedata.category(character)
    return u'?' if kind[0] == 'C' or kind in ('Zl', 'Zp') else character


def cut_middle(line, most):
    """At most ``most`` characters of a line; what is cut is its middle, and
    becomes an ellipsis: for what tells most at its end."""
    if len(line) <= most:
        return line
    keep = max(0, most - len(ELLIPSIS))
    last = keep - keep // 3
    return (line[:keep // 3] + ELLIPSIS + line[len(line) - last:])[:most]


def cut(line, most, end=True):
    """At most ``most`` characters of a line; what is cut is its end, or its
    beginning, and becomes an ellipsis."""
    if len(line) <= most:
        return line
    keep = max(0, most - len(ELLIPSIS))
    if end:
        return (line[:keep] + ELLIPSIS)[:most]
    return (ELLIPSIS + line[len(line) - keep:])[:most]
