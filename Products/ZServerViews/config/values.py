"""Converters of settings: text -> a value, or a ValueError with the reason.

ZConfig calls them by the names in component.xml and adds the file and the
line to their errors.
"""
from __future__ import absolute_import, division, print_function

import os.path
import re
import socket

from Products.ZServerViews.config.addresses import (
    PID,
    Address,
    PathOfProcess,
    Ports,
)
from Products.ZServerViews.config.networks import literal

_DURATION = re.compile(r'([0-9]+(?:\.[0-9]+)?) *(us|ms|s|m|h|d|)\Z')
# Of a duration, in seconds. Clocks and timers overflow beyond.
LONGEST = 365 * 24 * 3600

# Of /-/metrics: what tells of requests and workers has some 40.
FEWEST_SERIES = 50

# Ports of one listener: one for each process.
MOST_PORTS = 100

_SIZE = re.compile(r'([0-9]{1,9}) *([kmg])i?b\Z')
_BYTES = {'k': 1024, 'm': 1024 ** 2, 'g': 1024 ** 3}
# Of all records together, in bytes.
LEAST_RECORD = 1024 ** 2

_SECONDS = {'us': 0.000001, 'ms': 0.001, 's': 1, 'm': 60, 'h': 3600,
            'd': 86400}

# Of a switch interval, in seconds: all other threads wait for so long.
LONGEST_SWITCH = 0.1


def duration(text, units=('ms', 's')):
    """``500us``, ``250ms``, ``1.5 s``, ``10m``, ``2h``, ``1d`` -> seconds, not 0.

    ``units``
        Two that are proposed where there is none.
    """
    match = _DURATION.match(text.strip().lower())
    if match is None:
        raise ValueError('%r is not a duration: write a number and a unit, '
                         'such as 250ms, 30s, 10m or 2h' % str(text))
    number, unit = match.groups()
    if not unit:
        raise ValueError('%r has no unit: write %s or %s' % (
            (str(text),) + tuple(number + one for one in units)))
    seconds = float(number) * _SECONDS[unit]
    if not seconds:
        raise ValueError('%r is no time: it must be longer than zero'
                         % str(text))
    if seconds > LONGEST:
        raise ValueError('%r is too long: at most %dh (a year)'
                         % (str(text), LONGEST // 3600))
    return seconds


def switch_interval(text):
    """The same, and at most 100 ms."""
    seconds = duration(text, ('us', 'ms'))
    if seconds > LONGEST_SWITCH:
        raise ValueError('%r is too long: while one thread computes, all others '
                         'would wait for so long, views too; write at most '
                         '100ms, such as 500us' % str(text))
    return seconds


def long_duration(text):
    """The same, and a second at least."""
    seconds = duration(text)
    if seconds < 1:
        raise ValueError('%r is too short: it must be at least 1s'
                         % str(text))
    return seconds


def address(text):
    """Where to listen -> an Address, or a kind of it for several processes.

    ``host:port`` or ``[IPv6]:port``, or the path of a unix socket; for several
    processes ``host:first-last`` or a path with ``{pid}``. A host is a literal
    address or ``localhost``: a name would have to be resolved, which can take
    long and can come out differently tomorrow.
    """
    text = text.strip()
    if text.startswith('/'):
        return _unix(text)
    if '://' in text:
        raise ValueError('%r is a URL: write the address alone, such as '
                         '127.0.0.1:8090' % str(text))
    host, colon, port = text.rpartition(':')
    if host == '*':
        raise ValueError('%r: write 0.0.0.0:%s for all addresses of this '
                         'machine, or [::]:%s' % (str(text), port, port))
    if not colon or not host:
        raise ValueError('%r is not an address: write host:port, such as '
                         '127.0.0.1:8090, or the absolute path of a unix '
                         'socket, such as /run/zope/views.sock' % str(text))
    first, dash, last = port.partition('-')
    ports = [_port(one) for one in ([first, last] if dash else [port])]
    if host == 'localhost':
        host = '127.0.0.1'
    host = host.strip('[]')
    try:
        version = literal(host).version
    except ValueError as error:
        raise ValueError('%s: write one, such as 127.0.0.1 or [::1], or '
                         'localhost' % error)
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    if dash:
        _check_range(ports, port)
    return (Ports if dash else Address)(family, (str(host),) + tuple(ports),
                                        str(text))


def _port(text):
    if not re.match(r'[0-9]{1,5}\Z', text) or int(text) > 65535:
        raise ValueError('%r is not a port: write a number up to 65535, or '
                         'for several processes two, such as 8091-8098'
                         % str(text))
    return int(text)


def _check_range(ports, text):
    first, last = ports
    if not first:
        raise ValueError('%r is no range of ports: 0 stands for any free port, '
                         'which each process gets anyway: write 0 alone'
                         % str(text))
    if first == last:
        raise ValueError('%r is one port: write %d alone' % (str(text), first))
    if first > last:
        raise ValueError('%r is no range of ports: write the lower one first, '
                         'such as 8091-8098' % str(text))
    if last - first >= MOST_PORTS:
        raise ValueError('%r has %d ports, and at most %d can be asked by each '
                         'other: write one for each process, and some more '
                         'for restarts' % (str(text), last - first + 1,
                                           MOST_PORTS))


def _unix(path):
    braces = re.findall(r'\{[^{}]*\}', path)
    if not braces:
        return Address(socket.AF_UNIX, _checked_path(path), str(path))
    if braces != [PID] or PID not in path.rpartition('/')[2]:
        raise ValueError('%r: of braces only {pid} has a meaning, once and in '
                         'the name of the socket, not of its folder: write a '
                         'path such as /run/zope/views-{pid}.sock' % str(path))
    # The longest number of a process in Linux.
    _checked_path(path.replace(PID, '4194304'))
    return PathOfProcess(str(path))


def _checked_path(path):
    # The size of sun_path in Linux's sockaddr_un, see unix(7).
    if len(path) > 107:
        raise ValueError('the path of a unix socket has at most 107 '
                         'characters, not %d' % len(path))
    return str(path)


def count(text):
    """A whole number, 0 or more."""
    text = text.strip()
    if re.match('-[0-9]+\\Z', text):
        raise ValueError('%r must not be below zero' % str(text))
    if not re.match('[0-9]{1,9}\\Z', text):
        raise ValueError('%r is not a number: write only digits, such as 100'
                         % str(text))
    return int(text)


def series(text):
    """A whole number, `FEWEST_SERIES` or more."""
    number = count(text)
    if number < FEWEST_SERIES:
        raise ValueError('%r is too few: with less than %d series, the most '
                         'important ones would be left out too'
                         % (str(text), FEWEST_SERIES))
    return number


def users(text):
    """Names or numbers of users, separated by white space -> their numbers."""
    return tuple(_user(word) for word in text.split())


def _user(word):
    if word.isdigit():
        return int(word)
    try:
        # Not on every platform; and needed only for names of users.
        import pwd
        return pwd.getpwnam(str(word)).pw_uid
    except (ImportError, KeyError):
        raise ValueError('this machine has no user %r' % str(word))


def record_size(text):
    """``64MiB``, ``500 MB``, ``2GiB`` -> bytes; KB, MB and GB are the same, as
    everywhere in ZConfig."""
    match = _SIZE.match(text.strip().lower())
    if match is None:
        raise ValueError('%r is not a size: write a number and a unit, such as '
                         '64MiB or 2GiB' % str(text))
    number = int(match.group(1)) * _BYTES[match.group(2)]
    if number < LEAST_RECORD:
        raise ValueError('%r is too small: it must be at least 1MiB' % str(text))
    return number


def record_folder(text):
    """The path of a folder that is there, and into which this process may write.

    It is not made: on a machine where its disk is not mounted, that would be in a
    wrong place.
    """
    path = os.path.expanduser(text.strip())
    if not os.path.isabs(path):
        raise ValueError('%r must be an absolute path: a relative one depends on '
                         'how the server is started' % str(text))
    if os.path.exists(path) and not os.path.isdir(path):
        raise ValueError('%r is a file: name a folder, for the user of the site alone'
                         % path)
    if not os.path.isdir(path):
        raise ValueError(
            'there is no folder %r: make it, for the user of the site alone '
            '(install -d -m 0700 -o USER %s), or mount its disk' % (path, path))
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise ValueError('the user %d of this process may not write into the folder '
                         '%r: give it to that user' % (os.geteuid(), path))
    return str(path)


def check_name(text):
    """A dotted name, or a single word for a check of this product's own."""
    name = str(text.strip())
    if not name or len(name.split()) > 1:
        raise ValueError('%r is not the name of a check: write one dotted '
                         'name per line' % name)
    return name


def absolute_path(text):
    """The path of a file that need not be there, in a folder that is."""
    path = os.path.expanduser(text.strip())
    if not os.path.isabs(path):
        raise ValueError('%r must be an absolute path: a relative one '
                         'depends on how the server is started' % str(text))
    if not os.path.isdir(os.path.dirname(path)):
        raise ValueError('the folder %r does not exist'
                         % os.path.dirname(path))
    return str(path)
