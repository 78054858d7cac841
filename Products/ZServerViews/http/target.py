"""Request targets (RFC 9112, section 3.2)."""
from __future__ import absolute_import, division, print_function

import re

# What an absolute form begins with: the scheme of RFC 3986, section 3.1.
NO_PATH = '(no path)'
_SCHEME = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*://')


def authority(target):
    """The authority of a request target, that is host and port; None if it has
    none: in the origin form, and without a scheme."""
    scheme, separator, rest = target.partition('://')
    if not separator or target.startswith('/'):
        return None
    return rest.partition('/')[0].partition('?')[0].partition('#')[0]


def sent_path(target):
    """The path of a request target as it was sent, not decoded.

    Takes the origin form and the absolute form (RFC 9112, section 3.2). What
    is neither has no path, '': an authority may have a password.
    """
    path = target.partition('?')[0].partition('#')[0]
    if not path.startswith('/'):
        if not is_absolute(path):
            return ''
        authority_and_path = path.partition('://')[2]
        path = '/' + authority_and_path.partition('/')[2]
    return path


def shown_path(target):
    """The same for people: also where there is no path."""
    return sent_path(target) or ('*' if target == '*' else NO_PATH)


def is_absolute(target):
    """Whether a target is in the absolute form.

    One that begins with a slash never is, whatever follows: proxies take all
    of it for a path, and so must who lets views be seen by their paths.
    """
    return _SCHEME.match(target) is not None
