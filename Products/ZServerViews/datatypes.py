"""Converters of settings: a text -> a value, or ValueError that says why.

ZConfig calls them by the names in component.xml and adds the file and the
line to their errors.
"""
from __future__ import absolute_import, division, print_function

import os.path
import re
import socket

_DURATION = re.compile(r'([0-9]+(?:\.[0-9]+)?) *(us|ms|s|m|h|)\Z')
_SECONDS = {'us': 0.000001, 'ms': 0.001, 's': 1, 'm': 60, 'h': 3600}


class Address(object):
    """Where a listener listens.

    ``family``, ``address``
        For `socket.socket` and its ``bind``.
    ``text``
        As the configuration says it, for people.
    """

    def __init__(self, family, address, text):
        self.family = family
        self.address = address
        self.text = text

    def __eq__(self, other):
        return ((self.family, self.address)
                == (getattr(other, 'family', None),
                    getattr(other, 'address', None)))

    def __ne__(self, other):  # PY2
        return not self == other  # PY2

    __hash__ = None


def duration(text):
    """``500us``, ``250ms``, ``1.5 s``, ``10m``, ``2h`` -> seconds, not 0."""
    match = _DURATION.match(text.strip().lower())
    if match is None:
        raise ValueError('%r is no duration: write a number and a unit, such '
                         'as 250ms, 30s, 10m or 2h' % str(text))
    number, unit = match.groups()
    if not unit:
        raise ValueError('%r has no unit: write %sms or %ss'
                         % (str(text), number, number))
    seconds = float(number) * _SECONDS[unit]
    if not seconds:
        raise ValueError('%r is no time at all' % str(text))
    return seconds


def long_duration(text):
    """The same, and a second at least."""
    seconds = duration(text)
    if seconds < 1:
        raise ValueError('%r is too short: it must be at least 1s'
                         % str(text))
    return seconds


def address(text):
    """``host:port``, ``[IPv6]:port`` or the path of a unix socket -> Address.

    A host is a literal address or ``localhost``: a name would have to be
    resolved, which can take long and can come out differently tomorrow.
    """
    text = text.strip()
    if text.startswith('/'):
        return _unix(text)
    host, colon, port = text.rpartition(':')
    if not colon or not host:
        raise ValueError('%r is no address: write host:port, such as '
                         '127.0.0.1:8090, or the path of a unix socket'
                         % str(text))
    if not port.isdigit() or int(port) > 65535:
        raise ValueError('%r is no port' % str(port))
    if host == 'localhost':
        host = '127.0.0.1'
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.strip('[]'))
        except (socket.error, ValueError):
            continue
        return Address(family, (str(host.strip('[]')), int(port)), str(text))
    raise ValueError('%r is no literal address: write one, such as 127.0.0.1 '
                     'or [::1], or localhost' % str(host))


def _unix(path):
    # The size of sun_path in Linux's sockaddr_un, see unix(7).
    if len(path) > 107:
        raise ValueError('the path of a unix socket has at most 107 '
                         'characters, not %d' % len(path))
    return Address(socket.AF_UNIX, str(path), str(path))


def count(text):
    """A whole number, 0 or more."""
    text = text.strip()
    if not re.match('[0-9]{1,9}\\Z', text):
        raise ValueError('%r is no number: write digits alone, such as 100'
                         % str(text))
    return int(text)


def check_name(text):
    """A dotted name, or a single word for a check of this product's own."""
    name = str(text.strip())
    if not name or len(name.split()) > 1:
        raise ValueError('%r is no name of a check: write one dotted name in '
                         'each line' % name)
    return name


def absolute_path(text):
    """The path of a file that need not be there, in a folder that is."""
    path = os.path.expanduser(text.strip())
    if not os.path.isabs(path):
        raise ValueError('%r must be an absolute path: it depends on how the '
                         'server is started otherwise' % str(text))
    if not os.path.isdir(os.path.dirname(path)):
        raise ValueError('there is no folder %r' % os.path.dirname(path))
    return str(path)
